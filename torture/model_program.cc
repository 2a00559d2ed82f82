#include "torture/model_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "torture/shrink.h"

namespace amethyst::torture {

namespace {

struct Weight {
  StepKind kind;
  uint64_t per_mille;
};
constexpr Weight kWeights[] = {{StepKind::kPut, 230},       {StepKind::kDelete, 70},  {StepKind::kMerge, 40},
                               {StepKind::kDeleteRange, 3}, {StepKind::kBatch, 12},   {StepKind::kGet, 280},
                               {StepKind::kMultiGet, 20},   {StepKind::kWalk, 333},   {StepKind::kFamilies, 3},
                               {StepKind::kSnapshot, 5},    {StepKind::kMaintain, 1}, {StepKind::kTime, 3}};
constexpr uint64_t kRestartOneIn = 1500;
constexpr uint64_t kFaultOneIn = 3000;
// Of these a program draws some, and makes the others reads.
struct Rare {
  StepKind kind;
  uint64_t one_in;
};
constexpr Rare kRareSteps[] = {
    {StepKind::kIngest, 900}, {StepKind::kCopy, 1500}, {StepKind::kFeed, 300}, {StepKind::kFollow, 900}};

}  // namespace

std::vector<ModelStep> DrawProgram(uint64_t seed, uint64_t operations) {
  base::Random random(seed);
  std::vector<ModelStep> steps(operations);
  for (ModelStep& step : steps) {
    uint64_t drawn = random.Below(1000);
    for (const Weight& weight : kWeights) {
      if (drawn < weight.per_mille) {
        step.kind = weight.kind;
        break;
      }
      drawn -= weight.per_mille;
    }
    for (const Rare& rare : kRareSteps) {
      if (random.OneIn(rare.one_in)) step.kind = rare.kind;
    }
    if (random.OneIn(kRestartOneIn)) step.kind = StepKind::kRestart;
    if (random.OneIn(kFaultOneIn)) step.kind = StepKind::kFault;
    step.seed = random();
  }
  return steps;
}

ModelProgram::ModelProgram(const ModelSettings& settings, bool tell)
    : settings_(settings),
      tell_(tell),
      random_(settings.seed),
      features_(ModelFeatures::Draw(random_)),
      families_(random_, features_, settings.key_count),
      world_(settings.path, settings.seed),
      time_(settings.path.empty()),
      beside_{
          .copies = {world_, time_, report_}, .replica = ModelReplica(report_), .follower = {world_, time_, report_}} {
  const ModelFamily& first = families_.all().front();
  content_.AddFamily(first.number, first.Empty());
}

void ModelProgram::Tell(std::string text) {
  if (tell_) report_.told.push_back(fmt::format("{:>6}  {}", report_.operations, text));
}

void ModelProgram::Violation(std::string text) {
  if (!report_.violation.empty()) return;
  report_.violation = fmt::format("seed {}, step {}: {}", settings_.seed, report_.operations, text);
  Tell("violation: " + text);
}

bool ModelProgram::Ok(const Status& status, const char* what) {
  if (status) return true;
  if (!world_.met_fault()) Violation(fmt::format("{} failed: {}", what, status.error().ToString()));
  Tell(fmt::format("{} failed, as a call was made to: {}", what, status.error().ToString()));
  return false;
}

uint64_t ModelProgram::Now(DB& db) {
  const uint64_t told_ms = MillisecondsOf(db.GetSnapshot().read_time());
  if (const std::string wrong = time_.Observe(told_ms, world_.WallMs()); !wrong.empty()) Violation(wrong);
  return time_.now_ms();
}

void ModelProgram::Take(const ModelStep& step) {
  random_ = base::Random(step.seed);
  switch (step.kind) {
    case StepKind::kPut: return Put();
    case StepKind::kDelete: return Delete();
    case StepKind::kMerge: return Merge();
    case StepKind::kDeleteRange: return DeleteRange();
    case StepKind::kBatch: return Batch();
    case StepKind::kGet: return Get();
    case StepKind::kMultiGet: return MultiGet();
    case StepKind::kWalk: return Walk();
    case StepKind::kSnapshot: return TakeSnapshot();
    case StepKind::kFamilies: return ChangeFamilies();
    case StepKind::kMaintain: return Maintain();
    case StepKind::kTime: return PassTime();
    case StepKind::kIngest: return Ingest();
    case StepKind::kCopy: return Copy();
    case StepKind::kFeed: return Feed();
    case StepKind::kFollow: return Follow();
    case StepKind::kFault:
      Tell("one of the next calls of the file system will fail");
      return random_.OneIn(3) ? world_.ArmDeath(random_) : world_.ArmFault(random_);
    case StepKind::kRestart: return Restart();
  }
}

ModelReport ModelProgram::Run(const std::vector<ModelStep>& steps) {
  Open(false);
  for (const ModelStep& step : steps) {
    if (!report_.violation.empty()) break;
    Take(step);
    if (world_.is_dead() && report_.violation.empty()) {
      Tell("the process has died within that");
      report_.Count(ModelCounter::kDeaths);
      Restart();
    }
    ++report_.operations;
  }
  const bool draws_others = report_[ModelCounter::kFamiliesMade] > 0 || report_[ModelCounter::kMerges] > 0 ||
                            report_[ModelCounter::kExpiring] > 0;
  if (draws_others) report_.with_more = report_.operations;
  if (report_.violation.empty()) CheckAll();
  if (report_.violation.empty()) CountShape();
  walks_.clear();
  pinned_.clear();
  families_.LeaveHandles();
  beside_.replica.LeaveDatabase(MayLoseFeed(), false);
  beside_.follower.End();
  if (report_.violation.empty() && Ok(db_->Close(), "Close") && !world_.simulated()) CheckRepair();
  if (!world_.simulated()) Ok(beside_.copies.Clear(), "removing copies");
  return std::move(report_);
}

ModelReport RunModel(const ModelSettings& settings) {
  std::vector<ModelStep> steps = DrawProgram(settings.seed, settings.operations);
  ModelReport report = ModelProgram(settings).Run(steps);
  if (report.violation.empty() || !settings.path.empty()) return report;
  steps.resize(std::min(steps.size(), report.operations + 1));
  constexpr uint64_t kTriesMax = 300;
  steps = Shrink<ModelStep>(
      std::move(steps),
      [&](const std::vector<ModelStep>& part) { return !ModelProgram(settings).Run(part).violation.empty(); },
      kTriesMax);
  const ModelReport shortest = ModelProgram(settings, true).Run(steps);
  report.violation += fmt::format("; {} steps show it:", steps.size());
  for (const std::string& line : shortest.told) report.violation += "\n" + line;
  return report;
}

}  // namespace amethyst::torture
