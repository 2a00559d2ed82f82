#include "compaction/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "compaction/covered.h"
#include "compaction/level_targets.h"
#include "compaction/small_neighbours.h"
#include "compaction/steps.h"
#include "compaction/victim.h"

namespace amethyst::compaction {
namespace {

// A table's tombstones start on their way down when that part of the deadline is left: the way down takes some jobs.
constexpr uint64_t kDeadlineReserveParts = 4;

std::string Name(const TableShape& table) { return fmt::format("{:06}", Raw(table.number)); }

Plan WithUrgency(Plan plan, double urgency) {
  plan.urgency = urgency;
  return plan;
}

// Since when a table holds something that deletes, or has expired; 0: it holds nothing of it.
uint64_t OldestDeadSeconds(const sstable::TableInfo& info, const PlannerSettings& settings) {
  if (!info.AnyExpires(settings.expired_ms)) return info.oldest_delete_time_s;
  const uint64_t expired_s = std::max<uint64_t>(info.expiries.first_ms / 1000, 1);
  return info.oldest_delete_time_s == 0 ? expired_s : std::min(expired_s, info.oldest_delete_time_s);
}

struct Candidate {
  key::Level level = 0;
  const TableShape* table = nullptr;
};

// All tables of a level that range deletes hide from every reader: whatever older lies below is hidden, too.
std::optional<Plan> DropCovered(const PlanContext& context, key::Level level) {
  Plan plan{PlanKind::kDrop, level, level, {}, {}, "deleted by range"};
  for (const TableShape& table : context.shape.levels[level]) {
    if (table.busy || !IsCovered(context.shape, table, context.settings.oldest_snapshot)) continue;
    plan.upper.push_back(table.number);
  }
  if (plan.upper.empty()) return std::nullopt;
  return plan;
}

// Tables that nobody needs: they cost an edit.
std::optional<Plan> PlanDrop(const PlanContext& context) {
  for (key::Level level = 0; level < key::kLevels; ++level) {
    if (context.shape.tombstones != nullptr) {
      if (std::optional<Plan> plan = DropCovered(context, level)) return plan;
    }
    for (const TableShape& table : context.shape.levels[level]) {
      if (std::optional<Plan> plan = Drop(context, level, table)) return plan;
    }
  }
  return std::nullopt;
}

// One level nearer to where the table's tombstones can go, or rid of them where there is nothing below.
std::optional<Plan> AdvanceTombstones(const PlanContext& context, const Candidate& candidate, std::string reason) {
  if (candidate.level == 0) {
    for (const Level0Group& group : GroupLevel0(context)) {
      if (std::find(group.tables.begin(), group.tables.end(), candidate.table) != group.tables.end()) {
        return PushDown(context, group, std::move(reason));
      }
    }
    return std::nullopt;
  }
  if (AnythingBelow(context.shape, context.running, candidate.level, RangeOf(*candidate.table))) {
    return PushDown(context, candidate.level, {candidate.table, 1}, std::move(reason));
  }
  if (candidate.table->info->largest_sequence > context.settings.oldest_snapshot) return std::nullopt;
  return RewriteInPlace(context, candidate.level, *candidate.table, std::move(reason));
}

// Rewrites what is hidden out of a table; where older versions are does not matter, for they are hidden as well.
std::optional<Plan> PlanCovered(const PlanContext& context, const std::string& reason) {
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const TableShape& table : context.shape.levels[level]) {
      if (table.busy || !MayHoldCovered(context.shape, table, context.settings.oldest_snapshot)) continue;
      std::optional<Plan> plan = level == 0 ? AdvanceTombstones(context, {level, &table}, reason)
                                            : MergeInPlace(context, level, {&table, 1}, reason);
      if (plan) return plan;
    }
  }
  return std::nullopt;
}

// So many that lookups and versions feel it.
std::optional<Plan> PlanManyRangeDeletes(const PlanContext& context) {
  constexpr size_t kManyFragments = 16'384;
  const key::RangeTombstones* const tombstones = context.shape.tombstones;
  if (tombstones == nullptr || tombstones->fragments().size() <= kManyFragments) return std::nullopt;
  return PlanCovered(context, fmt::format("{} range deletes are kept", tombstones->fragments().size()));
}

// Tombstones, and what has expired, near their deadline, oldest first.
std::optional<Plan> PlanDeadline(const PlanContext& context) {
  const PlannerSettings& settings = context.settings;
  if (settings.delete_deadline_s == 0) return std::nullopt;
  const uint64_t age_s = settings.delete_deadline_s - settings.delete_deadline_s / kDeadlineReserveParts;
  const auto is_due = [&](uint64_t written_s) {
    return written_s != 0 && settings.now_s >= age_s && written_s <= settings.now_s - age_s;
  };
  struct Due {
    uint64_t since_s = 0;
    Candidate candidate;
  };
  std::vector<Due> due;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const TableShape& table : context.shape.levels[level]) {
      const uint64_t since_s = OldestDeadSeconds(*table.info, settings);
      if (!table.busy && is_due(since_s)) due.push_back({since_s, {level, &table}});
    }
  }
  std::sort(due.begin(), due.end(), [](const Due& a, const Due& b) {
    return std::pair(a.since_s, a.candidate.table->number) < std::pair(b.since_s, b.candidate.table->number);
  });
  if (const uint64_t written_s = context.shape.oldest_range_delete_s; is_due(written_s)) {
    std::string reason = fmt::format("range deletes are up to {} s old", settings.now_s - written_s);
    if (std::optional<Plan> plan = PlanCovered(context, reason)) return plan;
  }
  for (const auto& [since_s, candidate] : due) {
    const bool expired = since_s != candidate.table->info->oldest_delete_time_s;
    std::string reason =
        expired ? fmt::format("entries of {} expired {} s ago", Name(*candidate.table), settings.now_s - since_s)
                : fmt::format("tombstones of {} are {} s old", Name(*candidate.table), settings.now_s - since_s);
    if (std::optional<Plan> plan = AdvanceTombstones(context, candidate, std::move(reason))) return plan;
  }
  return std::nullopt;
}

// Moves first, for they are free; then the group with the most tables.
std::optional<Plan> PlanLevel0(const PlanContext& context) {
  const std::string reason =
      fmt::format("level 0 has {} runs, {} bytes", context.shape.levels[0].size(), context.targets.bytes[0]);
  std::vector<Level0Group> groups = GroupLevel0(context);
  std::sort(groups.begin(), groups.end(), [](const Level0Group& a, const Level0Group& b) {
    if (a.lower.empty() != b.lower.empty()) return a.lower.empty();
    if (a.tables.size() != b.tables.size()) return a.tables.size() > b.tables.size();
    return a.tables.back()->number < b.tables.back()->number;  // The oldest.
  });
  for (const Level0Group& group : groups) {
    if (std::optional<Plan> plan = PushDown(context, group, reason)) return plan;
  }
  return std::nullopt;
}

// Levels that hold more than they should, by how much they do.
std::optional<Plan> PlanOverfull(const PlanContext& context) {
  struct Overfull {
    double score;
    key::Level level;
  };
  std::vector<Overfull> overfull;
  const auto free_bytes = [&](key::Level level) {
    uint64_t bytes = 0;
    for (const TableShape& table : context.shape.levels[level]) bytes += table.busy ? 0 : table.info->file_bytes;
    return bytes;
  };
  const std::vector<TableShape>& level0 = context.shape.levels[0];
  const auto runs = std::count_if(level0.begin(), level0.end(), [](const TableShape& table) { return !table.busy; });
  const double score0 = Level0Score(static_cast<uint64_t>(runs), free_bytes(0), context.settings);
  if (score0 >= 1) overfull.push_back({score0, 0});
  for (key::Level level = context.targets.base; level < context.targets.last; ++level) {
    const uint64_t bytes = free_bytes(level);
    const uint64_t target = context.targets.target[level];
    if (bytes <= target) continue;
    // A level to be emptied can wait for all others.
    overfull.push_back({target == 0 ? 1.0 : static_cast<double>(bytes) / static_cast<double>(target), level});
  }
  std::sort(overfull.begin(), overfull.end(), [](const Overfull& a, const Overfull& b) {
    return a.score != b.score ? a.score > b.score : a.level < b.level;
  });
  for (const auto& [score, level] : overfull) {
    if (level == 0) {
      if (std::optional<Plan> plan = PlanLevel0(context)) return WithUrgency(*std::move(plan), score);
      continue;
    }
    const TableShape* victim = ChooseVictim(context, level);
    if (victim == nullptr) continue;
    const std::string reason = context.targets.target[level] == 0
                                   ? fmt::format("level {} is not needed", level)
                                   : fmt::format("level {} has {:.2f} of its target", level, score);
    if (std::optional<Plan> plan = PushDown(context, level, {victim, 1}, reason)) {
      return WithUrgency(*std::move(plan), score);
    }
  }
  return std::nullopt;
}

// Runs of level 0 and what they overlap below, all of it small, where every fourth entry deletes another: what a queue
// leaves at each flush. To be rid of both costs next to nothing, and scans would walk over all of them.
std::optional<Plan> PlanSmallDeletes(const PlanContext& context) {
  constexpr uint64_t kSmallPart = 8;    // Of a write buffer.
  constexpr uint64_t kDeletesPart = 4;  // Of the entries.
  const auto many = [](uint64_t deletes, uint64_t entries) { return deletes > 0 && deletes >= entries / kDeletesPart; };
  // Before any key is compared, which a custom order may make costly.
  const bool any = std::ranges::any_of(context.shape.levels[0], [&](const TableShape& table) {
    return !table.busy && many(table.info->deletes, table.info->entries);
  });
  if (!any) return std::nullopt;
  for (const Level0Group& group : GroupLevel0(context)) {
    uint64_t bytes = TotalBytes(group.lower), entries = 0, deletes = 0;
    for (const TableShape& table : group.lower) entries += table.info->entries;
    for (const TableShape* table : group.tables) {
      bytes += table->info->file_bytes;
      entries += table->info->entries;
      deletes += table->info->deletes;
    }
    if (bytes > context.settings.write_buffer_bytes / kSmallPart || !many(deletes, entries)) continue;
    if (group.tables.size() + group.lower.size() < 2) continue;
    std::string reason = fmt::format("{} of {} entries of level 0 and below are tombstones", deletes, entries);
    if (std::optional<Plan> plan = PushDown(context, group, std::move(reason))) return plan;
  }
  return std::nullopt;
}

// Tables below level 0 that are little but tombstones and what has expired: scans walk over them, and they hide much
// for few bytes.
std::optional<Plan> PlanTombstones(const PlanContext& context) {
  for (key::Level level = 1; level < key::kLevels; ++level) {
    for (const TableShape& table : context.shape.levels[level]) {
      const key::Expiries& expiries = table.info->expiries;
      const uint64_t expired = expiries.last_ms <= context.settings.expired_ms ? expiries.entries : 0;
      const uint64_t dead = table.info->deletes + expired;
      if (table.busy || dead <= table.info->entries / 4 * 3) continue;
      std::string reason = fmt::format("{} of {} entries of {} {}", dead, table.info->entries, Name(table),
                                       expired > 0 ? "are tombstones, or have expired" : "are tombstones");
      if (std::optional<Plan> plan = AdvanceTombstones(context, {level, &table}, std::move(reason))) return plan;
    }
  }
  return std::nullopt;
}

// What little each flush or close leaves behind, where keys ascend.
std::optional<Plan> PlanSmallNeighbours(const PlanContext& context) {
  for (key::Level level = 1; level < key::kLevels; ++level) {
    const std::span<const TableShape> tables = SmallNeighbours(context, level);
    if (tables.empty()) continue;
    std::string reason = fmt::format("{} small tables of level {} are neighbours", tables.size(), level);
    if (std::optional<Plan> plan = MergeInPlace(context, level, tables, std::move(reason))) return plan;
  }
  return std::nullopt;
}

}  // namespace

Plan PlanCompaction(const TreeShape& shape, const std::vector<RunningOutput>& running,
                    const PlannerSettings& settings) {
  const PlanContext context{shape, running, settings, TargetsOf(shape, running, settings)};
  if (std::optional<Plan> plan = PlanDrop(context)) return WithUrgency(*std::move(plan), Plan::kAtOnce);
  if (std::optional<Plan> plan = PlanDeadline(context)) return WithUrgency(*std::move(plan), Plan::kAtOnce);
  if (std::optional<Plan> plan = PlanOverfull(context)) return *std::move(plan);
  if (std::optional<Plan> plan = PlanManyRangeDeletes(context)) return *std::move(plan);
  if (std::optional<Plan> plan = PlanSmallDeletes(context)) return *std::move(plan);
  if (std::optional<Plan> plan = PlanTombstones(context)) return *std::move(plan);
  if (std::optional<Plan> plan = PlanSmallNeighbours(context)) return *std::move(plan);
  return {};
}

Plan PlanDueDeletes(const TreeShape& shape, const PlannerSettings& settings) {
  const PlanContext context{shape, {}, settings, TargetsOf(shape, {}, settings)};
  return PlanDeadline(context).value_or(Plan());
}

uint64_t CompactionDebt(const TreeShape& shape, const PlannerSettings& settings) {
  const LevelTargets targets = TargetsOf(shape, {}, settings);
  uint64_t debt = 0;
  uint64_t incoming = 0;
  if (Level0Score(shape.levels[0].size(), targets.bytes[0], settings) >= 1) {
    incoming = targets.bytes[0];
    debt = incoming + targets.bytes[targets.base];
  }
  for (key::Level level = targets.base; level < targets.last; ++level) {
    const uint64_t bytes = targets.bytes[level] + incoming;
    incoming = bytes > targets.target[level] ? bytes - targets.target[level] : 0;
    if (incoming == 0) continue;
    const double overlap = static_cast<double>(targets.bytes[level + 1]) / static_cast<double>(bytes);
    debt += incoming + static_cast<uint64_t>(overlap * static_cast<double>(incoming));
  }
  return debt;
}

}  // namespace amethyst::compaction
