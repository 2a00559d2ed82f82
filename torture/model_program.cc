#include "torture/model_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace amethyst::torture {

namespace {

std::string Show(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 40)) {
    text += c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return fmt::format("\"{}\" ({} bytes)", text, bytes.size());
}

Options RandomOptions(base::Random& random) {
  Options options;
  options.memory_budget_bytes = (size_t{4} << random.Below(3)) << 20;
  options.write_buffer_bytes = size_t{64 << 10} << random.Below(4);
  options.block_bytes = size_t{512} << random.Below(5);
  options.compression = static_cast<Compression>(random.Below(3));
  constexpr double kRates[] = {0.1, 0.01, 0.001, 1};
  options.filter_false_positive_rate = kRates[random.Below(4)];
  options.cache_policy = static_cast<CachePolicy>(random.Below(2));
  options.sync_interval_ms = random.OneIn(3) ? 0 : 1000;
  options.background_threads = static_cast<uint32_t>(1 + random.Below(3));
  options.max_open_files = random.OneIn(2) ? 16 : 1000;
  return options;
}

}  // namespace

ModelProgram::ModelProgram(const ModelSettings& settings) : settings_(settings), random_(settings.seed) {
  key_style_ = static_cast<uint32_t>(random_.Below(4));
}

void ModelProgram::Violation(std::string text) {
  if (report_.violation.empty()) {
    report_.violation = fmt::format("seed {}, step {}: {}", settings_.seed, report_.operations, text);
  }
}

bool ModelProgram::Ok(const Status& status, const char* what) {
  if (!status) Violation(fmt::format("{} failed: {}", what, status.error().ToString()));
  return status.has_value();
}

std::string ModelProgram::RandomKey() {
  // Half of the keys come from a tenth of the space.
  const uint64_t space = random_.OneIn(2) ? settings_.key_count : std::max<uint64_t>(settings_.key_count / 10, 1);
  const uint64_t n = random_.Below(space);
  switch (key_style_) {
    case 0: return fmt::format("{:016}", n);
    case 1: return fmt::format("https://example.org/a/rather/long/common/prefix/{}", n);
    case 2: {  // Short binary keys, with ties of heads: zeros at the end count.
      std::string key(n % 9, '\0');
      return key + static_cast<char>(n / 9 % 256) + std::string(n / 2304, '\0');
    }
    default: return fmt::format("{:x}", n * 0x9e3779b97f4a7c15u) + std::string(n % 3, 'x');
  }
}

std::string ModelProgram::RandomValue() {
  const uint64_t kind = random_.Below(100);
  const size_t bytes = kind < 80 ? random_.Below(120) : kind < 98 ? random_.Below(4000) : random_.Below(100'000);
  std::string value(bytes, static_cast<char>('a' + random_.Below(26)));
  for (size_t i = 0; i < bytes / 2; ++i) value[i] = static_cast<char>(random_());
  return value;
}

WriteOptions ModelProgram::RandomWriteOptions() {
  const uint64_t kind = random_.Below(50);
  return {.durability = kind == 0 ? Durability::kSync : kind == 1 ? Durability::kNone : Durability::kBuffered};
}

bool ModelProgram::Open() {
  if (report_.reopens == 0 || random_.OneIn(2)) options_ = RandomOptions(random_);
  Components components;
  components.environment = settings_.environment;
  auto opened = DB::Open(settings_.path, options_, std::move(components));
  if (!opened) {
    Violation("open failed: " + opened.error().ToString());
    return false;
  }
  db_ = std::move(*opened);
  return true;
}

void ModelProgram::Reopen() {
  CountShape();
  walks_.clear();
  pinned_.clear();
  if (random_.OneIn(2) && !Ok(db_->Close(), "Close")) return;
  db_.reset();
  ++report_.reopens;
  if (Open() && random_.OneIn(4)) CheckAll();
}

void ModelProgram::CountShape() {
  const Stats stats = db_->GetStats();
  report_.flushes += stats.flushes;
  report_.compactions += stats.compactions + stats.trivial_moves;
  for (size_t level = 0; level < stats.levels.size(); ++level) {
    if (stats.levels[level].tables > 0) report_.deepest_level = std::max<uint64_t>(report_.deepest_level, level);
  }
}

void ModelProgram::Put() {
  const std::string key = RandomKey(), value = RandomValue();
  if (Ok(db_->Put(key, value, RandomWriteOptions()), "Put")) content_[key] = value;
}

void ModelProgram::Delete() {
  const std::string key = RandomKey();
  if (Ok(db_->Delete(key, RandomWriteOptions()), "Delete")) content_.erase(key);
}

void ModelProgram::WriteBatchOf(uint64_t count) {
  WriteBatch batch;
  Map after = content_;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = RandomKey();
    if (random_.OneIn(3)) {
      batch.Delete(key);
      after.erase(key);
    } else {
      std::string value = RandomValue();
      batch.Put(key, value);
      after[key] = std::move(value);
    }
  }
  if (Ok(db_->Write(batch, RandomWriteOptions()), "Write")) content_ = std::move(after);
}

const ModelProgram::Map& ModelProgram::RandomRead(ReadOptions* options) {
  options->fill_cache = !random_.OneIn(4);
  if (pinned_.empty() || random_.OneIn(2)) return content_;
  const Pinned& pinned = pinned_[random_.Below(pinned_.size())];
  options->snapshot = &pinned.snapshot;
  return pinned.content;
}

void ModelProgram::Get() {
  ReadOptions options;
  const Map& content = RandomRead(&options);
  const std::string key = RandomKey();
  const auto expected = content.find(key);
  std::optional<std::string> found;
  if (random_.OneIn(2)) {
    auto got = db_->Get(key, options);
    if (!got) return Violation("Get failed: " + got.error().ToString());
    found = std::move(*got);
  } else {
    auto got = db_->GetPinned(key, options);
    if (!got) return Violation("GetPinned failed: " + got.error().ToString());
    if (got->has_value()) found.emplace((*got)->view());
  }
  if (found.has_value() != (expected != content.end()) || (found && *found != expected->second)) {
    Violation(fmt::format("Get of {}{}: expected {}, found {}", Show(key), options.snapshot ? " at a snapshot" : "",
                          expected == content.end() ? "nothing" : Show(expected->second),
                          found ? Show(*found) : "nothing"));
  }
}

void ModelProgram::MultiGet() {
  ReadOptions options;
  const Map& content = RandomRead(&options);
  std::vector<std::string> keys(1 + random_.Below(20));
  for (std::string& key : keys) key = RandomKey();
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto results = db_->MultiGet(views, options);
  if (results.size() != keys.size()) return Violation("MultiGet returned another number of results");
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto expected = content.find(keys[i]);
    const bool right = results[i] && results[i]->has_value() == (expected != content.end()) &&
                       (!results[i]->has_value() || **results[i] == expected->second);
    if (!right) Violation("MultiGet of " + Show(keys[i]) + " is wrong");
  }
}

ModelProgram::Walk ModelProgram::NewWalk() {
  ReadOptions options;
  const Map& content = RandomRead(&options);
  std::optional<std::string> lower, upper;
  if (random_.OneIn(3)) lower = RandomKey();
  if (random_.OneIn(3)) upper = RandomKey();
  if (lower && upper && *upper < *lower) lower.swap(upper);
  options.lower_bound = lower;
  options.upper_bound = upper;
  Map seen(lower ? content.lower_bound(*lower) : content.begin(), upper ? content.lower_bound(*upper) : content.end());
  return {.iterator = db_->NewIterator(options), .content = std::move(seen), .lower = lower, .upper = upper, .at = {}};
}

void ModelProgram::CheckWalk(Walk& walk, Map::const_iterator expected, bool at_end, const char* move) {
  walk.at.reset();
  if (!Ok(walk.iterator.status(), move)) return;
  if (walk.iterator.Valid() != !at_end) {
    return Violation(fmt::format("after {}: expected {}, found {}", move, at_end ? "the end" : Show(expected->first),
                                 at_end ? Show(walk.iterator.key()) : "the end"));
  }
  if (at_end) return;
  walk.at = expected->first;
  if (walk.iterator.key() != expected->first || walk.iterator.value() != expected->second) {
    Violation(fmt::format("after {}: expected {} = {}, found {} = {}", move, Show(expected->first),
                          Show(expected->second), Show(walk.iterator.key()), Show(walk.iterator.value())));
  }
}

// One move of an iterator, and of the model beside it.
void ModelProgram::StepWalk() {
  if (walks_.empty() || (walks_.size() < 4 && random_.OneIn(20))) walks_.push_back(NewWalk());
  const size_t index = random_.Below(walks_.size());
  Walk& walk = walks_[index];
  const Map& content = walk.content;
  const uint64_t move = random_.Below(walk.at ? 20 : 4);
  if (move == 0) {
    walk.iterator.SeekToFirst();
    CheckWalk(walk, content.begin(), content.empty(), "SeekToFirst");
  } else if (move == 1) {
    walk.iterator.SeekToLast();
    CheckWalk(walk, content.empty() ? content.end() : std::prev(content.end()), content.empty(), "SeekToLast");
  } else if (move == 2) {
    const std::string target = RandomKey();
    walk.iterator.Seek(target);
    const auto expected = content.lower_bound(target);
    CheckWalk(walk, expected, expected == content.end(), "Seek");
  } else if (move == 3) {
    const std::string target = RandomKey();
    walk.iterator.SeekForPrev(target);
    const auto after = content.upper_bound(target);
    CheckWalk(walk, after == content.begin() ? after : std::prev(after), after == content.begin(), "SeekForPrev");
  } else {
    const bool forward = random_.Below(8) < 5;
    for (uint64_t steps = 1 + random_.Below(30); steps > 0 && walk.at && report_.violation.empty(); --steps) {
      const auto here = content.find(*walk.at);
      if (forward) {
        walk.iterator.Next();
        CheckWalk(walk, std::next(here), std::next(here) == content.end(), "Next");
      } else {
        walk.iterator.Prev();
        CheckWalk(walk, here == content.begin() ? here : std::prev(here), here == content.begin(), "Prev");
      }
    }
  }
  if (random_.OneIn(100)) walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(index));
}

void ModelProgram::TakeSnapshot() {
  if (pinned_.size() >= 3) pinned_.erase(pinned_.begin() + static_cast<std::ptrdiff_t>(random_.Below(3)));
  pinned_.push_back({.snapshot = db_->GetSnapshot(), .content = content_});
}

void ModelProgram::Maintain() {
  const uint64_t what = random_.Below(6);
  if (what == 0) {
    std::optional<std::string> begin, end;
    if (random_.OneIn(2)) begin = RandomKey();
    if (random_.OneIn(2)) end = RandomKey();
    if (begin && end && *end < *begin) begin.swap(end);
    Ok(db_->CompactRange(begin, end), "CompactRange");
  } else if (what < 3) {
    Ok(db_->WaitForIdle(), "WaitForIdle");
  } else if (what < 5) {
    Ok(db_->Flush(), "Flush");
  } else {
    Ok(db_->SyncWal(), "SyncWal");
  }
}

void ModelProgram::CheckAll() {
  Iterator iterator = db_->NewIterator();
  auto expected = content_.begin();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next(), ++expected) {
    if (expected == content_.end() || iterator.key() != expected->first || iterator.value() != expected->second) {
      return Violation(fmt::format("full scan: expected {}, found {}",
                                   expected == content_.end() ? "the end" : Show(expected->first),
                                   Show(iterator.key())));
    }
  }
  if (!Ok(iterator.status(), "full scan")) return;
  if (expected != content_.end()) Violation("full scan: ended before " + Show(expected->first));
}

void ModelProgram::Step() {
  const uint64_t kind = random_.Below(1000);
  if (kind < 260) {
    ++report_.writes;
    Put();
  } else if (kind < 350) {
    ++report_.writes;
    Delete();
  } else if (kind < 360) {
    ++report_.writes;
    WriteBatchOf(1 + random_.Below(50));
  } else if (kind < 600) {
    Get();
  } else if (kind < 620) {
    MultiGet();
  } else if (kind < 990) {
    StepWalk();
  } else if (kind < 993) {
    TakeSnapshot();
  } else if (kind < 997 || !random_.OneIn(10)) {
    if (random_.OneIn(20)) Maintain();
  } else {
    Reopen();
  }
}

ModelReport ModelProgram::Run() {
  if (!Open()) return report_;
  for (; report_.operations < settings_.operations && report_.violation.empty(); ++report_.operations) Step();
  if (report_.violation.empty()) CheckAll();
  if (report_.violation.empty()) CountShape();
  walks_.clear();
  pinned_.clear();
  if (report_.violation.empty()) Ok(db_->Close(), "Close");
  return report_;
}

}  // namespace amethyst::torture
