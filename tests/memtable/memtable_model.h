// What a memtable should show, kept the slow and obvious way: a std::map from (key, newest first) to entries.
// Thread safety: one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "key/order.h"

namespace amethyst::memtable {

class MemtableModel {
 public:
  struct Less {
    key::Order order;
    using Id = std::pair<std::string, key::Tag>;
    bool operator()(const Id& a, const Id& b) const {
      const int by_key = order.Compare(a.first, b.first);
      return by_key != 0 ? by_key < 0 : a.second > b.second;
    }
  };
  using Entries = std::map<Less::Id, std::string, Less>;

  explicit MemtableModel(key::Order order = key::Order()) : entries_(Less{order}) {}

  void Insert(const key::Entry& entry) {
    entries_.emplace(Less::Id(std::string(entry.key()), entry.tag), std::string(entry.value()));
  }
  [[nodiscard]] const Entries& entries() const { return entries_; }

  // The first entry at or after the key; the first after all its versions.
  [[nodiscard]] Entries::const_iterator AtOrAfter(std::string_view key) const {
    return entries_.lower_bound(Less::Id(std::string(key), key::Tag(key::kSequenceMax, key::EntryKind::kPut)));
  }
  [[nodiscard]] Entries::const_iterator After(std::string_view key) const {
    return entries_.upper_bound(Less::Id(std::string(key), key::Tag()));
  }
  // The newest version at or below `visible`, or end.
  [[nodiscard]] Entries::const_iterator Find(std::string_view key, key::SequenceNumber visible) const {
    const auto found = entries_.lower_bound(Less::Id(std::string(key), key::Tag(visible, key::EntryKind::kPut)));
    return found != entries_.end() && found->first.first == key ? found : entries_.end();
  }
  // Whether any of the keys of [from, to) has a put as its newest version at or below `visible`.
  [[nodiscard]] bool AnyLive(Entries::const_iterator from, Entries::const_iterator to,
                             key::SequenceNumber visible) const {
    for (auto entry = from; entry != to; ++entry) {
      const auto newest = Find(entry->first.first, visible);
      if (newest != entries_.end() && newest->first.second.kind() == key::EntryKind::kPut) return true;
    }
    return false;
  }

 private:
  Entries entries_;
};

}  // namespace amethyst::memtable
