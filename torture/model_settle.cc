// The part of a model's content that tells which of its writes a crash has left.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "torture/model_content.h"
#include "torture/model_filter.h"

namespace amethyst::torture {

namespace {

constexpr uint64_t kMix = 0x9e3779b97f4a7c15u;

// Nothing of what may be a filter's doing.
uint64_t ShownFingerprint(uint32_t family, bool is_filtered, std::string_view key, const ModelEntry& entry) {
  if (is_filtered && FilterTouches(entry.value)) return 0;
  const uint64_t value = entry.refused ? 3 : base::Hash64(entry.value) | 1;
  return (base::Hash64(key) + family) * kMix + value * 0xbf58476d1ce4e5b9u;
}

// Two sums over all cells, which follow a write at the cost of that write: of what is shown at one time, and of all
// that there is.
class RunningFingerprint {
 public:
  RunningFingerprint(const ModelState& base, uint64_t now_ms) : base_(base), now_ms_(now_ms) {
    for (const auto& [number, family] : base) {
      for (const auto& [key, cell] : family.cells) shown_ += Of(number, key, &cell, &whole_);
    }
  }
  void Apply(const ModelWrite& write) {
    for (const ModelChange& change : write.changes) {
      const auto family = base_.find(change.family);
      if (family == base_.end()) continue;
      std::optional<ModelCell>& cell = CellOf(family->second, change);
      uint64_t whole_before = 0, whole_after = 0;
      shown_ -= Of(change.family, change.key, cell ? &*cell : nullptr, &whole_before);
      switch (change.kind) {
        case ChangeKind::kDelete: cell.reset(); break;
        case ChangeKind::kPut: cell.emplace().Put(change.value, change.expires_ms); break;
        case ChangeKind::kMerge:
          if (!cell) cell.emplace();
          cell->Merge(family->second.merges_with, change.value, change.expires_ms);
      }
      shown_ += Of(change.family, change.key, cell ? &*cell : nullptr, &whole_after);
      whole_ += whole_after - whole_before;
    }
  }
  [[nodiscard]] uint64_t shown() const { return shown_; }
  [[nodiscard]] uint64_t whole() const { return whole_; }

 private:
  uint64_t Of(uint32_t family, std::string_view key, const ModelCell* cell, uint64_t* whole) const {
    if (cell == nullptr) return 0;
    *whole += (base::Hash64(key) + family) * kMix + (cell->Fingerprint() | 1) * 0x94d049bb133111ebu;
    const FamilyContent& content = base_.at(family);
    const std::optional<ModelEntry> entry = cell->At(content.merges_with, now_ms_);
    return entry ? ShownFingerprint(family, content.is_filtered, key, *entry) : 0;
  }
  std::optional<ModelCell>& CellOf(const FamilyContent& family, const ModelChange& change) {
    const auto [place, is_new] = changed_[change.family].try_emplace(change.key);
    const auto found = is_new ? family.cells.find(change.key) : family.cells.end();
    if (found != family.cells.end()) place->second = found->second;
    return place->second;
  }

  const ModelState& base_;
  const uint64_t now_ms_;
  std::unordered_map<uint32_t, std::unordered_map<std::string_view, std::optional<ModelCell>>> changed_;
  uint64_t shown_ = 0;
  uint64_t whole_ = 0;
};

// A read that tells two contents apart.
struct Question {
  uint32_t family;
  std::string key;
  uint64_t now_ms;
};

const ModelCell* CellIn(const ModelState& state, uint32_t family, const std::string& key) {
  const ModelCells& cells = state.at(family).cells;
  const auto found = cells.find(key);
  return found == cells.end() ? nullptr : &found->second;
}

// Cells that differ and show the same at each time are made to be one.
std::optional<Question> QuestionOf(ModelState* a, const ModelState& b, uint64_t oldest_ms) {
  for (auto& [number, family] : *a) {
    std::set<std::string> keys;  // Sorted: which question comes first is to be repeated.
    for (const auto& [key, cell] : family.cells) keys.insert(key);
    for (const auto& [key, cell] : b.at(number).cells) keys.insert(key);
    for (const std::string& key : keys) {
      const ModelCell* const in_a = CellIn(*a, number, key);
      const ModelCell* const in_b = CellIn(b, number, key);
      if (in_a != nullptr && in_b != nullptr && *in_a == *in_b) continue;
      std::vector<uint64_t> moments = {oldest_ms};
      if (in_a != nullptr) in_a->AddMoments(&moments);
      if (in_b != nullptr) in_b->AddMoments(&moments);
      std::ranges::sort(moments);
      for (const uint64_t moment : moments) {
        const bool asked = moment >= oldest_ms && moment != kModelNeverMs;
        const std::optional<ModelEntry> by_a = family.At(key, moment), by_b = b.at(number).At(key, moment);
        if (asked && !Shows(by_a, by_b) && !Shows(by_b, by_a)) {
          return Question{.family = number, .key = key, .now_ms = moment};
        }
      }
      if (in_a != nullptr) family.cells.find(key)->second.ForgetTold();
    }
  }
  return std::nullopt;
}

}  // namespace

ModelState ModelContent::StateAt(const Cut& cut) const {
  ModelState state = base_;
  for (size_t i = 0; i < cut.end; ++i) {
    if (i >= cut.flushed && writes_[i].durability == Durability::kNone) continue;
    for (const ModelChange& change : writes_[i].changes) {
      if (const auto family = state.find(change.family); family != state.end()) family->second.Apply(change);
    }
  }
  return state;
}

std::vector<ModelState> ModelContent::Candidates(const Found& found, bool power_loss) const {
  uint64_t wanted = 0;
  for (const auto& [number, seen] : found.seen) {
    const bool is_filtered = base_.at(number).is_filtered;
    for (const auto& [key, entry] : seen) wanted += ShownFingerprint(number, is_filtered, key, entry);
  }
  const size_t acknowledged = writes_.size() - (failed_ ? 1 : 0);
  const size_t at_least = power_loss ? durable_ : acknowledged;
  std::map<uint64_t, Cut> cuts;  // By all that there is: one of those that are equal.
  RunningFingerprint flushed(base_, found.now_ms);
  for (size_t from = 0; from <= writes_.size(); ++from) {
    if (from > 0) flushed.Apply(writes_[from - 1]);
    // A flush matters only where it saved a write that was not logged.
    if (from > 0 && writes_[from - 1].durability != Durability::kNone) continue;
    RunningFingerprint left = flushed;
    for (size_t to = from; to <= writes_.size(); ++to) {
      if (to > from && writes_[to - 1].durability != Durability::kNone) left.Apply(writes_[to - 1]);
      if (to >= at_least && left.shown() == wanted) cuts.try_emplace(left.whole(), Cut{.flushed = from, .end = to});
    }
  }
  std::vector<ModelState> candidates;
  for (const auto& [whole, cut] : cuts) {
    ModelState state = StateAt(cut);
    if (DifferenceOf(state, found.now_ms, found.seen).empty()) candidates.push_back(std::move(state));
  }
  return candidates;
}

Result<bool> ModelContent::Settle(const Found& found, bool power_loss, const Ask& ask) {
  std::vector<ModelState> candidates = Candidates(found, power_loss);
  while (candidates.size() > 1) {
    const std::optional<Question> question = QuestionOf(&candidates[0], candidates[1], found.oldest_ms);
    if (!question) {
      candidates.erase(candidates.begin() + 1);
      continue;
    }
    const Result<std::optional<ModelEntry>> answer = ask(question->family, question->key, question->now_ms);
    if (!answer) return std::unexpected(answer.error());
    const size_t wrong = std::erase_if(candidates, [&](const ModelState& candidate) {
      return !Shows(*answer, candidate.at(question->family).At(question->key, question->now_ms));
    });
    if (wrong == 0) candidates.erase(candidates.begin() + 1);  // What a filter dropped does not tell them apart.
  }
  if (candidates.empty()) return false;
  now_ = candidates[0];
  base_ = std::move(candidates[0]);
  writes_.clear();
  durable_ = 0;
  failed_ = false;
  return true;
}

}  // namespace amethyst::torture
