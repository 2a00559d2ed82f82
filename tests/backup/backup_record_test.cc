// Covers: backup_record, backup_files
#include "backup/backup_record.h"

#include <gtest/gtest.h>

#include "backup/backup_files.h"
#include "base/coding.h"
#include "base/random.h"
#include "support/database.h"

namespace amethyst::backup {
namespace {

BackupRecord SomeRecord() {
  BackupRecord record;
  record.id = 12;
  record.created_ms = 1'700'000'000'123;
  record.new_bytes = 77;
  record.state.database_uid = base::Uid{1, 2};
  record.state.comparator_name = "amethyst.bytewise";
  record.state.ancestors = {base::Uid{3, 4}};
  for (uint64_t number = 5; number < 9; ++number) {
    tree::AddedTable& table = record.state.added.emplace_back();
    table.level = 1;
    table.number = key::FileNumber{number};
    table.info.uid = {number, 7};
    table.info.file_bytes = 1000 * number;
    record.hashes[table.number] = number * 11;
  }
  return record;
}

TEST(BackupRecord, ComesBackAsItWasWritten) {
  const BackupRecord record = SomeRecord();
  const auto read = BackupRecord::FromBytes(record.Encode());
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->id, record.id);
  EXPECT_EQ(read->created_ms, record.created_ms);
  EXPECT_EQ(read->new_bytes, record.new_bytes);
  EXPECT_EQ(read->hashes, record.hashes);
  EXPECT_EQ(read->state, record.state);
  EXPECT_EQ(read->bytes(), 26000u);
}

TEST(BackupRecord, EveryDamageIsFound) {
  const std::string whole = SomeRecord().Encode();
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    EXPECT_FALSE(BackupRecord::FromBytes(flipped)) << i;
    EXPECT_FALSE(BackupRecord::FromBytes(whole.substr(0, i))) << i;
  }
  EXPECT_FALSE(BackupRecord::FromBytes(whole + "?"));
}

TEST(BackupRecord, RefusesOneThatLacksAHashOrHasOneTooMany) {
  BackupRecord record = SomeRecord();
  record.hashes.erase(record.hashes.begin());
  EXPECT_EQ(support::CodeOf(BackupRecord::FromBytes(record.Encode())), ErrorCode::kCorruption);
  record = SomeRecord();
  record.hashes[key::FileNumber{99}] = 1;
  EXPECT_EQ(support::CodeOf(BackupRecord::FromBytes(record.Encode())), ErrorCode::kCorruption);
  record = SomeRecord();
  record.state.database_uid.reset();
  EXPECT_EQ(support::CodeOf(BackupRecord::FromBytes(record.Encode())), ErrorCode::kCorruption);
}

TEST(BackupRecord, RefusesANewerVersion) {
  std::string bytes = SomeRecord().Encode();
  bytes[8] = 2;
  EXPECT_EQ(support::CodeOf(BackupRecord::FromBytes(bytes)), ErrorCode::kNotSupported);
}

TEST(BackupFiles, NamesAreTheirsInEveryByte) {
  EXPECT_EQ(BackupFileName(12), "000012.backup");
  EXPECT_EQ(ParseBackupFileName("000012.backup"), 12u);
  EXPECT_EQ(ParseBackupFileName("12345678.backup"), 12345678u);
  for (const char* const name : {"12.backup", "000012.backup.tmp", ".backup", "00001x.backup", "-00012.backup"}) {
    EXPECT_EQ(ParseBackupFileName(name), std::nullopt) << name;
  }
  sstable::TableInfo info;
  info.uid = {.low = 0xabc, .high = 0x123};
  info.digest = 0xdef;
  const std::string name = TableFileName(info);
  EXPECT_EQ(name, "00000000000001230000000000000abc-0000000000000def.sst");
  EXPECT_TRUE(IsTableFileName(name));
  EXPECT_TRUE(IsTableFileName(name + ".tmp"));
  for (const std::string& other : {name + "x", "x" + name, name.substr(1), std::string("000012.sst"), std::string()}) {
    EXPECT_FALSE(IsTableFileName(other)) << other;
  }
}

}  // namespace
}  // namespace amethyst::backup
