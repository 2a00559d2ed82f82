// DB::Change: settings of an open database, changed all or none, and what they are.
//
// The changed options are checked as at an open. What can fail comes first: the memtable of another size, and the edit
// that keeps settings of families. The rest are numbers that the next write, job or tick reads (base/changeable.h), so
// nobody waits for a change, and no object is altered that others look at. Thread safety: any thread; one change at a
// time, under a lock that is held over the manifest's I/O.
#pragma once

#include "amethyst/changes.h"
#include "amethyst/error.h"
#include "base/mutex.h"
#include "engine/background.h"
#include "engine/committer.h"
#include "engine/database.h"
#include "engine/family_list.h"
#include "engine/write_rules.h"

namespace amethyst::engine {

class OptionChange {
 public:
  // All of them outlive it. `background` is nullptr in a read-only database, in which nothing can be changed.
  OptionChange(Database& database, Committer& committer, FamilyList& families, WriteRules& rules)
      : database_(database),
        committer_(committer),
        families_(families),
        rules_(rules),
        given_(database.settings.options) {}

  // Returns the options in force: what is chosen by the database as the number that it is.
  [[nodiscard]] Result<Options> Change(const Changes& changes, Background& background) AMETHYST_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Status Apply(const Settings& next, const Changes& changes, Background& background)
      AMETHYST_REQUIRES(mutex_);
  // Puts numbers that the database has chosen, and what families have, in place of what was given.
  void ShowInForce(Options* options) const AMETHYST_REQUIRES(mutex_);

  Database& database_;
  Committer& committer_;
  FamilyList& families_;
  WriteRules& rules_;
  base::Mutex mutex_{base::LockRank::kOptions};
  Options given_ AMETHYST_GUARDED_BY(mutex_);  // As an open would be given them; 0 where the database chooses.
};

}  // namespace amethyst::engine
