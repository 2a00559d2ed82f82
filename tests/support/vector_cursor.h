// A cursor over a sorted vector: the obvious source for tests of whatever consumes cursors, and a demanding one.
//
// Each window it shows is a private copy, freed when the cursor moves past it, so that a sanitizer catches whoever
// holds a view for too long. Windows have a fixed size, entries can be made unreadable, and moves are counted. Thread
// safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "key/cursor.h"
#include "key/order.h"

namespace amethyst::support {

struct OwnedEntry {
  std::string key;
  key::SequenceNumber sequence{};
  key::EntryKind kind = key::EntryKind::kPut;
  std::string value;

  [[nodiscard]] key::Entry View() const { return {key, key::Tag(sequence, kind), value}; }
  friend bool operator==(const OwnedEntry&, const OwnedEntry&) = default;
};

[[nodiscard]] inline OwnedEntry Own(const key::Entry& entry) {
  return {std::string(entry.key()), entry.tag.sequence(), entry.tag.kind(), std::string(entry.value())};
}

// For the messages of failed tests.
inline void PrintTo(const OwnedEntry& entry, std::ostream* out) {
  *out << entry.key << "@" << key::Raw(entry.sequence) << (entry.kind == key::EntryKind::kDelete ? " delete" : " put");
}

inline void SortEntries(std::vector<OwnedEntry>* entries, const key::Order& order = key::Order()) {
  std::sort(entries->begin(), entries->end(),
            [&](const OwnedEntry& a, const OwnedEntry& b) { return order.Compare(a.View(), b.View()) < 0; });
}

struct VectorCursorSettings {
  size_t window_entries = 8;
  std::optional<size_t> unreadable_entry{};  // Reaching it fails with kIo.
  bool skips_dead = true;
  uint64_t* windows_shown = nullptr;  // Counted here if given.
  bool waits = false;                 // A TrySeek always has something to read.
  std::string* seeks = nullptr;       // Gets "try" and "seek" of the seeks forward, if given.
};

class VectorCursor final : public key::Cursor {
 public:
  using Settings = VectorCursorSettings;

  // `entries` are sorted by `order` and shared, so that many cursors can walk them.
  VectorCursor(std::shared_ptr<const std::vector<OwnedEntry>> entries, key::Order order = key::Order(),
               Settings settings = {})
      : entries_(std::move(entries)), order_(order), settings_(settings) {
    AMETHYST_ASSERT(settings_.window_entries > 0);
  }
  VectorCursor(std::vector<OwnedEntry> entries, key::Order order = key::Order(), Settings settings = {})
      : VectorCursor(std::make_shared<const std::vector<OwnedEntry>>(std::move(entries)), order, settings) {}

  void SeekToFirst() override { ShowForward(0); }
  void SeekToLast() override { ShowBackward(entries_->size()); }
  void Seek(std::string_view target) override {
    if (settings_.seeks != nullptr) *settings_.seeks += " seek";
    ShowForward(FirstAtOrAfter(target));
  }
  bool TrySeek(std::string_view target) override {
    if (!settings_.waits) return Cursor::TrySeek(target);
    if (settings_.seeks != nullptr) *settings_.seeks += " try";
    Clear();
    return false;
  }
  void SeekForPrev(std::string_view target) override {
    size_t end = FirstAtOrAfter(target);
    while (end < entries_->size() && order_.Compare((*entries_)[end].key, target) == 0) ++end;
    ShowBackward(end);
  }

  uint64_t SkipDead(key::ReadPoint read, std::string_view limit) override {
    if (!settings_.skips_dead) return 0;
    const size_t from = begin_ + Behind().size() - 1;
    size_t to = from;
    for (size_t end = to; to < entries_->size(); to = end) {
      const std::string& key = (*entries_)[to].key;
      size_t newest = to;
      while (newest > 0 && (*entries_)[newest - 1].key == key) --newest;
      bool dead = (*entries_)[newest].kind == key::EntryKind::kDelete;
      for (end = newest; end < entries_->size() && (*entries_)[end].key == key; ++end) {
        dead = dead && read.Sees((*entries_)[end].sequence);
      }
      if (!dead || (limit.data() != nullptr && !order_.Less(key, limit))) break;
    }
    if (to > from) ShowForward(to);
    return to - from;
  }

  void SeekOver(std::string_view target, const key::Cover& cover, bool forward) override {
    forward ? Seek(target) : SeekForPrev(target);
    while (Valid() && cover.Hides(entry().tag.sequence()) && cover.stretch.Holds(entry().key(), order_)) {
      forward ? Next() : Prev();
    }
  }

  [[nodiscard]] Status status() const override { return status_; }

 protected:
  void NextWindow() override { ShowForward(end_); }
  void PrevWindow() override { ShowBackward(begin_); }

 private:
  size_t FirstAtOrAfter(std::string_view target) const {
    const auto below = [&](const OwnedEntry& entry, std::string_view key) { return order_.Less(entry.key, key); };
    return static_cast<size_t>(std::lower_bound(entries_->begin(), entries_->end(), target, below) - entries_->begin());
  }

  void ShowForward(size_t begin) { Show(begin, std::min(entries_->size(), begin + settings_.window_entries), false); }
  void ShowBackward(size_t end) { Show(end - std::min(end, settings_.window_entries), end, true); }

  // Shows [begin, end) at its first or last entry; the window gives way to an unreadable entry, unless that is where it
  // starts.
  void Show(size_t begin, size_t end, bool at_last) {
    status_ = {};
    Clear();
    if (begin == end) return;
    if (const auto bad = settings_.unreadable_entry; bad && *bad >= begin && *bad < end) {
      if (*bad == (at_last ? end - 1 : begin)) {
        status_ = base::MakeError(ErrorCode::kIo, "entry {} is unreadable", *bad);
        return;
      }
      (at_last ? begin : end) = at_last ? *bad + 1 : *bad;
    }
    if (settings_.windows_shown != nullptr) ++*settings_.windows_shown;
    begin_ = begin;
    end_ = end;
    bool plain = begin == 0 || (*entries_)[begin - 1].key != (*entries_)[begin].key;
    key::SequenceNumber max_sequence{};
    auto copies = std::make_unique<std::vector<OwnedEntry>>(entries_->begin() + static_cast<ptrdiff_t>(begin),
                                                            entries_->begin() + static_cast<ptrdiff_t>(end));
    auto views = std::make_unique<std::vector<key::Entry>>();
    for (size_t i = begin; i < end; ++i) {
      const OwnedEntry& entry = (*entries_)[i];
      plain = plain && entry.kind == key::EntryKind::kPut;
      plain = plain && (i + 1 == entries_->size() || (*entries_)[i + 1].key != entry.key);
      max_sequence = std::max(max_sequence, entry.sequence);
      views->push_back((*copies)[i - begin].View());
    }
    SetPlain(plain, max_sequence);
    SetWindow(*views, at_last ? views->size() - 1 : 0);
    copies_ = std::move(copies);
    views_ = std::move(views);
  }

  std::shared_ptr<const std::vector<OwnedEntry>> entries_;
  key::Order order_;
  Settings settings_;
  Status status_;
  size_t begin_ = 0;  // The window is entries [begin_, end_).
  size_t end_ = 0;
  std::unique_ptr<std::vector<OwnedEntry>> copies_;
  std::unique_ptr<std::vector<key::Entry>> views_;
};

}  // namespace amethyst::support
