#include "catalog/foreign.h"

#include <gmock/gmock.h>

#include "catalog/manifest.h"
#include "io/memory_file_system.h"

namespace amethyst::catalog {
namespace {

using testing::HasSubstr;

const std::string kDirectory = "/db";

// The beginning of a manifest of LevelDB's or RocksDB's.
std::string LevelDbManifest(std::string_view comparator = "leveldb.BytewiseComparator") {
  std::string bytes("\x12\x34\x56\x78\x40\0\x01\x01", 8);
  bytes += static_cast<char>(comparator.size());
  bytes += comparator;
  return bytes + std::string("\x02\x00\x03\x02\x04\x00", 6);
}

class ForeignTest : public testing::Test {
 protected:
  ForeignTest() { EXPECT_TRUE(files_.CreateDirectories(kDirectory)); }
  void Write(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(io::ReplaceFile(files_, kDirectory + "/" + name, bytes));
  }
  std::string Name(const std::string& path = kDirectory) {
    const auto foreign = RecognizeForeign(files_, path);
    return foreign ? foreign->Name() : "nothing";
  }

  io::MemoryFileSystem files_;
};

TEST_F(ForeignTest, NamesLevelDbWhateverItsComparatorIs) {
  Write("CURRENT", "MANIFEST-000004\n");
  Write("LOCK", "");
  EXPECT_EQ(Name(), "nothing") << "the manifest is lost";
  Write("MANIFEST-000004", LevelDbManifest());
  EXPECT_EQ(Name(), "a LevelDB database");
  Write("MANIFEST-000004", LevelDbManifest("idb_cmp1"));
  EXPECT_EQ(Name(), "a LevelDB database");
  const Status refused = CheckNotForeign(files_, kDirectory);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("`amethyst --db NEW_DIRECTORY import --from-leveldb /db`"));
}

TEST_F(ForeignTest, NamesRocksDbAndItsVersion) {
  Write("CURRENT", "MANIFEST-000005\n");
  Write("MANIFEST-000005", LevelDbManifest());
  Write("IDENTITY", "8f3c");
  EXPECT_EQ(Name(), "a RocksDB database");
  Write("LOG", "2026/01/02-03:04:05 7f RocksDB version: 8.9.1\nmore\n");
  EXPECT_EQ(Name(), "a RocksDB database, 8.9.1");
  Write("OPTIONS-000007", "# An option file\n[tree::Version]\n  rocksdb_version=9.7.4\n  options_file_version=1.1\n");
  EXPECT_EQ(Name(), "a RocksDB database, 9.7.4");
  EXPECT_THAT(CheckNotForeign(files_, kDirectory).error().message(), HasSubstr("import --from-rocksdb /db"));
}

TEST_F(ForeignTest, NamesALibraryByItsTablesWhereCurrentIsLost) {
  Write("000012.sst", std::string(100, 'x') + std::string("\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 8));
  EXPECT_EQ(Name(), "a RocksDB database");
  Write("000012.sst", std::string(100, 'x') + std::string("\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8));
  EXPECT_EQ(Name(), "a LevelDB database");
  Write("MANIFEST-000001", EncodeManifestHeader({.database_uid = {.low = 1, .high = 2}, .number = key::FileNumber{1}}));
  EXPECT_EQ(Name(), "nothing") << "a foreign table in a database of ours";
}

TEST_F(ForeignTest, NamesDatabasesThatAreOneFile) {
  Write("data.mdb", std::string(16, '\0') + "\xde\xc0\xef\xbe" + std::string(100, '\0'));
  EXPECT_EQ(Name(), "an LMDB database");
  EXPECT_EQ(Name(kDirectory + "/data.mdb"), "an LMDB database");
  Write("data.mdb", std::string(24, '\0') + "\xde\xc0\xef\xbe" + std::string(100, '\0'));
  EXPECT_EQ(Name(), "an LMDB database") << "its second format";
  Write("notes.db", std::string("SQLite format 3\0", 16) + std::string(100, '\0'));
  EXPECT_EQ(Name(kDirectory + "/notes.db"), "an SQLite database");
  EXPECT_THAT(CheckNotForeign(files_, kDirectory + "/notes.db").error().message(), HasSubstr("this is an SQLite"));
  Write("WiredTiger", "WiredTiger\nWiredTiger 3.2.1: (April 1, 2020)\n");
  Write("data.mdb", "");
  EXPECT_THAT(Name(), HasSubstr("a WiredTiger database"));
}

TEST_F(ForeignTest, NamesNothingOfAmethystsOrOfNobodys) {
  EXPECT_EQ(Name(), "nothing");
  EXPECT_EQ(Name("/absent"), "nothing");
  Write("thesis.txt", "dear reader");
  EXPECT_EQ(Name(), "nothing");
  Write("IDENTITY", "8f3c");
  Write("CURRENT", EncodeCurrent(key::FileNumber{3}));
  EXPECT_EQ(Name(), "nothing") << "CURRENT is ours";
  EXPECT_TRUE(CheckNotForeign(files_, kDirectory));
}

}  // namespace
}  // namespace amethyst::catalog
