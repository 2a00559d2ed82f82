// Carries out what the planner decided: reads and writes tables, then one manifest edit.
//
// Thread safety: plans that do not overlap run at the same time.
#pragma once

#include <memory>
#include <vector>

#include "compaction/merge_job.h"
#include "compaction/plan.h"
#include "engine/family.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/storage.h"
#include "engine/workers.h"

namespace amethyst::engine {

struct PlanInputs;

class Compactor {
 public:
  // All of them outlive it.
  Compactor(Storage& storage, ReadContext& reads, Health& health, Workers& workers, const Family& family)
      : storage_(storage), reads_(reads), health_(health), workers_(workers), family_(family) {}

  // `tree` is the one that was planned on. A large merge is split into ranges, which idle background threads help
  // with. Fails with nothing changed once it is told to stop.
  [[nodiscard]] Status ExecutePlan(const compaction::Plan& plan, const tree::FamilyTree& tree,
                                   const compaction::StopSignals& stop);

  // Plans and carries out some of what is due, as long as it costs hardly more than a flush: at the end of a session
  // that may have been too short for any compaction. Only while no other job runs or can begin.
  [[nodiscard]] Status CompactLittle();

  // What the planner goes by now.
  [[nodiscard]] compaction::PlannerSettings Planning() const;
  // Whether a plan's inputs have values so large that no other should run beside it.
  [[nodiscard]] bool TakesAllMemory(const compaction::Plan& plan, const tree::Version& version) const;
  // Whether compactions of the family ask a filter.
  [[nodiscard]] bool HasFilter(const tree::FamilyKey& family) const;

 private:
  [[nodiscard]] Result<std::vector<compaction::MergeResult>> Merge(const compaction::Plan& plan,
                                                                   const tree::FamilyTree& tree,
                                                                   const PlanInputs& inputs,
                                                                   const compaction::StopSignals& stop,
                                                                   std::atomic<uint64_t>& entries_read);
  // Into how many parts a merge is cut, each of which holds `held_bytes` of its inputs.
  [[nodiscard]] uint32_t PartsFor(uint64_t bytes, size_t held_bytes) const;
  // What compactions should hold of their inputs.
  [[nodiscard]] size_t InputBytesMax() const;
  [[nodiscard]] Status Execute(const compaction::Plan& plan, const tree::FamilyTree& tree, const PlanInputs& inputs,
                               const compaction::StopSignals& stop);
  // `end`: the event of its end, which is told with those of the tables that it has made.
  [[nodiscard]] Status Install(tree::VersionEdit edit, const tree::FamilyTree& tree, const Event& end);

  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  Workers& workers_;
  const Family& family_;
};

// The keys that the plan's outputs can hold.
[[nodiscard]] compaction::RunningOutput OutputOf(const compaction::Plan& plan, const tree::Version& version);

}  // namespace amethyst::engine
