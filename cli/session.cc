#include "cli/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

// A batch may have a quarter of the memory, and 1 GiB at the most, with some bytes beside keys and values.
constexpr size_t kEntriesInMemory = 4;
constexpr size_t kBatchMax = size_t{1} << 30;
constexpr size_t kEntryOverhead = 4096;
constexpr size_t kEntryMax = kBatchMax - kEntryOverhead;

size_t EntryBytesWith(size_t memory_bytes) {
  const size_t batch_bytes = std::min(memory_bytes / kEntriesInMemory, kBatchMax);
  return batch_bytes - std::min(batch_bytes, kEntryOverhead);
}

Components WithListener(Components components, const std::shared_ptr<EventLog>& events) {
  components.listener = events;
  return components;
}

template <typename Call>
void ForEachSetting(Call call) {
  call(&Changes::write_buffer_bytes, &Options::write_buffer_bytes);
  call(&Changes::compression, &Options::compression);
  call(&Changes::background_threads, &Options::background_threads);
  call(&Changes::sync_interval_ms, &Options::sync_interval_ms);
  call(&Changes::group_commit_bytes, &Options::group_commit_bytes);
  call(&Changes::group_commit_delay_us, &Options::group_commit_delay_us);
  call(&Changes::max_open_files, &Options::max_open_files);
  call(&Changes::delete_deadline_s, &Options::delete_deadline_s);
  call(&Changes::background_bytes_per_s, &Options::background_bytes_per_s);
}

void Keep(const Changes& changes, Changes* kept) {
  ForEachSetting([&](auto change, auto) {
    if (changes.*change) kept->*change = changes.*change;
  });
  if (const auto family = changes.families.find(kDefaultFamily); family != changes.families.end()) {
    kept->families.insert_or_assign(family->first, family->second);
  }
}

void ApplyTo(const Changes& kept, Options* options) {
  ForEachSetting([&](auto change, auto setting) {
    if (kept.*change) options->*setting = *(kept.*change);
  });
  if (const auto family = kept.families.find(kDefaultFamily); family != kept.families.end() && family->second.ttl) {
    options->families[family->first].ttl = *family->second.ttl;
  }
}

}  // namespace

Session::Session(Settings settings, Console& console, Components components)
    : settings_(std::move(settings)),
      console_(console),
      components_(WithListener(std::move(components), events_)),
      environment_(components_.environment ? components_.environment : io::DefaultEnvironment()),
      memory_bytes_(settings_.memory_bytes.value_or(Options().memory_budget_bytes)),
      family_(settings_.family) {}

Session::~Session() { static_cast<void>(Close()); }

Status Session::CheckWritable() const {
  if (!settings_.read_only) return {};
  return base::InvalidArgument("--read-only was given, and this command writes");
}

size_t Session::EntryBytesMax() const { return settings_.memory_bytes ? EntryBytesWith(memory_bytes_) : kEntryMax; }

Result<DB*> Session::Database(Access access, size_t entry_bytes) {
  const bool write = access != Access::kRead;
  if (write) AMETHYST_TRY(CheckWritable());
  const bool has_room = settings_.memory_bytes || entry_bytes <= EntryBytesWith(memory_bytes_);
  if (database_ != nullptr && (writable_ || !write) && has_room) return database_.get();
  if (transaction_) {  // Which would not survive it.
    return base::InvalidArgument("the entry is over the limit of the open transaction, a part of memory_budget_bytes");
  }
  if (!has_room) {  // Twice as much at least, so that growing entries open it a few times alone.
    memory_bytes_ = std::max(2 * memory_bytes_, kEntriesInMemory * (std::min(entry_bytes, kEntryMax) + kEntryOverhead));
  }
  AMETHYST_TRY(Close());
  Options options;
  options.create_if_missing = access == Access::kCreate;
  options.memory_budget_bytes = memory_bytes_;
  ApplyTo(changes_, &options);
  if (settings_.merge_operator != nullptr) {
    options.families[settings_.family].merge_operator = settings_.merge_operator;
  }
  if (write) {
    AMETHYST_ASSIGN(database_, WhileBusy([&] { return DB::Open(settings_.directory, options, components_); }));
  } else {  // Beside whatever application has it open.
    AMETHYST_ASSIGN(database_, DB::OpenFollower(settings_.directory, {.options = options}, components_));
  }
  writable_ = write;
  return database_.get();
}

Result<Family> Session::OpenFamily(std::string_view name, Access access, size_t entry_bytes) {
  if (access == Access::kCreate && name != kDefaultFamily) access = Access::kModify;
  AMETHYST_ASSIGN(DB* const database, Database(access, entry_bytes));
  return database->OpenFamily(name);
}

Result<Family> Session::MakeFamily(std::string_view name) {
  AMETHYST_ASSIGN(DB* const database, Database(Access::kCreate));
  return Lacks(name) ? database->CreateFamily(name) : database->OpenFamily(name);
}

bool Session::Lacks(std::string_view family) const {
  if (database_ == nullptr) return false;
  const std::vector<std::string> names = database_->FamilyNames();
  return std::ranges::find(names, family) == names.end();
}

Result<Options> Session::Change(const Changes& changes) {
  AMETHYST_ASSIGN(DB* const database, Database(Access::kModify));
  AMETHYST_ASSIGN(Options in_force, database->Change(changes));
  memory_bytes_ = in_force.memory_budget_bytes;
  Keep(changes, &changes_);
  return in_force;
}

Status Session::Begin() {
  if (transaction_) return base::InvalidArgument("a transaction is open: commit or roll back first");
  AMETHYST_ASSIGN(DB* const database, Database(Access::kCreate));
  transaction_.emplace(database->Begin());
  transaction_failed_ = false;
  return {};
}

Status Session::Commit() {
  Transaction transaction = *std::move(transaction_);
  transaction_.reset();
  return transaction.Commit();
}

Status Session::Rollback() {
  Transaction transaction = *std::move(transaction_);
  transaction_.reset();
  return transaction.Rollback();
}

Status Session::Close() {
  transaction_.reset();
  const std::unique_ptr<DB> database = std::move(database_);
  return database == nullptr ? Status() : database->Close();
}

}  // namespace amethyst::cli
