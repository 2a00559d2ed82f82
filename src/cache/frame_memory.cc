#include "cache/frame_memory.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include "base/assert.h"
#include "base/bits.h"
#include "base/pages.h"

namespace amethyst::cache {
namespace {

constexpr size_t kUnitBytes = 512;
constexpr size_t kSlabBytesMax = base::kHugePageBytes;
constexpr size_t kSlabBytesMin = size_t{128} << 10;
constexpr size_t kCapacityForHugeSlabs = 32 * kSlabBytesMax;
constexpr size_t kZeroedBytes = 64;
constexpr size_t kSparesOneIn = 4;  // Of the capacity, the share that spares may take.
constexpr size_t kHolesOneIn = 8;   // Of what is taken, the share of holes that is usual.

// Frames mapped alone start behind the first cache line of their pages.
constexpr size_t kAloneOffset = 64;

size_t AloneBytes(size_t payload_bytes) {
  return base::RoundUp(kAloneOffset + sizeof(Frame) + std::max(payload_bytes, kZeroedBytes), base::kPageBytes);
}

size_t LooseBytes(size_t payload_bytes) { return sizeof(Frame) + std::max(payload_bytes, kZeroedBytes); }

size_t UnitsOf(size_t payload_bytes) {
  return base::RoundUp(sizeof(Frame) + std::max(payload_bytes, kZeroedBytes), kUnitBytes) / kUnitBytes;
}

constexpr size_t kNone = ~size_t{0};

struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// The first run of `units` clear bits that begins in `where`, or kNone.
size_t FindRun(std::span<const uint64_t> used, Range where, size_t units) {
  size_t begin = base::NextBit(used, where.begin, false);
  while (begin < where.end) {
    const size_t end = base::NextBit(used, begin, true);
    if (end - begin >= units) return begin;
    begin = base::NextBit(used, end, false);
  }
  return kNone;
}

Frame* Construct(char* at, FrameKind kind, FrameIdentity identity, size_t payload_bytes, FrameMemory& memory) {
  AMETHYST_ASSERT(reinterpret_cast<uintptr_t>(at) % alignof(Frame) == 0);
  auto* frame = new (at) Frame(kind, identity, payload_bytes, memory);
  std::memset(frame->payload(), 0, kZeroedBytes);
  return frame;
}

}  // namespace

// At the start of its own memory, which is aligned to its size, so that a frame's address leads to it.
struct FrameMemory::Slab {
  size_t unit_count = 0;
  size_t units_used = 0;    // This header's included.
  size_t free_run_max = 0;  // No run of free units is longer.
  size_t next_unit = 0;     // Behind the frame placed last.
  size_t index = 0;         // In its arena.
  Slab* next_spare = nullptr;
  std::array<uint64_t, kSlabBytesMax / kUnitBytes / 64> used{};    // A bit for each unit,
  std::array<uint64_t, kSlabBytesMax / kUnitBytes / 64> starts{};  // and whether a frame starts there.

  [[nodiscard]] static size_t HeaderUnits() { return base::RoundUp(sizeof(Slab), kUnitBytes) / kUnitBytes; }
  [[nodiscard]] bool IsEmpty() const { return units_used == HeaderUnits(); }
  [[nodiscard]] Frame* FrameAt(size_t unit) {
    return std::launder(reinterpret_cast<Frame*>(reinterpret_cast<char*>(this) + unit * kUnitBytes));
  }
};

FrameMemory::FrameMemory(size_t capacity_bytes)
    : slab_bytes_(capacity_bytes >= kCapacityForHugeSlabs ? kSlabBytesMax : kSlabBytesMin),
      capacity_bytes_(capacity_bytes) {}

FrameMemory::Slab* FrameMemory::MapSlab() {
  const auto advice = slab_bytes_ == base::kHugePageBytes ? base::PageAdvice::kHuge : base::PageAdvice::kNormal;
  char* const pages = base::TryTakePages(slab_bytes_, slab_bytes_, advice);
  if (pages == nullptr) return nullptr;
  auto* slab = new (pages) Slab;
  slab->unit_count = slab_bytes_ / kUnitBytes;
  slab->units_used = Slab::HeaderUnits();
  slab->free_run_max = slab->unit_count - slab->units_used;
  // The units past the end of a smaller slab are in use by nobody, for good.
  base::FillBits(slab->used, 0, Slab::HeaderUnits(), true);
  base::FillBits(slab->used, slab->unit_count, slab->used.size() * 64, true);
  free_unit_bytes_.fetch_add((slab->unit_count - slab->units_used) * kUnitBytes, std::memory_order_relaxed);
  return slab;
}

void FrameMemory::UnmapSlabs(Slab* chain) {
  while (chain != nullptr) {
    Slab* const slab = std::exchange(chain, chain->next_spare);
    AMETHYST_ASSERT(slab->IsEmpty());
    base::ReturnPages(reinterpret_cast<char*>(slab), slab->unit_count * kUnitBytes);
  }
}

FrameMemory::Slab* FrameMemory::SlabOf(const Frame* frame) const {
  const auto address = reinterpret_cast<uintptr_t>(frame);
  return std::launder(reinterpret_cast<Slab*>(address - address % slab_bytes_));
}

bool FrameMemory::Take(size_t bytes, Limit limit) {
  if (limit == Limit::kCapacity && taken_bytes() + bytes > capacity_bytes()) return false;
  taken_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

Frame* FrameMemory::New(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit) {
  Frame* const frame = Place(kind, identity, payload_bytes, limit);
  if (frame != nullptr) outside_bytes_.fetch_add(frame->size_bytes(), std::memory_order_relaxed);
  return frame;
}

Frame* FrameMemory::Place(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit) {
  if (IsAlone(payload_bytes)) return NewAlone(kind, identity, payload_bytes, limit);
  Slab* slab = nullptr;
  bool is_loose = false;
  {
    base::MutexLock lock(mutex_);
    if (Frame* frame = PlaceInSlabs(kind, identity, payload_bytes)) return frame;
    slab = TakeSpare();
    if (slab == nullptr && !Take(slab_bytes_, Limit::kCapacity)) {
      if (limit == Limit::kCapacity) return nullptr;
      const bool taken = Take(LooseBytes(payload_bytes), limit);
      AMETHYST_ASSERT(taken);
      ++live_frames_;
      is_loose = true;
    }
  }
  if (is_loose) return NewLoose(kind, identity, payload_bytes);
  if (slab == nullptr) slab = MapSlab();  // Not under the lock: the first touch of a huge page takes its time.
  base::MutexLock lock(mutex_);
  if (slab == nullptr) {
    taken_bytes_.fetch_sub(slab_bytes_, std::memory_order_relaxed);
    return nullptr;
  }
  Arena& arena = ArenaOf(kind);
  slab->index = arena.slabs.size();
  try {
    arena.slabs.push_back(slab);
  } catch (const std::bad_alloc&) {
    slab->next_spare = std::exchange(spares_, slab);
    ++spare_count_;
    return nullptr;
  }
  arena.cursor = slab->index;
  arena.free_run_max = std::max(arena.free_run_max, slab->free_run_max);
  Frame* const frame = PlaceIn(*slab, kind, identity, payload_bytes);
  AMETHYST_ASSERT(frame != nullptr);
  return frame;
}

Frame* FrameMemory::NewAlone(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit) {
  const size_t bytes = AloneBytes(payload_bytes);
  AMETHYST_ASSERT(bytes > payload_bytes);
  Slab* unneeded = nullptr;
  bool taken = false;
  {
    base::MutexLock lock(mutex_);
    taken = Take(bytes, Limit::kCapacity);
    if (!taken) {
      unneeded = DropSpares(bytes);
      taken = Take(bytes, limit);
    }
    if (taken) ++live_frames_;
  }
  UnmapSlabs(unneeded);
  if (!taken) return nullptr;
  const auto advice = bytes >= base::kHugePageBytes ? base::PageAdvice::kHuge : base::PageAdvice::kNormal;
  const size_t alignment = bytes >= base::kHugePageBytes ? base::kHugePageBytes : base::kPageBytes;
  char* const pages = base::TryTakePages(bytes, alignment, advice);
  if (pages == nullptr) return Refused(bytes);
  return Construct(pages + kAloneOffset, kind, identity, payload_bytes, *this);
}

Frame* FrameMemory::NewLoose(FrameKind kind, FrameIdentity identity, size_t payload_bytes) {
  const size_t bytes = LooseBytes(payload_bytes);
  void* const at = ::operator new(bytes, std::align_val_t{alignof(Frame)}, std::nothrow);
  if (at == nullptr) return Refused(bytes);
  Frame* const frame = Construct(static_cast<char*>(at), kind, identity, payload_bytes, *this);
  frame->state().is_loose = true;
  return frame;
}

Frame* FrameMemory::Refused(size_t bytes) {
  base::MutexLock lock(mutex_);
  taken_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  --live_frames_;
  return nullptr;
}

Frame* FrameMemory::PlaceInSlabs(FrameKind kind, FrameIdentity identity, size_t payload_bytes) {
  Arena& arena = ArenaOf(kind);
  const size_t units = UnitsOf(payload_bytes);
  if (arena.free_run_max < units) return nullptr;
  for (size_t tried = 0; tried < arena.slabs.size(); ++tried) {
    if (arena.cursor >= arena.slabs.size()) arena.cursor = 0;
    if (Frame* frame = PlaceIn(*arena.slabs[arena.cursor], kind, identity, payload_bytes)) return frame;
    ++arena.cursor;
  }
  arena.free_run_max = units - 1;
  return nullptr;
}

Frame* FrameMemory::PlaceIn(Slab& slab, FrameKind kind, FrameIdentity identity, size_t payload_bytes) {
  const size_t units = UnitsOf(payload_bytes);
  if (slab.free_run_max < units) return nullptr;
  // Where the last search ended the next one goes on, so that it does not pass the same small holes again.
  size_t begin = FindRun(slab.used, {.begin = slab.next_unit, .end = slab.unit_count}, units);
  if (begin == kNone) begin = FindRun(slab.used, {.begin = 0, .end = slab.next_unit}, units);
  if (begin == kNone) {
    slab.free_run_max = units - 1;
    return nullptr;
  }
  slab.next_unit = begin + units;
  base::FillBits(slab.used, begin, begin + units, true);
  base::FillBits(slab.starts, begin, begin + 1, true);
  slab.units_used += units;
  AMETHYST_ASSERT(slab.units_used <= slab.unit_count);
  free_unit_bytes_.fetch_sub(units * kUnitBytes, std::memory_order_relaxed);
  ++live_frames_;
  return Construct(reinterpret_cast<char*>(&slab) + begin * kUnitBytes, kind, identity, payload_bytes, *this);
}

void FrameMemory::Free(Frame* frame) {
  AMETHYST_ASSERT(frame->state().queue == FrameQueue::kNone);
  outside_bytes_.fetch_sub(frame->size_bytes(), std::memory_order_relaxed);
  const bool is_loose = frame->state().is_loose;
  const size_t alone_bytes = !is_loose && IsAlone(frame->payload_bytes()) ? AloneBytes(frame->payload_bytes()) : 0;
  const size_t loose_bytes = is_loose ? LooseBytes(frame->payload_bytes()) : 0;
  Slab* unneeded = nullptr;
  bool last = false;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(live_frames_ > 0);
    --live_frames_;
    taken_bytes_.fetch_sub(alone_bytes + loose_bytes, std::memory_order_relaxed);
    if (alone_bytes + loose_bytes == 0) ReleaseUnits(frame);
    unneeded = DropSpares();
    last = disowned_ && live_frames_ == 0;
  }
  if (alone_bytes > 0) base::ReturnPages(reinterpret_cast<char*>(frame) - kAloneOffset, alone_bytes);
  if (is_loose) ::operator delete(frame, std::align_val_t{alignof(Frame)});
  UnmapSlabs(unneeded);
  if (last) delete this;
}

void FrameMemory::ReleaseUnits(Frame* frame) {
  Slab* const slab = SlabOf(frame);
  const size_t begin = static_cast<size_t>(reinterpret_cast<char*>(frame) - reinterpret_cast<char*>(slab)) / kUnitBytes;
  const size_t units = UnitsOf(frame->payload_bytes());
  AMETHYST_ASSERT(slab->FrameAt(begin) == frame && slab->units_used >= Slab::HeaderUnits() + units);
  base::FillBits(slab->used, begin, begin + units, false);
  base::FillBits(slab->starts, begin, begin + 1, false);
  slab->units_used -= units;
  // What was only passing through leaves its place, still in the processor's cache, to the next.
  if (slab->next_unit == begin + units) slab->next_unit = begin;
  const size_t free_run = base::NextBit(slab->used, begin, true) - base::EndOfSetBits(slab->used, begin);
  slab->free_run_max = std::max(slab->free_run_max, free_run);
  Arena& arena = ArenaOf(frame->kind());
  arena.free_run_max = std::max(arena.free_run_max, free_run);
  free_unit_bytes_.fetch_add(units * kUnitBytes, std::memory_order_relaxed);
  if (!slab->IsEmpty()) return;

  AMETHYST_ASSERT(arena.slabs[slab->index] == slab);
  arena.slabs[slab->index] = arena.slabs.back();
  arena.slabs[slab->index]->index = slab->index;
  arena.slabs.pop_back();
  slab->next_spare = std::exchange(spares_, slab);
  ++spare_count_;
}

FrameMemory::Slab* FrameMemory::TakeSpare() {
  if (spares_ == nullptr) return nullptr;
  --spare_count_;
  Slab* const slab = std::exchange(spares_, spares_->next_spare);
  slab->next_spare = nullptr;
  return slab;
}

FrameMemory::Slab* FrameMemory::DropSpares(size_t bytes) {
  if (spares_ == nullptr) return nullptr;
  size_t kept = live_frames_ > 0 ? std::max<size_t>(capacity_bytes() / kSparesOneIn / slab_bytes_, 1) : 1;
  if (disowned_) kept = 0;
  Slab* chain = nullptr;
  while (spares_ != nullptr && (spare_count_ > kept || taken_bytes() + bytes > capacity_bytes())) {
    Slab* const slab = TakeSpare();
    slab->next_spare = std::exchange(chain, slab);
    taken_bytes_.fetch_sub(slab_bytes_, std::memory_order_relaxed);
    free_unit_bytes_.fetch_sub((slab->unit_count - slab->units_used) * kUnitBytes, std::memory_order_relaxed);
  }
  return chain;
}

void FrameMemory::SetCapacity(size_t capacity_bytes) {
  Slab* unneeded = nullptr;
  {
    base::MutexLock lock(mutex_);
    capacity_bytes_.store(capacity_bytes, std::memory_order_relaxed);
    unneeded = DropSpares();
  }
  UnmapSlabs(unneeded);
}

size_t FrameMemory::excess_bytes() const {
  const size_t taken = taken_bytes(), capacity = capacity_bytes();
  return taken > capacity ? taken - capacity : 0;
}

size_t FrameMemory::pinned_bytes() const {
  const size_t outside = outside_bytes_.load(std::memory_order_relaxed), awaiting = awaiting_grace_bytes();
  return outside > awaiting ? outside - awaiting : 0;
}

size_t FrameMemory::headroom_bytes() const {
  const size_t available = capacity_bytes() + free_unit_bytes_.load(std::memory_order_relaxed) + awaiting_grace_bytes();
  const size_t taken = taken_bytes();
  return available > taken ? available - taken : 0;
}

bool FrameMemory::IsFull() const {
  const size_t taken = taken_bytes();
  return taken + slab_bytes_ > capacity_bytes() && spare_count_.load(std::memory_order_relaxed) == 0 &&
         free_unit_bytes_.load(std::memory_order_relaxed) < taken / kHolesOneIn;
}

std::vector<FrameRef> FrameMemory::PinSparsestSlab() {
  std::vector<FrameRef> pinned;
  base::MutexLock lock(mutex_);
  if (data_.slabs.empty()) return pinned;
  Slab& slab = **std::ranges::min_element(data_.slabs, {}, [](const Slab* candidate) { return candidate->units_used; });
  for (size_t unit = base::NextBit(slab.starts, 0, true); unit < slab.unit_count;
       unit = base::NextBit(slab.starts, unit + 1, true)) {
    Frame* const frame = slab.FrameAt(unit);
    if (frame->TryPin()) pinned.emplace_back(frame);
  }
  return pinned;
}

void FrameMemory::OnGraceOver(Frame* frame) {
  awaiting_grace_bytes_.fetch_sub(frame->size_bytes(), std::memory_order_relaxed);
}

void FrameMemory::Disown() {
  Slab* unneeded = nullptr;
  bool last = false;
  {
    base::MutexLock lock(mutex_);
    disowned_ = true;
    unneeded = DropSpares();
    last = live_frames_ == 0;
  }
  UnmapSlabs(unneeded);
  if (last) delete this;
}

}  // namespace amethyst::cache
