#include "bench/trials.h"

namespace amethyst::bench {

Status RunTrial(Trial trial, TrialRun& run) {
  switch (trial) {
    case Trial::kNone: break;
    case Trial::kRangePair: return RunRangePair(run);
    case Trial::kRangeReads: return RunRangeReads(run);
    case Trial::kDeletedScan: return RunDeletedScan(run);
    case Trial::kDropSpace: return RunDropSpace(run);
    case Trial::kHotCounter: return RunHotCounter(run);
    case Trial::kExpiredScan: return RunExpiredScan(run);
    case Trial::kExpirySpace: return RunExpirySpace(run);
    case Trial::kFamilyBatch: return RunFamilyBatch(run);
    case Trial::kFamilyLog: return RunFamilyLog(run);
    case Trial::kFamilyCreate: return RunFamilyCreate(run);
    case Trial::kFamilyRead: return RunFamilyRead(run);
    case Trial::kTransactionCost: return RunTransactionCost(run);
    case Trial::kBatchWalk: return RunBatchWalk(run);
  }
  return base::InvalidArgument("the workload has no trial");
}

}  // namespace amethyst::bench
