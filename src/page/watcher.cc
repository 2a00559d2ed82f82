#include "page/watcher.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "catalog/foreign.h"
#include "catalog/read_state.h"
#include "engine/settings.h"
#include "figures/reader.h"
#include "inspect/level_shares.h"
#include "page/state_json.h"
#include "tree/file_names.h"

namespace amethyst::page {

namespace {

constexpr int kVersion = 1;           // Of the document: docs/page.md.
constexpr size_t kEventsShown = 200;  // Of before the page began.
constexpr uint64_t kLookupsToTell = 1000;
constexpr uint64_t kMsPerS = 1000;
constexpr uint64_t kRestsAfterMs = 5 * kMsPerS;

compaction::PlannerSettings PlannerSettingsFor(size_t memory_budget_bytes) {
  Options options;
  if (memory_budget_bytes != 0) options.memory_budget_bytes = memory_budget_bytes;
  const auto settings = engine::CheckOptions(options);
  compaction::PlannerSettings planner;
  if (settings) planner.write_buffer_bytes = settings->write_buffer_bytes;
  return planner;
}

// Of those that expire between two times, as many as fit the time that has passed.
uint64_t ExpiredBy(const key::Expiries& expiries, uint64_t now_ms) {
  if (expiries.entries == 0 || now_ms < expiries.first_ms) return 0;
  if (now_ms >= expiries.last_ms) return expiries.entries;
  const double share =
      static_cast<double>(now_ms - expiries.first_ms) / static_cast<double>(expiries.last_ms - expiries.first_ms);
  return static_cast<uint64_t>(share * static_cast<double>(expiries.entries));
}

std::optional<double> HitsBetween(const std::optional<figures::Contents>& before, const figures::Contents& now) {
  if (!before || before->writer != now.writer) return std::nullopt;
  const Stats& then = before->figures.stats;
  const Stats& stats = now.figures.stats;
  if (stats.cache_hits < then.cache_hits || stats.cache_misses < then.cache_misses) return std::nullopt;
  const uint64_t hits = stats.cache_hits - then.cache_hits;
  const uint64_t all = hits + stats.cache_misses - then.cache_misses;
  if (all < kLookupsToTell) return std::nullopt;
  return static_cast<double>(hits) / static_cast<double>(all);
}

}  // namespace

Watcher::Watcher(io::Environment& environment, Settings settings)
    : environment_(environment),
      settings_(std::move(settings)),
      planner_(PlannerSettingsFor(settings_.memory_budget_bytes)),
      history_(settings_.history) {}

Status Watcher::ReadEdits(std::vector<Message>* messages) {
  io::FileSystem& files = environment_.files();
  // Before the manifest's end is looked at.
  const catalog::Writing writing = catalog::WritingIn(files, settings_.directory);
  has_writer_ = writing == catalog::Writing::kGoesOn;
  const Result<key::FileNumber> current = catalog::ReadCurrent(files, settings_.directory);
  if (!current) {
    AMETHYST_TRY(catalog::CheckNotForeign(files, settings_.directory));
    return base::InvalidArgument("{}: there is no database here: {}", settings_.directory, current.error().message());
  }
  const bool is_first = manifest_ == key::FileNumber{};
  const bool is_new = *current != manifest_;
  catalog::ManifestPosition position = is_new ? catalog::ManifestPosition() : position_;
  const auto now_ms = static_cast<uint64_t>(environment_.clock().WallTime().count());
  const auto tell = [&](const TimedEdit* edit) {
    if (edit == nullptr || is_first) return;
    JsonWriter json;
    WriteEdit(*edit, &json);
    messages->push_back({.name = "edit", .data = json.Take()});
  };
  inspect::ManifestState fresh;
  const auto take = [&](const tree::VersionEdit& edit) -> Status {
    const uint64_t made_ms = edit.delete_time ? edit.delete_time->seconds * kMsPerS : 0;
    if (is_new && !is_first) {
      fresh.Apply(edit);
    } else {
      tell(history_.Apply(edit, is_first ? made_ms : now_ms));
    }
    return {};
  };
  const catalog::ManifestIdentity identity{.database_uid = state().database_uid, .number = *current};
  const Status followed = catalog::FollowCurrent(files, settings_.directory, identity, writing, take, &position);
  if (is_new && !followed) return followed;
  if (is_new && !is_first) tell(history_.Replace(std::move(fresh), now_ms));
  const bool has_edits = is_new || position.records != position_.records;
  manifest_ = *current;
  position_ = position;  // Behind what was taken, though what follows may be damaged.
  if (has_edits) DescribeFamilies();
  return followed;
}

void Watcher::DescribeFamilies() {
  JsonWriter json;
  WriteFamilies(state(), planner_, &json);
  families_ = json.Take();
  level0_filled_ = inspect::SharesOf(state(), key::kDefaultFamily, planner_).filled[0];
  for (const auto& [family, description] : state().families) {
    level0_filled_ = std::max(level0_filled_, inspect::SharesOf(state(), family, planner_).filled[0]);
  }
}

void Watcher::ReadFigures() {
  auto contents = figures::Read(environment_.files(), io::JoinPath(settings_.directory, tree::kStatsFileName));
  if (!contents) {
    contents_.reset();
    return;
  }
  const auto now_ms = static_cast<uint64_t>(environment_.clock().WallTime().count());
  if (const auto hits = HitsBetween(contents_, *contents)) {
    cache_hits_ = hits;
  } else if (now_ms > contents->figures.updated_ms + kRestsAfterMs) {
    cache_hits_.reset();  // It rests: what was is no advice for now.
  }
  contents_ = *std::move(contents);
}

Result<std::vector<Message>> Watcher::LookAtEdits() {
  std::vector<Message> messages;
  const Status read = ReadEdits(&messages);
  if (!read && read.error().code() != ErrorCode::kBusy) return std::unexpected(read.error());
  return messages;
}

Result<std::vector<Message>> Watcher::Look() {
  AMETHYST_ASSIGN(std::vector<Message> messages, LookAtEdits());
  ReadFigures();
  JsonWriter json;
  json.Begin('{');
  WriteMetrics(events_told_, &json);
  json.End('}');
  if (contents_ && !contents_->events.empty()) events_told_ = contents_->events.back().number;
  messages.push_back({.name = "metrics", .data = json.Take()});
  return messages;
}

Advice Watcher::CurrentAdvice() const {
  Situation situation{.has_writer = has_writer_, .figures = contents_ ? &contents_->figures : nullptr};
  situation.cache_hits = cache_hits_;
  situation.level0_filled = level0_filled_;
  const auto now_ms = static_cast<uint64_t>(environment_.clock().WallTime().count());
  for (const auto& level : state().levels) {
    for (const tree::AddedTable& table : level) {
      situation.bytes += table.info.file_bytes;
      situation.entries += table.info.entries;
      situation.dead_entries += table.info.deletes + ExpiredBy(table.info.expiries, now_ms);
    }
  }
  return AdviceFor(situation);
}

void Watcher::WriteMetrics(uint64_t events_after, JsonWriter* json) const {
  json->Field("time_ms", environment_.clock().WallTime().count()).Field("edit", history_.last());
  json->Field("writer", has_writer_ ? "there" : "gone").Field("sequence", key::Raw(state().last_sequence));
  json->Key("families").Raw(families_);
  json->Key("advice");
  WriteAdvice(CurrentAdvice(), json);
  json->Key("figures");
  if (!contents_) {
    json->Raw("null").Key("events").Begin('[').End(']');
    return;
  }
  WriteFigures(*contents_, json);
  json->Key("events");
  WriteEvents(contents_->events, events_after, kEventsShown, json);
}

void Watcher::WriteState(JsonWriter* json) const {
  json->Field("version", kVersion).Field("database", std::string_view(settings_.directory));
  json->Field("order", std::string_view(state().comparator_name));
  WriteMetrics(0, json);
  json->Key("tables");
  WriteTables(state(), json);
}

Message Watcher::Snapshot() const {
  JsonWriter json;
  json.Begin('{');
  WriteState(&json);
  json.End('}');
  return {.name = "snapshot", .data = json.Take()};
}

std::string Watcher::HistoryText() const {
  JsonWriter json;
  WriteHistory(history_, &json);
  return json.Take();
}

std::string Watcher::ReportText() const {
  JsonWriter json;
  json.Begin('{');
  WriteState(&json);
  json.Key("history");
  WriteHistory(history_, &json);
  json.End('}');
  return json.Take();
}

}  // namespace amethyst::page
