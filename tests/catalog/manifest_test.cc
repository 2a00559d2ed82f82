#include "catalog/manifest.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "support/format_document.h"
#include "tree/file_names.h"
#include "tree/tables.h"

namespace amethyst::catalog {
namespace {

constexpr ManifestIdentity kIdentity{.database_uid = {.low = 0x1122334455667788, .high = 0x99aabbccddeeff00},
                                     .number = key::FileNumber{7}};

std::string HeadOf(const ManifestIdentity& identity, uint64_t records_marked) {
  return EncodeManifestHeader(identity) + EncodeManifestMark(identity, records_marked);
}

struct Manifest {
  std::string bytes;
  std::vector<tree::VersionEdit> edits;
  std::vector<size_t> ends;  // Of the records, both copies.

  // As it is while the mark counts so many.
  [[nodiscard]] std::string Marked(uint64_t records) const {
    return HeadOf(kIdentity, records) + bytes.substr(kManifestRecordsBegin);
  }
};

Manifest RandomManifest(uint64_t seed, size_t records) {
  base::Random random(seed);
  Manifest manifest{.bytes = HeadOf(kIdentity, 0), .edits = {}, .ends = {}};
  for (size_t i = 0; i < records; ++i) {
    tree::VersionEdit edit;
    edit.last_sequence = key::SequenceNumber{i * 1000};
    if (random.OneIn(2)) edit.added.push_back(tree::FakeTable(1, i + 1, "key", std::string(random.Below(50), 'z')));
    std::string payload;
    edit.AppendTo(&payload);
    manifest.bytes += EncodeManifestRecord(kIdentity, manifest.bytes.size(), static_cast<uint32_t>(i), payload);
    manifest.edits.push_back(edit);
    manifest.ends.push_back(manifest.bytes.size());
  }
  return manifest;
}

struct Parsed {
  Result<ManifestReport> report;
  std::vector<tree::VersionEdit> edits;
};

Parsed Parse(std::string_view bytes, key::FileNumber number = kIdentity.number) {
  std::vector<tree::VersionEdit> edits;
  auto report = ParseManifest(bytes, "MANIFEST", number, [&](const tree::VersionEdit& edit) -> Status {
    edits.push_back(edit);
    return {};
  });
  return {std::move(report), std::move(edits)};
}

TEST(Manifest, GivesBackEveryRecordInOrder) {
  const Manifest manifest = RandomManifest(1, 50);
  const Parsed parsed = Parse(manifest.bytes);
  ASSERT_TRUE(parsed.report);
  EXPECT_EQ(parsed.edits, manifest.edits);
  EXPECT_EQ(parsed.report->database_uid, kIdentity.database_uid);
  EXPECT_EQ(parsed.report->records, 50u);
  EXPECT_EQ(parsed.report->torn_bytes, 0u);
  EXPECT_EQ(parsed.report->damaged_copies, 0u);
}

TEST(Manifest, CutAtAnyLengthHoldsEveryRecordThatLiesBeforeTheCut) {
  const Manifest manifest = RandomManifest(2, 6);
  for (size_t length = 0; length < manifest.bytes.size(); ++length) {
    const Parsed parsed = Parse(std::string_view(manifest.bytes).substr(0, length));
    size_t whole = 0;
    while (manifest.ends[whole] <= length) ++whole;
    if (!parsed.report) {
      EXPECT_EQ(parsed.report.error().code(), ErrorCode::kCorruption);
      EXPECT_EQ(whole, 0u) << "refused at " << length;
      continue;
    }
    ASSERT_GE(parsed.edits.size(), whole) << length;
    ASSERT_LE(parsed.edits.size(), whole + 1) << length;
    for (size_t i = 0; i < parsed.edits.size(); ++i) ASSERT_EQ(parsed.edits[i], manifest.edits[i]);
  }
}

TEST(Manifest, CutBeforeARecordThatIsMarkedIsRefused) {
  const Manifest manifest = RandomManifest(8, 6);
  for (uint64_t marked = 1; marked <= 6; ++marked) {
    const std::string bytes = manifest.Marked(marked);
    const size_t begin = marked == 1 ? kManifestRecordsBegin : manifest.ends[marked - 2];
    const size_t first_copy_end = begin + (manifest.ends[marked - 1] - begin) / 2;
    for (size_t length = 0; length < bytes.size(); ++length) {
      const Parsed parsed = Parse(std::string_view(bytes).substr(0, length));
      const bool whole = length >= first_copy_end;  // A copy may be whole without its padding.
      if (whole || length + kManifestAlignment <= first_copy_end) {
        ASSERT_EQ(parsed.report.has_value(), whole) << marked << " marked, " << length;
      }
      if (!parsed.report) {
        ASSERT_EQ(parsed.report.error().code(), ErrorCode::kCorruption);
      }
    }
  }
}

TEST(Manifest, WithAMarkThatDoesNotHoldIsReadWithoutIt) {
  const Manifest manifest = RandomManifest(9, 3);
  std::string bytes = manifest.Marked(3);
  bytes[kManifestHeaderBytes] ^= 8;
  bytes.resize(manifest.ends[1]);
  const Parsed parsed = Parse(bytes);
  ASSERT_TRUE(parsed.report);
  EXPECT_EQ(parsed.edits.size(), 2u);
  // Nor is another manifest's mark one.
  ManifestIdentity other = kIdentity;
  other.number = key::FileNumber{8};
  bytes.replace(kManifestHeaderBytes, kManifestMarkBytes, EncodeManifestMark(other, 3));
  EXPECT_TRUE(Parse(bytes).report);
}

TEST(Manifest, IsMarkedAsFarAsItIsSynced) {
  io::MemoryFileSystem files;
  auto writer = ManifestWriter::Create(files, "/", kIdentity).value();
  for (uint64_t records = 1; records <= 3; ++records) {
    tree::VersionEdit edit;
    edit.last_sequence = key::SequenceNumber{records};
    std::string payload;
    edit.AppendTo(&payload);
    ASSERT_TRUE(writer->Append(payload));
    const std::string bytes = io::ReadFile(files, "/" + tree::ManifestFileName(kIdentity.number)).value();
    EXPECT_TRUE(bytes.starts_with(HeadOf(kIdentity, records)));
    EXPECT_EQ(Parse(bytes).edits.size(), records);
  }
}

TEST(Manifest, LosesNothingToAnyFlippedByteOrRefusesIt) {
  const Manifest manifest = RandomManifest(3, 5);
  const std::string marked = manifest.Marked(5);
  uint64_t healed = 0;
  for (size_t at = 0; at < manifest.bytes.size(); ++at) {
    for (const char flip : {char(1), char(0x80), char(0xff)}) {
      std::string bytes = marked;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const Parsed parsed = Parse(bytes);
      if (at < kManifestHeaderBytes) {
        ASSERT_FALSE(parsed.report) << at;
        continue;
      }
      ASSERT_TRUE(parsed.report) << at << parsed.report.error().ToString();
      ASSERT_EQ(parsed.edits, manifest.edits) << at;
      healed += parsed.report->damaged_copies;
    }
  }
  EXPECT_GT(healed, 0u);
}

TEST(Manifest, CutsALastRecordWhoseCopiesAreBothTornAndRefusesAnEarlierOne) {
  const Manifest manifest = RandomManifest(4, 5);
  for (size_t record = 0; record < manifest.edits.size(); ++record) {
    const size_t begin = record == 0 ? kManifestRecordsBegin : manifest.ends[record - 1];
    std::string bytes = manifest.bytes;
    const size_t half = (manifest.ends[record] - begin) / 2;
    bytes[begin + 20] ^= 4;
    bytes[begin + half + 9] ^= 1;  // In the second one's length.
    const Parsed parsed = Parse(bytes);
    if (record + 1 == manifest.edits.size()) {
      ASSERT_TRUE(parsed.report);
      EXPECT_EQ(parsed.edits.size(), record);
      EXPECT_EQ(parsed.report->torn_bytes, 2 * half);
    } else {
      ASSERT_FALSE(parsed.report);
      EXPECT_EQ(parsed.report.error().code(), ErrorCode::kCorruption);
      EXPECT_NE(parsed.report.error().message().find("offset " + std::to_string(begin)), std::string::npos)
          << parsed.report.error().message();
    }
  }
}

TEST(Manifest, TakesAnyGarbageBehindItsEndForATornTail) {
  const Manifest manifest = RandomManifest(5, 3);
  base::Random random(5);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = manifest.bytes;
    for (uint64_t n = random.Below(300); n > 0; --n) bytes.push_back(random.OneIn(3) ? 0 : static_cast<char>(random()));
    const Parsed parsed = Parse(bytes);
    ASSERT_TRUE(parsed.report);
    EXPECT_EQ(parsed.edits, manifest.edits);
    EXPECT_EQ(parsed.report->torn_bytes, bytes.size() - manifest.bytes.size());
  }
}

TEST(Manifest, RefusesRecordsOfAnotherPlaceFileOrDatabase) {
  const Manifest manifest = RandomManifest(6, 3);
  const auto refused = [&](const ManifestIdentity& identity) {
    const std::string bytes = HeadOf(identity, 0) + manifest.bytes.substr(kManifestRecordsBegin);
    const Parsed parsed = Parse(bytes, identity.number);
    return !parsed.report && parsed.report.error().code() == ErrorCode::kCorruption;
  };
  ManifestIdentity other = kIdentity;
  other.number = key::FileNumber{8};
  EXPECT_TRUE(refused(other));
  other = kIdentity;
  other.database_uid.high ^= 1;
  EXPECT_TRUE(refused(other));
  EXPECT_FALSE(refused(kIdentity));
  EXPECT_EQ(Parse(manifest.bytes, key::FileNumber{8}).report.error().code(), ErrorCode::kCorruption);
  // A record repeated at the end, as a misplaced write would.
  const Parsed repeated = Parse(manifest.bytes + manifest.bytes.substr(manifest.ends[1]));
  ASSERT_TRUE(repeated.report);
  EXPECT_EQ(repeated.edits, manifest.edits);
}

TEST(Manifest, BoundsTheWorkOnBytesThatLookLikeRecords) {
  // Every 8 bytes a header that claims most of the rest of the file.
  std::string bytes = RandomManifest(7, 1).bytes;
  const size_t size = size_t{1} << 22;
  while (bytes.size() < size) {
    bytes += std::string(8, 'x');
    const auto length = static_cast<uint32_t>(size - bytes.size()) / 2;
    bytes.append(reinterpret_cast<const char*>(&length), 4);
    bytes.append(4, '\1');
  }
  const Parsed parsed = Parse(bytes);
  ASSERT_FALSE(parsed.report);
  EXPECT_EQ(parsed.report.error().code(), ErrorCode::kCorruption);
}

TEST(Manifest, RefusesANewerVersionByNumber) {
  // The header as a later version would write it: the checksum covers it in the same way.
  const std::map<std::string, std::string> dumps = test::DumpsOf("manifest.md");
  const Parsed parsed = Parse(dumps.at("newer"));
  ASSERT_FALSE(parsed.report);
  EXPECT_EQ(parsed.report.error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(parsed.report.error().message().find("version 2"), std::string::npos);
}

TEST(Manifest, IsWrittenAsTheDocumentShows) {
  const std::map<std::string, std::string> dumps = test::DumpsOf("manifest.md");
  tree::VersionEdit first;
  first.database_uid = kIdentity.database_uid;
  first.comparator_name = "amethyst.bytewise";
  first.next_file_number = key::FileNumber{8};
  tree::VersionEdit second;
  second.added.push_back(tree::FakeTable(1, 9, "apple", "pear"));
  second.removed.push_back({0, key::FileNumber{5}});
  second.flushed_sequence = key::SequenceNumber{300};
  second.first_log_segment = key::FileNumber{6};
  second.last_sequence = key::SequenceNumber{310};
  second.clean_log_end = wal::LogCut{key::FileNumber{6}, 4096, key::SequenceNumber{310}, 17, 0x0123456789abcdef};
  std::string bytes = HeadOf(kIdentity, 2);
  uint32_t ordinal = 0;
  for (const tree::VersionEdit& edit : {first, second}) {
    std::string payload;
    edit.AppendTo(&payload);
    bytes += EncodeManifestRecord(kIdentity, bytes.size(), ordinal++, payload);
  }
  EXPECT_EQ(dumps.at("manifest"), bytes);
  EXPECT_EQ(dumps.at("current"), EncodeCurrent(key::FileNumber{7}));
  EXPECT_EQ(Parse(dumps.at("manifest")).edits, (std::vector<tree::VersionEdit>{first, second}));
}

TEST(Current, NamesAManifestOrIsRefused) {
  const std::string bytes = EncodeCurrent(key::FileNumber{123});
  EXPECT_EQ(ParseCurrent(bytes, "CURRENT").value(), key::FileNumber{123});
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(ParseCurrent(std::string_view(bytes).substr(0, length), "CURRENT"));
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] ^= 1;
    EXPECT_EQ(ParseCurrent(flipped, "CURRENT").error().code(), ErrorCode::kCorruption) << at;
  }
  EXPECT_FALSE(ParseCurrent(bytes + "\n", "CURRENT"));
}

}  // namespace
}  // namespace amethyst::catalog
