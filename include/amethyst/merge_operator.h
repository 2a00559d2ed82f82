// How operands that were written blindly, by DB::Merge, become a value: a counter adds, a list appends.
//
// A family has one operator or none (FamilyOptions). The database keeps its name: open with another, and it is refused;
// open without, and only reads of keys that have operands fail. The built-in ones at the end need not be given again.
// An operator is a function of its arguments: the same ones, the same result, for ever. It may be called again for
// operands that it has seen, by reads, flushes and compactions. Thread safety: called by any thread at once, never
// under a lock of the database's.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amethyst {

class MergeOperator {
 public:
  virtual ~MergeOperator() = default;

  // 1 to 255 bytes; names what the operator does, for ever.
  [[nodiscard]] virtual std::string_view Name() const = 0;

  // The value of `key`: `operands`, oldest first, on `base`, which is nullopt where the key had no value. Sets
  // `*result` to it; nullopt: the key has none, as if it were deleted. False refuses: the read of that key is an error
  // then, and all operands are kept. Operands must come to the same in one call and in several, one after the other.
  [[nodiscard]] virtual bool Merge(std::string_view key, std::optional<std::string_view> base,
                                   std::span<const std::string_view> operands,
                                   std::optional<std::string>* result) const noexcept = 0;

  // One operand that does what `operands`, oldest first, do one after the other, whatever they are put on. False: there
  // is none.
  [[nodiscard]] virtual bool Combine(std::string_view key, std::span<const std::string_view> operands,
                                     std::string* result) const noexcept {
    static_cast<void>(key);
    static_cast<void>(operands);
    static_cast<void>(result);
    return false;
  }
};

// Built-in operators. Those of integers take operands of 8 bytes, little-endian, and wrap around; a key without a value
// counts as 0. DB::Merge refuses an operand of another size; a value of another size refuses the merge.
[[nodiscard]] std::shared_ptr<const MergeOperator> Int64Add();   // "int64.add"
[[nodiscard]] std::shared_ptr<const MergeOperator> Uint64Add();  // "uint64.add"
[[nodiscard]] std::shared_ptr<const MergeOperator> BitOr();      // "bit.or"
// The greatest and the least of value and operands, compared byte by byte.
[[nodiscard]] std::shared_ptr<const MergeOperator> Max();  // "max"
[[nodiscard]] std::shared_ptr<const MergeOperator> Min();  // "min"
// Value and operands one after the other, with `separator` between. Its name is "append", or "append:" and the
// separator, of which 248 bytes fit in.
[[nodiscard]] std::shared_ptr<const MergeOperator> Append(std::string separator = "");
// The built-in operator of that name, or nullptr.
[[nodiscard]] std::shared_ptr<const MergeOperator> BuiltInMergeOperator(std::string_view name);

}  // namespace amethyst
