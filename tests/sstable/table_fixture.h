// Tables for tests: entries of many kinds in the order of a table, written to a file system in memory and opened again.
// Thread safety: one thread at a time, but for what the table's own classes allow.
#pragma once

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "cache/block_cache.h"
#include "io/memory_file_system.h"
#include "key/entry.h"
#include "key/order.h"
#include "sstable/table_reader.h"
#include "sstable/table_writer.h"
#include "support/backwards.h"

namespace amethyst::sstable {

using support::Backwards;

struct OwnedEntry {
  std::string key;
  key::Tag tag;
  std::string value;

  [[nodiscard]] key::Entry View() const { return {key, tag, value}; }
  friend bool operator==(const OwnedEntry&, const OwnedEntry&) = default;
};

inline key::Tag Put(uint64_t sequence) { return {key::SequenceNumber{sequence}, key::EntryKind::kPut}; }
inline key::Tag Delete(uint64_t sequence) { return {key::SequenceNumber{sequence}, key::EntryKind::kDelete}; }

inline OwnedEntry Copy(const key::Entry& entry) {
  return {std::string(entry.key()), entry.tag, std::string(entry.value())};
}

// Sorted as a table wants it, without repeated tags of a key.
inline void SortEntries(std::vector<OwnedEntry>* entries, const key::Order& order) {
  std::sort(entries->begin(), entries->end(),
            [&](const OwnedEntry& a, const OwnedEntry& b) { return order.Compare(a.View(), b.View()) < 0; });
  entries->erase(std::unique(entries->begin(), entries->end(),
                             [](const OwnedEntry& a, const OwnedEntry& b) { return a.key == b.key && a.tag == b.tag; }),
                 entries->end());
}

// A file that counts its reads and remembers what it was asked to prefetch.
class CountedFile final : public io::RandomAccessFile {
 public:
  explicit CountedFile(std::unique_ptr<io::RandomAccessFile> file) : file_(std::move(file)) {}
  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override {
    if (failing_.load()) return std::unexpected(Error(ErrorCode::kIo, "planted failure"));
    reads_.fetch_add(1);
    reach_ = std::max(reach_.load(), offset + to.size());
    return file_->ReadAt(offset, to);
  }
  void Prefetch(uint64_t offset, uint64_t bytes) const override {
    prefetched_end_ = std::max(prefetched_end_.load(), offset + bytes);
    reach_ = std::max(reach_.load(), offset + bytes);
    file_->Prefetch(offset, bytes);
  }
  Result<uint64_t> Size() const override { return file_->Size(); }
  const std::string& path() const override { return file_->path(); }

  [[nodiscard]] uint64_t reads() const { return reads_.load(); }
  [[nodiscard]] uint64_t prefetched_end() const { return prefetched_end_.load(); }
  // The end of what was read or prefetched.
  [[nodiscard]] uint64_t reach() const { return reach_.load(); }
  void ForgetReach() { reach_.store(0); }
  void SetFailing(bool failing) { failing_.store(failing); }

 private:
  std::unique_ptr<io::RandomAccessFile> file_;
  mutable std::atomic<uint64_t> reads_{0};
  mutable std::atomic<uint64_t> prefetched_end_{0};
  mutable std::atomic<uint64_t> reach_{0};
  std::atomic<bool> failing_{false};
};

// Kinds of keys that an index of heads, prefixes and separators may find hard.
enum class KeyKind { kDecimal, kLongPrefix, kBinary, kTiny, kLong, kRandom };
inline constexpr KeyKind kKeyKinds[] = {KeyKind::kDecimal, KeyKind::kLongPrefix, KeyKind::kBinary,
                                        KeyKind::kTiny,    KeyKind::kLong,       KeyKind::kRandom};

inline std::string RandomBytes(base::Random& random, size_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

inline std::string MakeKey(KeyKind kind, base::Random& random) {
  switch (kind) {
    case KeyKind::kDecimal: return fmt::format("{:016}", random.Below(3000));
    case KeyKind::kLongPrefix: return "https://example.org/a/rather/long/path/" + std::to_string(random.Below(2000));
    case KeyKind::kBinary: {  // Zeros, so that padded heads tie; the empty key among them.
      std::string key(random.Below(14), '\0');
      for (char& c : key) c = random.OneIn(4) ? static_cast<char>(1 + random.Below(3)) : '\0';
      return key;
    }
    case KeyKind::kTiny: return std::string(1 + random.Below(2), static_cast<char>(random.Below(256)));
    case KeyKind::kLong: return std::string(random.Below(3000), 'k') + static_cast<char>('a' + random.Below(26));
    case KeyKind::kRandom: return RandomBytes(random, random.Below(24));
  }
  return {};
}

struct EntryShape {
  KeyKind kind = KeyKind::kDecimal;
  size_t count = 1000;
  size_t value_bytes_max = 100;
  uint64_t sequences = 1000;   // Drawn below it; few keys with many sequences give many versions.
  uint64_t delete_one_in = 5;  // 0: none.
};

inline std::vector<OwnedEntry> MakeEntries(const EntryShape& shape, const key::Order& order, base::Random& random) {
  std::vector<OwnedEntry> entries;
  for (size_t i = 0; i < shape.count; ++i) {
    const bool is_delete = shape.delete_one_in != 0 && random.OneIn(shape.delete_one_in);
    const uint64_t sequence = shape.sequences == 0 ? 0 : random.Below(shape.sequences);
    std::string value = is_delete ? "" : RandomBytes(random, random.Below(shape.value_bytes_max + 1));
    if (random.OneIn(2)) std::fill(value.begin(), value.end(), 'v');  // Half of them compressible.
    entries.push_back({MakeKey(shape.kind, random), is_delete ? Delete(sequence) : Put(sequence), std::move(value)});
  }
  SortEntries(&entries, order);
  // The same sequence number as a put and as a delete of one key cannot be.
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const OwnedEntry& a, const OwnedEntry& b) {
                              return a.key == b.key && a.tag.sequence() == b.tag.sequence();
                            }),
                entries.end());
  return entries;
}

// A file system, a cache, and tables in them.
class TableBed {
 public:
  explicit TableBed(size_t cache_bytes = size_t{64} << 20, CachePolicy policy = CachePolicy::kScanResistant)
      : cache_({.capacity_bytes = cache_bytes, .policy = policy, .shards = 1}) {}

  // Writes `entries` as a new file, named by path().
  TableInfo Write(const std::vector<OwnedEntry>& entries, const TableOptions& options = {},
                  uint64_t oldest_delete_time_s = 7) {
    const TableInfo info = WriteBy(options, oldest_delete_time_s, [&](TableWriter& writer) {
      for (const OwnedEntry& entry : entries) {
        const Status added = writer.Add(entry.View());
        EXPECT_TRUE(added.has_value());
      }
    });
    EXPECT_EQ(info.entries, entries.size());
    return info;
  }
  // As Write, of what `add` gives to the writer.
  template <typename AddEntries>
  TableInfo WriteBy(const TableOptions& options, uint64_t oldest_delete_time_s, AddEntries add) {
    path_ = fmt::format("/{:06}.sst", ++files_made_);
    TableWriter writer(files_.Create(path_).value(), options, oldest_delete_time_s);
    add(writer);
    const uint64_t entries = writer.entries();
    auto info = writer.Finish();
    EXPECT_TRUE(info.has_value()) << (info ? "" : info.error().ToString());
    EXPECT_EQ(info->entries, entries);
    return *info;
  }

  Result<std::unique_ptr<TableReader>> Open(const TableInfo& info, const key::Order& order = key::Order()) {
    file_ = std::make_shared<CountedFile>(files_.Open(path_).value());
    return TableReader::Open(file_, info, order, cache_);
  }

  [[nodiscard]] std::unique_ptr<io::RandomAccessFile> OpenFile() { return files_.Open(path_).value(); }
  [[nodiscard]] std::string Bytes() { return io::ReadFile(files_, path_).value(); }
  // A file of these bytes, as path().
  void WriteBytes(std::string_view bytes) {
    path_ = fmt::format("/{:06}.sst", ++files_made_);
    auto file = files_.Create(path_).value();
    ASSERT_TRUE(file->Append(bytes).has_value());
    ASSERT_TRUE(file->Close().has_value());
  }

  [[nodiscard]] cache::BlockCache& cache() { return cache_; }
  [[nodiscard]] CountedFile& file() { return *file_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  io::MemoryFileSystem files_;
  cache::BlockCache cache_;
  std::shared_ptr<CountedFile> file_;
  std::string path_;
  int files_made_ = 0;
};

}  // namespace amethyst::sstable
