// Every way to read comes to one answer: the newest version that the read sees, unless that is a delete. Covers:
// point_lookup, db_iterator
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/rounds.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::OpenOrFail;
using support::Over;

constexpr uint64_t kKeys = 12;
using Model = std::map<std::string, std::string>;

// A moment of the database, and what there was then.
struct Answered {
  std::optional<Snapshot> snapshot;  // None: now.
  Model model;
};

// The same keys again and again, so that each has versions in memtables, level 0 and below, between snapshots.
void WriteSome(DB& db, Model& model, base::Random& random) {
  for (uint64_t count = random.Below(30); count > 0; --count) {
    const std::string key = Key(random.Below(kKeys));
    if (random.OneIn(3)) {
      ASSERT_TRUE(db.Delete(key));
      model.erase(key);
    } else {
      model[key] = std::to_string(random.Below(1000));
      ASSERT_TRUE(db.Put(key, model[key]));
    }
  }
  if (random.OneIn(3)) {
    ASSERT_TRUE(db.Flush());
  }
  if (random.OneIn(8)) {
    ASSERT_TRUE(db.CompactRange());
  }
}

ReadOptions At(const Answered& moment) {
  ReadOptions options;
  if (moment.snapshot) options.snapshot = &*moment.snapshot;
  return options;
}

void ExpectPoints(DB& db, const Answered& moment) {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kKeys; ++i) keys.push_back(Key(i));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto group = db.MultiGet(views, At(moment));
  for (uint64_t i = 0; i < kKeys; ++i) {
    const auto found = moment.model.find(keys[i]);
    const auto expected = found == moment.model.end() ? std::nullopt : std::optional(found->second);
    ASSERT_EQ(group[i].value(), expected) << keys[i];
    ASSERT_EQ(db.Get(keys[i], At(moment)).value(), expected) << keys[i];
    const std::optional<PinnedValue> pinned = db.GetPinned(keys[i], At(moment)).value();
    ASSERT_EQ(pinned ? std::optional(std::string(pinned->view())) : std::nullopt, expected) << keys[i];
  }
}

void ExpectWalks(DB& db, const Answered& moment) {
  Iterator it = db.NewIterator(At(moment));
  using Entries = std::vector<std::pair<std::string, std::string>>;  // In the order in which they are shown.
  Entries forward;
  for (it.SeekToFirst(); it.Valid(); it.Next()) forward.emplace_back(it.key(), it.value());
  ASSERT_TRUE(it.status());
  ASSERT_EQ(forward, Entries(moment.model.begin(), moment.model.end()));
  Entries backward;
  for (it.SeekToLast(); it.Valid(); it.Prev()) backward.emplace_back(it.key(), it.value());
  ASSERT_TRUE(it.status());
  ASSERT_EQ(backward, Entries(moment.model.rbegin(), moment.model.rend()));
}

TEST(OneAnswer, ComesOfEveryWayToReadAtEveryMoment) {
  for (uint64_t seed = 1; seed <= support::Rounds(40); ++seed) {
    base::Random random(seed);
    simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), seed);
    const auto db = OpenOrFail("/db", support::SmallOptions(), Over(environment));
    Model model;
    std::vector<Answered> moments;
    for (int round = 0; round < 12; ++round) {
      ASSERT_NO_FATAL_FAILURE(WriteSome(*db, model, random));
      if (random.OneIn(2)) moments.push_back({db->GetSnapshot(), model});
      if (random.OneIn(4) && !moments.empty()) moments.erase(moments.begin());
      ASSERT_NO_FATAL_FAILURE(ExpectPoints(*db, {std::nullopt, model})) << seed << " round " << round;
      ASSERT_NO_FATAL_FAILURE(ExpectWalks(*db, {std::nullopt, model})) << seed << " round " << round;
    }
    for (const Answered& moment : moments) {
      ASSERT_NO_FATAL_FAILURE(ExpectPoints(*db, moment)) << seed;
      ASSERT_NO_FATAL_FAILURE(ExpectWalks(*db, moment)) << seed;
    }
  }
}

}  // namespace
}  // namespace amethyst::engine
