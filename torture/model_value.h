// What one key holds by the rules of the documents: a value, operands upon it, and when each of them expires.
//
// It is the oracle: it shares no code with the engine. What operands come to is worked out here, one operand after the
// other, by the table of docs/merge.md. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/merge_operator.h"

namespace amethyst::torture {

enum class ModelOperator : uint8_t {
  kNone,
  kInt64Add,
  kUint64Add,
  kBitOr,
  kMax,
  kMin,
  kAppend,
  kAppendComma,
  // Not built in. Keeps the last 40 bytes of all operands; "-" deletes, and one that begins with "!" is refused.
  kTail
};
inline constexpr uint64_t kModelOperators = 9;
inline constexpr uint64_t kModelNeverMs = std::numeric_limits<uint64_t>::max();

// What the database is given; nullptr for kNone.
[[nodiscard]] std::shared_ptr<const MergeOperator> OperatorOf(ModelOperator which);
// Whether an open without the operator knows it by its name.
[[nodiscard]] constexpr bool IsBuiltIn(ModelOperator which) { return which != ModelOperator::kTail; }
// The size of operands, if there is but one.
[[nodiscard]] constexpr std::optional<size_t> OperandBytes(ModelOperator which) {
  const bool sized = which >= ModelOperator::kInt64Add && which <= ModelOperator::kBitOr;
  return sized ? std::optional<size_t>(8) : std::nullopt;
}

// What a read shows of a key that it shows.
struct ModelEntry {
  bool refused = false;  // Its operator refuses: there is no value.
  std::string value{};
  std::optional<uint64_t> expires_ms{};  // As the database has to tell it; nullopt: as it likes.
  // What a compaction filter may have done to it meanwhile.
  bool may_be_gone = false;
  std::optional<std::string> replacement{};
};
// Whether a read may show `found` where the content has `expected`; nullopt: nothing.
[[nodiscard]] bool Shows(const std::optional<ModelEntry>& found, const std::optional<ModelEntry>& expected);

class ModelCell {
 public:
  void Put(std::string value, uint64_t expires_ms);
  void Merge(ModelOperator with, std::string operand, uint64_t expires_ms);

  // nullopt: the key is not there at that time.
  [[nodiscard]] std::optional<ModelEntry> At(ModelOperator with, uint64_t now_ms) const;
  // Adds the times at which what it shows may change.
  void AddMoments(std::vector<uint64_t>* moments) const;
  // Nothing is known of when the database says that it expires.
  void ForgetTold() { merged_ = true; }
  [[nodiscard]] bool operator==(const ModelCell&) const = default;
  [[nodiscard]] uint64_t Fingerprint() const;

 private:
  struct Part {
    std::string value;
    uint64_t expires_ms = kModelNeverMs;
    [[nodiscard]] bool operator==(const Part&) const = default;
  };

  std::optional<Part> base_;
  std::vector<Part> operands_;  // Oldest first; those that can be applied for good are in the base.
  bool merged_ = false;         // There were operands since the last put.
  bool stuck_ = false;          // The operator refuses whatever expires.
};

}  // namespace amethyst::torture
