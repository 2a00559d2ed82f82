// The part of a model program that reads.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

namespace {

Result<std::optional<ModelEntry>> Entry(Result<std::optional<std::string>> found) {
  if (!found) return std::unexpected(found.error());
  return *found ? std::optional(ModelEntry{.value = *std::move(*found)}) : std::nullopt;
}

Result<std::optional<ModelEntry>> Entry(const Result<std::optional<PinnedValue>>& found) {
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  return ModelEntry{.value = std::string((*found)->view()),
                    .expires_ms = MillisecondsOf((*found)->expires_at().value_or(kNever))};
}

std::string DescribeRead(const ReadOptions& options) {
  return fmt::format("{}{}", options.snapshot != nullptr ? " at a snapshot" : "",
                     options.read_time ? fmt::format(" as of {}", MillisecondsOf(*options.read_time)) : "");
}

}  // namespace

std::optional<ModelEntry> ModelProgram::ReadMoment::At(const ModelFamily& family, std::string_view key) const {
  const auto content = state->find(family.number);  // Not there: the family was made later.
  return content == state->end() ? std::nullopt : content->second.At(key, now_ms);
}

ModelMap ModelProgram::ReadMoment::Seen(const ModelFamily& family) const {
  const auto content = state->find(family.number);
  return content == state->end() ? ModelMap(KeyLess{family.comparator}) : content->second.Seen(now_ms);
}

ModelProgram::ReadMoment ModelProgram::DrawReadMoment(ReadOptions* options) {
  options->fill_cache = !random_.OneIn(4);
  ReadMoment moment{.state = &content_.now(), .now_ms = Now(*db_)};
  std::optional<uint64_t> pinned_ms;
  if (!pinned_.empty() && random_.OneIn(2)) {
    const Pinned& pinned = pinned_[random_.Below(pinned_.size())];
    options->snapshot = &pinned.snapshot;
    moment = {.state = pinned.content.get(), .now_ms = pinned.now_ms};
    pinned_ms = pinned.now_ms;
  }
  if (!features_.expiries || !random_.OneIn(4)) return moment;
  const uint64_t oldest_ms = pinned_ms.value_or(time_.now_ms() - ModelTime::kReadableMs);
  moment.now_ms = time_.DrawReadTime(random_, pinned_ms);
  moment.too_old = moment.now_ms < oldest_ms;
  options->read_time = MomentOf(moment.now_ms);
  report_.Count(moment.too_old ? ModelCounter::kReadsTooOld : ModelCounter::kReadsAtATime);
  return moment;
}

void ModelProgram::CheckRead(const char* what, const ReadMoment& moment, const ModelFamily& family,
                             const std::string& key, const Result<std::optional<ModelEntry>>& found) {
  if (moment.too_old) {
    if (found || found.error().code() != ErrorCode::kTooOld) {
      Violation(fmt::format("{} of {} was not refused, though its time is too old", what, Show(key)));
    }
    return;
  }
  const std::optional<ModelEntry> expected = moment.At(family, key);
  const bool refused = expected && expected->refused;
  if (refused && !found && found.error().code() == ErrorCode::kInvalidArgument) {
    return report_.Count(ModelCounter::kReadsRefused);
  }
  if (!Ok(found ? Status() : std::unexpected(found.error()), what)) return;
  if (Shows(*found, expected)) {
    if (expected && !*found && moment.state == &content_.now()) content_.NoteDropped(family.number, key);
    return;
  }
  Violation(fmt::format("{} of {} at {}: expected {}, found {}", what, Show(key), moment.now_ms, Show(expected),
                        Show(*found)));
}

void ModelProgram::Get() {
  const ModelFamily& family = families_.Draw(random_);
  ReadOptions options;
  const ReadMoment moment = DrawReadMoment(&options);
  const std::string key = family.DrawKey(random_);
  Tell(fmt::format("get {}{}", Show(key), DescribeRead(options)));
  switch (random_.Below(4)) {
    case 0: {
      auto found = On(family, [&](auto& from) { return from.Get(key, options); });
      return CheckRead("Get", moment, family, key, Entry(std::move(found)));
    }
    case 1: {
      std::string value;
      const Result<bool> got = On(family, [&](auto& from) { return from.GetInto(key, &value, options); });
      Result<std::optional<ModelEntry>> found;
      if (got && *got) found->emplace(ModelEntry{.value = std::move(value)});
      if (!got) found = std::unexpected(got.error());
      return CheckRead("GetInto", moment, family, key, found);
    }
    case 2: {
      const auto may_exist = On(family, [&](auto& from) { return from.KeyMayExist(key, options); });
      if (may_exist && !*may_exist && !moment.too_old && !Shows(std::nullopt, moment.At(family, key))) {
        Violation(fmt::format("KeyMayExist rules out {}, which is there", Show(key)));
      }
      std::string value;
      const auto got = On(family, [&](auto& from) { return from.TryGetInto(key, &value, options); });
      if (got && !*got) return;  // A file would have to be read.
      Result<std::optional<ModelEntry>> found;
      if (got && **got) found->emplace(ModelEntry{.value = std::move(value)});
      if (!got) found = std::unexpected(got.error());
      return CheckRead("TryGetInto", moment, family, key, found);
    }
    default: {
      const auto got = On(family, [&](auto& from) { return from.GetPinned(key, options); });
      CheckRead("GetPinned", moment, family, key, Entry(got));
      const std::optional<ModelEntry> expected = moment.At(family, key);
      if (got && *got && expected && !TellsExpiryOf(*expected, (*got)->expires_at())) {
        Violation(fmt::format("GetPinned of {}: expected {}, found {}", Show(key), Show(expected), Show(*Entry(got))));
      }
    }
  }
}

void ModelProgram::MultiGet() {
  const ModelFamily& family = families_.Draw(random_);
  ReadOptions options;
  const ReadMoment moment = DrawReadMoment(&options);
  std::vector<std::string> keys(1 + random_.Below(20));
  for (std::string& key : keys) key = family.DrawKey(random_);
  Tell(fmt::format("get {} keys, first {}{}", keys.size(), Show(keys.front()), DescribeRead(options)));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  auto results = On(family, [&](auto& from) { return from.MultiGet(views, options); });
  if (results.size() != keys.size()) return Violation("MultiGet returned another number of results");
  for (size_t i = 0; i < keys.size(); ++i) CheckRead("MultiGet", moment, family, keys[i], Entry(std::move(results[i])));
}

void ModelProgram::Walk() {
  if (walks_.empty() || (walks_.size() < 4 && random_.OneIn(40))) {
    const ModelFamily& family = families_.Draw(random_);
    ReadOptions options;
    const ReadMoment moment = DrawReadMoment(&options);
    std::string bounds[2] = {family.DrawKey(random_), family.DrawKey(random_)};
    if (family.comparator->Compare(bounds[0], bounds[1]) > 0) bounds[0].swap(bounds[1]);
    if (random_.OneIn(3)) options.lower_bound = bounds[0];
    if (random_.OneIn(3)) options.upper_bound = bounds[1];
    Tell(fmt::format("new iterator{}{}{}", DescribeRead(options), options.lower_bound ? " from " + Show(bounds[0]) : "",
                     options.upper_bound ? " to " + Show(bounds[1]) : ""));
    const auto make = [&](const ReadOptions& of) {
      return On(family, [&](auto& from) { return from.NewIterator(of); });
    };
    if (moment.too_old) {
      const Status status = make(options).status();
      if (status || status.error().code() != ErrorCode::kTooOld) Violation("an iterator of a lost time was made");
      return;
    }
    // Of two iterators one may show what the other has lost to a filter: each moves on to newer tables by itself.
    const bool with_twin = random_.OneIn(3) && !family.is_filtered;
    walks_.push_back({.walk = ModelWalk(make, options, moment.Seen(family), with_twin),
                      .key_style = family.key_style,
                      .key_count = family.key_count});
  }
  const size_t index = random_.Below(walks_.size());
  Tell(fmt::format("move iterator {}", index));
  std::string wrong;
  OpenWalk& open = walks_[index];
  const bool ok = Ok(open.walk.Move(random_, DrawKey(random_, open.key_style, open.key_count), &wrong), "iterator");
  if (!wrong.empty()) Violation(wrong);
  if (!ok || random_.OneIn(200)) walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(index));
}

void ModelProgram::TakeSnapshot() {
  if (pinned_.size() >= 3) pinned_.erase(pinned_.begin() + static_cast<std::ptrdiff_t>(random_.Below(3)));
  Tell("snapshot");
  const uint64_t now_ms = Now(*db_);
  pinned_.push_back({.snapshot = db_->GetSnapshot(),
                     .content = std::make_shared<const ModelState>(content_.now()),
                     .now_ms = now_ms});
}

Result<SeenState> ModelProgram::ReadAll(DB& db) const {
  return ReadFamilies(db, families_.all(), [this](const ModelFamily& family) {
    std::set<std::string, KeyLess> possible(KeyLess{family.comparator});
    content_.ForEachPossibleKey(family.number, [&](const std::string& key) { possible.insert(key); });
    return possible;
  });
}

void ModelProgram::CheckAll() {
  const uint64_t now_ms = Now(*db_);
  const Result<SeenState> found = ReadAll(*db_);
  if (!Ok(found ? Status() : std::unexpected(found.error()), "walk over everything")) return;
  const std::string text = DifferenceOf(content_.now(), now_ms, *found);
  if (!text.empty()) Violation("a walk over everything: " + text);
}

}  // namespace amethyst::torture
