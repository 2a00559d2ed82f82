// Tables of TableBuilder, which any reader of LevelDB's format must be able to read: the same bytes from both
// libraries.
#include <gtest/gtest.h>
#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>
#include <leveldb/table_builder.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "support/temp_directory.h"

namespace {

using amethyst::support::TempDirectory;
using Content = std::map<std::string, std::string>;

leveldb::Options Uncompressed() {
  leveldb::Options options;
  options.compression = leveldb::kNoCompression;
  return options;
}

std::string Build(const std::string& path, const leveldb::Options& options, const Content& content) {
  leveldb::Env* const env = leveldb::Env::Default();
  leveldb::WritableFile* opened = nullptr;
  EXPECT_TRUE(env->NewWritableFile(path, &opened).ok());
  const std::unique_ptr<leveldb::WritableFile> file(opened);
  leveldb::TableBuilder builder(options, file.get());
  for (const auto& [key, value] : content) builder.Add(key, value);
  EXPECT_TRUE(builder.Finish().ok());
  EXPECT_TRUE(file->Close().ok());
  std::string bytes;
  EXPECT_TRUE(leveldb::ReadFileToString(env, path, &bytes).ok());
  EXPECT_EQ(bytes.size(), builder.FileSize());
  return bytes;
}

// What the table holds, after walks both ways and seeks that agree; or its error.
std::string Read(const std::string& path, const leveldb::Options& options, Content* content) {
  leveldb::Env* const env = leveldb::Env::Default();
  uint64_t bytes = 0;
  leveldb::RandomAccessFile* opened = nullptr;
  EXPECT_TRUE(env->GetFileSize(path, &bytes).ok() && env->NewRandomAccessFile(path, &opened).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> file(opened);
  leveldb::Table* read = nullptr;
  if (const leveldb::Status status = leveldb::Table::Open(options, file.get(), bytes, &read); !status.ok()) {
    return status.ToString();
  }
  const std::unique_ptr<leveldb::Table> table(read);
  leveldb::ReadOptions checked;
  checked.verify_checksums = true;
  const std::unique_ptr<leveldb::Iterator> it(table->NewIterator(checked));
  for (it->SeekToFirst(); it->Valid(); it->Next()) content->emplace(it->key().ToString(), it->value().ToString());
  if (!it->status().ok()) return it->status().ToString();
  it->SeekToLast();
  for (auto at = content->rbegin(); at != content->rend(); ++at, it->Prev()) {
    if (!it->Valid() || it->key() != leveldb::Slice(at->first)) return "another walk back";
  }
  if (it->Valid()) return "a walk back that is longer";
  size_t number = 0;
  for (const auto& [key, value] : *content) {
    if (number++ % (1 + content->size() / 200) != 0) continue;
    for (const std::string& target : {key, key + "!", key.substr(0, key.size() / 2)}) {
      it->Seek(target);
      auto at = content->lower_bound(target);
      if (it->Valid() != (at != content->end())) return "another seek";
      if (it->Valid() && it->key() != leveldb::Slice(at->first)) return "another seek";
      if (!it->Valid() || at == content->begin()) continue;
      it->Prev();
      if (!it->Valid() || it->key() != leveldb::Slice((--at)->first)) return "another step back";
    }
  }
  return "OK";
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    for (const int half : {byte >> 4 & 15, byte & 15}) text += "0123456789abcdef"[half];
  }
  return text;
}
std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

uint64_t HashOf(const std::string& bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

Content Many() {
  Content content;
  for (uint32_t i = 0; i < 5'000; ++i) {
    const uint32_t mixed = i * 2654435761u;
    content["k" + std::string(mixed % 29, 'x') + std::to_string(mixed)] =
        std::string(mixed % (i % 99 == 0 ? 9'000 : 50), 'v');
  }
  return content;
}

const Content kFew = {{"apple", "red"}, {"apricot", "orange"}, {"banana", "yellow"}};

TEST(LevelDbTableFormat, IsThatOfLevelDbByteForByte) {
  const TempDirectory directory;
  const std::string bytes = Build(directory.File("few"), Uncompressed(), kFew);
  EXPECT_EQ(Hex(bytes),
            "0005036170706c657265640205067269636f746f72616e676500060662616e616e6179656c6c6f77000000000100000000aa"
            "c25a49000000000100000000c0f2a1b0000102630030000000000100000000a87c42203508420e0000000000000000000000"
            "0000000000000000000000000000000000000000000000000057fb808b247547db");
}

TEST(LevelDbTableFormat, IsThatOfLevelDbInLargeTablesWithAndWithoutFilters) {
  const TempDirectory directory;
  const std::unique_ptr<const leveldb::FilterPolicy> bloom(leveldb::NewBloomFilterPolicy(10));
  leveldb::Options options = Uncompressed();
  EXPECT_EQ(HashOf(Build(directory.File("plain"), options, Many())), 1095095277759100134u);
  options.filter_policy = bloom.get();
  EXPECT_EQ(HashOf(Build(directory.File("filtered"), options, Many())), 14205397987607497013u);
  options.block_size = 100;
  options.block_restart_interval = 3;
  EXPECT_EQ(HashOf(Build(directory.File("small"), options, Many())), 10326036266400011778u);
  EXPECT_EQ(HashOf(Build(directory.File("empty"), options, {})), 14166237840191291474u);
}

TEST(LevelDbTableFormat, IsReadBackInEveryShape) {
  const TempDirectory directory;
  const std::unique_ptr<const leveldb::FilterPolicy> bloom(leveldb::NewBloomFilterPolicy(10));
  for (const size_t block_bytes : {size_t{30}, size_t{4'096}, size_t{1} << 20}) {
    for (const int interval : {1, 3, 16, 100}) {
      for (const Content& content : {Content(), kFew, Many()}) {
        leveldb::Options options;  // Compressed, where that is done.
        options.block_size = block_bytes;
        options.block_restart_interval = interval;
        options.filter_policy = interval == 3 ? bloom.get() : nullptr;
        Build(directory.File("table"), options, content);
        Content found;
        ASSERT_EQ(Read(directory.File("table"), options, &found), "OK");
        ASSERT_TRUE(found == content);
      }
    }
  }
}

// Three short values of "v" and one of 2,000, as LevelDB compresses them.
constexpr std::string_view kCompressed =
    "ec0f3c000101617601010162760201d00f6376fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100"
    "fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe"
    "01003a01003000010162760000000001000000014c7c6922000000000100000000c0f2a1b00001036300810100000000010000000008ee"
    "4e9786010893010f0000000000000000000000000000000000000000000000000000000000000000000057fb808b247547db";

TEST(LevelDbTableFormat, MayBeCompressedWithSnappy) {
  const TempDirectory directory;
  ASSERT_TRUE(leveldb::WriteStringToFile(leveldb::Env::Default(), Bytes(kCompressed), directory.File("table")).ok());
  Content found;
  ASSERT_EQ(Read(directory.File("table"), {}, &found), "OK");
  EXPECT_EQ(found, (Content{{"a", "v"}, {"ab", "v"}, {"abc", std::string(2'000, 'v')}, {"b", "v"}}));
}

TEST(LevelDbTableFormat, AByteThatHasChangedIsFoundOrDoesNoHarm) {
  const TempDirectory directory;
  const std::string good = Bytes(kCompressed);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    ASSERT_TRUE(leveldb::WriteStringToFile(leveldb::Env::Default(), bad, directory.File("table")).ok());
    leveldb::Options options;
    options.paranoid_checks = true;
    Content found;
    const std::string answer = Read(directory.File("table"), options, &found);
    if (answer == "OK") EXPECT_EQ(found.size(), 4u) << "byte " << i;
  }
}

TEST(AmethystAlone, TablesOfEarlierBuildsAreRead) {
  constexpr std::string_view kEarlier =
      "05000000030000006170706c65726564000000000100000086a7e508eaea539c060000000600000062616e616e6179656c6c"
      "6f770000000001000000c4d557bdb15957ba06000000040000006368657272796461726b000000000100000028a89821670e"
      "f3e605000000100000006170706c6500000000000000002000000000000000060000001000000062616e616e612000000000"
      "0000002400000000000000060000001000000063686572727944000000000000002200000000000000000000001d0000003b"
      "00000003000000d56fabc89b10602c66000000000000007100000000000000b68d09bb52980c0c414d5441424c4531";
  const TempDirectory directory;
  ASSERT_TRUE(leveldb::WriteStringToFile(leveldb::Env::Default(), Bytes(kEarlier), directory.File("table")).ok());
  Content found;
  ASSERT_EQ(Read(directory.File("table"), {}, &found), "OK");
  EXPECT_EQ(found, (Content{{"apple", "red"}, {"banana", "yellow"}, {"cherry", "dark"}}));
}

}  // namespace
