// A table with a few bytes changed, as a list of (place, change) says, and then its checksums made right again, so that
// what lies behind them is reached: opened, searched, walked and verified, it gives entries or errors, and never harm.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/coding.h"
#include "base/hash.h"
#include "cache/block_cache.h"
#include "io/memory_file_system.h"
#include "sstable/table_inspect.h"
#include "sstable/table_reader.h"
#include "sstable/table_writer.h"

namespace {

using namespace amethyst;           // NOLINT: a program of one file.
using namespace amethyst::sstable;  // NOLINT

// A table of several pages, and where its parts lie.
struct Seed {
  std::string bytes;
  base::Uid uid;
  std::vector<BlockHandle> parts;
};

Seed MakeSeed(Compression codec) {
  io::MemoryFileSystem files;
  auto created = files.Create("/seed");
  TableWriter writer(std::move(*created), {.block_bytes = 128, .compression = codec}, 5);
  for (uint64_t i = 0; i < 300; ++i) {
    const std::string key = "prefix/" + std::to_string(1000 + i / 3);  // Three versions of each.
    const key::EntryKind kind = i % 5 == 0 ? key::EntryKind::kDelete : key::EntryKind::kPut;
    const std::string value(kind == key::EntryKind::kPut ? i % 9 : 0, 'v');
    AMETHYST_ASSERT(writer.Add(key::Entry(key, key::Tag(key::SequenceNumber{1000 - i}, kind), value)).has_value());
  }
  const TableInfo info = *writer.Finish();
  cache::BlockCache cache({.capacity_bytes = 1 << 20, .policy = CachePolicy::kScanResistant, .shards = 1});
  const auto reader = TableReader::Open(*files.Open("/seed"), info, key::Order(), cache);
  const TableDescription table = *Describe(**reader);
  Seed seed{.bytes = *io::ReadFile(files, "/seed"), .uid = info.uid, .parts = {}};
  for (const PageDescription& page : table.pages) {
    seed.parts.push_back(page.page.handle);
    for (const BlockDescription& block : page.blocks) seed.parts.push_back(block.handle);
  }
  const Footer& footer = table.footer;
  for (const BlockHandle& part : {footer.filter, footer.sketch, footer.properties, footer.top_index}) {
    seed.parts.push_back(part);
  }
  return seed;
}

void Repair(const Seed& seed, std::string* bytes) {
  for (const BlockHandle& part : seed.parts) {
    const uint64_t checksum = base::Checksum(
        std::string_view(*bytes).substr(part.offset, part.stored_bytes + kTrailerHeadBytes), {seed.uid, part.offset});
    base::StoreFixed(bytes->data() + part.offset + part.stored_bytes + kTrailerHeadBytes, checksum);
  }
  const uint64_t footer = bytes->size() - kFooterBytes;
  base::StoreFixed(bytes->data() + footer, seed.uid);
  const uint64_t checksum =
      base::Checksum(std::string_view(*bytes).substr(footer, kFooterBytes - 16), {seed.uid, footer});
  base::StoreFixed(bytes->data() + bytes->size() - 16, checksum);
}

uint64_t Use(const TableReader& reader) {
  uint64_t sum = 0;
  std::string last;
  for (const bool sequential : {false, true}) {
    const auto cursor = reader.NewCursor({.sequential = sequential, .upper_bound = "prefix/12"});
    int budget = 5000;
    for (cursor->SeekToFirst(); cursor->Valid() && budget > 0; cursor->Next(), --budget) {
      sum += base::Hash64(cursor->entry().key()) + base::Hash64(cursor->entry().value());
      last = cursor->entry().key();
      if (budget % 16 == 0) sum += cursor->SkipDead(key::kSequenceMax, {});
      if (!cursor->Valid()) break;
    }
    for (cursor->SeekForPrev(last); cursor->Valid() && budget > 0; cursor->Prev(), --budget) {
      sum += cursor->entry().tag.bits();
    }
  }
  for (const std::string_view key : {std::string_view("prefix/1100"), std::string_view(last), std::string_view()}) {
    const auto found = reader.Find(key::LookupKey(key, key::SequenceNumber{900}), true);
    if (found) sum += base::Hash64(found->lookup.value);
    if (const auto offset = reader.ApproximateOffset(key)) sum += *offset;
  }
  sum += reader.Verify().has_value() ? 1 : 0;
  sum += Describe(reader).has_value() ? 1 : 0;
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Seed seeds[] = {MakeSeed(Compression::kNone), MakeSeed(Compression::kLz4), MakeSeed(Compression::kZstd)};
  if (size == 0) return 0;
  const Seed& seed = seeds[data[0] % 3];
  std::string bytes = seed.bytes;
  for (size_t i = 1; i + 3 <= size; i += 3) {
    const size_t place = (size_t{data[i]} << 8 | data[i + 1]) % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ data[i + 2]);
  }
  Repair(seed, &bytes);
  io::MemoryFileSystem files;
  auto file = files.Create("/table");
  AMETHYST_ASSERT((*file)->Append(bytes).has_value() && (*file)->Close().has_value());
  cache::BlockCache cache({.capacity_bytes = 1 << 20, .policy = CachePolicy::kScanResistant, .shards = 1});
  const auto reader = TableReader::OpenUnknown(*files.Open("/table"), key::Order(), cache);
  if (reader) static_cast<void>(Use(**reader));
  return 0;
}
