#include "torture/model_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "torture/model_choices.h"
#include "torture/model_filter.h"
#include "torture/model_time.h"

namespace amethyst::torture {

namespace {

// A write of a family that has been dropped since is nothing.
void ApplyTo(const ModelWrite& write, ModelState* state) {
  for (const ModelChange& change : write.changes) {
    if (const auto family = state->find(change.family); family != state->end()) family->second.Apply(change);
  }
}

// What was read, as it was told.
std::optional<std::chrono::system_clock::time_point> ExpiresAtOf(const ModelEntry& entry) {
  if (!entry.expires_ms || *entry.expires_ms == kModelNeverMs) return std::nullopt;
  return MomentOf(*entry.expires_ms);
}

std::string DifferenceOf(const ModelMap& expected, const ModelMap& found) {
  auto at = expected.begin();
  for (const auto& [key, entry] : found) {
    while (at != expected.end() && at->second.may_be_gone && at->first != key && expected.key_comp()(at->first, key))
      ++at;
    if (at == expected.end() || at->first != key) {
      const bool surplus = !expected.contains(key);
      return surplus ? fmt::format("{} is there", Show(key)) : fmt::format("{} is missing", Show(at->first));
    }
    if (!Shows(entry, at->second) || !TellsExpiryOf(at->second, ExpiresAtOf(entry))) {
      return fmt::format("{} = {}, not {}", Show(key), Show(entry), Show(at->second));
    }
    ++at;
  }
  while (at != expected.end() && at->second.may_be_gone) ++at;
  return at == expected.end() ? std::string() : fmt::format("{} is missing", Show(at->first));
}

}  // namespace

void FamilyContent::Apply(const ModelChange& change) {
  switch (change.kind) {
    case ChangeKind::kPut: cells[change.key].Put(change.value, change.expires_ms); break;
    case ChangeKind::kDelete: cells.erase(change.key); break;
    case ChangeKind::kMerge: cells[change.key].Merge(merges_with, change.value, change.expires_ms); break;
  }
}

std::optional<ModelEntry> FamilyContent::At(std::string_view key, uint64_t now_ms) const {
  const auto cell = cells.find(key);
  return cell == cells.end() ? std::nullopt : Shown(cell->second, now_ms);
}

std::optional<ModelEntry> FamilyContent::Shown(const ModelCell& cell, uint64_t now_ms) const {
  std::optional<ModelEntry> entry = cell.At(merges_with, now_ms);
  if (entry && is_filtered) {
    entry->may_be_gone = FilterDrops(entry->value);
    entry->replacement = FilterReplacement(entry->value);
  }
  return entry;
}

ModelMap FamilyContent::Seen(uint64_t now_ms) const {
  ModelMap seen(cells.key_comp());
  for (const auto& [key, cell] : cells) {
    if (auto entry = Shown(cell, now_ms)) seen.emplace_hint(seen.end(), key, *std::move(entry));
  }
  return seen;
}

void ModelContent::AddFamily(uint32_t family, FamilyContent empty) {
  base_.emplace(family, empty);
  now_.emplace(family, empty);
  with_failed_.emplace(family, std::move(empty));
}

void ModelContent::DropFamily(uint32_t family) {
  base_.erase(family);
  now_.erase(family);
  with_failed_.erase(family);
}

void ModelContent::Acknowledge(ModelWrite write) {
  AMETHYST_ASSERT(!failed_);
  ApplyTo(write, &now_);
  const bool sync = write.durability == Durability::kSync;
  writes_.push_back(std::move(write));
  if (sync) MarkDurable();
}

void ModelContent::Fail(ModelWrite write) {
  AMETHYST_ASSERT(!failed_);
  with_failed_ = now_;
  ApplyTo(write, &with_failed_);
  failed_ = true;
  writes_.push_back(std::move(write));
}

bool ModelContent::HasUnlogged() const {
  return std::ranges::any_of(writes_, [](const auto& write) { return write.durability == Durability::kNone; });
}

void ModelContent::MarkFlushed() {
  AMETHYST_ASSERT(!failed_);
  for (const ModelWrite& write : writes_) ApplyTo(write, &base_);
  writes_.clear();
  durable_ = 0;
}

std::string DifferenceOf(const ModelState& state, uint64_t now_ms, const SeenState& found) {
  for (const auto& [number, family] : state) {
    const auto seen = found.find(number);
    if (seen == found.end()) return fmt::format("family {} was not read", number);
    if (std::string text = DifferenceOf(family.Seen(now_ms), seen->second); !text.empty()) {
      return fmt::format("in family {} {}", number, text);
    }
  }
  return {};
}

}  // namespace amethyst::torture
