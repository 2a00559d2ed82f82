#include "memtable/family_trees.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::memtable {

namespace {

constexpr size_t kSlotsMin = 8;

// Where a family is looked for first: ids are dense, and so are the slots they take. A power of two.
size_t FirstSlot(key::FamilyId family, size_t slots) { return key::Raw(family) & (slots - 1); }

}  // namespace

FamilyTree* FamilyTrees::Find(key::FamilyId family) const {
  const std::vector<Slot>* const slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return nullptr;
  for (size_t at = FirstSlot(family, slots->size());; at = (at + 1) & (slots->size() - 1)) {
    FamilyTree* const tree = (*slots)[at].load(std::memory_order_acquire);
    if (tree == nullptr || tree->id == family) return tree;  // At least half of the slots are free.
  }
}

FamilyTree& FamilyTrees::Add(Arena& arena, key::FamilyId family, key::Order order, key::Fold fold) {
  AMETHYST_ASSERT(family != key::kDefaultFamily && Find(family) == nullptr);
  const bool is_full = all_slots_.empty() || 2 * (trees_.size() + 1) > all_slots_.back()->size();
  if (is_full) {
    auto grown = std::make_unique<std::vector<Slot>>(all_slots_.empty() ? kSlotsMin : 2 * all_slots_.back()->size());
    trees_.reserve(grown->size() / 2);
    for (const std::unique_ptr<FamilyTree>& tree : trees_) Put(*grown, tree.get());
    all_slots_.push_back(std::move(grown));
    slots_.store(all_slots_.back().get(), std::memory_order_release);
  }
  trees_.push_back(std::make_unique<FamilyTree>(arena, family, order, fold));
  Put(*all_slots_.back(), trees_.back().get());
  return *trees_.back();
}

void FamilyTrees::Put(std::vector<Slot>& slots, FamilyTree* tree) {
  size_t at = FirstSlot(tree->id, slots.size());
  while (slots[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & (slots.size() - 1);
  slots[at].store(tree, std::memory_order_release);
}

std::vector<const FamilyTree*> FamilyTrees::All() const {
  std::vector<const FamilyTree*> all;
  const std::vector<Slot>* const slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return all;
  for (const Slot& slot : *slots) {
    if (const FamilyTree* const tree = slot.load(std::memory_order_acquire)) all.push_back(tree);
  }
  std::ranges::sort(all, {}, &FamilyTree::id);
  return all;
}

}  // namespace amethyst::memtable
