#include "bench/trial_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bench/comparison.h"
#include "bench/permutation.h"

namespace amethyst::bench {

TrialRun::TrialRun(const Engine& engine, StoreSettings settings, const Load& load, uint64_t seed)
    : engine_(engine),
      settings_(std::move(settings)),
      load_(load),
      keys_(load.key_kind),
      values_(load.values, load.seed),
      random_(seed) {}

uint64_t TrialRun::Operations(double scale) const {
  const double operations = static_cast<double>(load_.operations == 0 ? load_.keys : load_.operations);
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::llround(operations * scale)));
}

StoreSettings TrialRun::SettingsOf(const std::string& name) const {
  StoreSettings settings = settings_;
  settings.directory += "/" + name;
  return settings;
}

Result<std::unique_ptr<Store>> TrialRun::Open(const StoreSettings& settings) const {
  std::error_code error;
  std::filesystem::create_directories(settings.directory, error);
  if (error) return base::MakeError(ErrorCode::kIo, "{}: {}", settings.directory, error.message());
  return engine_.open(settings);
}

std::string TrialRun::Key(uint64_t number) const {
  std::string key;
  keys_.Make(number, &key);
  return key;
}

Status TrialRun::Put(Store& store, uint64_t keys, const std::vector<uint32_t>& families) {
  const std::unique_ptr<Session> session = store.NewSession(load_.durability);
  const Permutation order(keys, load_.seed);
  std::vector<std::string> names(load_.batch_entries);
  std::vector<KeyValue> batch;
  std::vector<FamilyKeyValue> family_batch;
  for (uint64_t done = 0; done < keys;) {
    batch.clear();
    for (std::string& name : names) {
      if (done == keys) break;
      keys_.Make(order(done++), &name);
      batch.push_back({name, Value()});
    }
    for (const uint32_t family : families) {
      if (family == 0) {
        AMETHYST_TRY(session->PutBatch(batch));
        continue;
      }
      family_batch.clear();
      for (const KeyValue& entry : batch) family_batch.push_back({family, entry});
      AMETHYST_TRY(session->PutBatchIn(family_batch));
    }
  }
  return {};
}

Status TrialRun::Settle(Store& store) {
  AMETHYST_TRY(store.Flush());
  AMETHYST_TRY(store.WaitForIdle());
  return {};
}

Result<bool> TrialRun::Get(Session& session, uint64_t number, uint32_t family) {
  keys_.Make(number, &key_);
  AMETHYST_ASSIGN(const std::optional<std::string_view> value,
                  family == 0 ? session.Get(key_) : session.GetIn(family, key_));
  if (!value) return false;
  for (const char byte : *value) digest_ += static_cast<unsigned char>(byte);
  return true;
}

Status TrialRun::Expect(bool holds, std::string_view what) const {
  if (holds || engine_.name == "null") return {};
  return base::MakeError(ErrorCode::kCorruption, "{}", what);
}

void TrialRun::Collect(Measurement* measurement) const {
  measurement->operations = timeline_.operations();
  measurement->seconds = 1e-9 * static_cast<double>(std::max<uint64_t>(1, measured_ns_));
  measurement->latency = timeline_.Latency();
  measurement->moments = MomentsOf(timeline_);
  measurement->figures = figures_;
}

uint64_t LogBytes(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(directory, error)) {
    const std::string ending = file.path().extension();
    if (ending != ".wal" && ending != ".log") continue;
    const uint64_t size = file.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

double MedianOf(std::vector<double> values) { return SpreadOf(std::move(values)).median; }

}  // namespace amethyst::bench
