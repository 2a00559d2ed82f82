#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "bench/permutation.h"
#include "bench/trials.h"

namespace amethyst::bench {
namespace {

double ToUs(uint64_t ns) { return 1e-3 * static_cast<double>(ns); }
double ToMs(uint64_t ns) { return 1e-6 * static_cast<double>(ns); }

// rangepair: the space of numbers is cut into slots of which each is to lose its first half.
constexpr uint64_t kSlot = 20;
constexpr uint64_t kCovered = 5;  // A key of either half.
constexpr uint64_t kKept = 15;

// rangereads
constexpr uint64_t kTurns = 200;
constexpr uint64_t kSeekNexts = 10;

// deletedscan
constexpr uint64_t kSeeksMax = 1'000;
constexpr double kSeeksSecondsMax = 2;
constexpr int kScans = 3;

// A new cursor at the key, and some steps.
Result<uint64_t> Seek(Session& session, std::string_view key, bool reverse, uint64_t steps) {
  const std::unique_ptr<Cursor> cursor = session.NewCursor();
  reverse ? cursor->SeekForPrev(key) : cursor->Seek(key);
  uint64_t bytes = 0;
  for (uint64_t i = 0; cursor->Valid(); ++i) {
    bytes += cursor->key().size() + cursor->value().size();
    if (i == steps) break;
    reverse ? cursor->Prev() : cursor->Next();
  }
  AMETHYST_TRY(cursor->status());
  return bytes;
}

// How many entries one walk over all of them shows.
Result<uint64_t> Scan(Session& session, bool reverse) {
  const std::unique_ptr<Cursor> cursor = session.NewCursor();
  uint64_t entries = 0;
  for (reverse ? cursor->SeekToLast() : cursor->SeekToFirst(); cursor->Valid();
       reverse ? cursor->Prev() : cursor->Next()) {
    entries += cursor->value().empty() ? 0 : 1;
  }
  AMETHYST_TRY(cursor->status());
  return entries;
}

// The two databases of rangereads. They differ in range deletes alone.
struct Twins {
  std::unique_ptr<Store> without;
  std::unique_ptr<Store> with;
};

// Reads some of the keys, more than one of every block, so that neither database is colder than the other.
Status Warm(TrialRun& run, Store& store, uint64_t keys) {
  constexpr uint64_t kStep = 16;
  const std::unique_ptr<Session> session = store.NewSession(run.load().durability);
  for (uint64_t number = 0; number < keys; number += kStep) AMETHYST_TRY(run.Get(*session, number));
  return {};
}

// `number` draws a key that is deleted in neither.
Status CompareReads(TrialRun& run, const Twins& twins, const char* where, const std::function<uint64_t()>& number) {
  const std::unique_ptr<Session> without = twins.without->NewSession(run.load().durability);
  const std::unique_ptr<Session> with = twins.with->NewSession(run.load().durability);
  const uint64_t calls = std::max<uint64_t>(1, run.Operations(0.1) / kTurns);
  const auto get = [&](Session& session) -> Status {
    AMETHYST_ASSIGN(const bool found, run.Get(session, number()));
    return run.Expect(found, "a key that no range delete covers is gone");
  };
  AMETHYST_ASSIGN(const double gets, RatioOf(kTurns, calls, [&] { return get(*with); }, [&] { return get(*without); }));
  run.Report(fmt::format("get {}, with : without", where), gets);
  const auto seek = [&](Session& session) -> Status {
    AMETHYST_TRY(Seek(session, run.Key(number()), false, kSeekNexts));
    return {};
  };
  AMETHYST_ASSIGN(const double seeks,
                  RatioOf(kTurns, calls, [&] { return seek(*with); }, [&] { return seek(*without); }));
  run.Report(fmt::format("seek {}, with : without", where), seeks);
  for (uint64_t i = 0; i < calls; ++i) AMETHYST_TRY(run.Operation([&] { return get(*with); }));
  return {};
}

// Half of them forward, half backward, each of a random key of [first, end), all of which are deleted.
Status MeasureDeletedSeeks(TrialRun& run, Session& session, uint64_t first, uint64_t end, const std::string& where) {
  for (const bool reverse : {false, true}) {
    std::vector<double> seeks_us;
    double seconds = 0;
    while (seeks_us.size() < kSeeksMax && seconds < kSeeksSecondsMax) {
      const std::string key = run.Key(first + run.random().Below(end - first));
      AMETHYST_ASSIGN(const uint64_t took_ns, run.Operation([&]() -> Status {
        AMETHYST_TRY(Seek(session, key, reverse, 0));
        return {};
      }));
      seeks_us.push_back(ToUs(took_ns));
      seconds += 1e-9 * static_cast<double>(took_ns);
    }
    run.Report(fmt::format("seek{} {} us", reverse ? "rev" : "", where), MedianOf(std::move(seeks_us)));
  }
  return {};
}

Status MeasureDeletedScans(TrialRun& run, Session& session, uint64_t live, const std::string& where) {
  for (const bool reverse : {false, true}) {
    std::vector<double> scans_ms;
    for (int i = 0; i < kScans; ++i) {
      const uint64_t begin_ns = NowNs();
      AMETHYST_ASSIGN(const uint64_t entries, Scan(session, reverse));
      scans_ms.push_back(ToMs(NowNs() - begin_ns));
      AMETHYST_TRY(run.Expect(entries == live, "a scan shows other keys than those that are left"));
    }
    run.Report(fmt::format("scan{} {} ms", reverse ? "rev" : "", where), MedianOf(std::move(scans_ms)));
  }
  return {};
}

// Deletes all keys from `first` up to `end`: `pieces` ranges, which touch each other.
Status DeleteInPieces(TrialRun& run, Session& session, uint64_t first, uint64_t end, uint64_t pieces) {
  for (uint64_t i = 0; i < pieces; ++i) {
    AMETHYST_TRY(session.DeleteRange(run.Key(first + (end - first) * i / pieces),
                                     run.Key(first + (end - first) * (i + 1) / pieces)));
  }
  return {};
}

}  // namespace

Status RunRangePair(TrialRun& run) {
  const uint64_t tombstones = run.load().tombstones;
  const uint64_t pairs = std::max<uint64_t>(1, tombstones / 10);
  const Permutation order(tombstones + pairs, run.load().seed);
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(run.SettingsOf("pair")));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  for (uint64_t slot = 0; slot < tombstones + pairs; ++slot) {
    AMETHYST_TRY(session->Put(run.Key(slot * kSlot + kCovered), run.Value()));
    AMETHYST_TRY(session->Put(run.Key(slot * kSlot + kKept), run.Value()));
  }
  const auto delete_range = [&](uint64_t number) -> Status {
    const uint64_t slot = order(number) * kSlot;
    return session->DeleteRange(run.Key(slot), run.Key(slot + kSlot / 2));
  };
  for (uint64_t i = 0; i < tombstones; ++i) AMETHYST_TRY(delete_range(i));
  AMETHYST_TRY(run.Get(*session, kKept));  // The first read behind them all is not the pair's.
  std::vector<double> pairs_us;
  for (uint64_t i = 0; i < pairs; ++i) {
    const bool covered = i % 2 == 0;
    const uint64_t key = order(run.random().Below(tombstones)) * kSlot + (covered ? kCovered : kKept);
    const auto pair = [&]() -> Status {
      AMETHYST_TRY(delete_range(tombstones + i));
      AMETHYST_ASSIGN(const bool found, run.Get(*session, key));
      return run.Expect(found != covered, "a get takes a deleted key for one that is there, or the reverse");
    };
    AMETHYST_ASSIGN(const uint64_t took_ns, run.Operation(pair));
    pairs_us.push_back(ToUs(took_ns));
  }
  run.Report("pair us", MedianOf(std::move(pairs_us)));
  session.reset();
  return store->Close();
}

Status RunRangeReads(TrialRun& run) {
  const uint64_t keys = std::max<uint64_t>(200, run.load().keys);
  const uint64_t corner = keys / 100;  // Where the first range deletes lie.
  const uint64_t tombstones = std::min(run.load().tombstones, corner / 2);
  Twins twins;
  for (std::unique_ptr<Store>* store : {&twins.without, &twins.with}) {
    AMETHYST_ASSIGN(*store, run.Open(run.SettingsOf(store == &twins.with ? "with" : "without")));
    AMETHYST_TRY(run.Put(**store, keys));
    AMETHYST_TRY(TrialRun::Settle(**store));
    // What background work makes of the same puts is not the same twice: one of them might have a level more.
    AMETHYST_TRY((*store)->CompactRange(run.Key(0), run.Key(keys)));
    AMETHYST_TRY((*store)->WaitForIdle());
  }
  const auto warm = [&]() -> Status {
    for (Store* store : {twins.without.get(), twins.with.get()}) AMETHYST_TRY(Warm(run, *store, keys));
    return {};
  };
  AMETHYST_TRY(warm());
  // So that no compaction rids the tables of what is deleted, and itself of the range deletes.
  std::shared_ptr<void> snapshot = twins.with->Hold();
  // Each covers one key, and between two of them there are keys that stay.
  const auto delete_each = [&](uint64_t step) -> Status {
    const std::unique_ptr<Session> session = twins.with->NewSession(run.load().durability);
    for (uint64_t i = 0; i < tombstones; ++i) {
      AMETHYST_TRY(session->DeleteRange(run.Key(i * step), run.Key(i * step + 1)));
    }
    return TrialRun::Settle(*twins.with);
  };
  AMETHYST_TRY(delete_each(corner / tombstones));
  AMETHYST_TRY(CompareReads(run, twins, "beside", [&] { return corner + run.random().Below(keys - corner); }));
  const uint64_t step = keys / tombstones;
  AMETHYST_TRY(delete_each(step));
  AMETHYST_TRY(warm());
  AMETHYST_TRY(CompareReads(run, twins, "among", [&] {
    const uint64_t number = corner + run.random().Below(keys - corner - 1);
    return number % step == 0 ? number + 1 : number;
  }));
  AMETHYST_TRY(twins.without->Close());
  snapshot.reset();
  return twins.with->Close();
}

Status RunDeletedScan(TrialRun& run) {
  const uint64_t keys = std::max<uint64_t>(10, run.load().keys);
  const uint64_t edge = std::max<uint64_t>(1, keys / 1000);
  for (const uint64_t pieces : {uint64_t{1}, std::min<uint64_t>(1000, keys - 2 * edge)}) {
    AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(run.SettingsOf(fmt::format("by_{}", pieces))));
    AMETHYST_TRY(run.Put(*store, keys));
    AMETHYST_TRY(TrialRun::Settle(*store));
    {
      // So that they stay on disk, for every read to pass over.
      const std::shared_ptr<void> snapshot = store->Hold();
      const std::unique_ptr<Session> session = store->NewSession(run.load().durability);
      AMETHYST_TRY(DeleteInPieces(run, *session, edge, keys - edge, pieces));
      for (const char* place : {"memtable", "tables"}) {
        const std::string where = fmt::format("by {}, {},", pieces == 1 ? 1 : 1000, place);
        AMETHYST_TRY(MeasureDeletedSeeks(run, *session, edge, keys - edge, where));
        AMETHYST_TRY(MeasureDeletedScans(run, *session, 2 * edge, where));
        AMETHYST_TRY(TrialRun::Settle(*store));
      }
    }
    AMETHYST_TRY(store->Close());
  }
  return {};
}

Status RunDropSpace(TrialRun& run) {
  constexpr double kBack = 0.6;  // Of what the disk held before: half of it, and tables that are covered in part.
  constexpr uint64_t kPatienceNs = 200'000'000;
  const uint64_t keys = run.load().keys;
  const StoreSettings settings = run.SettingsOf("space");
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(settings));
  AMETHYST_TRY(run.Put(*store, keys));
  AMETHYST_TRY(TrialRun::Settle(*store));
  // Logs come and go for other reasons.
  const auto held = [&] {
    const uint64_t disk = DiskBytes(settings.directory);
    return static_cast<double>(disk - std::min(disk, LogBytes(settings.directory)));
  };
  const double before = std::max(1.0, held());
  const auto is_back = [&] { return held() <= kBack * before; };
  const auto becomes_back = [&] {
    const uint64_t end_ns = NowNs() + kPatienceNs;
    while (!is_back() && NowNs() < end_ns) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return is_back();
  };
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  const std::string begin = run.Key(keys / 4);
  const std::string end = run.Key(keys / 4 + keys / 2);
  const uint64_t written_before = DeviceBytesWritten();
  bool by_itself = false;
  AMETHYST_ASSIGN(const uint64_t took_ns, run.Operation([&]() -> Status {
    AMETHYST_TRY(session->DeleteRange(begin, end));
    AMETHYST_TRY(TrialRun::Settle(*store));
    by_itself = becomes_back();
    run.Report("disk, nothing asked : before", held() / before);
    if (by_itself) return {};
    AMETHYST_TRY(store->CompactRange(begin, end));  // What users do of engines that need it.
    AMETHYST_TRY(store->WaitForIdle());
    static_cast<void>(becomes_back());
    return {};
  }));
  run.Report("space back ms", ToMs(took_ns));
  run.Report("compactions asked for", by_itself ? 0 : 1);
  run.Report("written MiB", static_cast<double>(DeviceBytesWritten() - written_before) / (1 << 20));
  run.Report("disk after : before", held() / before);
  session.reset();
  return store->Close();
}

}  // namespace amethyst::bench
