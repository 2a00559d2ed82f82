// What runs of model programs add up to. Thread safety: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::torture {

// What a program drew of each capability beyond put, delete and read. A sum over runs counts only those that drew it.
enum class ModelCounter : uint8_t {
  kMerges,
  kMergesRefused,  // By the call.
  kReadsRefused,
  kRangeDeletes,
  kExpiring,
  kReadsAtATime,
  kReadsTooOld,
  kFiltered,  // Dropped.
  kFamiliesMade,
  kFamiliesDropped,
  kFamiliesRenamed,
  kFamilyWrites,   // To others than the default.
  kFamilyBatches,  // Over several.
  kIngests,
  kReplacingIngests,  // Of these, over a range.
  kIngestedTables,
  kCheckpoints,  // Opened and compared, or gone on in.
  kBackups,
  kRestores,  // The same.
  kPrunedBackups,
  kCopiesWhole,   // Whose making was cut short: they were there all the same,
  kCopiesAbsent,  // or not.
  kFeedsBegun,
  kFeedEvents,
  kFeedsCompared,  // With the database, at the end of the feed.
  kFeedsLost,      // For lack of log.
  kFollowersOpened,
  kFollowerLooks,
  kFollowerFaults,  // Looks that failed.
  kDeaths,          // Within a call.
  kCount
};
inline constexpr std::array<std::string_view, static_cast<size_t>(ModelCounter::kCount)> kModelCounterNames = {
    "merges",
    "refused merges",
    "refused reads",
    "range deletes",
    "expiring writes",
    "reads at a chosen time",
    "reads of a lost time",
    "filtered entries",
    "families made",
    "families dropped",
    "families renamed",
    "writes to families",
    "batches over families",
    "ingests",
    "ingests that replace",
    "ingested tables",
    "checkpoints",
    "backups",
    "restores",
    "pruned backups",
    "copies cut short and whole",
    "copies cut short and absent",
    "feeds begun",
    "feed events",
    "feeds compared",
    "feeds lost",
    "followers",
    "looks of followers",
    "looks that failed",
    "deaths within a call"};

struct ModelReport {
  std::string violation;  // Empty: none. Else what was expected and found, and the step.
  uint64_t operations = 0;
  uint64_t with_more = 0;  // Operations of programs that drew families, merges or expiries.
  uint64_t writes = 0;
  uint64_t restarts = 0;  // Of these:
  uint64_t crashes = 0;
  uint64_t power_losses = 0;
  uint64_t faults = 0;  // Times between restarts in which a call failed.
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t deepest_level = 0;
  std::array<uint64_t, static_cast<size_t>(ModelCounter::kCount)> counters{};
  std::vector<std::string> told;  // Each step in words, if asked for.

  void Count(ModelCounter counter, uint64_t number = 1) { counters[static_cast<size_t>(counter)] += number; }
  [[nodiscard]] uint64_t operator[](ModelCounter counter) const { return counters[static_cast<size_t>(counter)]; }
  ModelReport& operator+=(const ModelReport& other);
};

// "", or what runs of so many operations should have drawn and did not.
[[nodiscard]] std::string ShortfallOf(const ModelReport& report);

}  // namespace amethyst::torture
