// Range deletes in histories of several families, in several orders: snapshots, and iterators that stand somewhere, are
// held while memtables are flushed, tables rewritten and dropped, in the order that a seed draws; the process dies now
// and then. Each reader sees a copy of the maps that was made when it came. Covers: covers
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/file_system.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/backwards.h"
#include "support/database.h"
#include "support/rounds.h"

namespace amethyst::engine {
namespace {

using support::Text;

struct InOrder {
  const Comparator* order;
  bool operator()(const std::string& a, const std::string& b) const { return order->Compare(a, b) < 0; }
};
using Map = std::map<std::string, std::string, InOrder>;

// An iterator, the map that it shows, and where it has to stand.
struct Walker {
  Iterator iterator;
  Map map;
  Map::const_iterator at;
};

struct Moment {
  Snapshot snapshot;
  std::vector<Map> maps;
};

constexpr const char* kNames[] = {"default", "backwards", "other"};
constexpr size_t kFamilies = std::size(kNames);

class Histories {
 public:
  explicit Histories(uint64_t seed) : random_(seed), seed_(seed), keys_(random_.OneIn(3) ? 40 : 400) {
    for (size_t i = 0; i < kFamilies; ++i) maps_.emplace_back(InOrder{OrderOf(i)});
    Open(std::make_shared<io::MemoryFileSystem>());
  }

  void Step() {
    const uint64_t drawn = random_.Below(100);
    if (drawn < 45) {
      for (uint64_t writes = 1 + random_.Below(60); writes > 0; --writes) ASSERT_NO_FATAL_FAILURE(Write());
    } else if (drawn < 50) {
      ASSERT_EQ(Text(db_->Flush()), "");
    } else if (drawn < 53) {
      ASSERT_NO_FATAL_FAILURE(Compact());
    } else if (drawn < 62) {
      for (uint64_t jobs = random_.Below(4); jobs > 0 && environment_->RunOneJob(); --jobs) {
      }
    } else if (drawn < 64) {
      ASSERT_EQ(Text(db_->WaitForIdle()), "");
    } else if (drawn < 70 && moments_.size() < 5) {
      moments_.push_back({db_->GetSnapshot(), maps_});
    } else if (drawn < 75 && !moments_.empty()) {
      moments_.erase(moments_.begin() + static_cast<ptrdiff_t>(random_.Below(moments_.size())));
    } else if (drawn < 82 && walkers_.size() < 5) {
      BeginWalk();
    } else if (drawn < 85 && !walkers_.empty()) {
      walkers_.erase(walkers_.begin() + static_cast<ptrdiff_t>(random_.Below(walkers_.size())));
    } else if (drawn < 86) {
      ASSERT_NO_FATAL_FAILURE(Reopen(random_.OneIn(2)));
    }
    for (std::unique_ptr<Walker>& walker : walkers_) {
      for (uint64_t steps = random_.Below(6); steps > 0; --steps) ASSERT_NO_FATAL_FAILURE(Walk(*walker));
    }
    ASSERT_NO_FATAL_FAILURE(Look());
  }
  void ExpectAll() {
    for (size_t i = 0; i < kFamilies; ++i) ASSERT_NO_FATAL_FAILURE(ExpectWhole(i, maps_[i], {}));
    for (const Moment& moment : moments_) {
      for (size_t i = 0; i < kFamilies; ++i) {
        ASSERT_NO_FATAL_FAILURE(ExpectWhole(i, moment.maps[i], {.snapshot = &moment.snapshot}));
      }
    }
  }

 private:
  [[nodiscard]] const Comparator* OrderOf(size_t family) const {
    return family == 1 ? static_cast<const Comparator*>(&backwards_) : BytewiseComparator();
  }

  void Open(std::shared_ptr<io::MemoryFileSystem> files) {
    files_ = std::move(files);
    environment_.emplace(files_, seed_);
    Options options = support::SmallOptions();
    options.block_bytes = 512;
    options.families["backwards"].comparator = &backwards_;
    options.families["default"].merge_operator = Append(",");
    db_ = support::OpenOrFail("/db", options, support::Over(*environment_));
    ASSERT_NE(db_, nullptr);
    families_.clear();
    for (size_t i = 0; i < kFamilies; ++i) {
      auto family = db_->OpenFamily(kNames[i]);
      if (!family) family = db_->CreateFamily(kNames[i], options.families[kNames[i]]);
      ASSERT_TRUE(family) << family.error().ToString();
      families_.push_back(*family);
    }
  }
  // In order, or with what the files have when the process dies.
  void Reopen(bool in_order) {
    moments_.clear();
    walkers_.clear();
    families_.clear();
    auto left = in_order ? files_ : std::make_shared<io::MemoryFileSystem>();
    if (in_order) {
      ASSERT_EQ(Text(db_->Close()), "");
    } else {
      ASSERT_TRUE(left->CreateDirectories("/db"));
      const std::vector<std::string> names = files_->List("/db").value();
      for (const std::string& name : names) {
        const std::string path = io::JoinPath("/db", name);
        ASSERT_TRUE(io::ReplaceFile(*left, path, io::ReadFile(*files_, path).value()));
      }
    }
    db_.reset();
    ASSERT_NO_FATAL_FAILURE(Open(left));
    ASSERT_NO_FATAL_FAILURE(ExpectAll());
  }

  std::string AnyKey() {
    const uint64_t n = random_.Below(keys_);
    if (n == 0) return "";
    if (n == 1) return "\xff\xff";
    std::string key = "k" + std::to_string(n * 7'919 % 1'000);
    if (n % 5 == 0) key += std::string(n % 13, 'x');
    if (n % 17 == 0) key += "\xff";
    return key;
  }
  std::string AnyValue() { return std::to_string(++written_) + std::string(random_.Below(300), 'v'); }

  // Into the batch, and the maps, which are only copied if the batch is written.
  void AddTo(WriteBatch* batch, size_t family) {
    Map& map = maps_[family];
    const std::string key = AnyKey();
    const uint64_t drawn = random_.Below(20);
    if (drawn < 12) {
      const std::string value = AnyValue();
      batch->Put(families_[family], key, value);
      map[key] = value;
    } else if (drawn < 15) {
      batch->Delete(families_[family], key);
      map.erase(key);
    } else if (drawn < 18 && family == 0) {  // No other has operands.
      const std::string operand = std::to_string(++written_);
      batch->Merge(key, operand);
      const auto [entry, is_new] = map.try_emplace(key, operand);
      if (!is_new) entry->second += "," + operand;
    } else {
      AddRange(batch, family);
    }
  }
  void AddRange(WriteBatch* batch, size_t family) {
    Map& map = maps_[family];
    if (family != 1 && random_.OneIn(5)) {
      const std::string key = AnyKey();
      const std::string prefix = key.substr(0, random_.Below(key.size() + 1));
      if (prefix.size() < 2 && !random_.OneIn(8)) return;
      batch->DeletePrefix(families_[family], prefix);
      std::erase_if(map, [&](const auto& entry) { return entry.first.starts_with(prefix); });
      return;
    }
    std::string begin = AnyKey(), end = AnyKey();
    if (map.key_comp()(end, begin)) std::swap(begin, end);
    if (!random_.OneIn(6)) {  // Most are narrow.
      auto to = map.lower_bound(begin);
      for (uint64_t width = random_.Below(8); width > 0 && to != map.end(); --width) ++to;
      if (to != map.end()) end = to->first;
    }
    const bool from_start = random_.OneIn(15), to_end = random_.OneIn(15);
    batch->DeleteRange(families_[family], from_start ? std::nullopt : std::optional<std::string_view>(begin),
                       to_end ? std::nullopt : std::optional<std::string_view>(end));
    const auto first = from_start ? map.begin() : map.lower_bound(begin);
    const auto last = to_end ? map.end() : map.lower_bound(end);
    map.erase(first, last);
  }
  void Write() {
    WriteBatch batch;
    for (uint64_t entries = random_.OneIn(4) ? 1 + random_.Below(12) : 1; entries > 0; --entries) {
      AddTo(&batch, random_.Below(kFamilies));
    }
    ASSERT_EQ(Text(db_->Write(batch)), "");
  }
  void Compact() {
    const size_t family = random_.Below(kFamilies);
    std::string begin = AnyKey(), end = AnyKey();
    if (maps_[family].key_comp()(end, begin)) std::swap(begin, end);
    const bool all = random_.OneIn(2);
    const auto bound = [all](const std::string& key) {
      return all ? std::nullopt : std::optional<std::string_view>(key);
    };
    ASSERT_EQ(Text(families_[family].CompactRange(bound(begin), bound(end))), "");
  }

  void BeginWalk() {
    const size_t family = random_.Below(kFamilies);
    const Moment* const moment =
        random_.OneIn(2) && !moments_.empty() ? &moments_[random_.Below(moments_.size())] : nullptr;
    ReadOptions options;
    if (moment != nullptr) options.snapshot = &moment->snapshot;
    Map map = moment != nullptr ? moment->maps[family] : maps_[family];
    std::string lower = AnyKey(), upper = AnyKey();
    if (map.key_comp()(upper, lower)) std::swap(lower, upper);
    if (random_.OneIn(4)) {
      options.lower_bound = lower;
      map.erase(map.begin(), map.lower_bound(lower));
    }
    if (random_.OneIn(4)) {
      options.upper_bound = upper;
      map.erase(map.lower_bound(upper), map.end());
    }
    auto walker = std::make_unique<Walker>(families_[family].NewIterator(options), std::move(map));
    walker->at = walker->map.end();
    walkers_.push_back(std::move(walker));
  }
  void Walk(Walker& walker) {
    const Map& map = walker.map;
    const std::string target = AnyKey();
    const uint64_t drawn = random_.Below(12);
    if (walker.at != map.end() && drawn < 5) {
      walker.iterator.Next();
      ++walker.at;
    } else if (walker.at != map.end() && drawn < 9) {
      walker.iterator.Prev();
      walker.at = walker.at == map.begin() ? map.end() : std::prev(walker.at);
    } else if (drawn < 10) {
      walker.iterator.Seek(target);
      walker.at = map.lower_bound(target);
    } else if (drawn < 11) {
      walker.iterator.SeekForPrev(target);
      const auto behind = map.upper_bound(target);
      walker.at = behind == map.begin() ? map.end() : std::prev(behind);
    } else if (random_.OneIn(2)) {
      walker.iterator.SeekToFirst();
      walker.at = map.begin();
    } else {
      walker.iterator.SeekToLast();
      walker.at = map.empty() ? map.end() : std::prev(map.end());
    }
    ASSERT_EQ(Text(walker.iterator.status()), "");
    ASSERT_EQ(walker.iterator.Valid(), walker.at != map.end()) << "move " << drawn << ", target " << target;
    if (!walker.iterator.Valid()) return;
    ASSERT_EQ(walker.iterator.key(), walker.at->first) << "move " << drawn << ", target " << target;
    ASSERT_EQ(walker.iterator.value(), walker.at->second);
  }

  // Some lookups, and now and then all.
  void Look() {
    if (random_.OneIn(12)) return ExpectAll();
    const size_t family = random_.Below(kFamilies);
    const Moment* const moment =
        random_.OneIn(2) && !moments_.empty() ? &moments_[random_.Below(moments_.size())] : nullptr;
    ReadOptions options;
    if (moment != nullptr) options.snapshot = &moment->snapshot;
    const Map& map = moment != nullptr ? moment->maps[family] : maps_[family];
    std::vector<std::string> keys;
    for (int i = 0; i < 8; ++i) keys.push_back(AnyKey());
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto group = families_[family].MultiGet(views, options);
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = map.find(keys[i]);
      const auto expected = found == map.end() ? std::nullopt : std::optional(found->second);
      ASSERT_EQ(group[i].value(), expected) << kNames[family] << " " << keys[i];
      ASSERT_EQ(families_[family].Get(keys[i], options).value(), expected) << kNames[family] << " " << keys[i];
    }
  }
  void ExpectWhole(size_t family, const Map& map, const ReadOptions& options) {
    Iterator it = families_[family].NewIterator(options);
    it.SeekToFirst();
    for (const auto& [key, value] : map) {
      ASSERT_TRUE(it.Valid()) << kNames[family] << " ends before " << key << Text(it.status());
      ASSERT_EQ(it.key(), key) << kNames[family];
      ASSERT_EQ(it.value(), value) << kNames[family] << " " << key;
      it.Next();
    }
    ASSERT_FALSE(it.Valid()) << kNames[family] << " " << it.key();
    it.SeekToLast();
    for (auto entry = map.rbegin(); entry != map.rend(); ++entry) {
      ASSERT_TRUE(it.Valid()) << kNames[family] << " ends behind " << entry->first;
      ASSERT_EQ(it.key(), entry->first) << kNames[family] << ", back";
      ASSERT_EQ(it.value(), entry->second) << kNames[family] << " " << entry->first << ", back";
      it.Prev();
    }
    ASSERT_FALSE(it.Valid()) << kNames[family] << " " << it.key() << ", back";
    ASSERT_EQ(Text(it.status()), "");
  }

  const support::Backwards backwards_;
  base::Random random_;
  const uint64_t seed_;
  const uint64_t keys_;
  std::shared_ptr<io::MemoryFileSystem> files_;
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  std::vector<Family> families_;
  std::vector<Map> maps_;  // As they are now.
  std::vector<Moment> moments_;
  std::vector<std::unique_ptr<Walker>> walkers_;
  uint64_t written_ = 0;
};

TEST(RangeDeleteHistory, ShowsEachReaderTheMapsOfWhenItCame) {
  for (uint64_t seed = 1; seed <= support::Rounds(8); ++seed) {
    Histories histories(seed);
    for (int step = 0; step < 250; ++step) {
      ASSERT_NO_FATAL_FAILURE(histories.Step()) << "seed " << seed << ", step " << step;
    }
    ASSERT_NO_FATAL_FAILURE(histories.ExpectAll()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace amethyst::engine
