// The compactions that run: what the planner has to plan around. Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "compaction/plan.h"
#include "key/types.h"

namespace amethyst::engine {

class RunningCompactions {
 public:
  // Returns what Remove wants. `takes_all`: see TakesAllMemory.
  [[nodiscard]] uint64_t Add(const compaction::Plan& plan, key::FamilyId family, compaction::RunningOutput output,
                             bool takes_all) {
    Running running{
        .id = next_id_, .family = family, .inputs = plan.upper, .output = std::move(output), .takes_all = takes_all};
    running.inputs.insert(running.inputs.end(), plan.lower.begin(), plan.lower.end());
    running_.push_back(std::move(running));
    return next_id_++;
  }
  // The same of a table that comes into the tree as it is. A plan that was made before does not know of it.
  [[nodiscard]] uint64_t AddIncoming(key::FamilyId family, compaction::RunningOutput output) {
    running_.push_back({.id = next_id_, .family = family, .inputs = {}, .output = std::move(output)});
    ++incoming_;
    return next_id_++;
  }
  // How many have come so far.
  [[nodiscard]] uint64_t incoming() const { return incoming_; }
  void Remove(uint64_t id) {
    const size_t removed = std::erase_if(running_, [id](const Running& running) { return running.id == id; });
    AMETHYST_ASSERT(removed == 1);
  }

  [[nodiscard]] bool empty() const { return running_.empty(); }
  [[nodiscard]] size_t size() const { return running_.size(); }
  // Whether one takes all the memory that compactions should: no other may begin.
  [[nodiscard]] bool TakesAllMemory() const {
    return std::ranges::any_of(running_, [](const Running& running) { return running.takes_all; });
  }
  [[nodiscard]] std::vector<key::FileNumber> Inputs() const {
    std::vector<key::FileNumber> all;
    for (const Running& running : running_) all.insert(all.end(), running.inputs.begin(), running.inputs.end());
    return all;
  }
  // By family: the ranges of two families have nothing to do with each other.
  [[nodiscard]] std::map<key::FamilyId, std::vector<compaction::RunningOutput>> Outputs() const {
    std::map<key::FamilyId, std::vector<compaction::RunningOutput>> all;
    for (const Running& running : running_) all[running.family].push_back(running.output);
    return all;
  }

 private:
  struct Running {
    uint64_t id = 0;
    key::FamilyId family{};
    std::vector<key::FileNumber> inputs;
    compaction::RunningOutput output;
    bool takes_all = false;
  };

  std::vector<Running> running_;
  uint64_t next_id_ = 1;
  uint64_t incoming_ = 0;
};

}  // namespace amethyst::engine
