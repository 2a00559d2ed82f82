#include "tree/version_edit.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/tagged_fields.h"
#include "tree/tables.h"

namespace amethyst::tree {
namespace {

VersionEdit RandomEdit(base::Random& random) {
  VersionEdit edit;
  for (uint64_t i = random.Below(5); i > 0; --i) {
    edit.added.push_back(FakeTable(static_cast<key::Level>(random.Below(key::kLevels)), 1 + random.Below(1 << 30),
                                   std::string(random.Below(300), 'a'), std::string("z\0z", 3)));
  }
  for (uint64_t i = random.Below(5); i > 0; --i) {
    edit.removed.push_back(
        {static_cast<key::Level>(random.Below(key::kLevels)), key::FileNumber{random.Below(1 << 20)}});
  }
  const key::FamilyId family{static_cast<uint32_t>(random.Below(3))};
  for (AddedTable& table : edit.added) {
    table.family = family;
    if (random.OneIn(2)) table.info.expiries = {.entries = 1 + random.Below(9), .first_ms = 100, .last_ms = random()};
    if (random.OneIn(2)) table.info.written_s = 1 + random.Below(1 << 30);
    table.info.expiries.last_ms = std::max(table.info.expiries.last_ms, table.info.expiries.first_ms);
  }
  for (RemovedTable& table : edit.removed) table.family = family;
  for (uint32_t i = 0; i < random.Below(3); ++i) {
    FamilyDescription& made = edit.families.emplace_back();
    made.id = key::FamilyId{1 + i};
    made.name = std::string(1 + random.Below(kFamilyNameBytesMax), 'n');
    made.comparator_name = "amethyst.bytewise";
    if (random.OneIn(2)) made.block_bytes = 512;
    if (random.OneIn(2)) made.compression = Compression::kZstd;
    if (random.OneIn(2)) made.filter_false_positive_rate = 0.25;
  }
  if (random.OneIn(3)) edit.dropped_families = {key::FamilyId{7}, key::FamilyId{300}};
  if (random.OneIn(3)) edit.next_family_id = key::FamilyId{301};
  if (random.OneIn(2)) edit.flushed_sequence = key::SequenceNumber{random.Below(key::Raw(key::kSequenceMax))};
  if (random.OneIn(2)) edit.first_log_segment = key::FileNumber{random.Below(1000)};
  if (random.OneIn(2)) edit.next_file_number = key::FileNumber{random.Below(1000)};
  if (random.OneIn(2)) edit.last_sequence = key::kSequenceMax;
  if (random.OneIn(2))
    edit.clean_log_end = wal::LogCut{key::FileNumber{3}, random(), key::SequenceNumber{9}, random(), random()};
  if (random.OneIn(2)) edit.delete_time = DeleteTime{random.Below(uint64_t{1} << 48), random.Below(1000)};
  if (random.OneIn(2)) edit.oldest_delete_s = random.Below(uint64_t{1} << 48);
  if (random.OneIn(2)) edit.read_time_ms = random.Below(uint64_t{1} << 50);
  if (random.OneIn(2)) edit.applied = AppliedIndex{random(), std::string(random.Below(65), 'n')};
  if (random.OneIn(2)) edit.merge_operator_name = std::string(random.Below(256), 'm');
  if (random.OneIn(2)) edit.database_uid = base::Uid{random(), random()};
  for (uint64_t i = random.Below(4); i > 0; --i) edit.ancestors.push_back({random(), random()});
  if (random.OneIn(2)) edit.comparator_name = std::string(random.Below(256), 'c');
  return edit;
}

TEST(VersionEdit, ComesBackAsItWasWritten) {
  base::Random random(1);
  for (int i = 0; i < 500; ++i) {
    const VersionEdit edit = RandomEdit(random);
    std::string bytes;
    edit.AppendTo(&bytes);
    const Result<VersionEdit> read = VersionEdit::FromBytes(bytes);
    ASSERT_TRUE(read) << read.error().ToString();
    ASSERT_EQ(*read, edit);
  }
}

TEST(VersionEdit, SkipsUnknownFieldsAndRefusesRequiredOnesByNumber) {
  VersionEdit edit;
  edit.last_sequence = key::SequenceNumber{5};
  for (const uint64_t field : {uint64_t{14}, uint64_t{23}, uint64_t{77}, uint64_t{1} << 40}) {
    for (const base::FieldNeed need : {base::FieldNeed::kIgnorable, base::FieldNeed::kRequired}) {
      std::string bytes;
      base::AppendField(&bytes, field, need, "of the future");
      edit.AppendTo(&bytes);
      const Result<VersionEdit> read = VersionEdit::FromBytes(bytes);
      if (need == base::FieldNeed::kIgnorable) {
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, edit);
      } else {
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code(), ErrorCode::kNotSupported);
        EXPECT_NE(read.error().message().find(std::to_string(field)), std::string::npos);
      }
    }
  }
}

TEST(VersionEdit, RefusesTruncationRepetitionAndNumbersOutOfBounds) {
  base::Random random(2);
  VersionEdit edit;
  edit.added.push_back(FakeTable(1, 9, "a", "b"));
  edit.flushed_sequence = key::SequenceNumber{300};
  std::string bytes;
  edit.AppendTo(&bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Result<VersionEdit> read = VersionEdit::FromBytes(std::string_view(bytes).substr(0, length));
    EXPECT_TRUE(!read || *read != edit);
  }
  VersionEdit once;
  once.flushed_sequence = key::SequenceNumber{1};
  once.AppendTo(&bytes);
  EXPECT_EQ(VersionEdit::FromBytes(bytes).error().code(), ErrorCode::kCorruption);

  const auto refused = [](const VersionEdit& bad) {
    std::string encoded;
    bad.AppendTo(&encoded);
    const Result<VersionEdit> read = VersionEdit::FromBytes(encoded);
    return !read && read.error().code() == ErrorCode::kCorruption;
  };
  VersionEdit bad = edit;
  bad.delete_time = DeleteTime{.seconds = (uint64_t{1} << 48) + 1, .ahead_of_wall = 0};
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.added[0].level = key::kLevels;
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.added[0].number = key::FileNumber{uint64_t{1} << 56};
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.added[0].info.deletes = bad.added[0].info.entries + 1;
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.added[0].info.file_bytes = ~uint64_t{0};
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.added[0].info.largest = std::string(kKeyBytesMax + 1, 'x');
  EXPECT_TRUE(refused(bad));
  bad = edit;
  bad.last_sequence = key::kSequenceMax + 1;
  EXPECT_TRUE(refused(bad));
}

TEST(VersionEdit, SurvivesRandomBytesAndReadsBackWhatItAccepts) {
  base::Random random(3);
  std::string valid;
  RandomEdit(random).AppendTo(&valid);
  for (int i = 0; i < 20000; ++i) {
    if (i % 50 == 0) {
      valid.clear();
      RandomEdit(random).AppendTo(&valid);
    }
    std::string bytes = valid;
    for (uint64_t flips = 1 + random.Below(3); flips > 0 && !bytes.empty(); --flips) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random());
    }
    const Result<VersionEdit> read = VersionEdit::FromBytes(bytes);
    if (!read) continue;
    std::string again;
    read->AppendTo(&again);
    const Result<VersionEdit> reread = VersionEdit::FromBytes(again);
    ASSERT_TRUE(reread);
    ASSERT_EQ(*reread, *read);
  }
}

TEST(VersionEdit, SaysNothingOfFamiliesWhereThereIsOnlyTheDefault) {
  VersionEdit edit;
  edit.added = {FakeTable(0, 5, "a", "b")};
  edit.removed = {{1, key::FileNumber{3}}};
  std::string bytes;
  edit.AppendTo(&bytes);
  ASSERT_TRUE(base::ReadFields(bytes, "edit", [](uint64_t field, std::string_view) {
    EXPECT_LE(field, 2u);
    return base::FieldMatch::kTaken;
  }));
}

TEST(VersionEdit, RefusesDetailsOfATableThatItDoesNotListOrTwiceTheSame) {
  VersionEdit edit;
  edit.added = {FakeTable(0, 5, "a", "b")};
  std::string details("\x06\x03\x01\x02", 4);  // Of table 6: field 1, required, family 2.
  std::string bytes;
  edit.AppendTo(&bytes);
  base::AppendField(&bytes, 13, base::FieldNeed::kRequired, details);
  EXPECT_EQ(VersionEdit::FromBytes(bytes).error().code(), ErrorCode::kCorruption);
  details[0] = 5;
  bytes.clear();
  edit.AppendTo(&bytes);
  base::AppendField(&bytes, 13, base::FieldNeed::kRequired, details);
  const Result<VersionEdit> read = VersionEdit::FromBytes(bytes);
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->added[0].family, key::FamilyId{2});
  base::AppendField(&bytes, 13, base::FieldNeed::kRequired, details);
  EXPECT_EQ(VersionEdit::FromBytes(bytes).error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::tree
