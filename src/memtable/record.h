// One entry in the arena, and the chain of all versions of its key, newest first.
//
//   | tag u64 | value_bytes u32 | key_bytes u31, has_older u1 | links, if has_older | key | value |
//   links: | older u32 | jump u32 | depth u32 |
//
// The oldest version has depth 0 and no links. Jump pointers are those of Myers, "An applicative random-access stack"
// (1983): they lead to an older version such that any depth, or any sequence, is found in O(log n) steps. Every version
// repeats its key, so that a comparison touches one place.
//
// Thread safety: a record is immutable from when its offset is published.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "key/entry.h"
#include "key/read_point.h"
#include "memtable/arena.h"

namespace amethyst::memtable {

class Record {
 public:
  // Places a record in the arena; `older` is the version that was the newest so far, or null.
  [[nodiscard]] static const Record* Create(Arena& arena, const key::Entry& entry, const Record* older) {
    char* place = arena.AllocateLow(Bytes(entry.key_bytes, entry.value_bytes, older != nullptr));
    const auto* record = new (place) Record(entry, older != nullptr);
    char* end = place + sizeof(Record);
    if (older != nullptr) {
      const Links links = LinksTo(arena, *older);
      std::memcpy(end, &links, sizeof links);
      end += sizeof links;
    }
    if (entry.key_bytes != 0) std::memcpy(end, entry.key_data, entry.key_bytes);
    if (entry.value_bytes != 0) std::memcpy(end + entry.key_bytes, entry.value_data, entry.value_bytes);
    return record;
  }

  [[nodiscard]] static constexpr size_t Bytes(size_t key_bytes, size_t value_bytes, bool has_older) {
    return Arena::RoundUp(sizeof(Record) + (has_older ? sizeof(Links) : 0) + key_bytes + value_bytes,
                          Arena::kGranuleBytes);
  }

  [[nodiscard]] key::Tag tag() const { return key::Tag::FromBits(tag_bits_); }
  [[nodiscard]] key::SequenceNumber sequence() const { return tag().sequence(); }
  [[nodiscard]] bool IsLive() const { return key::IsLive(tag().kind()); }
  // Plain in itself, and with nothing older behind it.
  [[nodiscard]] bool IsPlain() const { return key::IsPlain(tag().kind()) && !has_older(); }
  [[nodiscard]] std::string_view key() const { return {key_data(), key_bytes_}; }
  [[nodiscard]] std::string_view value() const { return {key_data() + key_bytes_, value_bytes_}; }
  [[nodiscard]] key::Entry entry() const { return key::Entry(key(), tag(), value()); }

  [[nodiscard]] bool has_older() const { return has_older_ != 0; }
  [[nodiscard]] uint32_t depth() const { return has_older() ? links().depth : 0; }
  [[nodiscard]] const Record* Older(const Arena& arena) const {
    AMETHYST_DCHECK(has_older());
    return arena.At<Record>(links().older);
  }

  // The newest version that `read` sees, of this one and the older ones. nullptr: it sees none of them.
  [[nodiscard]] const Record* VisibleAt(const Arena& arena, key::ReadPoint read) const {
    const Record* record = this;
    while (!read.Sees(record->sequence())) {
      if (!record->has_older()) return nullptr;
      const Record* jump = record->Jump(arena);
      record = read.Sees(jump->sequence()) ? record->Older(arena) : jump;
    }
    return record;
  }

  // The version at `depth`, which is not above this one's.
  [[nodiscard]] const Record& AtDepth(const Arena& arena, uint32_t depth) const {
    AMETHYST_DCHECK(depth <= this->depth());
    const Record* record = this;
    while (record->depth() > depth) {
      const Record* jump = record->Jump(arena);
      record = jump->depth() >= depth ? jump : record->Older(arena);
    }
    return *record;
  }

 private:
  struct Links {
    Offset older;
    Offset jump;
    uint32_t depth;
  };

  Record(const key::Entry& entry, bool has_older)
      : tag_bits_(entry.tag.bits()),
        value_bytes_(entry.value_bytes),
        key_bytes_(entry.key_bytes & 0x7fffffffu),
        has_older_(has_older) {
    AMETHYST_DCHECK(key_bytes_ == entry.key_bytes);
  }

  [[nodiscard]] static Links LinksTo(const Arena& arena, const Record& older) {
    const Record* jump = &older;
    if (older.has_older()) {
      const Record* near = older.Jump(arena);
      const Record* far = near->has_older() ? near->Jump(arena) : near;
      if (older.depth() - near->depth() == near->depth() - far->depth()) jump = far;
    }
    return Links{.older = arena.OffsetOf(&older), .jump = arena.OffsetOf(jump), .depth = older.depth() + 1};
  }

  [[nodiscard]] const char* after_header() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] const char* key_data() const { return after_header() + (has_older() ? sizeof(Links) : 0); }
  [[nodiscard]] const Links& links() const { return *reinterpret_cast<const Links*>(after_header()); }
  [[nodiscard]] const Record* Jump(const Arena& arena) const { return arena.At<Record>(links().jump); }

  uint64_t tag_bits_;
  uint32_t value_bytes_;
  uint32_t key_bytes_ : 31;
  uint32_t has_older_ : 1;
};
static_assert(sizeof(Record) == 16);

}  // namespace amethyst::memtable
