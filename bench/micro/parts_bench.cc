// The small parts that a write, a read and a merge are made of, each on its own, with warm caches.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "amethyst/write_batch.h"
#include "base/assert.h"
#include "base/epoch.h"
#include "base/hash.h"
#include "base/random.h"
#include "cache/block_cache.h"
#include "filter/bloom_filter.h"
#include "io/system_environment.h"
#include "merge/merge_cursor.h"
#include "wal/log.h"

namespace amethyst {
namespace {

const std::string kValue(100, 'v');

std::string Key(uint64_t number) { return fmt::format("{:016}", number); }

void EnterEpoch(benchmark::State& state) {
  for (auto _ : state) {
    const base::EpochGuard guard;
    benchmark::ClobberMemory();
  }
}

void HashKey(benchmark::State& state) {
  const std::string key = Key(1);
  for (auto _ : state) benchmark::DoNotOptimize(base::Hash64(key));
}

void EncodeBatch(benchmark::State& state) {
  const std::string key = Key(1);
  WriteBatch batch;
  for (auto _ : state) {
    batch.Clear();
    for (int64_t i = 0; i < state.range(0); ++i) batch.Put(key, kValue);
    benchmark::DoNotOptimize(batch.Representation().data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// A directory of the log's own, removed with all in it at the end.
class LogDirectory {
 public:
  LogDirectory() : path_(std::filesystem::temp_directory_path().string() + "/amethyst_micro_XXXXXX") {
    AMETHYST_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~LogDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Segments are removed as they fill, as flushes do, so that the page cache is what it is in use.
void AppendToLog(benchmark::State& state) {
  const LogDirectory directory;
  const std::shared_ptr<io::Environment> environment = io::DefaultEnvironment();
  const std::unique_ptr<io::Executor> executor = environment->NewExecutor(1).value();
  std::atomic<uint64_t> next_file{1};  // Asked for by the appender and the supply's job; a plain counter.
  auto created = wal::Log::Create(*environment, *executor,
                                  {.directory = directory.path(),
                                   .database_uid = base::NewUid(),
                                   .new_file_number = [&] { return key::FileNumber{next_file.fetch_add(1)}; },
                                   .replayed_segments = {}},
                                  {});
  AMETHYST_ASSERT(created.has_value());
  wal::Log& log = **created;
  WriteBatch batch;
  batch.Put(Key(1), kValue);
  uint64_t sequence = 1;
  for (auto _ : state) {
    const auto end = log.Append(key::SequenceNumber{sequence++}, 1, batch.Representation());
    if (!end) state.SkipWithError("an append failed");
    if (sequence % 500'000 == 0 && !log.RemoveBefore(log.current_segment())) state.SkipWithError("a removal failed");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(batch.ByteSize()));
  AMETHYST_ASSERT(log.Close().has_value());
}

void ProbeFilter(benchmark::State& state) {
  constexpr uint64_t kKeys = 1'000'000;
  filter::BloomFilterBuilder builder(0.01);
  for (uint64_t i = 0; i < kKeys; ++i) builder.Add(base::Hash64(Key(2 * i)));
  const std::string bytes = builder.Finish();
  const filter::BloomFilterView view = filter::BloomFilterView::FromBytes(bytes).value();
  std::vector<uint64_t> hashes(100'000);
  base::Random random(1);
  for (uint64_t& hash : hashes)
    hash = base::Hash64(Key(2 * random.Below(kKeys) + static_cast<uint64_t>(state.range(0))));
  uint64_t maybe = 0;
  size_t i = 0;
  for (auto _ : state) {
    maybe += view.MayContain(hashes[i]) ? 1 : 0;
    if (++i == hashes.size()) i = 0;
  }
  state.counters["maybe"] = static_cast<double>(maybe) / static_cast<double>(state.iterations());
}

void CacheHit(benchmark::State& state) {
  constexpr size_t kFrames = 10'000;
  cache::BlockCache cache({.capacity_bytes = size_t{256} << 20, .policy = static_cast<CachePolicy>(state.range(0))});
  std::vector<cache::Slot> slots(kFrames);
  for (size_t i = 0; i < kFrames; ++i) {
    cache.Insert(slots[i], nullptr, cache.NewFrame(cache::FrameKind::kData, cache::FrameIdentity{i << 32}, 4096));
  }
  base::Random random(1);
  for (auto _ : state) {
    const base::EpochGuard guard;
    cache::Frame* frame = slots[random.Below(kFrames)].Peek();
    if (cache.policy() == CachePolicy::kLru) {
      cache.RecordHit(frame);
    } else {
      frame->Touch();
    }
    benchmark::DoNotOptimize(frame->payload()[0]);
  }
  for (cache::Slot& slot : slots) cache.Evict(slot);
}

// Shows a sorted array, some entries at a time.
class ArrayCursor final : public key::Cursor {
 public:
  explicit ArrayCursor(const std::vector<key::Entry>& entries) : entries_(entries) {}

  void SeekToFirst() override { Show(0); }
  void SeekToLast() override { Clear(); }
  void Seek(std::string_view) override { Clear(); }
  void SeekForPrev(std::string_view) override { Clear(); }
  [[nodiscard]] Status status() const override { return {}; }

 protected:
  void NextWindow() override { Show(begin_ + kWindow); }
  void PrevWindow() override { Clear(); }

 private:
  static constexpr size_t kWindow = 32;

  void Show(size_t begin) {
    begin_ = begin;
    Clear();
    if (begin >= entries_.size()) return;
    SetPlain(true, key::SequenceNumber{1});
    SetWindow(std::span(entries_).subspan(begin, std::min(kWindow, entries_.size() - begin)), 0);
  }

  const std::vector<key::Entry>& entries_;
  size_t begin_ = 0;
};

// `stretch` keys in a row come from one source.
void Merge(benchmark::State& state) {
  constexpr uint64_t kEntries = 200'000;
  const auto sources = static_cast<uint64_t>(state.range(0));
  const auto stretch = static_cast<uint64_t>(state.range(1));
  std::vector<std::string> keys(kEntries);
  std::vector<std::vector<key::Entry>> entries(sources);
  base::Random random(1);
  for (uint64_t i = 0, source = 0; i < kEntries; ++i) {
    if (i % stretch == 0) source = random.Below(sources);
    keys[i] = Key(i);
    entries[source].push_back(key::Entry(keys[i], key::Tag(key::SequenceNumber{1}, key::EntryKind::kPut), kValue));
  }
  for (auto _ : state) {
    std::vector<std::unique_ptr<key::Cursor>> cursors;
    for (const auto& source : entries) cursors.push_back(std::make_unique<ArrayCursor>(source));
    const auto merged = merge::NewMergeCursor(std::move(cursors), key::Order());
    uint64_t shown = 0;
    for (merged->SeekToFirst(); merged->Valid(); merged->Next()) ++shown;
    if (shown != kEntries) state.SkipWithError("the merge lost entries");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kEntries));
}

BENCHMARK(EnterEpoch);
BENCHMARK(HashKey);
BENCHMARK(EncodeBatch)->Arg(1)->Arg(100);
BENCHMARK(AppendToLog);
BENCHMARK(ProbeFilter)->Arg(0)->Arg(1)->ArgName("absent");
BENCHMARK(CacheHit)->Arg(0)->Arg(1)->ArgName("policy");
BENCHMARK(Merge)->ArgsProduct({{2, 8}, {1, 100}})->ArgNames({"sources", "stretch"})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace amethyst
