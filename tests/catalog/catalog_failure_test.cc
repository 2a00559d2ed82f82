// Covers what tree.h promises about crashes, damage, failing writes and full disks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/catalog_fixture.h"

namespace amethyst::catalog {
namespace {

using support::Fault;
using support::Operation;

class CatalogFailureTest : public CatalogTest {
 protected:
  bool RunWithFault(const Fault& fault, uint64_t* failures, uint64_t* latched);
};

// Loses the manifest's end at every length, as a power loss may, and cuts it there at rest; and flips every byte. What
// is recovered is a prefix of the edits, with every edit that was synced before; or the open is refused.
TEST_F(CatalogFailureTest, RecoversAPrefixThatHoldsEverySyncedEditOrRefuses) {
  std::vector<std::string> shapes;
  std::vector<size_t> synced;  // Bytes of the manifest at the time of each shape, and what they began with.
  std::vector<std::string> heads;
  std::string manifest_name;
  {
    Opened opened = Open();
    manifest_name = Manifest();
    const auto note = [&] {
      shapes.push_back(Shape(*opened.tree->current()));
      synced.push_back(Read(manifest_name).size());
      heads.push_back(Read(manifest_name).substr(0, kManifestRecordsBegin));
    };
    note();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(Apply(opened, i % 3 == 2 ? Compact(opened) : Flush(opened)));
      note();
    }
  }
  const std::string bytes = Read(manifest_name);
  ASSERT_EQ(bytes.size(), synced.back());
  uint64_t refused = 0;
  const auto recover = [&](const std::string& image) -> std::optional<size_t> {
    Write(manifest_name, image);
    const Result<Opened> opened = TryOpen({.read_only = true});
    if (!opened) {
      EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption) << opened.error().ToString();
      ++refused;
      return std::nullopt;
    }
    const auto found = std::find(shapes.begin(), shapes.end(), Shape(*opened->tree->current()));
    EXPECT_NE(found, shapes.end());
    return static_cast<size_t>(found - shapes.begin());
  };
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto whole = static_cast<size_t>(std::upper_bound(synced.begin(), synced.end(), length) - synced.begin());
    const std::string head = whole == 0 ? std::string() : heads[whole - 1];
    const auto prefix = recover(std::string(bytes.substr(0, length)).replace(0, head.size(), head));
    EXPECT_TRUE(prefix.has_value() || whole == 0) << "refused at " << length;
    EXPECT_GE(prefix.value_or(whole) + 1, whole);
    EXPECT_EQ(recover(bytes.substr(0, length)).value_or(shapes.size() - 1) + 1, shapes.size()) << "lost " << length;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
    const auto prefix = recover(flipped);
    EXPECT_EQ(prefix.value_or(shapes.size() - 1) + 1, shapes.size()) << "lost an edit to the byte at " << at;
  }
  EXPECT_GT(refused, 0u);
}

// Flushes and compactions, of which some fail by `fault`; whether it struck at all.
bool CatalogFailureTest::RunWithFault(const Fault& fault, uint64_t* failures, uint64_t* latched) {
  support::FaultFileSystem faulty(memory_->files());
  const auto store = tree::NewStore(std::make_shared<support::FaultEnvironment>(*memory_, faulty));
  for (const std::string& name : Names()) Remove(name);
  auto tree = Catalog::Open(store, {.directory = tree::kDirectory});
  EXPECT_TRUE(tree && (*tree)->OpenManifest());
  Opened opened{.store = store, .tree = std::move(*tree)};
  const auto calls = [&] { return faulty.calls(fault.operation); };
  std::vector<std::string> allowed = {Shape(*opened.tree->current())};
  Fault from_now = fault;
  from_now.call += calls();
  faulty.Fail(from_now);
  for (int i = 0; i < 6; ++i) {
    // Table files are written to the real files: the fault is for the tree's own.
    const Opened writer{.store = tree::NewStore(memory_), .tree = nullptr};
    tree::VersionEdit edit;
    const auto version = opened.tree->current();
    if (i % 3 == 2) {
      for (const tree::TablePtr& table : version->level0()) edit.removed.push_back({0, table->number()});
      for (const tree::TablePtr& table : version->tables(1)) edit.removed.push_back({1, table->number()});
    }
    const uint64_t number = key::Raw(opened.tree->NewFileNumber());
    edit.added.push_back(tree::FakeTable(i % 3 == 2 ? 1 : 0, number, "a", "z", writer.store.get()));
    const Status applied = Apply(opened, edit);
    if (applied) {
      allowed = {Shape(*opened.tree->current())};
    } else {
      EXPECT_EQ(Shape(*opened.tree->current()), allowed[0]);
      const auto failed = version->Apply(edit, tree::MakerFor(store));
      allowed.push_back(Shape(**failed));  // The failed record may be whole.
      ++*failures;
      *latched += opened.tree->health() ? 0 : 1;
      EXPECT_EQ(opened.tree->health().has_value(), fault.code == ErrorCode::kNoSpace);
      EXPECT_EQ(applied.error().code(), fault.code);
    }
    static_cast<void>(store->DeleteObsolete());
    const Result<Opened> reopened = TryOpen({.read_only = true});  // As after a crash at this point.
    EXPECT_TRUE(reopened) << reopened.error().ToString();
    if (!reopened) return false;
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), Shape(*reopened->tree->current())), allowed.end());
  }
  opened.tree.reset();
  Opened reopened = Open();
  EXPECT_TRUE(Apply(reopened, Flush(reopened)));
  return faulty.failed_calls() > 0;
}

// Every write of a workload fails in turn, once or for good; then the fault clears and the next open must see every
// edit that was acknowledged, and no edit but those and the failed one.
TEST_F(CatalogFailureTest, KeepsEveryAcknowledgedEditWhateverWriteFails) {
  uint64_t failures = 0;
  uint64_t latched = 0;
  for (const Operation operation :
       {Operation::kCreate, Operation::kAppend, Operation::kOverwrite, Operation::kSync, Operation::kSyncDirectory,
        Operation::kRename, Operation::kClose, Operation::kRemove}) {
    for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kNoSpace}) {
      for (const bool for_good : {false, true}) {
        for (uint64_t call = 1; call < 12; ++call) {
          SCOPED_TRACE(testing::Message() << "operation " << static_cast<int>(operation) << " call " << call << " code "
                                          << static_cast<int>(code) << " for good " << for_good);
          const bool half = call % 2 == 0;
          const support::Fault fault{
              .operation = operation, .call = call, .for_good = for_good, .code = code, .half = half};
          if (!RunWithFault(fault, &failures, &latched)) break;
        }
      }
    }
  }
  EXPECT_GT(failures, 60u);
  EXPECT_GT(latched, 20u);
}

// I15
TEST_F(CatalogFailureTest, BeginsANewManifestAfterRunningOutOfSpace) {
  Opened opened = Open();
  EXPECT_TRUE(Apply(opened, Flush(opened)));
  const std::string sealed = Manifest();
  const std::string shape = Shape(*opened.tree->current());
  const tree::VersionEdit lost = Flush(opened);
  // The record is written, but its sync runs out of space: it may be read by the next open, so its table must stay.
  files_.Fail({.operation = Operation::kSync, .call = files_.calls(Operation::kSync) + 1, .code = ErrorCode::kNoSpace});
  EXPECT_EQ(Apply(opened, lost).error().code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(opened.tree->health());
  EXPECT_EQ(Shape(*opened.tree->current()), shape);
  EXPECT_FALSE(opened.store->HasObsolete());
  const size_t sealed_bytes = Read(sealed).size();
  EXPECT_EQ(Open({.read_only = true}).tree->current()->level0().size(), 2u);
  // No room for a new one yet.
  files_.Fail(
      {.operation = Operation::kCreate, .call = files_.calls(Operation::kCreate) + 2, .code = ErrorCode::kNoSpace});
  EXPECT_EQ(Apply(opened, Flush(opened)).error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(Manifest(), sealed);
  EXPECT_EQ(Read(sealed).size(), sealed_bytes);
  EXPECT_FALSE(opened.store->HasObsolete());

  EXPECT_TRUE(Apply(opened, Flush(opened)));
  EXPECT_NE(Manifest(), sealed);
  EXPECT_EQ(opened.tree->current()->level0().size(), 2u);
  EXPECT_TRUE(opened.store->HasObsolete());  // Now the lost tables can go.
  EXPECT_TRUE(opened.store->DeleteObsolete());
  EXPECT_FALSE(memory_->files().Exists(opened.store->Path(lost.added[0].number)).value());
  const std::string after = Shape(*opened.tree->current());
  opened = Open();
  EXPECT_EQ(Shape(*opened.tree->current()), after);
  EXPECT_TRUE(opened.tree->Orphans().value().empty());
}

TEST_F(CatalogFailureTest, GoesOnOnceThereAreDescriptorsAgain) {
  Opened opened = Open();
  files_.Fail({.operation = Operation::kSyncDirectory,
               .call = files_.calls(Operation::kSyncDirectory) + 1,
               .for_good = true,
               .error_number = EMFILE});
  const Status refused = Apply(opened, Flush(opened));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(base::IsOutOfDescriptors(refused.error()));
  EXPECT_TRUE(opened.tree->health());
  files_.ClearFaults();
  EXPECT_TRUE(Apply(opened, Flush(opened)));
  EXPECT_EQ(Open().tree->current()->level0().size(), 1u);
}

TEST_F(CatalogFailureTest, AnOpenOfWhatIsDurableSyncsNothingBeforeItsFirstEdit) {
  {
    Opened opened = Open();
    EXPECT_TRUE(Apply(opened, Flush(opened)));
  }
  const auto syncs = [this] { return files_.calls(Operation::kSync) + files_.calls(Operation::kSyncDirectory); };
  const key::FileNumber before = ManifestNumber();
  const uint64_t syncs_before = syncs();
  {
    const Opened opened = Open();
  }
  EXPECT_EQ(syncs(), syncs_before);
  EXPECT_EQ(ManifestNumber(), before);
  Opened opened = Open();
  EXPECT_TRUE(Apply(opened, Flush(opened)));
  EXPECT_GT(ManifestNumber(), before);
  EXPECT_EQ(opened.tree->current()->level0().size(), 2u);
}

TEST_F(CatalogFailureTest, AnOpenOfWhatMayNotBeDurableBeginsAManifest) {
  const auto expect_new = [this](const std::string& what) {
    const key::FileNumber before = ManifestNumber();
    {
      const Opened opened = Open();
    }
    EXPECT_GT(ManifestNumber(), before) << what;
  };
  {
    Opened opened = Open();
    EXPECT_TRUE(Apply(opened, Flush(opened)));
  }
  const std::string bytes = Read(Manifest());
  std::string changed = bytes;
  changed[kManifestHeaderBytes] = 1;  // The mark, which then proves nothing.
  Write(Manifest(), changed);
  expect_new("a record that the mark does not count");
  Write(Manifest(), Read(Manifest()) + "torn");
  expect_new("a torn tail");
  Write(tree::ManifestFileName(key::FileNumber{7000}), bytes);
  expect_new("another manifest");
}

TEST_F(CatalogFailureTest, OpensOnAFullDisk) {
  std::string shape;
  {
    Opened opened = Open();
    tree::VersionEdit edit = Flush(opened);
    edit.first_log_segment = key::FileNumber{2};  // As of one that was killed.
    EXPECT_TRUE(Apply(opened, edit));
    shape = Shape(*opened.tree->current());
  }
  files_.Fail({.operation = Operation::kCreate, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  const uint64_t directory_syncs = files_.calls(Operation::kSyncDirectory);
  Opened opened = Open();
  EXPECT_EQ(Shape(*opened.tree->current()), shape);
  // What was read is durable before anything depends on it, and so is its name.
  EXPECT_GT(files_.calls(Operation::kSyncFile), 0u);
  EXPECT_GT(files_.calls(Operation::kSyncDirectory), directory_syncs);
  EXPECT_EQ(Apply(opened, {}).error().code(), ErrorCode::kNoSpace);
  files_.ClearFaults();
  EXPECT_TRUE(Apply(opened, Flush(opened)));
  EXPECT_EQ(opened.tree->current()->level0().size(), 2u);
  EXPECT_EQ(Open().tree->current()->level0().size(), 2u);
}

}  // namespace
}  // namespace amethyst::catalog
