// The families of an open database, as its callers see them: made, found by name, renamed, dropped.
//
// Each change is one manifest edit, which is durable before anybody can use the family, or before its tables go. So no
// record of the log names a family that the manifest does not know. A drop waits for nobody: readers keep what they
// see, and what a flush or a compaction makes of the family meanwhile is thrown away by the catalog. Thread safety: any
// thread; changes are made one at a time, under a lock that is held over the manifest's I/O and comes before all that
// it needs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/changes.h"
#include "amethyst/error.h"
#include "amethyst/family_options.h"
#include "base/mutex.h"
#include "engine/committer.h"
#include "engine/read_context.h"
#include "engine/settings.h"
#include "engine/storage.h"
#include "tree/forest.h"
#include "wal/family_change.h"

namespace amethyst::engine {

class FamilyList {
 public:
  // All of them outlive it.
  FamilyList(const Settings& settings, Storage& storage, ReadContext& reads, Health& health, Committer& committer)
      : settings_(settings), storage_(storage), reads_(reads), health_(health), committer_(committer) {}

  // kInvalidArgument: the name is taken, empty or too long, or an option is out of range.
  [[nodiscard]] Result<tree::FamilyKey> Create(std::string_view name, const FamilyOptions& options)
      AMETHYST_EXCLUDES(mutex_);
  // kInvalidArgument, with the names that there are: there is no such family.
  [[nodiscard]] Result<tree::FamilyKey> Open(std::string_view name) const;
  [[nodiscard]] Status Drop(const tree::FamilyKey& family) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status Rename(const tree::FamilyKey& family, std::string_view name) AMETHYST_EXCLUDES(mutex_);
  // Of families other than the default, in one edit. kInvalidArgument: there is none of that name, or a value is out of
  // range; nothing has changed.
  [[nodiscard]] Status Change(const std::map<std::string, FamilyChanges, std::less<>>& changes)
      AMETHYST_EXCLUDES(mutex_);
  // To be called before an operand of a family other than the default is committed: notes the operator's name, once.
  // The family may be dropped, which the commit finds out.
  [[nodiscard]] Status NoteMergeOperator(const tree::FamilyKey& family) AMETHYST_EXCLUDES(mutex_);
  // The default first, then in the order of their making.
  [[nodiscard]] std::vector<std::string> Names() const;
  // Empty: it was dropped.
  [[nodiscard]] std::string NameOf(const tree::FamilyKey& family) const;

 private:
  // Tells those who read the log, if there are any: durably, as the edit is, so that a crash leaves out at most what no
  // call has returned.
  [[nodiscard]] Status Tell(const wal::FamilyChange& change) AMETHYST_REQUIRES(mutex_);
  // The edit, and an event that tells of it.
  [[nodiscard]] Status Install(tree::VersionEdit edit, const wal::FamilyChange& change,
                               std::string_view name_before = {}) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] std::shared_ptr<const tree::Forest> forest() const { return reads_.view.Acquire()->forest; }

  const Settings& settings_;
  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  Committer& committer_;
  base::Mutex mutex_{base::LockRank::kFamilies};
};

}  // namespace amethyst::engine
