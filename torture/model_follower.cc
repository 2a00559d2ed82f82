#include "torture/model_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace amethyst::torture {

void ModelFollower::End() {
  db_.reset();
  environment_.reset();
  base_environment_.reset();
  faults_.reset();
  files_.reset();
  shown_.reset();
  sequence_ = now_ms_ = 0;
}

Status ModelFollower::Open(const std::vector<ModelFamily>& families, base::Random& random) {
  End();
  FollowerOptions options{.options = ModelMoment({}, families).OptionsToRead(), .refresh_interval_ms = 0};
  options.grace_s = random.OneIn(2) ? 60 : 86400;
  Components components;
  if (world_.simulated()) {
    files_ = world_.files();
    faults_ = std::make_unique<support::FaultFileSystem>(*files_);
    faults_->HaveMarks();
    base_environment_ = std::make_shared<simulation::SerialEnvironment>(files_, random());
    environment_ = std::make_shared<support::FaultEnvironment>(*base_environment_, *faults_);
    components.environment = environment_;
    SetClock();
  }
  given_.clear();
  for (const ModelFamily& family : families) given_.push_back(family.number);
  AMETHYST_ASSIGN(db_, DB::OpenFollower(world_.path(), options, components));
  report_.Count(ModelCounter::kFollowersOpened);
  return {};
}

bool ModelFollower::HasFunctionsOf(const std::vector<ModelFamily>& families) const {
  return std::ranges::all_of(families, [this](const ModelFamily& family) {
    return IsBuiltIn(family.merges_with) || std::ranges::find(given_, family.number) != given_.end();
  });
}

// Wall clocks of one machine agree.
void ModelFollower::SetClock() {
  if (base_environment_ == nullptr) return;
  simulation::ManualClock& clock = base_environment_->clock();
  const std::chrono::milliseconds ahead = std::chrono::milliseconds(world_.WallMs()) - clock.WallTime();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ahead);
  clock.JumpWallTime(seconds);
  clock.Advance(ahead - seconds);
}

Status ModelFollower::Refresh(base::Random& random) {
  if (!world_.simulated() || !random.OneIn(4)) return db_->Refresh();
  const auto operation = static_cast<support::Operation>(random.Below(support::kOperations));
  const uint64_t failed = faults_->failed_calls();
  faults_->Fail({.operation = operation, .call = faults_->calls(operation) + 1 + random.Below(6), .for_good = true});
  const Status refreshed = db_->Refresh();
  faults_->ClearFaults();
  if (refreshed || faults_->failed_calls() == failed) return refreshed;
  report_.Count(ModelCounter::kFollowerFaults);
  return base::MakeError(ErrorCode::kBusy, "by the fault");
}

uint64_t ModelFollower::Now() {
  const uint64_t told_ms = MillisecondsOf(db_->GetSnapshot().read_time());
  return world_.simulated() ? told_ms : time_.now_ms();
}

std::string ModelFollower::CheckUnchanged() {
  const uint64_t now_ms = Now();
  const Result<std::string> different = shown_->Compare(*db_, now_ms);
  if (different) return *different;
  // Its files were kept for as long as it asked for.
  return different.error().code() == ErrorCode::kTooOld ? "" : different.error().ToString();
}

std::string ModelFollower::CheckShown(const ModelContent& content, const std::vector<ModelFamily>& families) {
  const uint64_t sequence = db_->GetSnapshot().sequence();
  const uint64_t now_ms = Now();
  if (sequence < sequence_) return fmt::format("it went back from {} to {}", sequence_, sequence);
  if (now_ms < now_ms_) return fmt::format("its time went back from {} to {}", now_ms_, now_ms);
  sequence_ = sequence;
  now_ms_ = now_ms;
  ModelMoment moment(content.now(), families);
  const Result<std::string> different = moment.Compare(*db_, now_ms);
  if (!different) return different.error().ToString();
  shown_.reset();
  if (different->empty()) {
    if (!content.HasUnlogged()) shown_ = std::move(moment);
    return {};
  }
  if (!content.HasUnlogged()) return *different;
  const auto keys = [&](const ModelFamily& family) {
    std::set<std::string, KeyLess> possible(KeyLess{family.comparator});
    content.ForEachPossibleKey(family.number, [&](const std::string& key) { possible.insert(key); });
    return possible;
  };
  const Result<SeenState> seen = ReadFamilies(*db_, families, keys);
  if (!seen) return seen.error().ToString();
  return content.MayShow({.seen = *seen, .now_ms = now_ms}) ? "" : *different;
}

std::string ModelFollower::Look(const ModelContent& content, const std::vector<ModelFamily>& families,
                                base::Random& random) {
  SetClock();
  Status looked;
  if (db_ == nullptr || !HasFunctionsOf(families) || random.OneIn(20)) {
    looked = Open(families, random);
  } else {
    if (shown_ && random.OneIn(3)) {
      if (std::string wrong = CheckUnchanged(); !wrong.empty()) return "before it looked: " + wrong;
    }
    looked = Refresh(random);
    if (!looked && looked.error().code() == ErrorCode::kBusy) looked = db_->Refresh();
    // A family in an order that it was not given.
    if (!looked && looked.error().code() == ErrorCode::kInvalidArgument) looked = Open(families, random);
  }
  if (!looked) return looked.error().ToString();
  report_.Count(ModelCounter::kFollowerLooks);
  return CheckShown(content, families);
}

}  // namespace amethyst::torture
