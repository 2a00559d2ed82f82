#include "torture/model_copies.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "base/error.h"

namespace amethyst::torture {

Components ModelCopies::components() const {
  Components components;
  components.environment = world_.environment();
  return components;
}

Status ModelCopies::MakeAt(const std::string& path, DB& db, ModelMoment moment, bool by_backup, std::string* wrong) {
  AMETHYST_TRY(Settle(wrong));
  if (!wrong->empty()) return {};
  if (!by_backup || HasDoubtOfBackups()) {
    AMETHYST_TRY(db.Checkpoint(path));
    report_.Count(ModelCounter::kCheckpoints);
    return {};
  }
  AMETHYST_TRY(MakeBackup(db, std::move(moment), wrong));
  if (!wrong->empty()) return {};
  if (HasDoubtOfBackups()) return base::MakeError(ErrorCode::kIo, "a fault has left it in doubt what was backed up");
  AMETHYST_ASSIGN(BackupStore store, OpenStore());
  AMETHYST_TRY(store.Restore(backups_.rbegin()->first, path));
  report_.Count(ModelCounter::kRestores);
  return {};
}

Status ModelCopies::CheckCopy(std::string* wrong) {
  {
    AMETHYST_ASSIGN(const auto db, DB::Open(copy_path(), copying_->OptionsToRead(), components()));
    std::optional<uint64_t> now_ms;
    if (!world_.simulated()) now_ms = time_.now_ms();
    AMETHYST_ASSIGN(*wrong, copying_->Compare(*db, now_ms));
    AMETHYST_TRY(db->Close());
  }
  copying_.reset();
  if (!wrong->empty()) return {};
  destroying_ = true;
  AMETHYST_TRY(world_.Destroy(copy_path()));
  destroying_ = false;
  ++destroyed_;
  return {};
}

Status ModelCopies::TryCheckpoint(DB& db, ModelMoment moment, std::string* wrong) {
  AMETHYST_TRY(Settle(wrong));
  if (!wrong->empty() || HasDoubt()) return {};
  copying_ = std::move(moment);
  AMETHYST_TRY(db.Checkpoint(copy_path()));
  report_.Count(ModelCounter::kCheckpoints);
  AMETHYST_TRY(CheckCopy(wrong));
  if (!wrong->empty()) *wrong = "a checkpoint: " + *wrong;
  return {};
}

Status ModelCopies::MakeBackup(DB& db, ModelMoment moment, std::string* wrong) {
  AMETHYST_TRY(Settle(wrong));
  if (!wrong->empty() || HasDoubtOfBackups()) return {};
  making_ = std::move(moment);
  AMETHYST_ASSIGN(BackupStore store, OpenStore());
  AMETHYST_ASSIGN(const uint64_t id, store.Create(db));
  AMETHYST_ASSIGN(const std::vector<BackupInfo> listed, store.List());
  if (world_.met_fault()) return {};  // The list may not say all.
  if (!backups_.empty() && id <= backups_.rbegin()->first) *wrong = "a backup has no new id";
  if (listed.empty() || listed.back().id != id) *wrong = "a backup that was made is not listed";
  if (!wrong->empty()) return {};
  backups_[id] = {.database = listed.back().database, .moment = *std::exchange(making_, std::nullopt)};
  report_.Count(ModelCounter::kBackups);
  return {};
}

Status ModelCopies::TryRestore(base::Random& random, std::string* wrong) {
  AMETHYST_TRY(Settle(wrong));
  if (!wrong->empty() || HasDoubt() || backups_.empty()) return {};
  const auto& [id, backup] = *std::next(backups_.begin(), static_cast<std::ptrdiff_t>(random.Below(backups_.size())));
  AMETHYST_ASSIGN(BackupStore store, OpenStore());
  AMETHYST_TRY(store.Verify(id));
  copying_ = backup.moment;
  AMETHYST_TRY(store.Restore(id, copy_path()));
  report_.Count(ModelCounter::kRestores);
  AMETHYST_TRY(CheckCopy(wrong));
  if (!wrong->empty()) *wrong = fmt::format("backup {}, restored: {}", id, *wrong);
  return {};
}

Status ModelCopies::Prune(uint64_t keep, std::string* wrong) {
  AMETHYST_TRY(Settle(wrong));
  if (!wrong->empty() || HasDoubtOfBackups() || backups_.empty()) return {};
  std::map<std::string, uint64_t> kept;
  for (auto backup = backups_.rbegin(); backup != backups_.rend(); ++backup) {
    if (++kept[backup->second.database] > keep) going_.insert(backup->first);
  }
  AMETHYST_ASSIGN(BackupStore store, OpenStore());
  AMETHYST_ASSIGN(const PruneReport pruned, store.Prune(keep));
  if (pruned.backups_removed != going_.size()) {
    *wrong = fmt::format("a prune removed {} backups, not {}", pruned.backups_removed, going_.size());
  }
  for (const uint64_t id : going_) backups_.erase(id);
  report_.Count(ModelCounter::kPrunedBackups, going_.size());
  going_.clear();
  return {};
}

Status ModelCopies::SettleBackups(std::string* wrong) {
  AMETHYST_ASSIGN(BackupStore store, OpenStore());
  auto found = store.List();
  if (!found && !backups_.empty()) return std::unexpected(found.error());
  std::set<uint64_t> ids;
  if (found) {  // Else the first backup was cut short.
    for (const BackupInfo& backup : *found) {
      ids.insert(backup.id);
      if (!backup.problem.empty()) {
        if (!world_.met_fault()) *wrong = fmt::format("backup {}: {}", backup.id, backup.problem);
        return {};
      }
      if (backups_.contains(backup.id)) continue;
      if (!making_) {
        *wrong = fmt::format("backup {} was never made, or was removed", backup.id);
        return {};
      }
      backups_[backup.id] = {.database = backup.database, .moment = *std::exchange(making_, std::nullopt)};
      report_.Count(ModelCounter::kCopiesWhole);
    }
  }
  if (making_) report_.Count(ModelCounter::kCopiesAbsent);
  for (const auto& [id, backup] : backups_) {
    if (!ids.contains(id) && !going_.contains(id)) *wrong = fmt::format("backup {} is lost", id);
  }
  if (!wrong->empty()) return {};
  std::erase_if(backups_, [&](const auto& backup) { return !ids.contains(backup.first); });
  for (const auto& [id, backup] : backups_) AMETHYST_TRY(store.Verify(id));
  going_.clear();
  making_.reset();
  return {};
}

Status ModelCopies::Settle(std::string* wrong) {
  if (world_.met_fault()) return {};
  if (destroying_) {
    AMETHYST_TRY(world_.Remove(copy_path()));
    destroying_ = false;
    ++destroyed_;
  }
  if (copying_) {
    const bool is_there = world_.Exists(copy_path());
    if (is_there) AMETHYST_TRY(CheckCopy(wrong));
    if (!wrong->empty()) *wrong = "a copy whose making was cut short: " + *wrong;
    if (!wrong->empty()) return {};
    report_.Count(is_there ? ModelCounter::kCopiesWhole : ModelCounter::kCopiesAbsent);
    copying_.reset();
  }
  const bool has_store = !backups_.empty() || making_;
  if (has_store && (is_unsure_ || HasDoubtOfBackups())) AMETHYST_TRY(SettleBackups(wrong));
  is_unsure_ = false;
  return {};
}

Status ModelCopies::Clear() {
  for (const std::string& path : {store_path(), copy_path(), copy_path() + ".unfinished"}) {
    AMETHYST_TRY(world_.Remove(path));
  }
  return {};
}

}  // namespace amethyst::torture
