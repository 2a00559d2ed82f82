// The trees of a memtable's families other than the default: one tree for each family that was written.
//
// Trees share the memtable's arena and budget, but no nodes: each has its own order, and none pays for another's depth.
// They are found by a hash table of pointers that only fills. A full one is replaced by one of twice its size, and
// stays for readers who still look at it, so that all tables together take less than twice the memory of the newest.
// Nothing is freed before the memtable dies.
//
// Thread safety: one writer, who alone calls Add; any number of readers, who never block. A reader that loaded
// `visible` (acquire) before it started finds the tree of every entry that it sees.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "key/order.h"
#include "key/types.h"
#include "memtable/arena.h"
#include "memtable/key_tree.h"
#include "memtable/key_tree_writer.h"
#include "memtable/range_deletes.h"

namespace amethyst::memtable {

struct FamilyTree {
  FamilyTree(Arena& arena, key::FamilyId the_id, key::Order order, key::Fold fold)
      : id(the_id), tree(arena, order), writer(tree, fold), range_deletes(order) {}

  const key::FamilyId id;
  KeyTree tree;
  KeyTreeWriter writer;
  RangeDeletes range_deletes;
  // Stored by the writer, loaded by anyone, relaxed: nothing hangs on them.
  std::atomic<uint64_t> entry_count{0};
  std::atomic<uint64_t> raw_bytes{0};
};

class FamilyTrees {
 public:
  // What the nodes of one tree take of the arena, beside those that its keys pay for.
  static constexpr size_t kTreeBytes = KeyTreeWriter::kNodeBytesFixed;

  // nullptr: nothing was written to the family.
  [[nodiscard]] FamilyTree* Find(key::FamilyId family) const;
  // Writer only: a tree for a family that has none. Throws std::bad_alloc, with nothing changed.
  FamilyTree& Add(Arena& arena, key::FamilyId family, key::Order order, key::Fold fold);
  // Writer only.
  void ForgetPreparedRanges() {
    for (const std::unique_ptr<FamilyTree>& tree : trees_) tree->range_deletes.ForgetPrepared();
  }
  // In the order of their ids.
  [[nodiscard]] std::vector<const FamilyTree*> All() const;

 private:
  using Slot = std::atomic<FamilyTree*>;  // Released by Add, acquired by Find.

  static void Put(std::vector<Slot>& slots, FamilyTree* tree);

  std::atomic<const std::vector<Slot>*> slots_{nullptr};  // The newest. Released by Add, acquired by Find.
  // Writer only.
  std::vector<std::unique_ptr<std::vector<Slot>>> all_slots_;
  std::vector<std::unique_ptr<FamilyTree>> trees_;
};

}  // namespace amethyst::memtable
