// Covers: index_page, block_tree
#include "sstable/index_page.h"

#include "base/epoch.h"
#include "sstable/aligned_buffer.h"
#include "sstable/block_builder.h"
#include "sstable/block_tree.h"
#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

constexpr uint64_t kFileEnd = 1'000'000;

struct Child {
  std::string separator;
  uint8_t flags = 0;
};

class HeldPage {
 public:
  explicit HeldPage(const std::vector<Child>& children, const key::Order& order = key::Order()) {
    BlockBuilder builder(order);
    uint64_t offset = 0;
    for (const Child& child : children) {
      const IndexEntry entry{.handle = {.offset = offset, .stored_bytes = 100, .raw_bytes = 200},
                             .entries = 10,
                             .live = 3,
                             .summary = (offset << 8) | child.flags};
      offset += 1000;
      builder.Add(key::Entry(child.separator, Put(0), {reinterpret_cast<const char*>(&entry), sizeof entry}));
    }
    raw_ = builder.Finish(0);
    Make(order);
  }
  void Make(const key::Order& order) {
    made_ = IndexPage::Make(memory_.Room(IndexPage::BytesFor(Block::CountOf(raw_), raw_.size(), order)), raw_, kFileEnd,
                            order);
  }
  [[nodiscard]] std::string& raw() { return raw_; }
  [[nodiscard]] const Result<const IndexPage*>& made() const { return made_; }
  [[nodiscard]] const IndexPage* operator->() const { return *made_; }

 private:
  std::string raw_;
  AlignedBuffer memory_;
  Result<const IndexPage*> made_ = nullptr;
};

TEST(IndexPage, FindsTheOnlyChildThatCanHoldAKey) {
  const key::Order order;
  constexpr uint8_t kGoesOn = IndexEntry::kInclusive | IndexEntry::kContinues;
  // Keys below "b"; from "b" to the first versions of "k"; more of "k"; the rest of "k" up to below "m"; up to "z".
  const HeldPage page({{"b"}, {"k", kGoesOn}, {"k", kGoesOn}, {"m"}, {"z", IndexEntry::kInclusive}});
  ASSERT_TRUE(page.made().has_value());
  EXPECT_EQ(page->Find("", order), 0u);
  EXPECT_EQ(page->Find("azzz", order), 0u);
  EXPECT_EQ(page->Find("b", order), 1u);
  EXPECT_EQ(page->Find("k", order), 1u);
  EXPECT_EQ(page->Find(std::string("k\0", 2), order), 3u);
  EXPECT_EQ(page->Find("m", order), 4u);
  EXPECT_EQ(page->Find("z", order), 4u);
  EXPECT_EQ(page->Find("za", order), 5u);
}

TEST(IndexPage, KnowsWhetherAChildEndsBeforeALimit) {
  const key::Order order;
  const HeldPage page({{"b"}, {"k", IndexEntry::kInclusive}});
  EXPECT_TRUE(page->EndsBefore(0, {}, order));
  EXPECT_TRUE(page->EndsBefore(0, "b", order));
  EXPECT_FALSE(page->EndsBefore(0, "a", order));
  EXPECT_FALSE(page->EndsBefore(1, "k", order));
  EXPECT_TRUE(page->EndsBefore(1, "ka", order));
}

TEST(IndexPage, ShowsEntriesAndEmptySlots) {
  const HeldPage page({{"b"}, {"k", IndexEntry::kInclusive}});
  EXPECT_EQ(page->count(), 2u);
  EXPECT_EQ(page->separator(1), "k");
  EXPECT_EQ(page->entry(1).handle.offset, 1000u);
  EXPECT_EQ(page->entry(1).handle.end(), 1113u);
  EXPECT_EQ(key::Raw(page->entry(1).max_sequence()), 1000u);
  EXPECT_TRUE(page->entry(1).inclusive());
  EXPECT_FALSE(page->entry(0).inclusive());
  const base::EpochGuard guard;
  EXPECT_EQ(page->slot(0).Peek(), nullptr);
}

TEST(IndexPage, RefusesChildrenThatCannotBe) {
  const key::Order order;
  HeldPage outside({{"b"}});
  base::StoreFixed(outside.raw().data() + outside.raw().size() - sizeof(IndexEntry), kFileEnd - 112);
  outside.Make(order);
  EXPECT_EQ(outside.made().error().code(), ErrorCode::kCorruption);
  HeldPage empty({{"b"}});
  base::StoreFixed(empty.raw().data() + empty.raw().size() - 16, uint32_t{2});  // Entries, fewer than are live.
  empty.Make(order);
  EXPECT_EQ(empty.made().error().code(), ErrorCode::kCorruption);
}

TEST(BlockTree, SharesFramesOrKeepsThemPrivate) {
  base::Random random(1);
  TableBed bed;
  auto reader = bed.Open(bed.Write(MakeEntries({.count = 3000}, key::Order(), random))).value();
  const BlockTree& tree = reader->tree();
  const Loaded first = tree.LoadPage(0, Keep::kYes).value();
  const Loaded second = tree.LoadPage(0, Keep::kNo).value();
  EXPECT_TRUE(first.missed);
  EXPECT_FALSE(second.missed);
  EXPECT_EQ(first.frame.get(), second.frame.get());
  const Loaded alone = tree.LoadBlock(first.frame.get(), 1, Keep::kNo).value();
  const Loaded shared = tree.LoadBlock(first.frame.get(), 1, Keep::kYes).value();
  EXPECT_NE(alone.frame.get(), shared.frame.get());
  EXPECT_EQ(BlockTree::BlockIn(alone.frame.get())->key(0), BlockTree::BlockIn(shared.frame.get())->key(0));
}

}  // namespace
}  // namespace amethyst::sstable
