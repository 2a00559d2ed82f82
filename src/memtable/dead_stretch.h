// Steps over dead stretches: subtrees in which nothing is live, such as a queue leaves behind it.
//
// Thread safety: a pure reader of the tree.
#pragma once

#include <optional>
#include <string_view>

#include "memtable/key_tree.h"

namespace amethyst::memtable {

struct DeadStretch {
  const Node* end;   // The first leaf after it; null: the tree ends with it.
  uint64_t entries;  // Keys in it, approximately.
};

// The longest stretch of whole leaves, from the one that holds `key`, in which nothing is live for `read` and which
// lie before `limit` (empty data(): no limit), found in O(height) steps; nullopt if that leaf is none of these.
[[nodiscard]] std::optional<DeadStretch> FindDeadStretch(const KeyTree& tree, std::string_view key, key::ReadPoint read,
                                                         std::string_view limit);

// The same backward, of leaves that lie at or behind `begin` (nullopt: any): the first node of the stretch.
[[nodiscard]] const Node* FindDeadStretchBack(const KeyTree& tree, std::string_view key, key::ReadPoint read,
                                              std::optional<std::string_view> begin);

}  // namespace amethyst::memtable
