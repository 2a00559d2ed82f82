// Following a manifest that is written meanwhile.
#include "catalog/manifest_tail.h"

#include "catalog/catalog_fixture.h"

namespace amethyst::catalog {
namespace {

class ManifestTailTest : public CatalogTest {
 protected:
  // As of what a reader of the directory finds now.
  ManifestTail Follow(const Opened& opened) {
    CatalogSettings settings{.directory = tree::kDirectory};
    settings.follows = true;
    auto read = Catalog::Open(opened.store, settings);
    EXPECT_TRUE(read) << read.error().ToString();
    const RecoveredCatalog& recovered = (*read)->recovered();
    return {opened.store, settings, (*read)->State(), recovered.manifest, recovered.manifest_end};
  }
  static void ExpectSame(const CatalogState& followed, const CatalogState& written) {
    EXPECT_EQ(followed.flushed_sequence, written.flushed_sequence);
    std::vector<key::FileNumber> tables[2];
    for (const auto& [state, numbers] : {std::pair(&followed, &tables[0]), std::pair(&written, &tables[1])}) {
      state->forest->default_family().version->ForEachTable(
          [&](key::Level, const tree::TablePtr& table) { numbers->push_back(table->number()); });
    }
    EXPECT_EQ(tables[0], tables[1]);
  }
  // As the file is while its edits from `records` on are being synced.
  void MarkAsDurable(const ManifestTail& tail, uint64_t records) {
    std::string bytes = Read(Manifest());
    const ManifestIdentity identity{.database_uid = tail.state().database_uid, .number = tail.place().manifest};
    bytes.replace(kManifestHeaderBytes, kManifestMarkBytes, EncodeManifestMark(identity, records));
    Write(Manifest(), bytes);
  }
  // As while a writer has the database.
  std::unique_ptr<io::FileLock> Lock() {
    return memory_->files().Lock(io::JoinPath(tree::kDirectory, tree::kLockFileName), io::LockMode::kExclusive).value();
  }
};

TEST_F(ManifestTailTest, GivesEachEditOnce) {
  Opened opened = Open();
  ManifestTail tail = Follow(opened);
  EXPECT_FALSE(tail.Read().value());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Apply(opened, Flush(opened)));
    if (i == 1) ASSERT_TRUE(Apply(opened, Flush(opened)));
    ASSERT_TRUE(tail.Read().value());
    ExpectSame(tail.state(), opened.tree->State());
    EXPECT_FALSE(tail.Read().value());
  }
}

TEST_F(ManifestTailTest, TakesNoEditBeforeItIsKnownToBeDurable) {
  Opened opened = Open();
  ManifestTail tail = Follow(opened);
  const auto lock = Lock();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  const std::string after = Read(Manifest());
  MarkAsDurable(tail, tail.place().records);
  EXPECT_FALSE(tail.Read().value());
  std::string torn = after;
  torn[kManifestHeaderBytes] ^= 0x55;  // The mark is being written.
  Write(Manifest(), torn);
  EXPECT_EQ(tail.Read().error().code(), ErrorCode::kBusy);
  Write(Manifest(), after);
  EXPECT_TRUE(tail.Read().value());
}

TEST_F(ManifestTailTest, TakesADurableEditWithoutTheOneBehindIt) {
  Opened opened = Open();
  ManifestTail tail = Follow(opened);
  const auto lock = Lock();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  const CatalogState durable = opened.tree->State();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  const uint64_t records = tail.place().records;
  MarkAsDurable(tail, records + 1);
  ASSERT_TRUE(tail.Read().value());
  ExpectSame(tail.state(), durable);
  MarkAsDurable(tail, records + 2);
  ASSERT_TRUE(tail.Read().value());
  ExpectSame(tail.state(), opened.tree->State());
}

TEST_F(ManifestTailTest, ReadsAllOfAManifestThatNobodyWritesAnyMore) {
  Opened opened = Open();
  ManifestTail tail = Follow(opened);
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  MarkAsDurable(tail, tail.place().records);  // A loss of power has taken the last mark.
  ASSERT_TRUE(tail.Read().value());
  ExpectSame(tail.state(), opened.tree->State());
}

TEST_F(ManifestTailTest, GoesOverToANewManifestWithItsTables) {
  Opened opened = Open();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  ManifestTail tail = Follow(opened);
  const tree::TablePtr table = tail.state().forest->default_family().version->tables(0).front();
  opened.tree.reset();
  opened = Open();
  ASSERT_TRUE(Apply(opened, Flush(opened)));
  ASSERT_TRUE(tail.Read().value());
  ExpectSame(tail.state(), opened.tree->State());
  bool is_same = false;
  tail.state().forest->default_family().version->ForEachTable(
      [&](key::Level, const tree::TablePtr& one) { is_same = is_same || one == table; });
  EXPECT_TRUE(is_same) << "what readers have loaded of it stays";
}

TEST_F(ManifestTailTest, IsNotMisledByAnotherDatabase) {
  Opened opened = Open();
  ManifestTail tail = Follow(opened);
  opened.tree.reset();
  const std::vector<std::string> names = Names();
  for (const std::string& name : names) Remove(name);
  opened = Open();
  EXPECT_EQ(tail.Read().error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace amethyst::catalog
