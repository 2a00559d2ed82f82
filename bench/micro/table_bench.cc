// A table's hot paths with everything in the cache: 1,000,000 entries of 16-byte decimal keys and 100-byte values, half
// compressible; a lookup that finds, one that the filter answers with no, seeks, scans, and writing by codec.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/epoch.h"
#include "base/random.h"
#include "cache/block_cache.h"
#include "io/memory_file_system.h"
#include "sstable/table_reader.h"
#include "sstable/table_writer.h"

namespace amethyst::sstable {
namespace {

constexpr uint64_t kEntries = 1'000'000;
constexpr size_t kValueBytes = 100;
constexpr size_t kCacheBytes = size_t{2} << 30;

std::string Key(uint64_t number) { return fmt::format("{:016}", number); }

std::vector<std::string> Values() {
  base::Random random(1);
  std::vector<std::string> values(100'000, std::string(kValueBytes, 'v'));
  for (std::string& value : values) {
    std::generate_n(value.begin(), kValueBytes / 2, [&] { return static_cast<char>(random()); });
  }
  return values;
}

// Even numbers are in the table, odd ones are between them. `with_sequences`: no two entries have the same one.
TableInfo Write(io::MemoryFileSystem& files, const std::vector<std::string>& keys,
                const std::vector<std::string>& values, Compression codec, bool with_sequences) {
  TableWriter writer(files.Create("/table").value(), {.compression = codec}, 0);
  for (uint64_t i = 0; i < keys.size(); ++i) {
    const key::Tag tag(key::SequenceNumber{with_sequences ? i + 1 : 0}, key::EntryKind::kPut);
    if (!writer.Add(key::Entry(keys[i], tag, values[i % values.size()]))) std::abort();
  }
  return writer.Finish().value();
}

std::vector<std::string> AllKeys() {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kEntries; ++i) keys.push_back(Key(2 * i));
  return keys;
}

void WriteTable(benchmark::State& state) {
  const std::vector<std::string> keys = AllKeys();
  const std::vector<std::string> values = Values();
  TableInfo info;
  for (auto _ : state) {
    io::MemoryFileSystem files;
    info = Write(files, keys, values, static_cast<Compression>(state.range(0)), state.range(1) != 0);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kEntries));
  state.counters["bytes/entry"] = static_cast<double>(info.file_bytes) / kEntries;
}

// An open table, all of it in the cache.
struct Resident {
  Resident() : cache({.capacity_bytes = kCacheBytes, .policy = CachePolicy::kScanResistant}) {
    const TableInfo info = Write(files, AllKeys(), Values(), Compression::kLz4, false);
    reader = TableReader::Open(files.Open("/table").value(), info, key::Order(), cache).value();
    if (!reader->LoadFilter()) std::abort();
    const auto cursor = reader->NewCursor({});
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) continue;
  }
  io::MemoryFileSystem files;
  cache::BlockCache cache;
  std::unique_ptr<TableReader> reader;
};

const TableReader& Reader() {
  static const Resident resident;
  return *resident.reader;
}

// `odd`: of keys that are not there.
std::vector<std::string> RandomKeys(size_t count, uint64_t odd) {
  base::Random random(2);
  std::vector<std::string> keys(count);
  for (std::string& key : keys) key = Key(2 * random.Below(kEntries) + odd);
  return keys;
}

void Find(benchmark::State& state, size_t distinct_keys, bool present) {
  const TableReader& reader = Reader();
  const std::vector<std::string> keys = RandomKeys(distinct_keys, present ? 0 : 1);
  uint64_t bytes = 0;
  size_t i = 0;
  for (auto _ : state) {
    const key::LookupKey lookup(keys[i], key::kSequenceMax);
    const base::EpochGuard guard;
    const Lookup answer = reader.FindResident(lookup);
    if ((answer.state == LookupState::kFound) != present) state.SkipWithError("wrong answer");
    for (size_t at = 0; at < answer.value.size(); at += 64) bytes += static_cast<uint8_t>(answer.value[at]);
    if (++i == keys.size()) i = 0;
  }
  benchmark::DoNotOptimize(bytes);
}
void FindPresent(benchmark::State& state) { Find(state, 500'000, true); }
void FindAmongThousand(benchmark::State& state) { Find(state, 1'000, true); }
void FindAbsent(benchmark::State& state) { Find(state, 500'000, false); }

void ScanTable(benchmark::State& state, const CursorOptions& options, bool backwards) {
  const auto cursor = Reader().NewCursor(options);
  uint64_t bytes = 0;
  for (auto _ : state) {
    if (!cursor->Valid()) backwards ? cursor->SeekToLast() : cursor->SeekToFirst();
    bytes += cursor->entry().value_bytes;
    backwards ? cursor->Prev() : cursor->Next();
  }
  benchmark::DoNotOptimize(bytes);
}
void TableForward(benchmark::State& state) { ScanTable(state, {}, false); }
void TableBackward(benchmark::State& state) { ScanTable(state, {}, true); }
void TablePastTheCache(benchmark::State& state) { ScanTable(state, {.sequential = true}, false); }

void TableSeekAndNext(benchmark::State& state) {
  const std::vector<std::string> keys = RandomKeys(500'000, 0);
  const auto cursor = Reader().NewCursor({});
  uint64_t bytes = 0;
  size_t i = 0;
  for (auto _ : state) {
    cursor->Seek(keys[i]);
    for (int64_t step = 0; step < state.range(0) && cursor->Valid(); ++step, cursor->Next()) {
      bytes += cursor->entry().value_bytes;
    }
    if (++i == keys.size()) i = 0;
  }
  benchmark::DoNotOptimize(bytes);
}

BENCHMARK(WriteTable)
    ->Args({0, 0})
    ->Args({1, 0})
    ->Args({2, 0})
    ->Args({1, 1})
    ->ArgNames({"codec", "sequences"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(FindPresent);
BENCHMARK(FindAmongThousand);
BENCHMARK(FindAbsent);
BENCHMARK(TableForward);
BENCHMARK(TableBackward);
BENCHMARK(TablePastTheCache);
BENCHMARK(TableSeekAndNext)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace amethyst::sstable
