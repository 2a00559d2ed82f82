// DB::Open and DestroyDB: what LevelDB's options and directories mean to Amethyst, and the texts of what is wrong.
#include <leveldb/cache.h>
#include <leveldb/comparator.h>
#include <leveldb/db.h>
#include <leveldb/env.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "compat/leveldb/bloom_filter_policy.h"
#include "compat/leveldb/convert.h"
#include "compat/leveldb/database.h"
#include "compat/leveldb/directory.h"
#include "compat/leveldb/lru_cache.h"
#include "compat/leveldb/memory_env.h"
#include "compat/leveldb/own_object.h"
#include "compat/leveldb/storage.h"

namespace leveldb {

// Here, where they get their meaning.
Options::Options() : comparator(BytewiseComparator()), env(Env::Default()) {}

}  // namespace leveldb

namespace amethyst::compat {

namespace {

// What all databases of a process share that were opened without a cache of NewLRUCache.
std::shared_ptr<cache::MemoryBudget> ProcessBudget(size_t bytes) {
  static std::mutex mutex;
  static std::weak_ptr<cache::MemoryBudget> current;
  const std::lock_guard lock(mutex);
  std::shared_ptr<cache::MemoryBudget> budget = current.lock();
  if (budget == nullptr) current = budget = NewMemoryBudget(bytes);
  return budget;
}

// LevelDB's defaults of 4 and 8 MB are of another age: what a program asks for raises Amethyst's, never lowers them.
std::shared_ptr<cache::MemoryBudget> BudgetOf(const leveldb::Options& options) {
  const size_t least = Options().memory_budget_bytes;
  auto* const cache = OwnObject<LruCache>(options.block_cache);
  if (cache == nullptr) return ProcessBudget(std::max(least, 8 * options.write_buffer_size));
  return cache->Budget(std::max(least, cache->capacity() + 8 * options.write_buffer_size));
}

Options SettingsOf(const leveldb::Options& options, const KeyOrder* order) {
  Options settings;
  settings.create_if_missing = options.create_if_missing;
  settings.error_if_exists = options.error_if_exists;
  settings.max_open_files = static_cast<uint32_t>(std::clamp(options.max_open_files, 64, 50000));
  settings.block_bytes = std::clamp<size_t>(options.block_size, 512, size_t{1} << 20);
  settings.compression = options.compression == leveldb::kNoCompression ? Compression::kNone : settings.compression;
  if (const auto* const bloom = OwnObject<const BloomFilterPolicy>(options.filter_policy)) {
    settings.filter_false_positive_rate = std::min(bloom->FalsePositiveRate(), settings.filter_false_positive_rate);
  }
  if (order != nullptr) settings.comparator = order;
  return settings;
}

Logger LoggerOf(leveldb::Logger* info_log) {
  if (info_log == nullptr) return {};
  return
      [info_log](std::string_view line) { leveldb::Log(info_log, "%.*s", static_cast<int>(line.size()), line.data()); };
}

leveldb::Status OpenFailed(const std::string& name, const leveldb::Options& options, bool existed, const Error& error) {
  if (error.code() == ErrorCode::kBusy) return LockedStatus(name, error);
  if (error.code() == ErrorCode::kInvalidArgument) {
    if (existed && options.error_if_exists) {
      return leveldb::Status::InvalidArgument(name, "exists (error_if_exists is true)");
    }
    if (!existed && !options.create_if_missing) {
      return leveldb::Status::InvalidArgument(name, "does not exist (create_if_missing is false)");
    }
  }
  return StatusOf(error);
}

}  // namespace

}  // namespace amethyst::compat

namespace leveldb {

Status DB::Open(const Options& options, const std::string& name, DB** dbptr) {
  namespace compat = amethyst::compat;
  *dbptr = nullptr;
  const compat::Storage storage = compat::StorageOf(options.env, name);
  if (!storage.status.ok()) return storage.status;
  const bool on_disk = storage.memory == nullptr;

  std::unique_ptr<const compat::KeyOrder> order;
  if (options.comparator != BytewiseComparator()) order = std::make_unique<compat::KeyOrder>(options.comparator);
  amethyst::Components components{.environment = on_disk ? nullptr : storage.memory->DatabaseEnvironment(name),
                                  .memory_budget = compat::BudgetOf(options),
                                  .logger = compat::LoggerOf(options.info_log),
                                  .beside_other_files = true};
  auto opened = amethyst::DB::Open(name, compat::SettingsOf(options, order.get()), std::move(components));
  if (!opened) {
    const bool existed = on_disk ? compat::HasCurrent(name) : options.error_if_exists;
    return compat::OpenFailed(name, options, existed, opened.error());
  }
  *dbptr = new compat::Database(std::move(*opened), std::move(order));
  return {};
}

Status DestroyDB(const std::string& name, const Options& options) {
  namespace compat = amethyst::compat;
  const compat::Storage storage = compat::StorageOf(options.env, name);
  if (!storage.status.ok()) return storage.status;
  if (storage.memory != nullptr) {
    storage.memory->ForgetDatabase(name);
    return {};
  }
  if (!compat::HasCurrent(name)) return {};  // Nothing to destroy is nothing wrong.
  const amethyst::Status destroyed = amethyst::DB::Destroy(name);
  if (!destroyed && destroyed.error().code() == amethyst::ErrorCode::kBusy) {
    return compat::LockedStatus(name, destroyed.error());
  }
  return compat::StatusOf(destroyed);
}

}  // namespace leveldb
