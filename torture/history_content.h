// What a history of transactions is about: two families of a few keys, what they hold, and what a transaction has
// written so far.
//
// The default family adds integers, "lists" appends texts; every number and text that is written is written once, so
// what a read shows names its writers. Keys are known by their place in the family's order. Thread safety: plain
// values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"

namespace amethyst::torture {

inline constexpr size_t kHistoryFamilies = 2;

// A stretch of keys in a family's order. An absent side is open.
struct HistoryRange {
  std::optional<std::string> begin{};
  std::optional<std::string> end{};
  bool holds_end = false;
};

struct HistoryFamily {
  const Comparator* comparator = BytewiseComparator();
  ModelOperator merges_with = ModelOperator::kInt64Add;
  std::vector<std::string> keys{};  // In its order.

  [[nodiscard]] bool Less(std::string_view a, std::string_view b) const { return comparator->Compare(a, b) < 0; }
  [[nodiscard]] bool Holds(const HistoryRange& range, std::string_view key) const;
  // Whether some key, known or not, may be in both.
  [[nodiscard]] bool Overlap(const HistoryRange& a, const HistoryRange& b) const;
  [[nodiscard]] size_t PlaceOf(std::string_view key) const;
};
using HistoryFamilies = std::array<HistoryFamily, kHistoryFamilies>;
// So many keys in both; `long_keys`: of some thousand bytes.
[[nodiscard]] HistoryFamilies DrawFamilies(base::Random& random, uint64_t keys, bool long_keys);
// The name of the second family.
inline constexpr const char* kHistoryLists = "lists";
[[nodiscard]] FamilyOptions OptionsOf(const HistoryFamily& family);
// As an open needs them.
void AddTo(const HistoryFamilies& families, Options* options);

struct HistoryKey {
  size_t family = 0;
  size_t place = 0;
  [[nodiscard]] auto operator<=>(const HistoryKey&) const = default;
};
struct HistoryOp {
  ChangeKind kind{};
  std::string value{};
  uint64_t expires_ms = kModelNeverMs;
};
// The writes of one batch to each key, oldest first. Range deletes are deletes of the keys that there can be.
using HistoryOps = std::map<HistoryKey, std::vector<HistoryOp>>;
using HistoryOpsPtr = std::shared_ptr<const HistoryOps>;
// By family and place.
using HistoryContent = std::array<std::vector<ModelCell>, kHistoryFamilies>;
using HistoryContentPtr = std::shared_ptr<const HistoryContent>;

// What a write concerns, present or not: one key, or a range.
struct HistoryFootprint {
  size_t family = 0;
  HistoryRange range;
};

[[nodiscard]] HistoryRange RangeOf(const std::string& key);
void Apply(const HistoryFamilies& families, const HistoryOps& ops, HistoryContent* content);
// What a read shows of one key; nullptr: no own writes.
[[nodiscard]] std::optional<std::string> Shown(const HistoryFamilies& families, const HistoryContent& content,
                                               const HistoryOps* own, const HistoryKey& key, uint64_t now_ms);

}  // namespace amethyst::torture
