// Keys up to the limit, wherever they are: and what stands in an index or a manifest for them is short.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "amethyst/db.h"
#include "base/random.h"
#include "support/backwards.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::OpenOrFail;
using support::Text;
using EntryMap = std::map<std::string, std::string>;

Options LongKeyOptions() {
  Options options;
  options.memory_budget_bytes = size_t{64} << 20;
  options.write_buffer_bytes = size_t{1} << 20;
  options.compression = Compression::kNone;  // So that there are many tables.
  return options;
}

class LongKeys : public testing::Test {
 protected:
  void Reopen() {
    db_.reset();
    db_ = OpenOrFail(directory_.path(), options_);
    ASSERT_NE(db_, nullptr);
  }
  void SetUp() override { Reopen(); }

  // In memory, in tables of level 0, in those of compactions, and after a reopen.
  void Everywhere(const std::function<void()>& check) {
    check();
    ASSERT_EQ(Text(db_->Flush()), "");
    check();
    ASSERT_EQ(Text(db_->CompactRange()), "");
    check();
    Reopen();
    check();
  }
  std::string Get(std::string_view key) {
    const auto value = db_->Get(key);
    if (!value) return value.error().ToString();
    return *value ? **value : "(absent)";
  }
  void Put(const std::string& key, const std::string& value) {
    ASSERT_EQ(Text(db_->Put(key, value)), "");
    content_[key] = value;
  }
  // Lookups, walks both ways, and seeks to keys and to what lies around them.
  void ExpectContent() {
    ASSERT_TRUE(ContentOf(*db_) == content_);
    Iterator walk = db_->NewIterator();
    walk.SeekToLast();
    for (auto at = content_.rbegin(); at != content_.rend(); ++at, walk.Prev()) {
      ASSERT_TRUE(walk.Valid());
      ASSERT_TRUE(walk.key() == at->first);
    }
    ASSERT_FALSE(walk.Valid());
    for (const auto& [key, value] : content_) {
      ASSERT_EQ(Get(key), value);
      for (const std::string& target : {key, key + "a", key.substr(0, key.size() - 1), key.substr(0, 256)}) {
        walk.Seek(target);
        const auto at = content_.lower_bound(target);
        ASSERT_EQ(walk.Valid(), at != content_.end());
        if (walk.Valid()) ASSERT_TRUE(walk.key() == at->first);
      }
    }
  }
  [[nodiscard]] uint64_t ManifestBytes() const {
    uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
      if (file.path().filename().string().starts_with("MANIFEST-")) bytes += file.file_size();
    }
    return bytes;
  }

  const support::TempDirectory directory_;
  Options options_ = LongKeyOptions();
  std::unique_ptr<DB> db_;
  EntryMap content_;
};

TEST_F(LongKeys, GoToTheLimitAndNotBeyond) {
  const std::string longest(kKeyBytesMax, 'k'), too_long(kKeyBytesMax + 1, 'k');
  ASSERT_EQ(Text(db_->Put(longest, "v")), "");
  EXPECT_EQ(CodeOf(db_->Put(too_long, "v")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Delete(too_long)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->DeleteRange("a", too_long)), ErrorCode::kInvalidArgument);
  WriteBatch batch;
  batch.Put("fine", "v");
  batch.Put(too_long, "v");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  Everywhere([&] {
    EXPECT_EQ(Get(longest), "v");
    EXPECT_EQ(Get(too_long), "(absent)");
    EXPECT_EQ(Get("fine"), "(absent)");
    EXPECT_EQ(Get(longest.substr(1)), "(absent)");
  });
  ASSERT_EQ(Text(db_->Delete(longest)), "");
  Everywhere([&] { EXPECT_EQ(Get(longest), "(absent)"); });
}

TEST_F(LongKeys, AreFoundWhereverTheyAreAndTheManifestStaysSmall) {
  base::Random random(1);
  for (int i = 0; i < 300; ++i) {
    std::string key(99'900, static_cast<char>(random.Below(256)));
    key.replace(0, 8, std::to_string(10'000'000 + random.Below(80'000'000)));
    Put(key, std::to_string(i));
  }
  Everywhere([this] { ExpectContent(); });
  uint64_t tables = 0;
  for (const LevelStats& level : db_->GetStats().levels) tables += level.tables;
  EXPECT_GT(tables, 4u);
  Reopen();
  ASSERT_TRUE(db_->Put("a", "b", {.durability = Durability::kSync}));  // Whose edit begins a manifest.
  EXPECT_LT(ManifestBytes(), 64u << 10);
}

TEST_F(LongKeys, InGroupsWithALongPrefixEachLeaveTheManifestSmallThoughTheyCompressWell) {
  options_.compression = Compression::kLz4;
  Reopen();
  for (int i = 0; i < 500; ++i) {
    Put(std::string(99'900, static_cast<char>('a' + i % 20)) + std::to_string(i), std::to_string(i));
  }
  ASSERT_EQ(Text(db_->CompactRange()), "");
  Reopen();
  ExpectContent();
  ASSERT_TRUE(db_->Put("a", "b", {.durability = Durability::kSync}));  // Whose edit begins a manifest.
  EXPECT_LT(ManifestBytes(), 64u << 10);
}

TEST_F(LongKeys, MaySharePrefixesThatAreLongerThanABound) {
  base::Random random(2);
  const std::string shared(70'000, '\xff');
  for (int i = 0; i < 400; ++i) {
    std::string key = shared.substr(0, random.OneIn(2) ? 70'000 : 100 + random.Below(400));
    key += std::to_string(random.Below(1'000));
    if (random.OneIn(3)) key.append(random.Below(2'000), '\xff');
    Put(key, std::to_string(i));
    if (random.OneIn(5)) {
      const auto gone = content_.begin();
      ASSERT_EQ(Text(db_->Delete(gone->first)), "");
      content_.erase(gone);
    }
  }
  Everywhere([this] { ExpectContent(); });
}

TEST_F(LongKeys, MayBeTheBoundsOfARangeDelete) {
  for (char c = 'a'; c <= 'z'; ++c) Put(std::string(80'000, c), std::string(1, c));
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->DeleteRange(std::string(80'000, 'd'), std::string(80'000, 'p'))), "");
  content_.erase(content_.find(std::string(80'000, 'd')), content_.find(std::string(80'000, 'p')));
  Everywhere([this] { ExpectContent(); });
}

TEST_F(LongKeys, AreKeptUnderAnOrderThatCannotShortenThem) {
  db_.reset();
  const support::TempDirectory other;
  const support::Backwards backwards;
  options_.comparator = &backwards;
  EntryMap content;
  for (int round = 0; round < 3; ++round) {
    const auto db = OpenOrFail(other.path(), options_);
    ASSERT_NE(db, nullptr);
    for (int i = 0; i < 40; ++i) {
      const std::string key = std::string(99'900, 'k') + std::to_string(100 * round + i);
      ASSERT_EQ(Text(db->Put(key, "v")), "");
      content[key] = "v";
    }
    ASSERT_EQ(Text(db->CompactRange()), "");
    EXPECT_TRUE(ContentOf(*db) == content);
  }
}

TEST_F(LongKeys, HaveVersionsThatSnapshotsSee) {
  const std::string key(200'000, 'k');
  std::vector<Snapshot> snapshots;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Text(db_->Put(key, std::to_string(i))), "");
    snapshots.push_back(db_->GetSnapshot());
  }
  for (const bool in_tables : {false, true}) {
    if (in_tables) ASSERT_EQ(Text(db_->CompactRange()), "");
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(*db_->Get(key, {.snapshot = &snapshots[static_cast<size_t>(i)]}).value(), std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace amethyst
