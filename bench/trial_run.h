// What a trial works with, and where it leaves what it found: databases of one engine, keys and values of the load, the
// time of its operations, and figures.
//
// A trial is a procedure of its own, for what no stream of equal operations shows: how long the first read after so
// many range deletes takes, when space is back, what a thousand families cost. Only what goes through Operation counts
// as operations. Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "bench/key_maker.h"
#include "bench/load.h"
#include "bench/measurement.h"
#include "bench/process_meter.h"
#include "bench/stores.h"
#include "bench/timeline.h"
#include "bench/value_maker.h"

namespace amethyst::bench {

class TrialRun {
 public:
  TrialRun(const Engine& engine, StoreSettings settings, const Load& load, uint64_t seed);

  [[nodiscard]] const Load& load() const { return load_; }
  [[nodiscard]] base::Random& random() { return random_; }
  // How many operations --ops, or else --keys, asks for, times `scale`.
  [[nodiscard]] uint64_t Operations(double scale) const;

  // Of the database of that name. Open creates it if it is not there.
  [[nodiscard]] StoreSettings SettingsOf(const std::string& name) const;
  [[nodiscard]] Result<std::unique_ptr<Store>> Open(const StoreSettings& settings) const;

  // Keys sort as their numbers do, for kinds of keys that are ordered.
  [[nodiscard]] std::string Key(uint64_t number) const;
  [[nodiscard]] std::string_view Value() { return values_.Make(random_); }
  [[nodiscard]] uint64_t EntryBytes() const { return keys_.bytes() + values_.mean_bytes(); }

  // Puts the keys 0 to keys - 1 in random order, in batches, into these families in turn.
  Status Put(Store& store, uint64_t keys, const std::vector<uint32_t>& families = {0});
  // Brings everything to files, and waits until the engine is at rest.
  static Status Settle(Store& store);
  // Reads one key, and every byte of its value; whether it was there.
  Result<bool> Get(Session& session, uint64_t number, uint32_t family = 0);

  // Calls `act`, which returns a status, and measures that as an operation; returns how long it took.
  template <typename Act>
  Result<uint64_t> Operation(Act&& act) {
    const uint64_t begin_ns = NowNs();
    AMETHYST_TRY(act());
    const uint64_t took_ns = NowNs() - begin_ns;
    measured_ns_ += took_ns;
    timeline_.Add(measured_ns_, took_ns, 1);
    return took_ns;
  }
  void Report(std::string name, double value) { figures_.push_back({std::move(name), value}); }
  // An error that says what is wrong, unless the engine is the one that stores nothing.
  Status Expect(bool holds, std::string_view what) const;

  void Collect(Measurement* measurement) const;

 private:
  const Engine& engine_;
  StoreSettings settings_;
  Load load_;
  KeyMaker keys_;
  ValueMaker values_;
  base::Random random_;
  uint64_t measured_ns_ = 0;
  Timeline timeline_{0};  // Of a clock that runs while operations do.
  std::vector<Figure> figures_;
  std::string key_;
  uint64_t digest_ = 0;  // Of every byte read, so that reading cannot be left out.
};

// What the files under `directory` hold that engines name as logs.
[[nodiscard]] uint64_t LogBytes(const std::string& directory);

// The median of values of which there is at least one.
[[nodiscard]] double MedianOf(std::vector<double> values);

// Times `first` and `second`, which return a status, in turns of some calls each, `turns` times: the median of what
// the turns of the first take over those of the second. What disturbs the machine disturbs both.
template <typename First, typename Second>
Result<double> RatioOf(uint64_t turns, uint64_t calls, First&& first, Second&& second) {
  std::vector<double> ratios;
  for (uint64_t turn = 0; turn < turns; ++turn) {
    uint64_t took_ns[2] = {};
    for (const bool is_second : {turn % 2 == 0, turn % 2 != 0}) {  // Who begins changes.
      const uint64_t begin_ns = NowNs();
      for (uint64_t i = 0; i < calls; ++i) AMETHYST_TRY(is_second ? Status(second()) : Status(first()));
      took_ns[is_second ? 1 : 0] = NowNs() - begin_ns;
    }
    ratios.push_back(static_cast<double>(took_ns[0]) / static_cast<double>(std::max<uint64_t>(1, took_ns[1])));
  }
  return MedianOf(std::move(ratios));
}

}  // namespace amethyst::bench
