#include "engine/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace amethyst::engine {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

Options With(const std::function<void(Options&)>& change) {
  Options options;
  change(options);
  return options;
}

class Nameless final : public Comparator {
 public:
  explicit Nameless(size_t name_bytes) : name_(name_bytes, 'n') {}
  int Compare(std::string_view a, std::string_view b) const override { return a.compare(b); }
  std::string_view Name() const override { return name_; }

 private:
  std::string name_;
};

TEST(Settings, EachBadOptionNamesItself) {
  const Nameless nameless(0), long_named(256);
  const struct {
    const char* name;
    std::function<void(Options&)> change;
  } bad[] = {
      {"memory_budget_bytes is 4194303", [](Options& o) { o.memory_budget_bytes = 4 * kMiB - 1; }},
      {"memory_budget_bytes is 0", [](Options& o) { o.memory_budget_bytes = 0; }},
      {"write_buffer_bytes is 1", [](Options& o) { o.write_buffer_bytes = 1; }},
      {"write_buffer_bytes is 67108865", [](Options& o) { o.write_buffer_bytes = 64 * kMiB + 1; }},
      {"block_bytes is 511", [](Options& o) { o.block_bytes = 511; }},
      {"block_bytes is 1048577", [](Options& o) { o.block_bytes = kMiB + 1; }},
      {"filter_false_positive_rate is 0", [](Options& o) { o.filter_false_positive_rate = 0; }},
      {"filter_false_positive_rate is 1.5", [](Options& o) { o.filter_false_positive_rate = 1.5; }},
      {"filter_false_positive_rate is nan", [](Options& o) { o.filter_false_positive_rate = std::nan(""); }},
      {"max_open_files is 15", [](Options& o) { o.max_open_files = 15; }},
      {"background_threads is 65", [](Options& o) { o.background_threads = 65; }},
      {"compression is 9", [](Options& o) { o.compression = static_cast<Compression>(9); }},
      {"cache_policy is 7", [](Options& o) { o.cache_policy = static_cast<CachePolicy>(7); }},
      {"comparator is null", [](Options& o) { o.comparator = nullptr; }},
      {"comparator's name has 0 bytes", [&](Options& o) { o.comparator = &nameless; }},
      {"comparator's name has 256 bytes", [&](Options& o) { o.comparator = &long_named; }},
      {"read_only and error_if_exists", [](Options& o) { o.read_only = o.error_if_exists = true; }},
  };
  for (const auto& [name, change] : bad) {
    const Result<Settings> checked = CheckOptions(With(change));
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code(), ErrorCode::kInvalidArgument) << name;
    EXPECT_THAT(checked.error().message(), testing::HasSubstr(name));
  }
}

TEST(Settings, LimitsThemselvesAreLegal) {
  for (const auto& change : std::vector<std::function<void(Options&)>>{
           [](Options& o) { o.memory_budget_bytes = 4 * kMiB; },
           [](Options& o) { o.write_buffer_bytes = 64 << 10; },
           [](Options& o) { o.write_buffer_bytes = 64 * kMiB; },
           [](Options& o) { o.block_bytes = 512; },
           [](Options& o) { o.block_bytes = kMiB; },
           [](Options& o) { o.filter_false_positive_rate = 1; },
           [](Options& o) { o.max_open_files = 16; },
           [](Options& o) { o.background_threads = 64; },
       }) {
    EXPECT_TRUE(CheckOptions(With(change)));
  }
}

TEST(Settings, ChoosesMemtablesThatFitHalfOfTheBudget) {
  for (const size_t budget : {4 * kMiB, 8 * kMiB, 64 * kMiB, 256 * kMiB, 4096 * kMiB}) {
    const Settings settings = CheckOptions(With([&](Options& o) { o.memory_budget_bytes = budget; })).value();
    EXPECT_GE(settings.immutable_count_max, 1) << budget;
    EXPECT_LE((settings.immutable_count_max + 1) * settings.write_buffer_bytes, budget / 2) << budget;
    EXPECT_LE(settings.batch_bytes_max, budget / 4);
    EXPECT_GE(settings.log_segment_bytes, kMiB);
    EXPECT_LE(settings.log_segment_bytes, 64 * kMiB);
  }
  EXPECT_EQ(CheckOptions({}).value().write_buffer_bytes, 32 * kMiB);
}

TEST(Settings, KeepsBatchesWithinWhatLogAndMemtableCanHold) {
  const Settings huge = CheckOptions(With([](Options& o) { o.memory_budget_bytes = size_t{1} << 40; })).value();
  EXPECT_EQ(huge.batch_bytes_max, size_t{1} << 30);
  EXPECT_EQ(huge.batch_memory_bytes_max, size_t{12} << 30);
  EXPECT_FALSE(CheckOptions(With([](Options& o) {
    o.memory_budget_bytes = size_t{1} << 40;
    o.write_buffer_bytes = size_t{5} << 30;
  })));
}

TEST(Settings, HandsTheTableOptionsOn) {
  const Settings settings = CheckOptions(With([](Options& o) {
                              o.block_bytes = 8192;
                              o.compression = Compression::kZstd;
                              o.filter_false_positive_rate = 0.05;
                            })).value();
  EXPECT_EQ(settings.table_options().block_bytes, 8192);
  EXPECT_EQ(settings.table_options().compression, Compression::kZstd);
  EXPECT_EQ(settings.table_options().filter_false_positive_rate, 0.05);
}

}  // namespace
}  // namespace amethyst::engine
