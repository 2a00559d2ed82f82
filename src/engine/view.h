// What one read sees: the memtables and the tables of all families, as one immutable value.
//
// A read loads the view first and the visible sequence second: the view then holds everything at or below that sequence
// except writes that were concurrent with the load, and no rewrite in it has dropped what that sequence can see.
// Inside an epoch a view is borrowed by Peek, at the cost of one load; a read that stays longer takes a share by
// Acquire. Thread safety: a View is immutable; a ViewCell is for any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "base/epoch.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "catalog/log_floor.h"
#include "engine/ingested_tables.h"
#include "engine/settings.h"
#include "key/types.h"
#include "memtable/memtable.h"
#include "tree/forest.h"

namespace amethyst::engine {

// A memtable and what flushing it needs to know; or what an ingest has brought, whose memtable holds its range deletes.
struct WriteBuffer {
  WriteBuffer(size_t capacity_bytes, key::Order order, std::shared_ptr<memtable::RegionPool> regions,
              key::Fold fold = nullptr)
      : memtable(capacity_bytes, order, std::move(regions), fold) {}

  memtable::Memtable memtable;
  key::FileNumber first_log_segment{};  // No earlier segment holds an entry of it.
  uint64_t created_s = 0;               // By the delete clock: no tombstone in it is older.
  // Of tombstones in earlier memtables, whose data the log from first_log_segment on may hold; 0: there are none.
  uint64_t earlier_delete_s = 0;
  std::optional<AppliedIndex> applied;  // Of the caller's log; as holds_unlogged.
  bool holds_unlogged = false;  // Of kNone: gone unless flushed. Under the commit lock, or after the last write.
  // Newer than the memtable's entries; nullptr: none. Set before readers see the buffer.
  std::shared_ptr<const IngestedTables> ingested{};

  // Of all that it holds; first > last while that is nothing.
  [[nodiscard]] bool Empty() const { return memtable.Empty() && ingested == nullptr; }
  [[nodiscard]] key::SequenceNumber first_sequence() const {
    const key::SequenceNumber first = memtable.first_sequence();
    return ingested == nullptr ? first : std::min(first, ingested->first_sequence());
  }
  [[nodiscard]] key::SequenceNumber last_sequence() const {
    const key::SequenceNumber last = memtable.last_sequence();
    return ingested == nullptr ? last : std::max(last, ingested->last_sequence());
  }

  // A lower bound on when what the memtable and the log hold was deleted; 0: nothing was.
  [[nodiscard]] uint64_t OldestDeleteSeconds() const {
    if (earlier_delete_s != 0) return earlier_delete_s;
    return memtable.delete_count() > 0 || (ingested != nullptr && ingested->has_deletes()) ? created_s : 0;
  }
  // With what may be deleted yet.
  [[nodiscard]] catalog::LogFloor log_floor() const {
    return {first_log_segment, earlier_delete_s != 0 ? earlier_delete_s : created_s};
  }
};
using WriteBufferPtr = std::shared_ptr<WriteBuffer>;

// The memtable of a buffer, sharing ownership of the buffer.
[[nodiscard]] inline std::shared_ptr<const memtable::Memtable> MemtableOf(const WriteBufferPtr& buffer) {
  return {buffer, &buffer->memtable};
}

struct View : std::enable_shared_from_this<View> {
  WriteBufferPtr active;
  std::vector<WriteBufferPtr> immutable;  // Newest first.
  std::shared_ptr<const tree::Forest> forest;
  std::shared_ptr<const tree::Version> version;  // The forest's default family: one load less for most reads.
  std::shared_ptr<const void> files;             // Of a follower: what keeps the writer from removing them.
};
using ViewPtr = std::shared_ptr<const View>;

// Writes that a batch holds and the database does not have: the newest source of the reads that are given them. Their
// sequence numbers begin with key::kOwnFirst.
struct OwnWrites {
  WriteBufferPtr buffer;
  uint64_t count = 0;  // Of its entries, the oldest, that the read sees.
  // Where some may expire: the time of a read for which nothing of the database's expires, whose clock may rest.
  uint64_t now_ms = 0;
};

// What a view shows of one family. Borrows from the view, and from the reader's own writes.
struct FamilyView {
  // Of the default family.
  FamilyView(const View& the_view) : view(the_view), id(key::kDefaultFamily), version(*the_view.version) {}
  FamilyView(const View& the_view, key::FamilyId the_id, const tree::Version& the_version,
             const OwnWrites* own_writes = nullptr)
      : view(the_view), id(the_id), version(the_version), own(own_writes) {}

  const View& view;
  key::FamilyId id;
  const tree::Version& version;
  const OwnWrites* own = nullptr;  // nullptr: none.
};
// The version of a family; nullptr: it was dropped.
[[nodiscard]] inline const tree::Version* VersionOf(const View& view, const tree::FamilyKey& family) {
  if (family.id == key::kDefaultFamily) [[likely]]
    return view.version.get();
  const tree::FamilyTree* const tree = view.forest->Find(family);
  return tree == nullptr ? nullptr : tree->version.get();
}

// The view after a memtable switch: `fresh` fills from now on, and the memtable that did waits for flush unless it is
// empty.
[[nodiscard]] inline std::shared_ptr<View> WithActive(const View& view, WriteBufferPtr fresh) {
  AMETHYST_ASSERT(fresh->Empty());
  auto next = std::make_shared<View>();
  next->active = std::move(fresh);
  next->immutable = view.immutable;
  if (!view.active->memtable.Empty()) next->immutable.insert(next->immutable.begin(), view.active);
  next->forest = view.forest;
  next->version = view.version;
  next->files = view.files;
  return next;
}

// The view after a switch to `fresh` with what an ingest has brought, `layer`, between the two. `next` as for
// WithForest.
[[nodiscard]] inline std::shared_ptr<View> WithLayer(const View& view, WriteBufferPtr layer, WriteBufferPtr fresh,
                                                     std::shared_ptr<View> next) {
  AMETHYST_ASSERT(next->immutable.capacity() >= view.immutable.size() + 2);  // The log has the record already.
  next->active = std::move(fresh);
  next->immutable.push_back(std::move(layer));
  if (!view.active->memtable.Empty()) next->immutable.push_back(view.active);
  next->immutable.insert(next->immutable.end(), view.immutable.begin(), view.immutable.end());
  next->forest = view.forest;
  next->version = view.version;
  next->files = view.files;
  return next;
}

// The view after a manifest edit.
//
// `next` is a blank one from BlankView: an edit that is durable must become visible, whether there is memory or not.
[[nodiscard]] inline std::shared_ptr<View> WithForest(const View& view, std::shared_ptr<const tree::Forest> forest,
                                                      std::shared_ptr<View> next) {
  next->active = view.active;
  next->immutable = view.immutable;
  next->version = forest->default_family().version;
  next->forest = std::move(forest);
  return next;
}

// A view to become one like `view`, with more memtables than can come to wait for flush meanwhile.
[[nodiscard]] inline std::shared_ptr<View> BlankView(const View& view) {
  constexpr size_t kMoreMax = 64;
  auto blank = std::make_shared<View>();
  blank->immutable.reserve(view.immutable.size() + kMoreMax);
  return blank;
}

class ViewCell {
 public:
  explicit ViewCell(ViewPtr first) : owner_(std::move(first)), raw_(owner_.get()) {}

  // Inside an epoch, and valid until it ends.
  [[nodiscard]] const View* Peek() const { return raw_.load(std::memory_order_acquire); }
  [[nodiscard]] ViewPtr Acquire() const {
    const base::EpochGuard guard;
    return Peek()->shared_from_this();
  }
  // Publishes change(current) and returns the view that it replaces, which the caller must hand to base::Retire once it
  // holds no lock: readers may still be on it.
  [[nodiscard]] ViewPtr Update(base::FunctionRef<ViewPtr(const View&)> change) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ViewPtr next = change(*owner_);
    AMETHYST_ASSERT(next != nullptr);
    owner_.swap(next);
    raw_.store(owner_.get(), std::memory_order_release);  // Pairs with Peek.
    return next;
  }

 private:
  base::Mutex mutex_{base::LockRank::kView};
  ViewPtr owner_ AMETHYST_GUARDED_BY(mutex_);
  std::atomic<const View*> raw_;  // owner_.get(), for readers in an epoch.
};

// Those that wait for flush. What an ingest has brought takes no memory, but a list that grows without end is no view.
[[nodiscard]] inline size_t MemtablesWaiting(const View& view) {
  constexpr size_t kIngestsPerMemtable = 16;
  size_t ingests = 0;
  for (const WriteBufferPtr& buffer : view.immutable) ingests += buffer->ingested != nullptr ? 1 : 0;
  return view.immutable.size() - ingests + ingests / kIngestsPerMemtable;
}

// Whether the active memtable may come to wait for flush, too.
[[nodiscard]] inline bool MayWait(const View& view, const WaitingLimits& limits) {
  if (view.immutable.empty()) return true;
  if (MemtablesWaiting(view) >= limits.count_max) return false;
  size_t bytes = view.active->memtable.memory_bytes();
  for (const WriteBufferPtr& buffer : view.immutable) bytes += buffer->memtable.memory_bytes();
  return bytes <= limits.bytes_max;
}

// In memtables.
[[nodiscard]] inline uint64_t UnflushedBytes(const View& view) {
  uint64_t bytes = view.active->memtable.raw_bytes();
  for (const WriteBufferPtr& buffer : view.immutable) bytes += buffer->memtable.raw_bytes();
  return bytes;
}
// In tables, of all families.
[[nodiscard]] inline uint64_t TableBytes(const View& view) {
  uint64_t bytes = 0;
  for (const tree::FamilyTree& tree : view.forest->families()) {
    for (key::Level level = 0; level < key::kLevels; ++level) bytes += tree.version->LevelBytes(level);
  }
  return bytes;
}

// Frees `old` once no reader can be on it. Not inside an epoch, not under a lock.
inline void RetireView(ViewPtr old) {
  base::Retire([view = std::move(old)]() mutable { view.reset(); });
}
// The same for a view that was the last to hold a memtable or tables: as soon as may be, on this thread.
inline void RetireLargeView(ViewPtr old) {
  RetireView(std::move(old));
  base::SweepEpochs();
}

}  // namespace amethyst::engine
