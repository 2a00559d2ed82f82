// What a database must hold: a std::map, and the writes since everything was last in tables, from which follows what
// may be left of it after a crash.
//
// The rules are those of docs/durability.md. Of the writes since the last flush, those that skipped the log (kNone) are
// there up to some point, where a background flush may have been; behind it, the logged ones are there up to some
// later point, which a crash of the process leaves at the last acknowledged write, and a loss of power no earlier than
// the last write known durable. A write that failed may be there or not, if it was the last. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/comparator.h"
#include "amethyst/options.h"

namespace amethyst::torture {

struct KeyLess {
  using is_transparent = void;
  const Comparator* comparator = BytewiseComparator();
  bool operator()(std::string_view a, std::string_view b) const { return comparator->Compare(a, b) < 0; }
};
using ModelMap = std::map<std::string, std::string, KeyLess>;

// One batch: keys with their new values, or none where a key is deleted, in order.
struct ModelWrite {
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  Durability durability = Durability::kBuffered;
};

class ModelContent {
 public:
  explicit ModelContent(const Comparator* comparator) : base_(KeyLess{comparator}), now_(base_), with_failed_(base_) {}

  [[nodiscard]] const ModelMap& now() const { return now_; }
  // Every key that may be there, now or after a crash that takes some of the writes back.
  template <typename Visit>
  void ForEachPossibleKey(Visit visit) const {
    for (const auto& [key, value] : base_) visit(key);
    for (const ModelWrite& write : writes_) {
      for (const auto& [key, value] : write.changes) visit(key);
    }
  }
  // What reads may show as well, after a write that failed.
  [[nodiscard]] const ModelMap& with_failed() const { return failed_ ? with_failed_ : now_; }

  void Acknowledge(ModelWrite write);
  // Nothing may be written any more before the next Settle.
  void Fail(ModelWrite write);
  // Everything logged so far survives a loss of power; everything so far survives anything.
  void MarkDurable() { durable_ = writes_.size(); }
  void MarkFlushed();

  // Takes what was found after a crash for the content from now on, if the rules allow it; returns whether.
  [[nodiscard]] bool Settle(ModelMap found, bool power_loss);

 private:
  static void Apply(const ModelWrite& write, ModelMap* to);

  ModelMap base_;  // All that is in tables for certain.
  std::vector<ModelWrite> writes_;
  size_t durable_ = 0;   // Of these, how many survive a loss of power, if they were logged.
  bool failed_ = false;  // The last of them was not acknowledged.
  ModelMap now_;
  ModelMap with_failed_;
};

}  // namespace amethyst::torture
