#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/trials.h"

namespace amethyst::bench {
namespace {

constexpr int kScansOfExpired = 3;
constexpr uint64_t kSeeksOfExpired = 100;
// expiryspace: how much longer than the ttl it goes on, for space to come back.
constexpr double kAfterTtlSeconds = 100;

void SleepMs(double ms) { std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(ms)); }

// What the disk held at any moment, over the bytes of what had not expired then.
struct Watch {
  double most = 0;
  double last = 0;
};

}  // namespace

Status RunExpiredScan(TrialRun& run) {
  const uint64_t keys = run.load().keys;
  StoreSettings settings = run.SettingsOf("expired");
  settings.ttl_seconds = run.load().ttl_seconds;
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(settings));
  AMETHYST_TRY(run.Put(*store, keys));
  AMETHYST_TRY(TrialRun::Settle(*store));
  SleepMs(1e3 * run.load().ttl_seconds + 1'001);  // One engine counts whole seconds.
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  const uint64_t live = std::max<uint64_t>(1, keys / 1000);
  for (uint64_t i = 0; i < live; ++i) AMETHYST_TRY(session->Put(run.Key(keys + i), run.Value()));

  std::vector<double> seeks_us;
  for (uint64_t i = 0; i < kSeeksOfExpired; ++i) {
    const std::string key = run.Key(run.random().Below(keys));
    const uint64_t begin_ns = NowNs();
    const std::unique_ptr<Cursor> cursor = session->NewCursor();
    cursor->Seek(key);
    AMETHYST_TRY(cursor->status());
    seeks_us.push_back(1e-3 * static_cast<double>(NowNs() - begin_ns));
  }
  std::vector<double> scans_ms;
  uint64_t shown = 0;
  for (int i = 0; i < kScansOfExpired; ++i) {
    shown = 0;
    AMETHYST_ASSIGN(const uint64_t took_ns, run.Operation([&]() -> Status {
      const std::unique_ptr<Cursor> cursor = session->NewCursor();
      for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) shown += cursor->value().empty() ? 0 : 1;
      return cursor->status();
    }));
    scans_ms.push_back(1e-6 * static_cast<double>(took_ns));
  }
  run.Report("scan ms", MedianOf(std::move(scans_ms)));
  run.Report("seek us", MedianOf(std::move(seeks_us)));
  run.Report("shown : live", static_cast<double>(shown) / static_cast<double>(live));
  session.reset();
  return store->Close();
}

Status RunExpirySpace(TrialRun& run) {
  const double ttl_seconds = run.load().ttl_seconds;
  const double seconds = run.load().seconds > 0 ? run.load().seconds : ttl_seconds + kAfterTtlSeconds;
  const double rate = static_cast<double>(run.load().keys) / ttl_seconds;  // So that --keys are alive at a time.
  StoreSettings settings = run.SettingsOf("space");
  settings.ttl_seconds = run.load().ttl_seconds;
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(settings));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  const uint64_t written_before = DeviceBytesWritten();
  const uint64_t begin_ns = NowNs();
  Watch watch;
  double watched = 0;
  uint64_t put = 0;
  for (double now = 0; now < seconds; now = 1e-9 * static_cast<double>(NowNs() - begin_ns)) {
    for (; static_cast<double>(put) <= now * rate; ++put) {
      const std::string key = run.Key(put);
      AMETHYST_TRY(run.Operation([&] { return session->Put(key, run.Value()); }));
    }
    if (now - watched >= 1) {
      watched = now;
      const double live = std::min(static_cast<double>(put), static_cast<double>(run.load().keys));
      watch.last = static_cast<double>(DiskBytes(settings.directory)) / (live * static_cast<double>(run.EntryBytes()));
      if (now > ttl_seconds) watch.most = std::max(watch.most, watch.last);
    }
    SleepMs(1);
  }
  AMETHYST_TRY(store->WaitForIdle());
  run.Report("most disk : live", watch.most);
  run.Report("last disk : live", watch.last);
  run.Report("written : put",
             static_cast<double>(DeviceBytesWritten() - written_before) / static_cast<double>(put * run.EntryBytes()));
  session.reset();
  return store->Close();
}

}  // namespace amethyst::bench
