// Who reads, where that is not just the database: a batch that is read before it is written, or a transaction.
//
// Thread safety: plain values; a listener is told by the thread that reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "amethyst/snapshot.h"
#include "engine/read_context.h"
#include "engine/view.h"
#include "key/read_point.h"
#include "key/types.h"

namespace amethyst::engine {

class DbIterator;

// Keys of one family, in its order. An absent side is open.
struct SeenRange {
  std::optional<std::string> begin{};
  std::optional<std::string> end{};
  bool holds_end = false;
};

// Is told what a transaction's reads see. It outlives its iterators, or lets go of them (DbIterator::LetGoOfWalk).
class ReadListener {
 public:
  virtual ~ReadListener() = default;
  virtual void Saw(key::FamilyId family, SeenRange range) = 0;
  // A value was shown that changes by itself at this time.
  virtual void SawExpiry(uint64_t expires_ms) = 0;
  // An iterator is there from now on, and no longer: it is still to be asked what it saw.
  virtual void Began(DbIterator& iterator) = 0;
  virtual void Ended(DbIterator& iterator) noexcept = 0;
};

struct Reader {
  OwnWrites own{};                     // Are on top.
  std::optional<key::ReadPoint> at{};  // nullopt: as the options of the read say. It is pinned.
  ReadListener* listener = nullptr;    // nullptr: nobody is told.
  ViewPtr view{};                      // Of the pin, if that has one.

  // A read point of the database, with the own writes.
  [[nodiscard]] key::ReadPoint Seeing(key::ReadPoint read) const {
    read.own_count = own.count;
    if (read.now_ms == 0) read.now_ms = own.now_ms;
    return read;
  }
  void SawExpiry(uint64_t expires_ms) const {
    if (listener != nullptr) listener->SawExpiry(expires_ms);
  }
};
// nullptr: there are no own writes.
[[nodiscard]] inline const OwnWrites* OwnOf(const Reader* reader) {
  return reader == nullptr || reader->own.count == 0 ? nullptr : &reader->own;
}
// The view that the read must be made in; nullptr: any.
[[nodiscard]] inline const ViewPtr* PinnedView(const ReadOptions& options, const Reader* reader) {
  const ViewPtr* const pinned = reader != nullptr && reader->view != nullptr ? &reader->view
                                : options.snapshot != nullptr                ? &options.snapshot->pin().view()
                                                                             : nullptr;
  return pinned != nullptr && *pinned != nullptr ? pinned : nullptr;
}
// Before the visible sequence: see view.h.
[[nodiscard]] inline ViewPtr ViewFor(const ReadContext& reads, const ReadOptions& options, const Reader* reader) {
  const ViewPtr* const pinned = PinnedView(options, reader);
  return pinned != nullptr ? *pinned : reads.view.Acquire();
}
// What the read sees; `reader` may be nullptr.
[[nodiscard]] inline key::ReadPoint ReadPointOf(const ReadContext& reads, const ReadOptions& options,
                                                const Reader* reader) {
  if (reader == nullptr) [[likely]]
    return ReadPointOf(reads, options);
  return reader->Seeing(reader->at ? *reader->at : ReadPointOf(reads, options));
}

}  // namespace amethyst::engine
