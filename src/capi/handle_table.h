// What the handles of the C interface stand for.
//
// A caller of C may pass anything: a handle that was released, of another kind, from another thread in the middle of
// its release, or a stray address. So a handle is no address but a number in the shape of a pointer, which is looked up
// and never followed:
//
//   | kind 8 bits | generation 32 | slot 24 |
//
// A kind is not 0: no address of a process is taken for a handle. A slot's generation grows when it is taken and when
// it is given up, odd in between: an old number is refused. Visitors are counted in the slot; an object that is
// released meanwhile is destroyed by the last of them to leave.
//
// Thread safety: any thread. The table lives forever; lookups take no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"

namespace amethyst::capi {

enum class HandleKind : uint8_t {
  kDatabase = 0xA1,
  kOptions,
  kBatch,
  kIterator,
  kSnapshot,
  kPinned,
  kComparator,
  kEnvironment,
  kMemoryBudget,
  kTransaction,
  kTableWriter,
  kFeed,
  kAttempts,
};

// What a handle can stand for.
class HandleObject {
 public:
  HandleObject() = default;
  virtual ~HandleObject() = default;
  HandleObject(const HandleObject&) = delete;
  HandleObject& operator=(const HandleObject&) = delete;
};

class HandleTable {
 public:
  using Number = uint64_t;
  enum class Use : uint8_t { kShared, kAlone };
  enum class Refusal : uint8_t { kNone, kNoHandle, kInUse };

  // An object in use: it is not destroyed before this is. Empty if the handle was refused.
  class Visit {
   public:
    Visit(HandleTable& table, Number number, HandleKind kind, Use use);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    [[nodiscard]] Refusal refusal() const { return refusal_; }
    [[nodiscard]] HandleObject* object() const { return object_; }

   private:
    HandleTable& table_;
    const Number number_;
    HandleObject* object_ = nullptr;
    Refusal refusal_ = Refusal::kNoHandle;
  };

  static constexpr size_t kSlotsPerChunk = 1024;
  static constexpr size_t kChunks = 16384;

  // Usable in a forked child: what the parent's handles stand for is still there, though calls with it are refused.
  [[nodiscard]] static HandleTable& Instance();

  // Throws std::bad_alloc if there is no memory, or no slot left.
  [[nodiscard]] Number Add(HandleKind kind, std::unique_ptr<HandleObject> object) AMETHYST_EXCLUDES(mutex_);
  // False: no such handle. The object is destroyed here, or by the last visitor.
  [[nodiscard]] bool Release(Number number, HandleKind kind) AMETHYST_EXCLUDES(mutex_);

 private:
  void BeforeFork() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { mutex_.native().lock(); }
  void AfterFork() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { mutex_.native().unlock(); }

  struct Slot {
    // generation << 32 | visitors. Published by Add and given up by visitors with release, for the one who comes next.
    std::atomic<uint64_t> state{0};
    std::atomic<HandleKind> kind{};        // Set by Add before the state.
    std::unique_ptr<HandleObject> object;  // Set by Add before the state, reset by Destroy when all have left.
  };
  using Chunk = std::array<Slot, kSlotsPerChunk>;

  [[nodiscard]] Slot* Find(Number number) const;
  void AddChunk() AMETHYST_REQUIRES(mutex_);
  void Leave(Number number) AMETHYST_EXCLUDES(mutex_);
  void Destroy(Slot* slot, uint32_t index) AMETHYST_EXCLUDES(mutex_);

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};  // Published by AddChunk with release; never freed.
  base::Mutex mutex_{base::LockRank::kHandles};
  std::vector<uint32_t> free_ AMETHYST_GUARDED_BY(mutex_);
  size_t chunk_count_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

}  // namespace amethyst::capi
