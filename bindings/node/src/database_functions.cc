#include "database_functions.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "database.h"
#include "families.h"
#include "task.h"

namespace amethyst::node {

namespace {

constexpr size_t kWriteBufferBytesMin = 64 << 10;

// The databases that were opened with `multithreading`, for all environments of the process, by location. The lock is
// held while one opens or closes, so that who comes second finds it open, or gone.
struct SharedDatabases {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<DB>> by_location;
};
SharedDatabases& Shared() {
  static auto* const shared = new SharedDatabases;  // Never destroyed: worker threads may outlive static destruction.
  return *shared;
}

struct Opened {
  std::shared_ptr<DB> db;
  Family default_family;
};

// How a location is opened: to write, or to follow one that another writes.
struct Opening {
  FollowerOptions options{};  // Of which the database's own are needed in both cases.
  bool follows = false;
};

Result<std::shared_ptr<DB>> OpenAlone(const std::string& location, const Opening& opening) {
  auto opened =
      opening.follows ? DB::OpenFollower(location, opening.options) : DB::Open(location, opening.options.options);
  if (!opened) return std::unexpected(std::move(opened).error());
  return std::shared_ptr<DB>(std::move(*opened));
}

Result<std::shared_ptr<DB>> OpenShared(const std::string& location, const Opening& opening) {
  const std::lock_guard lock(Shared().mutex);
  std::weak_ptr<DB>& known = Shared().by_location[location];
  if (auto db = known.lock()) return db;
  auto opened = OpenAlone(location, opening);
  if (opened) known = *opened;
  return opened;
}

// Closes the database if this was the last environment that had it open.
Status CloseLast(std::shared_ptr<DB> db) {
  const std::lock_guard lock(Shared().mutex);
  for (auto entry = Shared().by_location.begin(); entry != Shared().by_location.end(); ++entry) {
    if (entry->second.lock() != db) continue;
    if (db.use_count() > 1) {
      db.reset();  // While the lock is held, or nobody is the last.
      return {};
    }
    Shared().by_location.erase(entry);
    break;
  }
  return db->Close();
}

// Options carry the names that classic-level gave them; what only LevelDB has is left out.
// Nothing, with a pending exception: one of them is wrong.
std::optional<Opening> ReadOptionsObject(napi_env env, napi_value object) {
  const auto number = [env, object](const char* name, auto* setting) {
    const std::optional<double> value = NumberProperty(env, object, name);
    if (value && *value >= 0) *setting = static_cast<std::remove_pointer_t<decltype(setting)>>(*value);
  };
  Opening opening{.follows = FlagProperty(env, object, "follow")};
  number("refreshIntervalMs", &opening.options.refresh_interval_ms);
  number("graceSeconds", &opening.options.grace_s);
  Options& options = opening.options.options;
  options.create_if_missing = FlagProperty(env, object, "createIfMissing");
  options.error_if_exists = FlagProperty(env, object, "errorIfExists");
  options.read_only = opening.follows || FlagProperty(env, object, "readOnly");
  if (options.read_only) options.error_if_exists = options.create_if_missing = false;
  if (FlagProperty(env, object, "noCompression")) options.compression = Compression::kNone;
  if (FlagProperty(env, object, "zstd")) options.compression = Compression::kZstd;

  number("blockSize", &options.block_bytes);
  number("maxOpenFiles", &options.max_open_files);
  options.max_open_files = std::max(options.max_open_files, uint32_t{16});
  number("syncIntervalMs", &options.sync_interval_ms);
  number("writeBufferSize", &options.write_buffer_bytes);
  if (options.write_buffer_bytes != 0) {
    options.write_buffer_bytes = std::max(options.write_buffer_bytes, kWriteBufferBytesMin);
  }
  // One number bounds all memory. Who asks for more cache or buffers than it holds gets a larger one.
  size_t cache_bytes = 0;
  number("cacheSize", &cache_bytes);
  options.memory_budget_bytes =
      std::max(options.memory_budget_bytes, std::max(cache_bytes * 2, options.write_buffer_bytes * 4));
  number("memoryBudget", &options.memory_budget_bytes);
  if (!ReadMergeAndTtl(env, object, &options.families["default"])) return std::nullopt;
  return opening;
}

napi_value NewReport(napi_env env, const RepairReport& report) {
  napi_value object = nullptr;
  napi_value dropped = nullptr;
  napi_create_object(env, &object);
  napi_create_array_with_length(env, report.dropped.size(), &dropped);
  for (uint32_t i = 0; i < report.dropped.size(); ++i)
    napi_set_element(env, dropped, i, NewString(env, report.dropped[i]));
  napi_set_named_property(env, object, "tablesKept", NewNumber(env, static_cast<double>(report.tables_kept)));
  napi_set_named_property(env, object, "entriesKept", NewNumber(env, static_cast<double>(report.entries_kept)));
  napi_set_named_property(env, object, "logBatchesKept", NewNumber(env, static_cast<double>(report.log_batches_kept)));
  napi_set_named_property(env, object, "dropped", dropped);
  return object;
}

// The open database and the two keys that a call was given.
struct OpenRange {
  OpenDatabase open;
  std::string begin;
  std::string end;
};

// Nothing, with a pending exception, if the arguments are wrong.
std::optional<OpenRange> GetRange(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return std::nullopt;
  auto begin = CopyOf(env, arguments[1]);
  auto end = begin ? CopyOf(env, arguments[2]) : std::nullopt;
  if (!end) return std::nullopt;
  return OpenRange{.open = std::move(open), .begin = std::move(*begin), .end = std::move(*end)};
}

}  // namespace

napi_value NewDatabase(napi_env env, napi_callback_info) { return NewHandle(env, std::make_shared<Database>()); }

napi_value Open(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto handle = GetHandle<Database>(env, arguments[0]);
  auto location = CopyOf(env, arguments[1]);
  if (!handle || !location) return nullptr;
  if (handle->db()) return Throw(env, "LEVEL_LOCKED", "the database is open already");
  auto opening = ReadOptionsObject(env, arguments[2]);
  if (!opening) return nullptr;
  const bool shared = FlagProperty(env, arguments[2], "multithreading") && !opening->follows;
  return StartTask(
      env, "amethyst.open", nullptr,
      [location = std::move(*location), opening = std::move(*opening), shared]() -> Result<Opened> {
        auto db = shared ? OpenShared(location, opening) : OpenAlone(location, opening);
        if (!db) return std::unexpected(std::move(db).error());
        auto default_family = (*db)->OpenFamily("default");
        if (!default_family) return std::unexpected(std::move(default_family).error());
        return Opened{.db = std::move(*db), .default_family = std::move(*default_family)};
      },
      [handle](napi_env settling, Opened& opened) {
        handle->SetOpened(std::move(opened.db), std::move(opened.default_family));
        return Undefined(settling);
      });
}

napi_value Close(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<Database>(env, arguments[0]);
  if (!handle) return nullptr;
  std::shared_ptr<DB> db = handle->Release();
  if (!db) return StartTask(env, "amethyst.close", nullptr, [] { return Status(); }, Undefined);
  auto task = NewTask(nullptr, [db = std::move(db)]() mutable { return CloseLast(std::move(db)); }, Undefined);
  return Task::StartWhenIdle(env, std::move(task), "amethyst.close", *handle);
}

napi_value Refresh(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  return StartTask(
      env, "amethyst.refresh", std::move(open.handle), [db = std::move(open.db)] { return db->Refresh(); }, Undefined);
}

napi_value ApproximateSize(napi_env env, napi_callback_info info) {
  auto range = GetRange(env, info);
  if (!range) return nullptr;
  return StartTask(
      env, "amethyst.approximateSize", std::move(range->open.handle),
      [db = std::move(range->open.db), family = std::move(*range->open.family), begin = std::move(range->begin),
       end = std::move(range->end)] { return family.ApproximateSize(begin, end); },
      [](napi_env settling, uint64_t& bytes) { return NewNumber(settling, static_cast<double>(bytes)); });
}

napi_value CompactRange(napi_env env, napi_callback_info info) {
  auto range = GetRange(env, info);
  if (!range) return nullptr;
  return StartTask(
      env, "amethyst.compactRange", std::move(range->open.handle),
      [db = std::move(range->open.db), family = std::move(*range->open.family), begin = std::move(range->begin),
       end = std::move(range->end)] { return family.CompactRange(begin, end); },
      Undefined);
}

napi_value GetStats(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  if (open.family->id() == 0) return NewString(env, open.db->GetStats().ToJson());
  const auto stats = open.family->GetStats();
  return stats ? NewString(env, stats->ToJson()) : Throw(env, stats.error());
}

napi_value Destroy(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto location = CopyOf(env, arguments[0]);
  if (!location) return nullptr;
  return StartTask(
      env, "amethyst.destroy", nullptr, [location = std::move(*location)] { return DB::Destroy(location); }, Undefined);
}

napi_value Repair(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto from = CopyOf(env, arguments[0]);
  auto to = from ? CopyOf(env, arguments[1]) : std::nullopt;
  if (!to) return nullptr;
  return StartTask(
      env, "amethyst.repair", nullptr, [from = std::move(*from), to = std::move(*to)] { return DB::Repair(from, to); },
      NewReport);
}

napi_value NewSnapshot(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  return open ? NewHandle(env, std::make_shared<SnapshotHandle>(open.db)) : nullptr;
}

napi_value CloseSnapshot(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<SnapshotHandle>(env, arguments[0]);
  if (handle) handle->snapshot.reset();
  return nullptr;
}

}  // namespace amethyst::node
