// Runs workloads on one engine, one after the other, in one directory: opens, loads where the workload needs it, brings
// the database into the state that it is to be measured in, warms up, measures, lets the engine settle, and counts what
// all that took.
//
// Thread safety: one thread at a time. The process should do nothing else: CPU, memory and bytes are counted for all of
// it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "bench/load.h"
#include "bench/measurement.h"
#include "bench/stores.h"
#include "bench/worker.h"

namespace amethyst::bench {

class Runner {
 public:
  Runner(const Engine& engine, StoreSettings settings, const Load& load);

  // `round` goes into the seed. `state`: of the database, for a workload that only reads; all others begin at rest.
  // With Settle::kNone all find what the workload before has left. kNotSupported: the engine lacks what the workload
  // needs.
  Result<Measurement> Run(const Workload& workload, uint32_t round, std::optional<State> state = {});
  // Closes the engine's database; its files stay.
  Status Close();

 private:
  struct Phase;

  [[nodiscard]] Phase MakePhase(const Workload& workload, uint64_t seed, uint64_t operations, double seconds) const;
  // Closes, and removes all files.
  Status Clear();
  Status OpenEmpty(const Workload& workload);
  Result<Measurement> RunTrial(const Workload& workload, uint32_t round);
  // Fills the database if the workload needs it and finds none.
  Status Prepare(const Workload& workload);
  Status BringInto(State state, uint32_t round);
  // Runs a workload unmeasured, on one thread.
  Status RunAside(const Workload& workload, uint64_t seed, uint64_t operations);
  Status WarmUp(const Workload& workload, uint32_t round);
  Status RunWorkers(Phase& phase);
  // Until the store is at rest; how long that took.
  Result<double> Settle();
  void Collect(const Phase& phase, Measurement* m) const;

  const Engine& engine_;
  StoreSettings settings_;
  Load load_;
  ValueMaker values_;
  std::unique_ptr<Store> store_;
  std::optional<Feature> opened_for_;
  uint64_t keys_ = 0;      // That are there: 0 to keys_ - 1.
  bool untouched_ = true;  // Nothing was ever written to it.
  bool at_rest_ = true;    // Nothing was written to it since it has settled.
};

// How many operations a workload does under a load.
[[nodiscard]] uint64_t OperationsOf(const Workload& workload, const Load& load);
// How many keys it works on.
[[nodiscard]] uint64_t KeysOf(const Workload& workload, const Load& load);
// The workload as the load's settings for `mixed` have it.
[[nodiscard]] Workload Configure(const Workload& workload, const Load& load);

}  // namespace amethyst::bench
