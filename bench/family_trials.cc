#include <fmt/format.h>

#include <algorithm>

#include "bench/trials.h"

namespace amethyst::bench {
namespace {

constexpr uint32_t kFamilies = 20;
constexpr uint32_t kFamiliesOfBatch = 8;
constexpr uint64_t kTurnsOfFamilies = 200;
constexpr double kMibBytes = 1 << 20;

Result<std::unique_ptr<Store>> OpenWithFamilies(TrialRun& run, uint32_t families) {
  StoreSettings settings = run.SettingsOf("families");
  settings.families = true;
  AMETHYST_ASSIGN(std::unique_ptr<Store> store, run.Open(settings));
  for (uint32_t i = 1; i <= families; ++i) AMETHYST_TRY(store->CreateFamily(fmt::format("family-{}", i)));
  return store;
}

}  // namespace

Status RunFamilyBatch(TrialRun& run) {
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, OpenWithFamilies(run, kFamilies));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  std::vector<std::string> keys(kFamiliesOfBatch);
  std::vector<FamilyKeyValue> batch(kFamiliesOfBatch);
  const uint64_t batches = run.Operations(0.1);
  for (uint64_t i = 0; i < batches; ++i) {
    const uint64_t first = run.random().Below(kFamilies);
    for (uint32_t j = 0; j < kFamiliesOfBatch; ++j) {
      keys[j] = run.Key(run.random().Below(run.load().keys));
      // The first one is in every batch.
      const uint64_t family = j == 0 ? 1 : 2 + (first + j) % (kFamilies - 1);
      batch[j] = {static_cast<uint32_t>(family), {keys[j], run.Value()}};
    }
    AMETHYST_TRY(run.Operation([&] { return session->PutBatchIn(batch); }));
  }
  const uint64_t begin_ns = NowNs();
  AMETHYST_TRY(TrialRun::Settle(*store));
  run.Report("settle ms", 1e-6 * static_cast<double>(NowNs() - begin_ns));
  session.reset();
  return store->Close();
}

Status RunFamilyLog(TrialRun& run) {
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, OpenWithFamilies(run, kFamilies));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  const std::string directory = run.SettingsOf("families").directory;
  std::vector<FamilyKeyValue> batch;
  const std::string idle_key = run.Key(0);
  for (uint32_t family = 2; family <= kFamilies; ++family) batch.push_back({family, {idle_key, run.Value()}});
  AMETHYST_TRY(session->PutBatchIn(batch));
  std::vector<std::string> keys(run.load().batch_entries);
  const uint64_t puts = run.Operations(1);
  uint64_t most = 0;
  for (uint64_t put = 0; put < puts;) {
    batch.clear();
    for (std::string& key : keys) {
      if (put++ >= puts) break;
      key = run.Key(run.random().Below(run.load().keys));
      batch.push_back({1, {key, run.Value()}});
    }
    AMETHYST_TRY(run.Operation([&] { return session->PutBatchIn(batch); }));
    if (put % (64 * keys.size()) == 0) most = std::max(most, LogBytes(directory));
  }
  AMETHYST_TRY(store->WaitForIdle());
  const uint64_t last = LogBytes(directory);
  run.Report("most log MiB", static_cast<double>(std::max(most, last)) / kMibBytes);
  run.Report("last log MiB", static_cast<double>(last) / kMibBytes);
  session.reset();
  return store->Close();
}

Status RunFamilyCreate(TrialRun& run) {
  StoreSettings settings = run.SettingsOf("families");
  settings.families = true;
  AMETHYST_ASSIGN(std::unique_ptr<Store> store, run.Open(settings));
  const uint64_t families = run.load().families;
  uint64_t took_ns = 0;
  for (uint64_t i = 1; i <= families; ++i) {
    const std::string name = fmt::format("family-{}", i);
    AMETHYST_ASSIGN(const uint64_t one_ns, run.Operation([&] { return store->CreateFamily(name); }));
    took_ns += one_ns;
    if (i == families / 10) run.Report("create a tenth ms", 1e-6 * static_cast<double>(took_ns));
  }
  run.Report("create all ms", 1e-6 * static_cast<double>(took_ns));
  const uint64_t close_ns = NowNs();
  AMETHYST_TRY(store->Close());
  store.reset();
  const uint64_t open_ns = NowNs();
  AMETHYST_ASSIGN(store, run.Open(settings));
  run.Report("close ms", 1e-6 * static_cast<double>(open_ns - close_ns));
  run.Report("open ms", 1e-6 * static_cast<double>(NowNs() - open_ns));
  return store->Close();
}

Status RunFamilyRead(TrialRun& run) {
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, OpenWithFamilies(run, 1));
  const uint64_t keys = run.load().keys;
  AMETHYST_TRY(run.Put(*store, keys, {0, 1}));
  AMETHYST_TRY(TrialRun::Settle(*store));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  const auto get = [&](uint32_t family) -> Status {
    AMETHYST_ASSIGN(const bool found, run.Get(*session, run.random().Below(keys), family));
    return run.Expect(found, "a key of a family is gone");
  };
  const uint64_t calls = std::max<uint64_t>(1, run.Operations(0.2) / kTurnsOfFamilies);
  AMETHYST_ASSIGN(const double ratio, RatioOf(kTurnsOfFamilies, calls, [&] { return get(1); }, [&] { return get(0); }));
  run.Report("get, family : default", ratio);
  for (uint64_t i = 0; i < calls; ++i) AMETHYST_TRY(run.Operation([&] { return get(1); }));
  session.reset();
  return store->Close();
}

}  // namespace amethyst::bench
