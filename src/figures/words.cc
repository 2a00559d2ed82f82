#include "figures/words.h"

namespace amethyst::figures {

std::string_view WordOf(Stall stall) {
  switch (stall) {
    case Stall::kNone: return "none";
    case Stall::kLevel0: return "level0";
    case Stall::kDebt: return "debt";
    case Stall::kFlushes: return "flushes";
    case Stall::kReaders: return "readers";
    case Stall::kMemory: return "memory";
    case Stall::kSpace: return "space";
    case Stall::kError: return "error";
  }
  return "unknown";  // To this build.
}

std::string_view SentenceOf(Stall stall) {
  switch (stall) {
    case Stall::kNone: return "writers go at full speed";
    case Stall::kLevel0: return "writers slowed: level 0 has many runs";
    case Stall::kDebt: return "writers slowed: compactions are behind";
    case Stall::kFlushes: return "writers slowed: the last memtable fills";
    case Stall::kReaders: return "writers slowed: readers want the processors";
    case Stall::kMemory: return "writers wait: a flush must give memory back";
    case Stall::kSpace: return "background work waits: no space, memory or descriptors";
    case Stall::kError: return "writes are refused: an error is latched";
  }
  return "writers are held up, for a reason that this build does not know";
}

std::string_view WordOf(JobKind kind) {
  switch (kind) {
    case JobKind::kFlush: return "flush";
    case JobKind::kMerge: return "merge";
    case JobKind::kMove: return "move";
    case JobKind::kDrop: return "drop";
  }
  return "unknown";
}

std::string_view WordOf(EventKind kind) {
  switch (kind) {
    case EventKind::kOpen: return "open";
    case EventKind::kFlush: return "flush";
    case EventKind::kCompaction: return "compaction";
    case EventKind::kStallBegins: return "stall-begins";
    case EventKind::kStallEnds: return "stall-ends";
    case EventKind::kError: return "error";
  }
  return "unknown";
}

}  // namespace amethyst::figures
