#include "torture/model_choices.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/readable.h"

namespace amethyst::torture {

namespace {

class Reverse final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return b.compare(a); }
  std::string_view Name() const override { return "torture.reverse"; }
};

class ShortFirst final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
  }
  std::string_view Name() const override { return "torture.short_first"; }
};

}  // namespace

const Comparator* ComparatorOf(uint64_t number) {
  static const Reverse reverse;
  static const ShortFirst short_first;
  switch (number % 6) {
    case 0: return &reverse;
    case 1: return &short_first;
    default: return BytewiseComparator();
  }
}

Options DrawOptions(base::Random& random, const Comparator* comparator) {
  constexpr double kRates[] = {0.5, 0.1, 0.01, 0.001, 0.00001, 1};
  constexpr uint32_t kDeadlines_s[] = {0, 1, 60, 86400};
  Options options;
  options.memory_budget_bytes = (size_t{4} << random.Below(3)) << 20;
  options.write_buffer_bytes = random.OneIn(8) ? 0 : size_t{64 << 10} << random.Below(3);
  options.block_bytes = random.OneIn(20) ? size_t{1} << 20 : size_t{512} << random.Below(5);
  options.compression = static_cast<Compression>(random.Below(3));
  options.filter_false_positive_rate = kRates[random.Below(6)];
  options.group_commit_bytes = size_t{1} << random.Below(21);
  options.group_commit_delay_us = random.OneIn(3) ? static_cast<uint32_t>(random.Below(2000)) : 0;
  options.sync_interval_ms = random.OneIn(3) ? 0 : static_cast<uint32_t>(10 + random.Below(2000));
  options.background_threads = static_cast<uint32_t>(random.Below(5));
  options.max_open_files = random.OneIn(2) ? 16 : 1000;
  options.cache_policy = static_cast<CachePolicy>(random.Below(2));
  options.delete_deadline_s = kDeadlines_s[random.Below(4)];
  if (random.OneIn(6)) options.feed_retention_bytes = uint64_t{256 << 10} << random.Below(4);
  options.comparator = comparator;
  return options;
}

Durability DrawDurability(base::Random& random) {
  const uint64_t kind = random.Below(60);
  return kind < 2 ? Durability::kSync : kind == 2 ? Durability::kNone : Durability::kBuffered;
}

std::string DrawKey(base::Random& random, uint64_t style, uint64_t count) {
  const uint64_t n = random.Below(random.OneIn(2) ? count : std::max<uint64_t>(count / 10, 1));
  switch (style) {
    case 0: return fmt::format("{:016}", n);
    case 1: {  // Some share more than a table's bounds hold.
      const std::string more(n % 8 == 7 ? 300 : 0, '/');
      return fmt::format("https://example.org/a/rather/long/common/prefix/{}{}", more, n);
    }
    case 2: {  // Short binary keys, with ties of heads: zeros at the end count.
      std::string key(n % 9, '\0');
      return key + static_cast<char>(n / 9 % 256) + std::string(n / 2304, '\0');
    }
    default: {  // Some are longer than a block.
      const size_t more = n % 40 == 39 ? 1'000 + n % 7 * 2'000 : n % 3;
      return fmt::format("{:x}", n * 0x9e3779b97f4a7c15u) + std::string(more, 'x');
    }
  }
}

std::string DrawValue(base::Random& random) {
  const uint64_t kind = random.Below(2000);
  const size_t bytes = kind < 1700 ? random.Below(120) : kind < 1998 ? random.Below(1200) : random.Below(150'000);
  std::string value(bytes, static_cast<char>('a' + random.Below(26)));
  for (size_t i = 0; i < bytes / 2; i += 8) value[i] = static_cast<char>(random());
  return value;
}

std::string Show(std::string_view bytes) { return base::Shortened(bytes, base::kKeyColumnsMax); }

std::string Show(const ModelEntry& entry) {
  std::string text = entry.refused ? std::string("refused") : Show(std::string_view(entry.value));
  if (entry.expires_ms && *entry.expires_ms != kModelNeverMs) text += fmt::format(" until {}", *entry.expires_ms);
  return text;
}

std::string Show(const std::optional<ModelEntry>& entry) { return entry ? Show(*entry) : "nothing"; }

std::string Show(const Options& options) {
  return fmt::format(
      "memory {}, write buffer {}, block {}, codec {}, filter {}, group {} bytes {} us, sync every {} ms, {} threads, "
      "{} "
      "files, cache {}, deadline {} s, order {}",
      options.memory_budget_bytes, options.write_buffer_bytes, options.block_bytes,
      static_cast<int>(options.compression), options.filter_false_positive_rate, options.group_commit_bytes,
      options.group_commit_delay_us, options.sync_interval_ms, options.background_threads, options.max_open_files,
      static_cast<int>(options.cache_policy), options.delete_deadline_s, options.comparator->Name());
}

}  // namespace amethyst::torture
