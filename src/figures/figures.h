// The figures that the writer of a database publishes in the file STATS: what it counts, what it is doing, and what has
// happened to it lately. Thread safety: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/stats.h"
#include "base/hash.h"

namespace amethyst::figures {

// Why writers are slowed down or wait. The numbers stand in the file.
enum class Stall : uint8_t {
  kNone = 0,
  kLevel0 = 1,   // Many runs in level 0.
  kDebt = 2,     // Compactions are behind.
  kFlushes = 3,  // The last memtable fills: writers go as fast as flushes do.
  kReaders = 4,  // Threads that read want a share of the processors.
  kMemory = 5,   // Writers wait for a flush to give memory back.
  kSpace = 6,    // The disk is full, or memory or descriptors are gone.
  kError = 7,    // An error is latched: no write is taken.
};

enum class JobKind : uint8_t { kFlush = 1, kMerge = 2, kMove = 3, kDrop = 4 };

// A job that runs.
struct Job {
  JobKind kind = JobKind::kFlush;
  uint32_t from = 0;  // Levels; of a flush 0.
  uint32_t to = 0;
  uint64_t family = 0;
  uint64_t tables = 0;  // That it reads; of a flush 0.
  uint64_t bytes = 0;   // That it reads.
  uint64_t bytes_done = 0;
  uint64_t started_ms = 0;  // Since 1970.
  std::string reason{};     // The planner's.
  friend bool operator==(const Job&, const Job&) = default;
};

struct StallNow {
  Stall cause = Stall::kNone;
  uint64_t since_ms = 0;          // Since 1970; 0: there is none.
  uint64_t delay_ns_per_kib = 0;  // That writers are slowed down by; 0 also where they wait.
  friend bool operator==(const StallNow&, const StallNow&) = default;
};

// All that is published at one time.
struct Figures {
  uint64_t updated_ms = 0;    // Since 1970, by a clock that may jump.
  uint64_t heartbeat_ns = 0;  // By a clock that does not, and that all processes of one boot share.
  uint64_t updates = 0;       // How many this is; of this open.
  uint64_t events = 0;        // How many were ever recorded.
  Stats stats{};
  StallNow stall{};
  std::vector<Job> jobs{};
};

// The numbers stand in the file.
enum class EventKind : uint8_t {
  kOpen = 1,
  kFlush = 2,        // numbers: bytes of memory, bytes written, microseconds.
  kCompaction = 3,   // numbers: tables, bytes read, bytes written, microseconds. text: the planner's reason.
  kStallBegins = 4,  // from: the Stall. numbers: ns per KiB, runs in level 0, bytes of debt.
  kStallEnds = 5,    // from: the Stall. numbers: milliseconds.
  kError = 6,        // text: its beginning. numbers: 1 if no write is taken from now on.
};

inline constexpr size_t kEventNumbers = 4;
inline constexpr size_t kEventTextBytes = 56;  // What is longer is cut.

struct Event {
  uint64_t number = 0;   // Counted from 1; given by the board.
  uint64_t time_ms = 0;  // Since 1970; given by the board where it is 0.
  EventKind kind = EventKind::kOpen;
  uint8_t from = 0;
  uint8_t to = 0;
  std::array<uint64_t, kEventNumbers> numbers{};
  std::string text{};
  friend bool operator==(const Event&, const Event&) = default;
};

// Who writes the file.
struct Writer {
  base::Uid database_uid;
  uint64_t pid = 0;
  uint64_t opened_ms = 0;  // Since 1970.
  friend bool operator==(const Writer&, const Writer&) = default;
};

}  // namespace amethyst::figures
