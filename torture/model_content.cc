#include "torture/model_content.h"

#include <algorithm>
#include <unordered_map>

#include "base/assert.h"
#include "base/hash.h"

namespace amethyst::torture {

namespace {

uint64_t Fingerprint(std::string_view key, std::string_view value) {
  return base::Hash64(key) * 0x9e3779b97f4a7c15u + (base::Hash64(value) | 1) * 0xbf58476d1ce4e5b9u;
}

// The sum over all entries identifies a content, and follows a write at the cost of that write.
class RunningFingerprint {
 public:
  explicit RunningFingerprint(const ModelMap& base) : base_(base) {
    for (const auto& [key, value] : base) sum_ += Fingerprint(key, value);
  }
  void Apply(const ModelWrite& write) {
    for (const auto& [key, value] : write.changes) {
      const auto [entry, is_new] = changed_.try_emplace(key, 0);
      if (is_new) {
        const auto found = base_.find(key);
        entry->second = found == base_.end() ? 0 : Fingerprint(key, found->second);
      }
      const uint64_t fresh = value ? Fingerprint(key, *value) : 0;
      sum_ += fresh - entry->second;
      entry->second = fresh;
    }
  }
  [[nodiscard]] uint64_t sum() const { return sum_; }

 private:
  const ModelMap& base_;
  std::unordered_map<std::string_view, uint64_t> changed_;
  uint64_t sum_ = 0;
};

}  // namespace

void ModelContent::Apply(const ModelWrite& write, ModelMap* to) {
  for (const auto& [key, value] : write.changes) {
    if (value) {
      to->insert_or_assign(key, *value);
    } else {
      to->erase(key);
    }
  }
}

void ModelContent::Acknowledge(ModelWrite write) {
  AMETHYST_ASSERT(!failed_);
  Apply(write, &now_);
  const bool sync = write.durability == Durability::kSync;
  writes_.push_back(std::move(write));
  if (sync) MarkDurable();
}

void ModelContent::Fail(ModelWrite write) {
  AMETHYST_ASSERT(!failed_);
  with_failed_ = now_;
  Apply(write, &with_failed_);
  failed_ = true;
  writes_.push_back(std::move(write));
}

void ModelContent::MarkFlushed() {
  AMETHYST_ASSERT(!failed_);
  for (const ModelWrite& write : writes_) Apply(write, &base_);
  writes_.clear();
  durable_ = 0;
}

bool ModelContent::Settle(ModelMap found, bool power_loss) {
  uint64_t wanted = 0;
  for (const auto& [key, value] : found) wanted += Fingerprint(key, value);
  const size_t acknowledged = writes_.size() - (failed_ ? 1 : 0);
  const size_t at_least = power_loss ? durable_ : acknowledged;
  bool right = false;
  RunningFingerprint flushed(base_);  // All of the first `from` writes.
  for (size_t from = 0; from <= writes_.size() && !right; ++from) {
    if (from > 0) flushed.Apply(writes_[from - 1]);
    // A flush matters only where it saved a write that was not logged.
    if (from > 0 && writes_[from - 1].durability != Durability::kNone) continue;
    RunningFingerprint left = flushed;
    for (size_t to = from; to <= writes_.size() && !right; ++to) {
      if (to > from && writes_[to - 1].durability != Durability::kNone) left.Apply(writes_[to - 1]);
      right = to >= at_least && left.sum() == wanted;
    }
  }
  if (!right) return false;
  now_ = found;
  base_ = std::move(found);
  writes_.clear();
  durable_ = 0;
  failed_ = false;
  return true;
}

}  // namespace amethyst::torture
