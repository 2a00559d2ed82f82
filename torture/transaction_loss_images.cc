// The images that a power loss leaves of the suite's workload, and what they are held to.
#include <fmt/format.h>

#include <array>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "torture/model_time.h"
#include "torture/order_checker.h"
#include "torture/transaction_loss.h"

namespace amethyst::torture {

namespace {

Result<ModelMap> ReadAll(const Family& from, const Comparator* comparator) {
  ModelMap found(KeyLess{comparator});
  Iterator iterator = from.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    found.emplace_hint(found.end(), iterator.key(),
                       ModelEntry{.value = std::string(iterator.value()),
                                  .expires_ms = MillisecondsOf(iterator.expires_at().value_or(kNever))});
  }
  AMETHYST_TRY(iterator.status());
  return found;
}

}  // namespace

std::string TransactionLossSuite::Settle(const Disk& disk, Loss loss, ModelContent* content) const {
  const auto settle = [&]() -> Result<bool> {
    AMETHYST_ASSIGN(const Family first, disk.db->OpenFamily("default"));
    const std::array<const Family*, kHistoryFamilies> all = {&first, &*disk.lists};
    const uint64_t now_ms = MillisecondsOf(disk.db->GetSnapshot().read_time());
    ModelContent::Found found{.seen = {}, .now_ms = now_ms, .oldest_ms = now_ms - ModelTime::kReadableMs};
    for (size_t number = 0; number < all.size(); ++number) {
      AMETHYST_ASSIGN(ModelMap seen, ReadAll(*all[number], families_[number].comparator));
      found.seen.emplace(static_cast<uint32_t>(number), std::move(seen));
    }
    const auto ask = [&](uint32_t number, const std::string& key, uint64_t at_ms) -> Result<std::optional<ModelEntry>> {
      AMETHYST_ASSIGN(auto value, all[number]->Get(key, {.read_time = MomentOf(at_ms)}));
      return value ? std::optional(ModelEntry{.value = *std::move(value)}) : std::nullopt;
    };
    return content->Settle(found, loss == Loss::kPower, ask);
  };
  const Result<bool> settled = settle();
  if (!settled) return "a read fails: " + settled.error().ToString();
  return *settled ? "" : "what is there is not what some first of the transactions come to, or it lacks a durable one";
}

TransactionLossSuite::Recovered TransactionLossSuite::Recover(std::shared_ptr<io::FileSystem> files,
                                                              const ModelContent& content, uint64_t wall_ms) {
  Recovered recovered{.problem = {}, .content = content, .disk = {}};
  // Some of what expires has expired meanwhile.
  wall_ms += random_.OneIn(2) ? random_.Below(500) : 0;
  recovered.problem = OpenDisk(std::move(files), wall_ms, &recovered.disk);
  if (recovered.problem.empty()) recovered.problem = Settle(recovered.disk, Loss::kPower, &recovered.content);
  return recovered;
}

void TransactionLossSuite::CheckImage(const CrashImage& image, const Bounds& bounds, const std::string& where) {
  ++report_->images;
  if (bounds.within_commit) ++report_->within_a_commit;
  const auto traced = std::make_shared<TraceFileSystem>(image.Make(kLossDirectory));
  traced->trace().NoteOpening();
  Recovered recovered = Recover(traced, bounds.content, bounds.wall_ms);
  if (!recovered.problem.empty()) return Violation(fmt::format("{}: {}", where, recovered.problem));
  if (random_.OneIn(settings_.recovery_crash_one_in)) return LoseAgain(image, *traced, std::move(recovered), where);
  const Status closed = recovered.disk.db->Close();
  if (!closed) Violation(fmt::format("{}: it does not close: {}", where, closed.error().ToString()));
}

void TransactionLossSuite::LoseAgain(const CrashImage& image, TraceFileSystem& files, Recovered recovered,
                                     const std::string& where) {
  const std::string& key = families_[0].keys[random_.Below(families_[0].keys.size())];
  const std::string value = HistoryDraws(families_, false).Value(random_, 0, "more");
  Transaction more = recovered.disk.db->Begin();
  const bool entered = more.Get(key).has_value() && more.Merge(key, value).has_value() &&
                       more.Put(*recovered.disk.lists, "more", "more").has_value();
  const Status done = more.Commit({.durability = Durability::kSync});
  if (!entered || !done) return Violation(fmt::format("{}: no transaction behind it", where));
  files.trace().NoteAcknowledged();
  const size_t acknowledged = files.trace().size();
  const auto wall_ms = static_cast<uint64_t>(recovered.disk.environment->clock().WallTime().count());
  if (random_.OneIn(2)) static_cast<void>(recovered.disk.db->Close());
  recovered.disk = {};
  const std::vector<TraceOperation>& operations = files.trace().operations();
  const std::string unordered = OrderChecker::Check(operations);
  if (!unordered.empty()) return Violation(fmt::format("{}, behind it: {}", where, unordered));

  const size_t point = random_.OneIn(4) ? acknowledged : random_.Below(operations.size() + 1);
  const ModelWrite write{.changes = {{.kind = ChangeKind::kMerge, .family = 0, .key = key, .value = value},
                                     {.kind = ChangeKind::kPut, .family = 1, .key = "more", .value = "more"}},
                         .durability = Durability::kSync};
  point >= acknowledged ? recovered.content.Acknowledge(write) : recovered.content.Fail(write);
  CrashState state(image);
  state.Apply(std::span(operations).first(point));
  const auto model = static_cast<PowerLossModel>(random_.Below(kPowerLossModels));
  ++report_->images;
  ++report_->recovery_images;
  const Recovered again = Recover(state.DrawImage(model, random_).Make(kLossDirectory), recovered.content, wall_ms);
  if (again.problem.empty()) return;
  Violation(fmt::format("{}, then behind the recovery at operation {} of {}, model {}: {}", where, point,
                        operations.size(), static_cast<int>(model), again.problem));
}

void TransactionLossSuite::CheckAllPoints() {
  const std::vector<TraceOperation>& operations = files_->trace().operations();
  std::unordered_set<uint64_t> seen;  // Images, by fingerprint and by what they were held to.
  std::unordered_set<uint64_t> distinct;
  CrashState state;
  state.Apply(std::span(operations).first(bounds_.front().trace_size));
  size_t known = 0;
  for (size_t point = bounds_.front().trace_size; point <= operations.size() && report_->violation.empty(); ++point) {
    if (point > bounds_.front().trace_size) state.Apply(operations[point - 1]);
    while (known + 1 < bounds_.size() && bounds_[known + 1].trace_size <= point) ++known;
    for (uint64_t model = 0; model < kPowerLossModels && report_->violation.empty(); ++model) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(model), random_);
      const uint64_t fingerprint = image.Fingerprint();
      if (model != 0 && state.HasPending() && distinct.insert(fingerprint).second) ++report_->distinct_images;
      if (!seen.insert(fingerprint * 31 + known).second) continue;
      CheckImage(image, bounds_[known],
                 fmt::format("at operation {} of {}, model {}", point, operations.size(), model));
    }
  }
}

}  // namespace amethyst::torture
