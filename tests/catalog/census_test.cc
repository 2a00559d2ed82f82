#include "catalog/census.h"

#include <gmock/gmock.h>

#include "catalog/catalog_fixture.h"
#include "figures/layout.h"
#include "sstable/header.h"
#include "wal/log_format.h"

namespace amethyst::catalog {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class CensusTest : public CatalogTest {
 protected:
  void SetUp() override {
    auto opened = Open();
    uid_ = opened.tree->recovered().database_uid;
    manifest_ = Manifest();
    ASSERT_TRUE(opened.tree->Close());
    Write("LOCK", "");
    Write("000010.sst", Table(uid_));
    Write("000011.wal", Segment(uid_));
  }

  static std::string Table(const base::Uid& uid) {
    std::string bytes;
    sstable::Header{.database_uid = uid, .table_uid = {.low = 5, .high = 6}}.AppendTo(&bytes);
    return bytes + "blocks that are not whole";
  }
  static std::string Segment(const base::Uid& uid) {
    std::array<char, wal::kSegmentHeaderBytes> header;
    wal::EncodeSegmentHeader({.database_uid = uid, .segment = key::FileNumber{11}, .cut = {}, .durable = {}}, header);
    return {header.data(), header.size()};
  }
  Result<Census> Take() { return TakeCensus(memory_->files(), tree::kDirectory); }
  Census MustTake() {
    auto census = Take();
    EXPECT_TRUE(census) << census.error().ToString();
    return census.value_or(Census{});
  }

  static constexpr base::Uid kAnother{.low = 77, .high = 88};
  base::Uid uid_;
  std::string manifest_;
};

TEST_F(CensusTest, FindsEveryFileOfAWholeDatabase) {
  Write("notes.txt", "mine");
  const Census census = MustTake();
  EXPECT_EQ(census.database_uid, uid_);
  EXPECT_THAT(census.own, ElementsAre("000010.sst", "000011.wal", "CURRENT", "LOCK", manifest_));
  EXPECT_THAT(census.strangers, IsEmpty());
  EXPECT_THAT(census.others, ElementsAre("notes.txt"));
}

TEST_F(CensusTest, TellsStrangersOfTheSameNames) {
  Write("000020.sst", Table(kAnother));
  Write("000021.sst", "what somebody keeps here");
  Write("000022.sst", std::string(60, 'x') + std::string("\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 8));
  Write("000023.wal", Segment(kAnother));
  Write("000024.wal", "other text");
  Write("MANIFEST-000099", EncodeManifestHeader({.database_uid = kAnother, .number = key::FileNumber{99}}));
  const Census census = MustTake();
  EXPECT_EQ(census.own.size(), 5u);
  const auto stranger = [](const char* name, const char* what) {
    return testing::AllOf(Field(&Stranger::name, name), Field(&Stranger::what, what));
  };
  EXPECT_THAT(census.strangers,
              testing::UnorderedElementsAre(
                  stranger("000020.sst", "of another database"), stranger("000021.sst", "not Amethyst's"),
                  stranger("000022.sst", "a RocksDB table"), stranger("000023.wal", "of another database"),
                  stranger("000024.wal", "not Amethyst's"), stranger("MANIFEST-000099", "of another database")));
}

TEST_F(CensusTest, TakesWhatDamageOrACrashLeftOfItsOwn) {
  for (const std::string name : {"000010.sst", "000011.wal", "CURRENT"}) {
    const std::string whole = Read(name);
    for (const std::string& bytes :
         {std::string(), std::string(5000, '\0'), whole.substr(0, 5), whole.substr(0, whole.size() - 1) + "?"}) {
      Write(name, bytes);
      EXPECT_THAT(MustTake().own, Contains(name)) << bytes.size();
    }
    Write(name, whole);
  }
  Write(manifest_, "what is left");
  EXPECT_THAT(MustTake().own, Contains(manifest_)) << "CURRENT names it";
  Remove("CURRENT");
  EXPECT_THAT(MustTake().own, Contains("LOCK")) << "the others tell whose they are";
  EXPECT_THAT(MustTake().strangers, Contains(Field(&Stranger::name, manifest_)));
}

// The file of figures proves itself as others do, but says nothing of what the database holds.
TEST_F(CensusTest, JudgesTheFileOfFiguresByItsHeader) {
  const auto figures_of = [](const base::Uid& uid) {
    const figures::Words words = figures::EncodeHeader({.database_uid = uid, .pid = 1, .opened_ms = 2});
    return std::string(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t)) +
           std::string(1000, '\0');
  };
  const std::string damaged = figures_of(uid_).substr(0, 60) + "?";
  for (const std::string& own : {figures_of(uid_), damaged, std::string(), std::string(5000, '\0')}) {
    Write("STATS", own);
    EXPECT_THAT(MustTake().own, Contains("STATS"));
  }
  for (const std::string& other : {figures_of(kAnother), std::string("what somebody keeps here")}) {
    Write("STATS", other);
    const Census census = MustTake();
    EXPECT_EQ(census.database_uid, uid_);
    EXPECT_THAT(census.strangers, Contains(Field(&Stranger::name, "STATS")));
  }
  Remove("CURRENT");
  EXPECT_EQ(MustTake().database_uid, uid_) << "other files say it";
  for (const std::string& name : Names()) Remove(name);
  Write("STATS", figures_of(uid_));
  EXPECT_THAT(MustTake().own, ElementsAre("STATS")) << "what an interrupted destruction leaves";
}

TEST_F(CensusTest, TakesAListedTableHoweverDamaged) {
  auto opened = Open();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  const std::string table = tree::TableFileName(opened.tree->current()->tables(0).front()->number());
  ASSERT_TRUE(opened.tree->Close());
  Write(table, "nothing that a table has");
  EXPECT_THAT(MustTake().own, Contains(table));
}

TEST_F(CensusTest, RefusesToChooseBetweenDatabases) {
  Write("000020.sst", Table(kAnother));
  Remove("CURRENT");
  EXPECT_EQ(Take().error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(CensusTest, RefusesDirectoriesWithoutAProvenFile) {
  for (const std::string& name : Names()) Remove(name);
  EXPECT_EQ(Take().error().code(), ErrorCode::kInvalidArgument) << "empty";
  Write("CURRENT", "as of now");
  EXPECT_EQ(Take().error().code(), ErrorCode::kInvalidArgument) << "somebody's text";
  Write("CURRENT", "");
  Write("000001.wal", std::string(1000, '\0'));
  EXPECT_THAT(MustTake().own, ElementsAre("000001.wal", "CURRENT")) << "nothing ever got into them";
  Write("000002.sst", "somebody's text");
  EXPECT_EQ(Take().error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace amethyst::catalog
