// Operands, expiries and range deletes against an oracle that keeps every version: whatever is flushed, compacted,
// reopened or held by snapshots meanwhile, and whatever the clock does, every way to read comes to what they come to.
// Covers: engine_writes, fold, merged_read, write_rules, read_clock, read_context, db_iterator_versions, covers
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/random.h"
#include "engine/read_clock.h"
#include "io/memory_file_system.h"
#include "key/expiry.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/rounds.h"

namespace amethyst::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Key;
using support::OpenOrFail;
using support::Over;

using MaybeValue = std::optional<std::string>;

struct WrittenVersion {
  enum class Kind : uint8_t { kPut, kDelete, kMerge };
  Kind kind;
  std::string value{};
  uint64_t expires_ms = key::kNeverMs;
};

uint64_t Ms(std::chrono::system_clock::time_point time) {
  return static_cast<uint64_t>(std::chrono::floor<milliseconds>(time.time_since_epoch()).count());
}

std::string Number(uint64_t number) {
  std::string bytes;
  base::AppendFixed(&bytes, number);
  return bytes;
}

// The versions of all keys, oldest first. Operands are appended to the base, or (`adds`) added to it, as numbers.
class VersionOracle {
 public:
  using Counts = std::map<std::string, size_t>;

  explicit VersionOracle(bool adds) : adds_(adds) {}

  void Add(const std::string& key, WrittenVersion version) { versions_[key].push_back(std::move(version)); }
  // How many versions each key has: a moment.
  [[nodiscard]] Counts Now() const {
    Counts counts;
    for (const auto& [key, versions] : versions_) counts[key] = versions.size();
    return counts;
  }
  [[nodiscard]] MaybeValue Read(const std::string& key, const Counts& at, uint64_t now_ms) const {
    const auto count = at.find(key);
    if (count == at.end()) return std::nullopt;
    const std::vector<WrittenVersion>& versions = versions_.at(key);
    std::vector<std::string> operands;
    MaybeValue base;
    for (size_t i = count->second; i-- > 0;) {
      const WrittenVersion& version = versions[i];
      const bool expired = now_ms >= version.expires_ms;
      if (version.kind == WrittenVersion::Kind::kMerge) {
        if (!expired) operands.push_back(version.value);
        continue;
      }
      if (version.kind == WrittenVersion::Kind::kPut && !expired) base = version.value;
      break;
    }
    for (auto operand = operands.rbegin(); operand != operands.rend(); ++operand) {
      if (adds_) {
        base =
            Number(base::LoadFixed<uint64_t>(operand->data()) + (base ? base::LoadFixed<uint64_t>(base->data()) : 0));
        continue;
      }
      base = base ? *base + "," + *operand : *operand;
    }
    return base;
  }

 private:
  const bool adds_;
  std::map<std::string, std::vector<WrittenVersion>> versions_;
};

struct SeenMoment {
  std::optional<Snapshot> snapshot;  // None: now.
  VersionOracle::Counts counts;
  uint64_t now_ms = 0;

  [[nodiscard]] ReadOptions Options() const {
    ReadOptions options;
    if (snapshot) options.snapshot = &*snapshot;
    return options;
  }
};

class HistoryWorld {
 public:
  explicit HistoryWorld(uint64_t seed) : random_(seed), seed_(seed) { Open(); }

  void Step() {
    const uint64_t writes = random_.Below(keys_ > 10 ? 400 : 12);
    for (uint64_t i = 0; i < writes; ++i) ASSERT_NO_FATAL_FAILURE(Write());
    if (random_.OneIn(2)) Move();
    if (random_.OneIn(3)) {
      ASSERT_TRUE(db_->Flush());
    }
    if (random_.OneIn(6)) {
      ASSERT_TRUE(db_->CompactRange());
    }
    if (random_.OneIn(4)) moments_.push_back(Take());
    if (random_.OneIn(5) && !moments_.empty()) moments_.erase(moments_.begin());
    if (random_.OneIn(12)) Reopen();
    SeenMoment now{std::nullopt, oracle_.Now(), NowMs()};
    ASSERT_NO_FATAL_FAILURE(Expect(now));
    if (!moments_.empty()) {
      ASSERT_NO_FATAL_FAILURE(Expect(moments_[random_.Below(moments_.size())]));
    }
  }

 private:
  void Open() {
    environment_.emplace(files_, seed_);
    environment_->clock().JumpWallTime(wall_);
    Options options = support::SmallOptions();
    options.families["default"].merge_operator = adds_ ? Int64Add() : Append(",");
    db_ = OpenOrFail("/db", options, Over(*environment_));
  }
  void Reopen() {
    moments_.clear();
    ASSERT_TRUE(db_->Close());
    db_.reset();
    Open();
  }
  // A snapshot looks at the clock.
  SeenMoment Take() {
    SeenMoment moment{db_->GetSnapshot(), oracle_.Now()};
    moment.now_ms = Ms(moment.snapshot->read_time());
    return moment;
  }
  uint64_t NowMs() { return Ms(db_->GetSnapshot().read_time()); }

  void Move() {
    const seconds by(static_cast<int64_t>(random_.Below(150)) - 30);
    if (random_.OneIn(2) && by.count() > 0) {
      environment_->clock().Advance(by);
    } else {
      environment_->clock().JumpWallTime(by);
      wall_ += by;
    }
    static_cast<void>(NowMs());
  }

  std::string Value() {
    ++written_;
    return adds_ ? Number(written_) : std::to_string(written_);
  }

  void Write() {
    if (random_.OneIn(ranges_every_)) return DeleteRange();
    const std::string key = Key(random_.Below(keys_));
    const std::string value = Value();
    WriteOptions options;
    WrittenVersion version{WrittenVersion::Kind::kPut, value};
    if (expiring_ && random_.OneIn(2)) {
      const milliseconds ttl(1 + random_.Below(200'000));
      const uint64_t now_ms = NowMs();
      version.expires_ms = now_ms + static_cast<uint64_t>(ttl.count());
      if (random_.OneIn(2)) {
        options.ttl = ttl;
      } else {
        options.expires_at = std::chrono::system_clock::time_point(milliseconds(version.expires_ms));
      }
    }
    switch (random_.Below(merges_ ? 30 : 5)) {
      case 0: {
        ASSERT_TRUE(db_->Delete(key));
        oracle_.Add(key, {WrittenVersion::Kind::kDelete});
        return;
      }
      case 1:
      case 2: {
        version.kind = WrittenVersion::Kind::kMerge;
        ASSERT_TRUE(db_->Merge(key, value, options));
        break;
      }
      case 3:
      case 4: {
        ASSERT_TRUE(db_->Put(key, value, options));
        break;
      }
      default: {  // Long rows of them.
        version = {WrittenVersion::Kind::kMerge, value};
        ASSERT_TRUE(db_->Merge(key, value));
      }
    }
    oracle_.Add(key, version);
  }

  // A delete of each key in the range, to the oracle.
  void DeleteRange() {
    uint64_t begin = random_.Below(keys_ + 1);
    uint64_t end = random_.Below(keys_ + 1);
    if (begin > end) std::swap(begin, end);
    const std::string first = Key(begin);
    const std::string last = Key(end);
    const bool from_start = random_.OneIn(5);
    const bool to_end = random_.OneIn(5);
    const auto lower = from_start ? std::nullopt : std::optional<std::string_view>(first);
    const auto upper = to_end ? std::nullopt : std::optional<std::string_view>(last);
    if (random_.OneIn(2)) {
      ASSERT_TRUE(db_->DeleteRange(lower, upper));
    } else {
      // A put before it in the same batch is gone, one behind it stays.
      const std::string key = Key(random_.Below(keys_));
      const std::string behind = Value();
      WriteBatch batch;
      batch.Put(key, Value());
      batch.DeleteRange(lower, upper);
      batch.Put(key, behind);
      ASSERT_TRUE(db_->Write(batch));
      for (uint64_t i = from_start ? 0 : begin; i < (to_end ? keys_ : end); ++i) {
        oracle_.Add(Key(i), {WrittenVersion::Kind::kDelete});
      }
      oracle_.Add(key, {WrittenVersion::Kind::kPut, behind});
      return;
    }
    for (uint64_t i = from_start ? 0 : begin; i < (to_end ? keys_ : end); ++i) {
      oracle_.Add(Key(i), {WrittenVersion::Kind::kDelete});
    }
  }

  // Steps to and fro from some key.
  void ExpectWander(const SeenMoment& moment, const std::vector<std::pair<std::string, std::string>>& all) {
    Iterator it = db_->NewIterator(moment.Options());
    const std::string target = Key(random_.Below(keys_));
    size_t at = 0;
    if (random_.OneIn(2)) {
      it.Seek(target);
      while (at < all.size() && all[at].first < target) ++at;
    } else {
      it.SeekForPrev(target);
      at = all.size();
      for (size_t i = all.size(); i-- > 0 && at == all.size();) {
        if (all[i].first <= target) at = i;
      }
    }
    for (int step = 0; step < 12; ++step) {
      ASSERT_TRUE(it.status());
      ASSERT_EQ(it.Valid(), at < all.size()) << "from " << target << ", step " << step;
      if (!it.Valid()) return;
      ASSERT_EQ(it.key(), all[at].first) << "from " << target << ", step " << step;
      ASSERT_EQ(it.value(), all[at].second) << "from " << target << ", step " << step;
      if (random_.OneIn(2)) {
        it.Next();
        ++at;
      } else {
        it.Prev();
        at = at == 0 ? all.size() : at - 1;
      }
    }
  }

  void Expect(const SeenMoment& moment) {
    std::vector<std::pair<std::string, std::string>> all;
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < keys_; ++i) keys.push_back(Key(i));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto group = db_->MultiGet(views, moment.Options());
    for (uint64_t i = 0; i < keys_; ++i) {
      const MaybeValue expected = oracle_.Read(keys[i], moment.counts, moment.now_ms);
      if (expected) all.emplace_back(keys[i], *expected);
      ASSERT_EQ(db_->Get(keys[i], moment.Options()).value(), expected) << keys[i];
      ASSERT_EQ(group[i].value(), expected) << keys[i];
    }
    Iterator it = db_->NewIterator(moment.Options());
    std::vector<std::pair<std::string, std::string>> walked;
    for (it.SeekToFirst(); it.Valid(); it.Next()) walked.emplace_back(it.key(), it.value());
    ASSERT_TRUE(it.status());
    ASSERT_EQ(walked, all) << "forward";
    ASSERT_NO_FATAL_FAILURE(ExpectWander(moment, all));
    walked.clear();
    for (it.SeekToLast(); it.Valid(); it.Prev()) walked.emplace_back(it.key(), it.value());
    ASSERT_TRUE(it.status());
    std::ranges::reverse(all);
    ASSERT_EQ(walked, all) << "backward";
  }

  base::Random random_;
  const uint64_t seed_;
  const bool expiring_ = seed_ % 3 != 0;
  const bool adds_ = seed_ % 5 < 2;
  const bool merges_ = seed_ % 10 < 2;
  const uint64_t keys_ = seed_ % 4 == 0 ? 300 : 10;
  const uint64_t ranges_every_ = seed_ % 7 == 0 ? 500 : seed_ % 2 == 0 ? 4 : 12;
  std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  seconds wall_{0};
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  VersionOracle oracle_{adds_};
  std::vector<SeenMoment> moments_;
  uint64_t written_ = 0;
};

TEST(MergeAndExpiry, ComeToWhatAllVersionsComeTo) {
  for (uint64_t seed = 1; seed <= support::Rounds(60); ++seed) {
    HistoryWorld world(seed);
    for (int step = 0; step < 40; ++step) {
      ASSERT_NO_FATAL_FAILURE(world.Step()) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace amethyst::engine
