// What a database tells a listener: one event for each thing that has happened to it.
//
// An event is queued once its effect can be seen, and delivered on a background thread of the database: in the order of
// the queue, one at a time, under no lock. So a listener may call anything on the database and may block, which delays
// later events and nothing else. Two calls are refused: DB::Close returns kBusy from within a listener, and the DB must
// not be destroyed there. No callback may throw.
//
// Events begin within DB::Open, before it has returned a DB. DB::Flush, CompactRange, WaitForIdle and the calls on
// families return once the events of their work are queued. Close delivers all that is queued before it returns; calls
// that a listener makes meanwhile find the database closed (kClosed). Then the database lets go of the listener. A
// listener that never returns makes Close wait for ever. In a forked child nothing is delivered, and a database that is
// opened read-only has no events.
//
// At most 4,096 events are queued. Those beyond are dropped, and one event tells how many: kEventsLost.
//
// Thread safety: one listener may serve many databases, each of which calls it from one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst {

// Which fields of Event each kind sets, beside `number` and `time`, stands behind it.
enum class EventKind : uint8_t {
  kFlushBegin = 1,        // bytes_read: of the memtable.
  kFlushEnd = 2,          // bytes_read, bytes_written, entries; error and text if it failed.
  kCompactionBegin = 3,   // family, from_level, to_level, bytes_read: of its inputs; text: the planner's reason.
  kCompactionEnd = 4,     // The same with bytes_written and entries; if it failed error, and text is the message.
  kTableMade = 5,         // family, to_level, table, bytes_written, entries. Readers use it.
  kTableRemoved = 6,      // table. Its file is gone. Also of a job that failed, whose tables were never used.
  kIngest = 7,            // entries, bytes_read: of its files. It is durable. Tables are made when they reach a level.
  kFamilyMade = 8,        // family, family_id.
  kFamilyDropped = 9,     // family, family_id.
  kFamilyRenamed = 10,    // family: from now on; family_id; text: the name before.
  kWriteDelayBegin = 11,  // cause. Writes are slowed down, or wait, from now on. Causes can overlap.
  kWriteDelayEnd = 12,    // cause.
  kErrorLatched = 13,     // error, text. The database takes no more writes until it is opened again.
  kErrorWaits = 14,       // error, text. Background work waits for space, memory or descriptors, and is tried again.
  kErrorCleared = 15,     // After kErrorWaits: the work goes on.
  kCheckpoint = 16,       // text: its directory.
  kBackup = 17,           // value: its id; text: the store.
  kCursorLost = 18,       // text: the name of the change feed's cursor, which is empty if a feed has it to itself.
  kClockJump =
      19,         // jump: of wall time against the clock that only goes on, five seconds or more. Seen while it works.
  kDurable = 20,  // value: all of the caller's log up to this index is in tables (Options::external_log).
  kEventsLost = 21,  // value: how many events were dropped just before this one.
};

// Why writes are delayed.
enum class DelayCause : uint8_t {
  kNone = 0,
  kLevel0 = 1,          // Level 0 has many runs: compactions are behind.
  kCompactionDebt = 2,  // Compactions have much to rewrite.
  kFlush = 3,           // All memtables but the one that fills wait for a flush: writes go at the speed of flushes.
  kReaders = 4,         // Threads that read want their share of the processors.
  kMemtables = 5,       // All memtables are full: a write waits until one is flushed.
};

struct Event {
  EventKind kind{};
  DelayCause cause = DelayCause::kNone;
  int from_level = 0;
  int to_level = 0;
  uint32_t family_id = 0;  // 0: the default family.
  uint64_t number = 0;     // Counts the events of the database since its open, those that are lost too.
  std::chrono::system_clock::time_point time{};  // When it was queued, in milliseconds, by the database's clock.
  std::string family{};                          // Its name.
  std::string text{};                            // A reason, a message, a name or a path: see EventKind.
  std::optional<ErrorCode> error{};
  uint64_t table = 0;  // The number in the name of its file.
  uint64_t entries = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t value = 0;
  std::chrono::milliseconds jump{0};
};

// "flush-begin", "durable"; "delay" causes likewise: "level-0". For logs.
[[nodiscard]] std::string_view EventKindName(EventKind kind);
[[nodiscard]] std::string_view DelayCauseName(DelayCause cause);

// A component of the database (components.h). Overrides what it wants to know; each function is called on the thread,
// and may do what, the top of this file says.
class Listener {
 public:
  virtual ~Listener() = default;

  // Every event, before the function of its kind.
  virtual void OnEvent(const Event&) {}

  virtual void OnFlushBegin(const Event&) {}
  virtual void OnFlushEnd(const Event&) {}
  virtual void OnCompactionBegin(const Event&) {}
  virtual void OnCompactionEnd(const Event&) {}
  virtual void OnTableMade(const Event&) {}
  virtual void OnTableRemoved(const Event&) {}
  virtual void OnIngest(const Event&) {}
  virtual void OnFamilyMade(const Event&) {}
  virtual void OnFamilyDropped(const Event&) {}
  virtual void OnFamilyRenamed(const Event&) {}
  virtual void OnWriteDelayBegin(const Event&) {}
  virtual void OnWriteDelayEnd(const Event&) {}
  virtual void OnErrorLatched(const Event&) {}
  virtual void OnErrorWaits(const Event&) {}
  virtual void OnErrorCleared(const Event&) {}
  virtual void OnCheckpoint(const Event&) {}
  virtual void OnBackup(const Event&) {}
  virtual void OnCursorLost(const Event&) {}
  virtual void OnClockJump(const Event&) {}
  // The caller's log is not needed up to `index` any more, which DB::Applied has as durable by now.
  virtual void OnDurable(uint64_t /*index*/) {}
  virtual void OnEventsLost(uint64_t /*count*/) {}
};

}  // namespace amethyst
