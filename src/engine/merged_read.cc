#include "engine/merged_read.h"

#include <algorithm>
#include <forward_list>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "engine/candidates.h"
#include "key/resolver.h"

namespace amethyst::engine {

namespace {

using sstable::LookupState;

class MergedRead {
 public:
  explicit MergedRead(const key::LookupKey& lookup) : lookup_(lookup), resolver_(lookup.read) {}

  // The next older version; its value stays where it is until the end. True: it decides.
  bool Take(key::Tag tag, std::string_view stored) {
    if (tag.sequence() < covered_) return true;
    const bool is_plain_operand = tag.kind() == key::EntryKind::kOperand && lookup_.read.Sees(tag.sequence());
    if (is_plain_operand) [[likely]] {  // There may be very many.
      operands_.AddOlder(stored);
      return false;
    }
    switch (resolver_.AddOlder(tag, stored)) {
      case key::Answer::kUndecided: return false;
      case key::Answer::kOperand:
        operands_.AddOlder(key::ValueOf(tag.kind(), stored));
        NoteExpiry(tag, key::ExpiryOf(tag.kind(), stored));
        return false;
      case key::Answer::kValue:
        base_ = key::ValueOf(tag.kind(), stored);
        expires_ms_ = key::ExpiryOf(tag.kind(), stored);
        NoteExpiry(tag, expires_ms_);
        return true;
      case key::Answer::kGone: return true;
    }
    std::unreachable();
  }

  // What range deletes of the next source hide. A memtable's hide all that is in older ones.
  void Cover(key::SequenceNumber covered) { covered_ = std::max(covered_, covered); }
  [[nodiscard]] bool IsCovered() const { return covered_ != key::SequenceNumber{}; }

  // Those of a table. True: one of them decides.
  [[nodiscard]] Result<bool> Take(const tree::Table& table, const key::Order& order,
                                  const sstable::CursorOptions& options) {
    if (!options.MayWait() && table.reader() == nullptr) return sstable::NotInMemory();
    AMETHYST_ASSIGN(const sstable::TableReader* const reader, table.Open());
    const std::unique_ptr<key::Cursor> cursor = reader->NewCursor(options);
    for (cursor->Seek(lookup_.key); cursor->Valid(); cursor->Next()) {
      const key::Entry& entry = cursor->entry();
      if (order.Compare(entry.key(), lookup_.key) != 0) return false;
      if (!lookup_.read.Sees(entry.tag.sequence())) continue;
      if (Take(entry.tag, copies_.emplace_front(entry.value()))) return true;
    }
    AMETHYST_TRY(cursor->status());
    return false;
  }

  [[nodiscard]] Result<PinnedFound> Finish(const key::Merging& merging) {
    std::optional<std::string> value;
    PinnedFound found;
    found.operands_expire_ms = changes_ms_;
    if (operands_.empty()) {  // All of them have expired.
      if (base_) value.emplace(*base_);
      found.expires_ms = expires_ms_;
      found.is_own = true;  // changes_ms_ knows.
    } else {
      AMETHYST_ASSIGN(value, operands_.Merge(merging, lookup_.key, base_));
    }
    if (!value) return found;
    const auto owner = std::make_shared<const std::string>(*std::move(value));
    found.state = LookupState::kFound;
    found.value = *owner;
    found.owner = owner;
    return found;
  }

 private:
  void NoteExpiry(key::Tag tag, uint64_t expires_ms) {
    if (!key::IsOwn(tag.sequence())) changes_ms_ = std::min(changes_ms_, expires_ms);
  }

  const key::LookupKey& lookup_;
  key::Resolver resolver_;
  key::Operands operands_;
  std::optional<std::string_view> base_;
  uint64_t expires_ms_ = key::kNeverMs;    // Of base_.
  uint64_t changes_ms_ = key::kNeverMs;    // When the first of them expires, the reader's own apart.
  std::forward_list<std::string> copies_;  // Of values that a cursor shows only for a while.
  key::SequenceNumber covered_{};          // Entries below it are gone.
};

}  // namespace

Result<PinnedFound> FindMerged(const FamilyView& family, const key::LookupKey& lookup, const key::Merging& merging,
                               const sstable::CursorOptions& options) {
  AMETHYST_DCHECK(!base::InEpoch());
  MergedRead read(lookup);
  Status status;
  const auto take = [&](const tree::Table& table) {
    const Result<bool> taken = read.Take(table, family.version.order(), options);
    if (!taken) status = std::unexpected(taken.error());
    return !taken || *taken;
  };
  bool decided = AnyMemtable(family, [&](const WriteBufferPtr& buffer) {
    read.Cover(CoveringIn(buffer->memtable, family.id, lookup));
    bool decides = false;
    // A stretch of operands may lie on both sides of a range delete.
    const auto operands =
        read.IsCovered() ? memtable::Memtable::Operands::kEach : memtable::Memtable::Operands::kFolded;
    buffer->memtable.ForEachVersion(family.id, lookup, operands, [&](const memtable::Memtable::Found& version) {
      return decides = read.Take(version.tag, version.value);
    });
    if (buffer->ingested != nullptr) decides = buffer->ingested->AnyCandidate(family.id, lookup.key, take);
    return decides || read.IsCovered();
  });
  if (!decided) {
    read.Cover(CoveringIn(family.version, lookup));
    ForEachCandidate(family.version, lookup.key, take);
  }
  AMETHYST_TRY(std::move(status));
  return read.Finish(merging);
}

}  // namespace amethyst::engine
