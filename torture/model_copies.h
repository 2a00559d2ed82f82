// The copies of a model program's database: checkpoints and restored backups, which are opened and compared with the
// state that they were made of; and a store of backups, which outlives all lives of the database.
//
// A call that fails, or in which the process dies, leaves a doubt: its copy is there whole, or not at all. The next
// call decides it, in a life that has met no fault. After a crash every backup that was there is there. Each call
// returns the error of what failed, and tells in `wrong` of what must not be. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_moment.h"
#include "torture/model_report.h"
#include "torture/model_time.h"
#include "torture/model_world.h"

namespace amethyst::torture {

class ModelCopies {
 public:
  // All must outlive this.
  ModelCopies(ModelWorld& world, const ModelTime& time, ModelReport& report)
      : world_(world), time_(time), report_(report) {}

  // A checkpoint at `path`, or a new backup that is restored there.
  [[nodiscard]] Status MakeAt(const std::string& path, DB& db, ModelMoment moment, bool by_backup, std::string* wrong);
  // Makes a checkpoint, opens it, compares it, and destroys it.
  [[nodiscard]] Status TryCheckpoint(DB& db, ModelMoment moment, std::string* wrong);
  [[nodiscard]] Status MakeBackup(DB& db, ModelMoment moment, std::string* wrong);
  // Verifies some backup, restores it, opens and compares that, and destroys it.
  [[nodiscard]] Status TryRestore(base::Random& random, std::string* wrong);
  [[nodiscard]] Status Prune(uint64_t keep, std::string* wrong);
  // There was a crash, or may have been: all backups are to be looked at.
  void NoteRestart() { is_unsure_ = true; }
  // Removes all of them.
  [[nodiscard]] Status Clear();

 private:
  struct Backup {
    std::string database;  // Its uid.
    ModelMoment moment;
  };

  [[nodiscard]] Components components() const;
  [[nodiscard]] Result<BackupStore> OpenStore() const { return BackupStore::Open(store_path(), components()); }
  [[nodiscard]] std::string store_path() const { return world_.Beside("store"); }
  // Another one after each that was destroyed: what a loss of power brings back of that is nobody's.
  [[nodiscard]] std::string copy_path() const { return world_.Beside("copy" + std::to_string(destroyed_)); }
  // Some call on backups, or on all copies, has failed, and what it left is not known yet.
  [[nodiscard]] bool HasDoubtOfBackups() const { return making_ || !going_.empty(); }
  [[nodiscard]] bool HasDoubt() const { return HasDoubtOfBackups() || copying_ || destroying_; }
  // Opens what lies at copy_path(), compares it, and destroys it.
  [[nodiscard]] Status CheckCopy(std::string* wrong);
  // Decides what calls that failed have left, unless this life has met a fault.
  [[nodiscard]] Status Settle(std::string* wrong);
  [[nodiscard]] Status SettleBackups(std::string* wrong);

  ModelWorld& world_;
  const ModelTime& time_;
  ModelReport& report_;
  std::map<uint64_t, Backup> backups_;  // By their ids.
  std::set<uint64_t> going_;            // Of these, those that a prune that failed was to remove.
  std::optional<ModelMoment> making_;   // A backup that may be there,
  std::optional<ModelMoment> copying_;  // and a copy at copy_path(),
  bool destroying_ = false;             // or what is left of one.
  uint64_t destroyed_ = 0;
  bool is_unsure_ = false;
};

}  // namespace amethyst::torture
