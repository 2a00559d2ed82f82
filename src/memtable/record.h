// One entry in the arena, and the chain of all versions of its key, newest first.
//
//   | tag u64 | value_bytes u32 | key_bytes u30, has_older, has_fold | links | key | value | fold |
//
//   links, if has_older: | older u32 | jump u32 | depth u32 |
//   fold, if has_fold: u64
//
// The oldest version has depth 0 and no links. Jump pointers are those of Myers, "An applicative random-access stack"
// (1983): they lead to an older version such that any depth, or any sequence, is found in O(log n) steps. Every version
// repeats its key, so that a comparison touches one place.
//
// Where versions are operands of an operator that makes one integer of two (key::Fold), one that jumps over others has
// the fold: what it and all before the one it jumps to come to, as one operand. So a counter is read in O(log n), too.
//
// Thread safety: a record is immutable from when its offset is published.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

#include "base/coding.h"
#include "key/entry.h"
#include "key/fold.h"
#include "key/read_point.h"
#include "memtable/arena.h"

namespace amethyst::memtable {

class Record {
 public:
  // Places a record in the arena; `older` is the version that was the newest so far, or null. `fold` is of the family's
  // operator, or null.
  [[nodiscard]] static const Record* Create(Arena& arena, const key::Entry& entry, const Record* older,
                                            key::Fold fold) {
    std::optional<uint64_t> folded;
    Links links{};
    if (older != nullptr) {
      links = LinksTo(arena, *older);
      if (fold != nullptr && MayFold(entry)) folded = FoldOver(arena, entry, *older, links, fold);
    }
    char* const place =
        arena.AllocateLow(Bytes(entry.key_bytes, entry.value_bytes, older != nullptr, folded.has_value()));
    const auto* record = new (place) Record(entry, older != nullptr, folded.has_value());
    char* end = place + sizeof(Record);
    if (older != nullptr) {
      std::memcpy(end, &links, sizeof links);
      end += sizeof links;
    }
    if (entry.key_bytes != 0) std::memcpy(end, entry.key_data, entry.key_bytes);
    if (entry.value_bytes != 0) std::memcpy(end + entry.key_bytes, entry.value_data, entry.value_bytes);
    if (folded) std::memcpy(end + entry.key_bytes + entry.value_bytes, &*folded, sizeof *folded);
    return record;
  }

  [[nodiscard]] static constexpr size_t Bytes(size_t key_bytes, size_t value_bytes, bool has_older, bool has_fold) {
    return Arena::RoundUp(
        sizeof(Record) + (has_older ? sizeof(Links) : 0) + key_bytes + value_bytes + (has_fold ? sizeof(uint64_t) : 0),
        Arena::kGranuleBytes);
  }
  // Most bytes that an entry of that size can take.
  [[nodiscard]] static constexpr size_t BytesMax(size_t key_bytes, size_t value_bytes) {
    return Bytes(key_bytes, value_bytes, true, value_bytes == sizeof(uint64_t));
  }
  // Whether a fold may hold it.
  [[nodiscard]] static bool MayFold(const key::Entry& entry) {
    return entry.tag.kind() == key::EntryKind::kOperand && entry.value_bytes == sizeof(uint64_t);
  }

  [[nodiscard]] key::Tag tag() const { return key::Tag::FromBits(tag_bits_); }
  [[nodiscard]] key::SequenceNumber sequence() const { return tag().sequence(); }
  [[nodiscard]] bool IsLive() const { return key::IsLive(tag().kind()); }
  // Plain in itself, and with nothing older behind it.
  [[nodiscard]] bool IsPlain() const { return key::IsPlain(tag().kind()) && !has_older(); }
  [[nodiscard]] std::string_view key() const { return {key_data(), key_bytes_}; }
  [[nodiscard]] std::string_view value() const { return {key_data() + key_bytes_, value_bytes_}; }
  [[nodiscard]] key::Entry entry() const { return key::Entry(key(), tag(), value()); }

  // What it takes in the arena, where records lie one behind the other.
  [[nodiscard]] size_t bytes() const { return Bytes(key_bytes_, value_bytes_, has_older(), has_fold_ != 0); }
  [[nodiscard]] bool has_older() const { return has_older_ != 0; }
  [[nodiscard]] uint32_t depth() const { return has_older() ? links().depth : 0; }
  [[nodiscard]] const Record* Older(const Arena& arena) const {
    AMETHYST_DCHECK(has_older());
    return arena.At<Record>(links().older);
  }

  // A stretch of this version and older ones as one operand; nullopt: there is no such.
  struct Stretch {
    std::string_view operand;
    const Record* behind;  // The next older version.
  };
  [[nodiscard]] std::optional<Stretch> Folded(const Arena& arena) const {
    if (has_fold_ == 0) return std::nullopt;
    return Stretch{.operand = {fold_data(), sizeof(uint64_t)}, .behind = Jump(arena)};
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

  Record(const key::Entry& entry, bool has_older, bool has_fold)
      : tag_bits_(entry.tag.bits()),
        value_bytes_(entry.value_bytes),
        key_bytes_(entry.key_bytes & 0x3fffffffu),
        has_older_(has_older),
        has_fold_(has_fold) {
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

  // What this version and all before the one that it jumps to come to; nullopt: not all of them are to be folded.
  [[nodiscard]] std::optional<uint64_t> Span() const {
    if (has_fold_ != 0) return base::LoadFixed<uint64_t>(fold_data());
    if (!has_older() || links().jump != links().older || !MayFold(entry())) return std::nullopt;
    return base::LoadFixed<uint64_t>(value().data());
  }
  // The same of an entry to come, where it jumps over some; they are in two spans.
  [[nodiscard]] static std::optional<uint64_t> FoldOver(const Arena& arena, const key::Entry& entry,
                                                        const Record& older, const Links& links, key::Fold fold) {
    if (links.jump == links.older) return std::nullopt;
    const std::optional<uint64_t> newer_span = older.Span();
    if (!newer_span) return std::nullopt;
    const std::optional<uint64_t> older_span = older.Jump(arena)->Span();
    if (!older_span) return std::nullopt;
    return fold(fold(*older_span, *newer_span), base::LoadFixed<uint64_t>(entry.value_data));
  }

  [[nodiscard]] const char* after_header() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] const char* key_data() const { return after_header() + (has_older() ? sizeof(Links) : 0); }
  [[nodiscard]] const char* fold_data() const { return key_data() + key_bytes_ + value_bytes_; }
  [[nodiscard]] const Links& links() const { return *reinterpret_cast<const Links*>(after_header()); }
  [[nodiscard]] const Record* Jump(const Arena& arena) const { return arena.At<Record>(links().jump); }

  uint64_t tag_bits_;
  uint32_t value_bytes_;
  uint32_t key_bytes_ : 30;
  uint32_t has_older_ : 1;
  uint32_t has_fold_ : 1;
};
static_assert(sizeof(Record) == 16);

}  // namespace amethyst::memtable
