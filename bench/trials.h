// The trials: workloads that have a procedure of their own (trial_run.h). Thread safety: pure functions of their run.
#pragma once

#include "amethyst/error.h"
#include "bench/trial_run.h"
#include "bench/workload.h"

namespace amethyst::bench {

[[nodiscard]] Status RunTrial(Trial trial, TrialRun& run);

// After `--tombstones` range deletes in the memtable: a range delete and a get of a key, as one operation.
[[nodiscard]] Status RunRangePair(TrialRun& run);
// Get and seek in a database whose tables hold range deletes, over the same without: beside them, and among them.
[[nodiscard]] Status RunRangeReads(TrialRun& run);
// Seeks, which are the operations, and scans, over all keys but a thousandth at either end, deleted by one range delete
// and by a thousand while a snapshot needs them.
[[nodiscard]] Status RunDeletedScan(TrialRun& run);
// Deletes half of the keys by range, as one operation that ends when their space is back.
[[nodiscard]] Status RunDropSpace(TrialRun& run);
// Merges into some keys `--operands` times each, which are the operations, and gets each for the first time.
[[nodiscard]] Status RunHotCounter(TrialRun& run);
// Scans, which are the operations, and seeks, over keys all of which have expired and none of which a compaction met.
[[nodiscard]] Status RunExpiredScan(TrialRun& run);
// Puts keys in order at a steady rate, which are the operations, and watches what the disk holds.
[[nodiscard]] Status RunExpirySpace(TrialRun& run);
// Batches of 8 puts over 8 of 20 families.
[[nodiscard]] Status RunFamilyBatch(TrialRun& run);
// Batches of puts into one of 20 families, each of which has an entry that was not flushed.
[[nodiscard]] Status RunFamilyLog(TrialRun& run);
// Creates `--families` families, which are the operations, and opens the database again.
[[nodiscard]] Status RunFamilyCreate(TrialRun& run);
// Gets from a family over gets from the default one, of the same keys.
[[nodiscard]] Status RunFamilyRead(TrialRun& run);
// Transactions of 2 gets and 2 puts, which are the operations, over the same gets and a batch.
[[nodiscard]] Status RunTransactionCost(TrialRun& run);
// Walks over all entries under an indexed batch of 1 in 50 of them, which are the operations, over walks without it.
[[nodiscard]] Status RunBatchWalk(TrialRun& run);

}  // namespace amethyst::bench
