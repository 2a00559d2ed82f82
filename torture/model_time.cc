#include "torture/model_time.h"

#include <fmt/format.h>

#include <algorithm>

namespace amethyst::torture {

namespace {

constexpr uint64_t kDayMs = 24 * ModelTime::kHourMs;
constexpr uint64_t kYear2200Ms = 7'258'118'400'000;

}  // namespace

uint64_t MillisecondsOf(std::chrono::system_clock::time_point moment) {
  if (moment == kNever) return kModelNeverMs;
  return static_cast<uint64_t>(std::chrono::floor<std::chrono::milliseconds>(moment.time_since_epoch()).count());
}

std::chrono::system_clock::time_point MomentOf(uint64_t ms) {
  return ms == kModelNeverMs ? kNever : std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

bool TellsExpiryOf(const ModelEntry& entry, std::optional<std::chrono::system_clock::time_point> told) {
  if (!entry.expires_ms) return true;
  const uint64_t expected = *entry.expires_ms, found = told ? MillisecondsOf(*told) : kModelNeverMs;
  const bool is_of_real_time = expected != kModelNeverMs && expected % ModelTime::kHourMs == 0;
  const uint64_t slack_ms = is_of_real_time ? 2 * ModelTime::kHourMs : 0;
  return found >= expected && found - expected <= slack_ms;
}

ModelTime::ModelTime(bool simulated) : simulated_(simulated) {
  if (simulated) return;
  const uint64_t wall_ms = MillisecondsOf(std::chrono::system_clock::now());
  now_ms_ = wall_ms - wall_ms % kHourMs;
}

std::string ModelTime::Observe(uint64_t told_ms, uint64_t wall_ms) {
  if (!simulated_) return {};
  greatest_ms_ = std::max(greatest_ms_, wall_ms);
  const uint64_t least_ms = std::max(least_ms_, wall_ms);
  if (told_ms < least_ms || told_ms > greatest_ms_) {
    return fmt::format("the database's time is {}, not from {} to {}", told_ms, least_ms, greatest_ms_);
  }
  now_ms_ = least_ms_ = greatest_ms_ = told_ms;
  return {};
}

void ModelTime::Close(uint64_t wall_ms) {
  if (!used_) least_ms_ = 0;
  greatest_ms_ = std::max(greatest_ms_, wall_ms);
}

// What it has seen since its last edit may be forgotten.
void ModelTime::Crash(uint64_t wall_ms) {
  least_ms_ = 0;
  greatest_ms_ = std::max(greatest_ms_, wall_ms);
}

uint64_t ModelTime::DrawLife(base::Random& random) const {
  if (!simulated_) return kRealStepMs * (1 + random.Below(5));
  constexpr uint64_t kMost[] = {3000, 3000, 100'000, 5 * kDayMs};
  return 1 + random.Below(kMost[random.Below(4)]);
}

GivenExpiry ModelTime::Draw(base::Random& random) const {
  const uint64_t kind = random.Below(10);
  const uint64_t life_ms = DrawLife(random);
  GivenExpiry given;
  if (kind < 5) {
    given.ttl = std::chrono::milliseconds(life_ms);
    given.expires_ms = now_ms_ + life_ms;
    return given;
  }
  given.expires_ms = kind == 5   ? kModelNeverMs
                     : kind == 6 ? now_ms_ - life_ms
                     : kind == 7 ? kYear2200Ms
                                 : now_ms_ + life_ms;
  given.at = MomentOf(given.expires_ms);
  return given;
}

uint64_t ModelTime::DrawTtlMs(base::Random& random) const {
  const uint64_t life_ms = DrawLife(random);
  return random.OneIn(4) ? life_ms : 0;
}

uint64_t ModelTime::DrawReadTime(base::Random& random, std::optional<uint64_t> pinned_ms) const {
  if (!simulated_) return now_ms_ + kRealStepMs * random.Below(6) + kRealStepMs / 2;
  const uint64_t ahead_ms = DrawLife(random);
  const uint64_t back_ms = random.Below(kReadableMs + kReadableMs / 8);
  const uint64_t from_ms = pinned_ms.value_or(now_ms_);
  if (random.OneIn(2)) return from_ms + ahead_ms;
  return from_ms - (pinned_ms ? random.Below(2) * back_ms : back_ms);
}

}  // namespace amethyst::torture
