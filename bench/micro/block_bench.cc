// What a table's hot paths cost on their own: a lookup that finds, one that the filter or a block answers with no, a
// scan, writing, by codec. Build by hand, against a release build:
//
//   g++ -std=c++23 -O3 -march=x86-64-v3 -DNDEBUG -Iinclude -Isrc bench/micro/block_bench.cc
//       build/release/libamethyst_{sstable,cache,compress,filter,key,io,base}.a
//       -llz4 -lzstd -lxxhash -lfmt -lpthread -o block_bench
//   ./block_bench [entries, default 1000000]
#include <fmt/core.h>
#include <time.h>

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

namespace amethyst {
namespace {

constexpr uint64_t kLookups = 2'000'000;
constexpr size_t kValueBytes = 100;

// Of this thread's work: machines are shared.
double Now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

std::string Key(uint64_t number) { return fmt::format("{:016}", number); }

// Half of it compresses.
std::string Value(base::Random& random) {
  std::string value(kValueBytes, 'v');
  for (size_t i = 0; i < kValueBytes / 2; i += 2) value[i] = static_cast<char>(random());
  for (size_t i = 1; i < kValueBytes / 2; i += 2) value[i] = static_cast<char>(random());
  return value;
}

struct Table {
  io::MemoryFileSystem files;
  sstable::TableInfo info;
};

std::unique_ptr<Table> Write(uint64_t entries, Compression codec, bool sequences) {
  auto table = std::make_unique<Table>();
  base::Random random(1);
  std::vector<std::string> keys(entries);
  std::vector<std::string> values(std::min<uint64_t>(entries, 100'000));
  for (uint64_t i = 0; i < entries; ++i) keys[i] = Key(2 * i);
  for (std::string& value : values) value = Value(random);
  sstable::TableWriter writer(table->files.Create("/table").value(), {.compression = codec}, 0);
  const double begin = Now();
  for (uint64_t i = 0; i < entries; ++i) {
    const key::Tag tag(key::SequenceNumber{sequences ? 1 + random.Below(entries) : 0}, key::EntryKind::kPut);
    if (!writer.Add(key::Entry(keys[i], tag, values[i % values.size()]))) std::abort();
  }
  table->info = writer.Finish().value();
  fmt::print("write, codec {}{}: {:.0f} ns an entry, {:.1f} bytes stored\n", static_cast<int>(codec),
             sequences ? ", with sequence numbers" : "", (Now() - begin) / static_cast<double>(entries),
             static_cast<double>(table->info.file_bytes) / static_cast<double>(entries));
  return table;
}

void Lookups(const sstable::TableReader& reader, const char* what, const std::vector<std::string>& keys) {
  uint64_t found = 0;
  uint64_t bytes = 0;
  const double begin = Now();
  for (uint64_t i = 0; i < kLookups; ++i) {
    const key::LookupKey lookup(keys[i % keys.size()], key::kSequenceMax);
    const base::EpochGuard guard;
    const sstable::Lookup answer = reader.FindResident(lookup);
    if (answer.state == sstable::LookupState::kNotResident) std::abort();
    found += answer.state == sstable::LookupState::kPut ? 1 : 0;
    for (size_t at = 0; at + 8 <= answer.value.size(); at += 64) bytes += static_cast<uint8_t>(answer.value[at]);
  }
  fmt::print("{}: {:.1f} ns a lookup ({} found, {})\n", what, (Now() - begin) / kLookups, found, bytes % 10);
}

void Scan(const sstable::TableReader& reader, const char* what, const sstable::CursorOptions& options, bool backwards) {
  const auto cursor = reader.NewCursor(options);
  uint64_t entries = 0;
  uint64_t bytes = 0;
  const double begin = Now();
  if (backwards) {
    for (cursor->SeekToLast(); cursor->Valid(); cursor->Prev(), ++entries) bytes += cursor->entry().value_bytes;
  } else {
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next(), ++entries) bytes += cursor->entry().value_bytes;
  }
  fmt::print("{}: {:.2f} ns an entry ({} bytes)\n", what, (Now() - begin) / static_cast<double>(entries), bytes);
}

void Seeks(const sstable::TableReader& reader, const std::vector<std::string>& keys) {
  const auto cursor = reader.NewCursor({});
  uint64_t bytes = 0;
  const double begin = Now();
  for (uint64_t i = 0; i < kLookups / 2; ++i) {
    cursor->Seek(keys[i % keys.size()]);
    cursor->Next();
    if (cursor->Valid()) bytes += cursor->entry().value_bytes;
  }
  fmt::print("seek and one step: {:.1f} ns ({})\n", (Now() - begin) / (kLookups / 2), bytes % 10);
}

void Run(uint64_t entries) {
  for (const Compression codec : {Compression::kNone, Compression::kZstd}) Write(entries, codec, false);
  Write(entries, Compression::kLz4, true);
  const auto table = Write(entries, Compression::kLz4, false);
  cache::BlockCache cache({.capacity_bytes = size_t{2} << 30, .policy = CachePolicy::kScanResistant});
  const auto reader = sstable::TableReader::Open(table->files.Open("/table").value(), table->info, key::Order(), cache)
                          .value();
  if (!reader->LoadFilter()) std::abort();
  Scan(*reader, "scan, loading the cache", {}, false);
  Scan(*reader, "scan", {}, false);
  Scan(*reader, "scan backwards", {}, true);
  Scan(*reader, "scan past the cache", {.sequential = true}, false);

  base::Random random(2);
  std::vector<std::string> present(500'000), absent(500'000), recent(1'000);
  for (std::string& key : present) key = Key(2 * random.Below(entries));
  for (std::string& key : absent) key = Key(2 * random.Below(entries) + 1);
  for (std::string& key : recent) key = Key(2 * random.Below(entries));
  Lookups(*reader, "hit", present);
  Lookups(*reader, "hit among 1,000 keys", recent);
  Lookups(*reader, "filter miss", absent);
  Seeks(*reader, present);
}

}  // namespace
}  // namespace amethyst

int main(int argc, char** argv) {
  amethyst::Run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000);
  return 0;
}
