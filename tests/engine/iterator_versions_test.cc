// What an iterator does at a key of which there are many versions: hardly more than at any other. Covers: db_iterator
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/counted.h"
#include "support/database.h"

namespace amethyst::engine {
namespace {

using support::Counted;
using support::OpenOrFail;
using support::Over;
using support::Text;

ReadOptions At(const Snapshot* snapshot) {
  ReadOptions options;
  options.snapshot = snapshot;
  return options;
}

// A hot key between two others: each walk finds what it should, with few comparisons, whatever part of the versions is
// too new for its reader.
class IteratorVersions : public testing::TestWithParam<bool> {
 protected:
  IteratorVersions() : environment_(std::make_shared<io::MemoryFileSystem>(), 1) {
    Options options = support::SmallOptions();
    options.write_buffer_bytes = size_t{4} << 20;
    options.memory_budget_bytes = size_t{32} << 20;
    options.comparator = &order_;
    db_ = OpenOrFail("/db", options, Over(environment_));
  }

  void Write(uint64_t versions, const std::string& value) {
    for (uint64_t i = 0; i < versions; ++i) ASSERT_TRUE(db_->Put("hot", value));
  }
  // The comparisons that `walk` makes.
  uint64_t Cost(const std::function<void()>& walk) {
    const uint64_t before = order_.comparisons;
    walk();
    return order_.comparisons - before;
  }
  static std::string KeysFrom(Iterator& it, bool forward) {
    std::string keys;
    while (it.Valid()) {
      keys += std::string(it.key()) + "=" + std::string(it.value()) + " ";
      forward ? it.Next() : it.Prev();
    }
    EXPECT_EQ(Text(it.status()), "");
    return keys;
  }

  static constexpr uint64_t kVersions = 5000;
  static constexpr uint64_t kCostMax = 2000;

  Counted order_;
  simulation::SerialEnvironment environment_;
  std::unique_ptr<DB> db_;
};

INSTANTIATE_TEST_SUITE_P(WithATableBelow, IteratorVersions, testing::Bool());

TEST_P(IteratorVersions, AreNotWalkedThrough) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("z", "1"));
  Write(3, "table");
  if (GetParam()) {
    ASSERT_TRUE(db_->Flush());
  }
  Write(kVersions, "old");
  const Snapshot middle = db_->GetSnapshot();
  Write(kVersions, "new");
  ASSERT_TRUE(db_->Delete("hot"));
  const Snapshot deleted = db_->GetSnapshot();
  Write(kVersions, "newest");
  struct Reader {
    const Snapshot* snapshot;
    std::string forward;
    std::string backward;
  };
  const Reader readers[] = {{nullptr, "a=1 hot=newest z=1 ", "z=1 hot=newest a=1 "},
                            {&middle, "a=1 hot=old z=1 ", "z=1 hot=old a=1 "},
                            {&deleted, "a=1 z=1 ", "z=1 a=1 "}};
  for (const Reader& reader : readers) {
    ReadOptions options = At(reader.snapshot);
    Iterator it = db_->NewIterator(options);
    const auto forward = [&] {
      it.SeekToFirst();
      EXPECT_EQ(KeysFrom(it, true), reader.forward);
    };
    const auto backward = [&] {
      it.SeekToLast();
      EXPECT_EQ(KeysFrom(it, false), reader.backward);
    };
    EXPECT_LT(Cost(forward), kCostMax);
    EXPECT_LT(Cost(backward), kCostMax);
    const auto seek_and_turn = [&] {
      it.Seek("hot");
      it.Prev();
      EXPECT_EQ(it.key(), "a");
      it.Next();
      it.SeekForPrev("hot");
      it.Next();
      EXPECT_EQ(it.key(), "z");
      it.Prev();
    };
    EXPECT_LT(Cost(seek_and_turn), kCostMax);
    options.upper_bound = "hot";
    Iterator bounded = db_->NewIterator(options);
    EXPECT_LT(Cost([&] { bounded.SeekToLast(); }), kCostMax);
    EXPECT_EQ(bounded.key(), "a");
  }
}

// As above under the bytewise order, which goes another way past the versions.
TEST(IteratorVersionsBytewise, ShowWhatEachReaderMaySee) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 2);
  Options options = support::SmallOptions();
  options.write_buffer_bytes = size_t{1} << 20;
  auto db = OpenOrFail("/db", options, Over(environment));
  std::vector<Snapshot> snapshots;
  std::vector<std::map<std::string, std::string>> contents;
  std::map<std::string, std::string> content;
  for (int i = 0; i < 4000; ++i) {
    std::string key = "hot";
    if (i % 500 == 250) key.push_back('\0');
    if (i % 100 == 99) key += std::to_string(i);
    if (i % 700 == 699) {
      ASSERT_TRUE(db->Delete(key));
      content.erase(key);
    } else {
      ASSERT_TRUE(db->Put(key, std::to_string(i)));
      content[key] = std::to_string(i);
    }
    if (i % 333 == 0 || i % 700 == 699) {
      snapshots.push_back(db->GetSnapshot());
      contents.push_back(content);
    }
    if (i == 1500) {
      ASSERT_TRUE(db->Flush());
    }
  }
  for (size_t i = 0; i < snapshots.size(); ++i) {
    EXPECT_EQ(support::ContentOf(*db, At(&snapshots[i])), contents[i]);
    Iterator it = db->NewIterator(At(&snapshots[i]));
    std::map<std::string, std::string> backward;
    for (it.SeekToLast(); it.Valid(); it.Prev()) backward.emplace(it.key(), it.value());
    EXPECT_EQ(backward, contents[i]);
  }
}

}  // namespace
}  // namespace amethyst::engine
