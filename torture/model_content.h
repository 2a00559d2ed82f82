// What a database must hold: for each family the cells of its keys, and the writes since everything was last in tables,
// from which follows what may be left of it after a crash.
//
// The rules are those of docs/durability.md. Of the writes since the last flush, those that skipped the log (kNone) are
// there up to some point, where a background flush may have been; behind it, the logged ones are there up to some
// later point, which a crash of the process leaves at the last acknowledged write, and a loss of power no earlier than
// the last write known durable. A write that failed may be there or not, if it was the last. Families are there from
// their making to their drop, whatever happens to writes. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/comparator.h"
#include "amethyst/error.h"
#include "amethyst/options.h"
#include "torture/model_value.h"

namespace amethyst::torture {

struct KeyLess {
  using is_transparent = void;
  const Comparator* comparator = BytewiseComparator();
  bool operator()(std::string_view a, std::string_view b) const { return comparator->Compare(a, b) < 0; }
};
using ModelCells = std::map<std::string, ModelCell, KeyLess>;
// What reads of one family show at one time.
using ModelMap = std::map<std::string, ModelEntry, KeyLess>;

enum class ChangeKind : uint8_t { kPut, kDelete, kMerge };
struct ModelChange {
  ChangeKind kind{};
  uint32_t family = 0;
  std::string key;
  std::string value{};
  uint64_t expires_ms = kModelNeverMs;
};
// One batch, in its order.
struct ModelWrite {
  std::vector<ModelChange> changes;
  Durability durability = Durability::kBuffered;
  bool is_ingested = false;  // Came as tables.

  // The change feed tells that there was such a write, and not what it wrote.
  [[nodiscard]] bool IsUntold() const { return is_ingested || durability == Durability::kNone; }
};

struct FamilyContent {
  ModelOperator merges_with = ModelOperator::kNone;
  bool is_filtered = false;
  ModelCells cells;

  void Apply(const ModelChange& change);
  [[nodiscard]] std::optional<ModelEntry> At(std::string_view key, uint64_t now_ms) const;
  [[nodiscard]] ModelMap Seen(uint64_t now_ms) const;

 private:
  [[nodiscard]] std::optional<ModelEntry> Shown(const ModelCell& cell, uint64_t now_ms) const;
};
// By a number that the model gives each family; the default one has 0.
using ModelState = std::map<uint32_t, FamilyContent>;
using SeenState = std::map<uint32_t, ModelMap>;

class ModelContent {
 public:
  // Reads a key of the database as of a time.
  using Ask =
      std::function<Result<std::optional<ModelEntry>>(uint32_t family, const std::string& key, uint64_t now_ms)>;
  struct Found {
    SeenState seen;
    uint64_t now_ms = 0;
    uint64_t oldest_ms = 0;  // The earliest time that can be asked about.
  };

  ModelContent() : base_(), now_() {}

  void AddFamily(uint32_t family, FamilyContent empty);
  void DropFamily(uint32_t family);

  [[nodiscard]] const ModelState& now() const { return now_; }
  // Every key of the family that may be there, now or after a crash that takes some of the writes back.
  template <typename Visit>
  void ForEachPossibleKey(uint32_t family, Visit visit) const {
    for (const auto& [key, cell] : base_.at(family).cells) visit(key);
    for (const ModelWrite& write : writes_) {
      for (const ModelChange& change : write.changes) {
        if (change.family == family) visit(change.key);
      }
    }
  }
  // What reads may show as well, after a write that failed.
  [[nodiscard]] const ModelState& with_failed() const { return failed_ ? with_failed_ : now_; }

  void Acknowledge(ModelWrite write);
  // A filter has dropped it, and it stays away.
  void NoteDropped(uint32_t family, const std::string& key) { now_.at(family).cells.erase(key); }
  // Nothing may be written any more before the next Settle.
  void Fail(ModelWrite write);
  // Everything logged so far survives a loss of power; everything so far survives anything.
  void MarkDurable() { durable_ = writes_.size(); }
  void MarkFlushed();

  // Takes the content that the rules allow and that shows what was found after a crash; returns whether there is one.
  // Of several, `ask` tells which.
  [[nodiscard]] Result<bool> Settle(const Found& found, bool power_loss, const Ask& ask);
  // Some writes that went past the log may be in memory alone.
  [[nodiscard]] bool HasUnlogged() const;
  // Whether a reader of the files alone may find that now: what a crash of the process would leave.
  [[nodiscard]] bool MayShow(const Found& found) const { return !Candidates(found, false).empty(); }

 private:
  // The first `flushed` writes, and of those behind it up to `end` the logged ones.
  struct Cut {
    size_t flushed = 0;
    size_t end = 0;
  };
  [[nodiscard]] std::vector<ModelState> Candidates(const Found& found, bool power_loss) const;
  [[nodiscard]] ModelState StateAt(const Cut& cut) const;

  ModelState base_;  // All that is in tables for certain.
  std::vector<ModelWrite> writes_;
  size_t durable_ = 0;   // Of these, how many survive a loss of power, if they were logged.
  bool failed_ = false;  // The last of them was not acknowledged.
  ModelState now_;
  ModelState with_failed_;
};

// "", or how what was found differs from what the content shows at that time.
[[nodiscard]] std::string DifferenceOf(const ModelState& state, uint64_t now_ms, const SeenState& found);

}  // namespace amethyst::torture
