#include "page/advice.h"

#include <fmt/format.h>

namespace amethyst::page {

namespace {

using figures::Stall;
using Tone = Advice::Tone;

constexpr double kDeadShareToTell = 0.3;
constexpr uint64_t kBytesToMind = uint64_t{16} << 20;  // Of less nothing is worth a word.
constexpr double kHitsToTell = 0.7;
constexpr double kLevel0ToTell = 1.5;

Advice ForStall(Stall stall) {
  switch (stall) {
    case Stall::kError:
      return {Tone::kBad,
              "Writes are refused since an error: see the last event for it, mend its cause, and open again."};
    case Stall::kSpace:
      return {Tone::kBad,
              "Background work waits: free disk space, memory or file descriptors, and it goes on by itself."};
    case Stall::kMemory:
      return {Tone::kBad, "Writers wait for a flush: the disk is slower than they are, or has little memory to fill."};
    case Stall::kFlushes:
      return {Tone::kNote, "Writers go at the speed of flushes: a faster disk, or fewer writes at once, would help."};
    case Stall::kLevel0:
    case Stall::kDebt:
      return {
          Tone::kNote,
          "Writers are slowed so that compactions can catch up: nothing to do for a burst; if it lasts, the disk or "
          "background_threads is the limit."};
    case Stall::kReaders:
      return {Tone::kNote, "Writers leave readers their share of the processors: more of these would help both."};
    case Stall::kNone: break;
  }
  return {Tone::kNote, "Writers are held up for a reason that this build does not know."};
}

}  // namespace

Advice AdviceFor(const Situation& situation) {
  const Stall stall = situation.figures == nullptr ? Stall::kNone : situation.figures->stall.cause;
  if (situation.has_writer && stall != Stall::kNone) return ForStall(stall);
  const double dead =
      situation.entries == 0 ? 0 : static_cast<double>(situation.dead_entries) / static_cast<double>(situation.entries);
  if (situation.bytes >= kBytesToMind && dead >= kDeadShareToTell) {
    return {Tone::kNote, fmt::format("{:.0f} % of the entries are deletes or have expired: compaction takes them away "
                                     "in time, and `amethyst compact` does it at once.",
                                     100 * dead)};
  }
  if (!situation.has_writer) {
    return {Tone::kGood, "No process has this database open: you see what its files say. Nothing needs doing."};
  }
  if (situation.level0_filled >= kLevel0ToTell) {
    return {Tone::kNote,
            "Level 0 is over its size, so reads look into more tables: compactions are about to empty it."};
  }
  if (situation.cache_hits && *situation.cache_hits < kHitsToTell && situation.bytes >= kBytesToMind) {
    return {Tone::kNote, fmt::format("{:.0f} % of block reads go to the disk: more memory would keep them at hand "
                                     "(memory_budget_bytes; of the server maxmemory).",
                                     100 * (1 - *situation.cache_hits))};
  }
  return {Tone::kGood, "All is well: writers go at full speed, and nothing needs doing."};
}

}  // namespace amethyst::page
