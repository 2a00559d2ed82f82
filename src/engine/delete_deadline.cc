#include "engine/delete_deadline.h"

#include <algorithm>

#include "base/error.h"
#include "engine/compact.h"
#include "engine/flush.h"

namespace amethyst::engine {

namespace {

// Where the process is killed and the wall clock begins anew again and again, at most that part of a deadline is lost.
constexpr uint64_t kNotedParts = 16;

bool HoldsDeletes(const View& view) {
  if (view.active->OldestDeleteSeconds() != 0 || !view.immutable.empty()) return true;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    const auto tables = view.version->tables(level);
    if (std::ranges::any_of(tables, [](const auto& table) { return table->info().deletes > 0; })) return true;
  }
  return false;
}

// Any edit notes the time; where there is none for long, this one does.
Status NoteTime(Core& core) {
  const uint64_t deadline_s = core.settings.options.delete_deadline_s;
  if (core.delete_clock->SecondsSinceMark() <= deadline_s / kNotedParts) return {};
  if (!HoldsDeletes(*core.view->Acquire())) return {};
  tree::VersionEdit edit;
  edit.delete_time = core.delete_clock->Mark();
  return core.tree->Apply(std::move(edit), [](const auto&) {});
}

}  // namespace

bool LoggedDeletesAreDue(Core& core) {
  const uint64_t deadline_s = core.settings.options.delete_deadline_s;
  const uint64_t oldest_s = core.view->Acquire()->active->OldestDeleteSeconds();
  return deadline_s != 0 && oldest_s != 0 && core.delete_clock->Seconds() > oldest_s + deadline_s / 2;
}

Status KeepDeleteDeadline(Core& core, Committer& committer) {
  if (core.settings.options.delete_deadline_s == 0) return {};
  if (LoggedDeletesAreDue(core)) AMETHYST_TRY(committer.SwitchWithLog());
  AMETHYST_TRY(core.latch.status());
  AMETHYST_TRY(ReleaseLog(core));
  return NoteTime(core);
}

Status FinishDueDeletes(const std::shared_ptr<Core>& core) {
  if (core->settings.options.delete_deadline_s == 0) return {};
  AMETHYST_TRY(ReleaseLog(*core));
  Status done = core->latch.status();
  while (done) {
    const std::shared_ptr<const tree::Version> version = core->view->Acquire()->version;
    const compaction::Plan plan =
        compaction::PlanDueDeletes(compaction::ShapeOf(*version, {}, true), PlannerSettingsOf(*core));
    if (plan.kind == compaction::PlanKind::kNothing) break;
    done = ExecutePlan(core, plan, version, core->latch.flag());
  }
  return done;
}

}  // namespace amethyst::engine
