// Carries out what the planner decided: reads and writes tables, then one manifest edit.
//
// Thread safety: plans that do not overlap run at the same time.
#pragma once

#include <memory>

#include "compaction/merge_job.h"
#include "compaction/plan.h"
#include "engine/core.h"

namespace amethyst::engine {

// `version` is the one that was planned on. A large merge is split into ranges, which idle background threads help
// with. Fails with nothing changed once it is told to stop.
[[nodiscard]] Status ExecutePlan(const std::shared_ptr<Core>& core, const compaction::Plan& plan,
                                 const std::shared_ptr<const tree::Version>& version,
                                 const compaction::StopSignals& stop);

// Plans and carries out some of what is due, as long as it costs hardly more than a flush: at the end of a session that
// may have been too short for any compaction. Only while no other job runs or can begin.
[[nodiscard]] Status CompactLittle(const std::shared_ptr<Core>& core);

// The keys that the plan's outputs can hold.
[[nodiscard]] compaction::RunningOutput OutputOf(const compaction::Plan& plan, const tree::Version& version);

[[nodiscard]] compaction::PlannerSettings PlannerSettingsOf(const Core& core);

}  // namespace amethyst::engine
