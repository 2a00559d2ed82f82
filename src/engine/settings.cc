#include "engine/settings.h"

#include <algorithm>
#include <thread>

#include "base/assert.h"
#include "base/error.h"
#include "compress/codec.h"

namespace amethyst::engine {

namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kMemoryBudgetMin = 4 * kMiB;
constexpr size_t kWriteBufferMin = 64 << 10;
constexpr size_t kWriteBufferMax = size_t{4} << 30;
constexpr uint64_t kBackgroundBytesMin = 64 << 10;
constexpr size_t kNameBytesMax = 255;
// What a record of the log can hold,
constexpr size_t kBatchMax = size_t{1} << 30;
// and a memtable of its own, with room for as much again in the index of a transaction.
constexpr size_t kBatchMemoryMax = size_t{12} << 30;
// No put and no delete takes more memory in proportion: the smallest has 3 bytes and takes 96. A range delete may.
constexpr size_t kMemoryPerBatchByte = 32;

Status CheckRanges(const Options& options) {
  if (options.memory_budget_bytes < kMemoryBudgetMin) {
    return base::InvalidArgument("memory_budget_bytes is {}; it must be at least {}", options.memory_budget_bytes,
                                 kMemoryBudgetMin);
  }
  const size_t write_buffer_max = std::min(options.memory_budget_bytes / 4, kWriteBufferMax);
  if (options.write_buffer_bytes != 0 &&
      (options.write_buffer_bytes < kWriteBufferMin || options.write_buffer_bytes > write_buffer_max)) {
    return base::InvalidArgument(
        "write_buffer_bytes is {}; it must be 0 (chosen), or from {} to {} (a quarter of memory_budget_bytes, at most "
        "4 GiB)",
        options.write_buffer_bytes, kWriteBufferMin, write_buffer_max);
  }
  if (options.block_bytes < 512 || options.block_bytes > kMiB) {
    return base::InvalidArgument("block_bytes is {}; it must be from 512 to {}", options.block_bytes, kMiB);
  }
  if (!(options.filter_false_positive_rate > 0 && options.filter_false_positive_rate <= 1)) {
    return base::InvalidArgument("filter_false_positive_rate is {}; it must be over 0 and at most 1",
                                 options.filter_false_positive_rate);
  }
  if (options.max_open_files < 16) {
    return base::InvalidArgument("max_open_files is {}; it must be at least 16", options.max_open_files);
  }
  if (options.background_bytes_per_s != 0 && options.background_bytes_per_s < kBackgroundBytesMin) {
    return base::InvalidArgument("background_bytes_per_s is {}; it must be 0 (no limit), or at least {}",
                                 options.background_bytes_per_s, kBackgroundBytesMin);
  }
  if (options.background_threads > 64) {
    return base::InvalidArgument("background_threads is {}; it must be at most 64", options.background_threads);
  }
  return {};
}

Status CheckFamilies(const Options& options) {
  for (const auto& [name, family] : options.families) {
    if (name.empty() || name.size() > kNameBytesMax) {
      return base::InvalidArgument("a name of {} bytes in families; it must have 1 to {}", name.size(), kNameBytesMax);
    }
    if (family.ttl.count() < 0) {
      return base::InvalidArgument("family {}: ttl is {} ms; it must not be negative", name, family.ttl.count());
    }
    if (family.merge_operator == nullptr) continue;
    if (const size_t bytes = family.merge_operator->Name().size(); bytes == 0 || bytes > kNameBytesMax) {
      return base::InvalidArgument("family {}: the merge operator's name has {} bytes; it must have 1 to {}", name,
                                   bytes, kNameBytesMax);
    }
  }
  return {};
}

Status CheckKinds(const Options& options) {
  if (!compress::IsKnownCodec(static_cast<uint8_t>(options.compression))) {
    return base::InvalidArgument("compression is {}; it must be kNone, kLz4 or kZstd",
                                 static_cast<int>(options.compression));
  }
  if (options.cache_policy != CachePolicy::kScanResistant && options.cache_policy != CachePolicy::kLru) {
    return base::InvalidArgument("cache_policy is {}; it must be kScanResistant or kLru",
                                 static_cast<int>(options.cache_policy));
  }
  if (options.comparator == nullptr) {
    return base::InvalidArgument("comparator is null; leave it at BytewiseComparator() for the default order");
  }
  if (options.comparator->Name().empty() || options.comparator->Name().size() > 255) {
    return base::InvalidArgument("the comparator's name has {} bytes; it must have 1 to 255",
                                 options.comparator->Name().size());
  }
  if (options.read_only && options.error_if_exists) {
    return base::InvalidArgument("read_only and error_if_exists exclude each other");
  }
  return {};
}

}  // namespace

Result<Settings> CheckOptions(const Options& options) {
  AMETHYST_TRY(CheckRanges(options));
  AMETHYST_TRY(CheckKinds(options));
  AMETHYST_TRY(CheckFamilies(options));
  Settings settings{.options = options, .order = key::Order(options.comparator)};
  const size_t budget = options.memory_budget_bytes;
  const size_t write_buffer_bytes =
      options.write_buffer_bytes != 0 ? options.write_buffer_bytes : std::clamp(budget / 8, kMiB / 2, 64 * kMiB);
  settings.write_buffer_bytes = write_buffer_bytes;
  // Half of the budget is the memtables' share: one that fills, and at least one that is being flushed.
  settings.immutable_count_max = std::max<size_t>(budget / 2 / write_buffer_bytes, 2) - 1;
  const size_t batch_bytes_max = std::min(budget / 4, kBatchMax);
  settings.batch_bytes_max = batch_bytes_max;
  settings.batch_memory_bytes_max = std::min(kMemoryPerBatchByte * batch_bytes_max, kBatchMemoryMax);
  AMETHYST_ASSERT(settings.immutable_count_max >= 1 && batch_bytes_max <= settings.batch_memory_bytes_max);
  settings.processors = std::max(std::thread::hardware_concurrency(), 1u);
  const uint32_t threads =
      options.background_threads != 0 ? options.background_threads : std::min(settings.processors, 4u);
  settings.background_threads = threads;
  settings.spare_threads = threads < settings.processors ? 1 : 0;
  settings.background_bytes_per_s = options.background_bytes_per_s;
  settings.log_segment_bytes = std::clamp<uint64_t>(uint64_t{2} * write_buffer_bytes, kMiB, 64 * kMiB);
  return settings;
}

}  // namespace amethyst::engine
