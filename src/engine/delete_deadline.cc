#include "engine/delete_deadline.h"

#include <algorithm>

#include "base/error.h"
#include "compaction/planner.h"

namespace amethyst::engine {

namespace {

// Where the process is killed and the wall clock begins anew again and again, at most that part of a deadline is lost.
constexpr uint64_t kNotedParts = 16;

bool HoldsDeletes(const View& view) {
  if (view.active->OldestDeleteSeconds() != 0 || !view.immutable.empty()) return true;
  return std::ranges::any_of(view.forest->families(), [](const tree::FamilyTree& tree) {
    if (tree.version->tombstones() != nullptr) return true;
    for (key::Level level = 0; level < key::kLevels; ++level) {
      const auto tables = tree.version->tables(level);
      if (std::ranges::any_of(tables, [](const auto& table) { return table->info().deletes > 0; })) return true;
    }
    return false;
  });
}

}  // namespace

// Any edit notes the time; where there is none for long, this one does.
Status DeleteDeadline::NoteTime() {
  if (storage_.delete_clock->SecondsSinceMark() <= deadline_s_ / kNotedParts) return {};
  return HoldsDeletes(*reads_.view.Acquire()) ? storage_.Note({}) : Status();
}

bool DeleteDeadline::IsPending() const { return deadline_s_ != 0 && HoldsDeletes(*reads_.view.Acquire()); }

bool DeleteDeadline::LoggedDeletesAreDue() const {
  const uint64_t oldest_s = reads_.view.Acquire()->active->OldestDeleteSeconds();
  return deadline_s_ != 0 && oldest_s != 0 && storage_.delete_clock->Seconds() > oldest_s + deadline_s_ / 2;
}

Status DeleteDeadline::Keep(Committer& committer) {
  if (deadline_s_ == 0) return {};
  if (LoggedDeletesAreDue()) AMETHYST_TRY(committer.SwitchWithLog());
  AMETHYST_TRY(health_.latch.status());
  AMETHYST_TRY(flusher_.ReleaseLog());
  return NoteTime();
}

Status DeleteDeadline::Finish(Compactor& compactor) {
  if (deadline_s_ == 0) return {};
  AMETHYST_TRY(flusher_.ReleaseLog());
  Status done = health_.latch.status();
  for (bool is_due = true; done && is_due;) {
    is_due = false;
    const ViewPtr view = reads_.view.Acquire();
    for (const tree::FamilyTree& tree : view->forest->families()) {
      const compaction::Plan plan =
          compaction::PlanDueDeletes(compaction::ShapeOf(*tree.version, {}, true), compactor.Planning());
      if (plan.kind == compaction::PlanKind::kNothing) continue;
      is_due = true;
      done = compactor.ExecutePlan(plan, tree, health_.latch.flag());
      break;  // The forest is another now.
    }
  }
  return done;
}

}  // namespace amethyst::engine
