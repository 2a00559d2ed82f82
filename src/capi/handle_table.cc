#include "capi/handle_table.h"

#include <new>

#include "base/assert.h"
#include "base/fork.h"

namespace amethyst::capi {

namespace {

constexpr int kKindShift = 56;
constexpr int kGenerationShift = 24;
constexpr uint32_t kIndexMask = (uint32_t{1} << kGenerationShift) - 1;
constexpr uint64_t kOneGeneration = uint64_t{1} << 32;
static_assert(HandleTable::kSlotsPerChunk * HandleTable::kChunks == size_t{kIndexMask} + 1);

uint32_t IndexOf(HandleTable::Number number) { return static_cast<uint32_t>(number) & kIndexMask; }
uint32_t GenerationOf(HandleTable::Number number) { return static_cast<uint32_t>(number >> kGenerationShift); }
uint32_t GenerationOfState(uint64_t state) { return static_cast<uint32_t>(state >> 32); }
uint32_t VisitorsOf(uint64_t state) { return static_cast<uint32_t>(state); }

}  // namespace

HandleTable& HandleTable::Instance() {
  static HandleTable& table = *[] {
    auto made = std::make_unique<HandleTable>();
    base::AddForkHandlers({.before = [] { Instance().BeforeFork(); },
                           .in_parent = [] { Instance().AfterFork(); },
                           .in_child = [] { Instance().AfterFork(); }});
    return made.release();
  }();
  return table;
}

const base::MadeAtLoad table_at_load(HandleTable::Instance);

HandleTable::Slot* HandleTable::Find(Number number) const {
  const uint32_t index = IndexOf(number);
  if (GenerationOf(number) % 2 == 0) return nullptr;
  Chunk* const chunk = chunks_[index / kSlotsPerChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &(*chunk)[index % kSlotsPerChunk];
}

HandleTable::Number HandleTable::Add(HandleKind kind, std::unique_ptr<HandleObject> object) {
  base::MutexLock lock(mutex_);
  if (free_.empty()) AddChunk();
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = (*chunks_[index / kSlotsPerChunk].load(std::memory_order_relaxed))[index % kSlotsPerChunk];
  AMETHYST_ASSERT(slot.object == nullptr);
  slot.kind.store(kind, std::memory_order_relaxed);
  slot.object = std::move(object);
  const uint64_t state = slot.state.load(std::memory_order_relaxed) + kOneGeneration;
  AMETHYST_ASSERT(GenerationOfState(state) % 2 == 1 && VisitorsOf(state) == 0);
  slot.state.store(state, std::memory_order_release);
  return static_cast<uint64_t>(kind) << kKindShift | uint64_t{GenerationOfState(state)} << kGenerationShift | index;
}

void HandleTable::AddChunk() {
  if (chunk_count_ == kChunks) throw std::bad_alloc();
  free_.reserve((chunk_count_ + 1) * kSlotsPerChunk);  // So that Destroy needs no memory.
  chunks_[chunk_count_].store(new Chunk, std::memory_order_release);
  ++chunk_count_;
  for (size_t slot = 1; slot <= kSlotsPerChunk; ++slot) {
    free_.push_back(static_cast<uint32_t>(chunk_count_ * kSlotsPerChunk - slot));
  }
}

bool HandleTable::Release(Number number, HandleKind kind) {
  Slot* const slot = Find(number);
  if (slot == nullptr || number >> kKindShift != static_cast<uint64_t>(kind)) return false;
  uint64_t state = slot->state.load(std::memory_order_acquire);
  do {
    if (GenerationOfState(state) != GenerationOf(number)) return false;
    if (slot->kind.load(std::memory_order_relaxed) != kind) return false;
  } while (!slot->state.compare_exchange_weak(state, state + kOneGeneration, std::memory_order_acq_rel));
  if (VisitorsOf(state) == 0) Destroy(slot, IndexOf(number));
  return true;
}

void HandleTable::Leave(Number number) {
  Slot* const slot = Find(number);
  const uint64_t state = slot->state.fetch_sub(1, std::memory_order_acq_rel);
  const bool released = GenerationOfState(state) != GenerationOf(number);
  if (released && VisitorsOf(state) == 1) Destroy(slot, IndexOf(number));
}

void HandleTable::Destroy(Slot* slot, uint32_t index) {
  slot->object.reset();
  base::MutexLock lock(mutex_);
  free_.push_back(index);
}

HandleTable::Visit::Visit(HandleTable& table, Number number, HandleKind kind, Use use)
    : table_(table), number_(number) {
  Slot* const slot = table.Find(number);
  if (slot == nullptr || number >> kKindShift != static_cast<uint64_t>(kind)) return;
  uint64_t state = slot->state.load(std::memory_order_acquire);
  do {
    if (GenerationOfState(state) != GenerationOf(number)) return;
    if (slot->kind.load(std::memory_order_relaxed) != kind) return;
    if (use == Use::kAlone && VisitorsOf(state) != 0) {
      refusal_ = Refusal::kInUse;
      return;
    }
  } while (!slot->state.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel));
  object_ = slot->object.get();
  refusal_ = Refusal::kNone;
}

HandleTable::Visit::~Visit() {
  if (object_ != nullptr) table_.Leave(number_);
}

}  // namespace amethyst::capi
