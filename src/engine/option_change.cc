#include "engine/option_change.h"

#include "base/error.h"
#include "wal/log.h"

namespace amethyst::engine {

namespace {

template <typename Setting>
void Take(const std::optional<Setting>& changed, Setting* setting) {
  if (changed) *setting = *changed;
}

Options Changed(Options options, const Changes& changes) {
  Take(changes.memory_budget_bytes, &options.memory_budget_bytes);
  Take(changes.write_buffer_bytes, &options.write_buffer_bytes);
  Take(changes.compression, &options.compression);
  Take(changes.background_threads, &options.background_threads);
  Take(changes.sync_interval_ms, &options.sync_interval_ms);
  Take(changes.group_commit_bytes, &options.group_commit_bytes);
  Take(changes.group_commit_delay_us, &options.group_commit_delay_us);
  Take(changes.max_open_files, &options.max_open_files);
  Take(changes.delete_deadline_s, &options.delete_deadline_s);
  Take(changes.background_bytes_per_s, &options.background_bytes_per_s);
  if (const auto family = changes.families.find(tree::kDefaultFamilyName); family != changes.families.end()) {
    Take(family->second.compression, &options.compression);
    if (family->second.ttl) options.families[std::string(tree::kDefaultFamilyName)].ttl = *family->second.ttl;
  }
  return options;
}

Status CheckChanges(const Changes& changes, bool budget_is_shared) {
  if (changes.memory_budget_bytes && budget_is_shared) {
    return base::InvalidArgument(
        "memory_budget_bytes cannot be changed: the memory budget is shared (Components::memory_budget), and its size "
        "is that of all who share it");
  }
  const auto family = changes.families.find(tree::kDefaultFamilyName);
  const bool has_both = family != changes.families.end() && family->second.compression && changes.compression;
  if (has_both && *family->second.compression != *changes.compression) {
    return base::InvalidArgument("compression is given twice, for the database and for its family \"default\"");
  }
  return {};
}

}  // namespace

Result<Options> OptionChange::Change(const Changes& changes, Background& background) {
  base::MutexLock lock(mutex_);
  AMETHYST_TRY(CheckChanges(changes, database_.budget_is_shared));
  Options changed = Changed(given_, changes);
  AMETHYST_ASSIGN(const Settings next, CheckOptions(changed));
  Options in_force = changed;  // Once it is done nothing may fail, for want of memory neither.
  AMETHYST_TRY(Apply(next, changes, background));
  given_ = std::move(changed);
  ShowInForce(&in_force);
  return in_force;
}

Status OptionChange::Apply(const Settings& next, const Changes& changes, Background& background) {
  Settings& now = database_.settings;
  AMETHYST_ASSIGN(Background::NewTick tick, background.MakeTick(next.options.sync_interval_ms));
  AMETHYST_TRY(committer_.SetLimits({.write_buffer_bytes = next.write_buffer_bytes, .waiting = next.waiting()}));
  if (const Status changed = families_.Change(changes.families); !changed) {
    static_cast<void>(committer_.SetLimits({.write_buffer_bytes = now.write_buffer_bytes, .waiting = now.waiting()}));
    return changed;
  }
  now.write_buffer_bytes = next.write_buffer_bytes;
  now.immutable_count_max = next.immutable_count_max;
  now.batch_bytes_max = next.batch_bytes_max;
  now.batch_memory_bytes_max = next.batch_memory_bytes_max;
  now.background_threads = next.background_threads;
  now.spare_threads = next.spare_threads;
  now.background_bytes_per_s = next.background_bytes_per_s;
  const Options& options = next.options;
  database_.family.Change(next);
  rules_.SetTtl(options);
  database_.storage.store->SetMaxOpenFiles(options.max_open_files);
  if (database_.storage.log != nullptr) {
    database_.storage.log->SetGroupCommit(options.group_commit_bytes, options.group_commit_delay_us);
  }
  database_.regions->SetFloor(2 * next.write_buffer_bytes);
  if (changes.memory_budget_bytes) database_.budget->SetTotal(options.memory_budget_bytes);
  background.TakeSettings(std::move(tick));
  return {};
}

void OptionChange::ShowInForce(Options* options) const {
  const Settings& now = database_.settings;
  options->memory_budget_bytes = database_.budget->total_bytes();
  options->write_buffer_bytes = now.write_buffer_bytes;
  options->background_threads = now.background_threads;
  const std::shared_ptr<const tree::Forest> forest = database_.reads->view.Acquire()->forest;
  for (auto& [name, family] : options->families) {
    const tree::FamilyTree* const tree = forest->FindByName(name);
    if (tree == nullptr || tree->family->id == key::kDefaultFamily) continue;
    family.compression = tree->family->compression;
    family.ttl = std::chrono::milliseconds(tree->family->ttl_ms);
  }
}

}  // namespace amethyst::engine
