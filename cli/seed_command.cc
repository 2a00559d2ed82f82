// seed: fruit and vegetables from a to z, to have something to look at.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/progress.h"

namespace amethyst::cli {

namespace {

constexpr std::array<std::string_view, 26> kFruit = {
    "apple",      "banana",    "cherry", "date",     "elderberry", "fig",    "grape", "honeydew", "imbe",
    "jackfruit",  "kiwi",      "lemon",  "melon",    "nectarine",  "orange", "pear",  "quince",   "raspberry",
    "strawberry", "tangerine", "ugli",   "voavanga", "watermelon", "xigua",  "yuzu",  "ziziphus"};
constexpr std::array<std::string_view, 26> kVegetables = {
    "artichoke",      "beetroot",        "carrot",     "daikon", "endive",  "fennel", "garlic",
    "horseradish",    "iceberg lettuce", "jicama",     "kale",   "leek",    "marrow", "napa cabbage",
    "okra",           "parsnip",         "quinoa",     "radish", "spinach", "turnip", "ulluco",
    "vegetable fern", "watercress",      "xoconostle", "yam",    "zucchini"};

constexpr uint32_t kThreads = 4;
constexpr uint64_t kPairsPerBatch = 256;
constexpr uint64_t kCountMax = 100'000'000;

// The i-th pair of a letter: apple and artichoke, then apple-000001 and the vegetable of the next letter, and so on.
void AppendPair(const Family& family, size_t letter, uint64_t i, WriteBatch* batch) {
  if (i == 0) {
    batch->Put(family, kFruit[letter], kVegetables[letter]);
  } else {
    batch->Put(family, fmt::format("{}-{:06}", kFruit[letter], i), kVegetables[(letter + i) % kVegetables.size()]);
  }
}

// Letters are dealt out to the threads one at a time; each is written by one thread, in batches.
class Seeding {
 public:
  Seeding(const Invocation& invocation, const Family& family, uint64_t count)
      : invocation_(invocation),
        database_(*invocation.session.open_database()),
        family_(family),
        count_(count),
        progress_(invocation, "seeded", count * kFruit.size()) {}

  void Run() {
    Status status;
    for (size_t letter; status && (letter = next_letter_.fetch_add(1)) < kFruit.size();) status = SeedLetter(letter);
    if (status) return;
    base::MutexLock lock(mutex_);
    if (status_) status_ = std::move(status);
  }

  [[nodiscard]] Status status() AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return status_;
  }
  void Finish() AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    progress_.Finish({.entries = written_, .bytes = bytes_});
  }

 private:
  Status SeedLetter(size_t letter) {
    WriteBatch batch;
    for (uint64_t i = 0; i < count_ && !invocation_.interrupted();) {
      batch.Clear();
      for (const uint64_t end = std::min(count_, i + kPairsPerBatch); i < end; ++i)
        AppendPair(family_, letter, i, &batch);
      AMETHYST_TRY(database_.Write(batch));
      base::MutexLock lock(mutex_);
      written_ += batch.Count();
      bytes_ += batch.ByteSize();
      progress_.Update({.entries = written_, .bytes = bytes_}, written_);
    }
    return {};
  }

  const Invocation& invocation_;
  DB& database_;
  const Family family_;
  const uint64_t count_;
  std::atomic<size_t> next_letter_{0};  // Taken by every thread's Run.
  base::Mutex mutex_{base::LockRank::kProgram};
  Progress progress_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t written_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;
  Status status_ AMETHYST_GUARDED_BY(mutex_);  // The first error.
};

Result<ExitCode> RunSeed(const Invocation& invocation) {
  const auto count = ParseNumber(*invocation.arguments.at(0));
  if (!count || *count == 0 || *count > kCountMax) {
    return WrongUsage(invocation,
                      fmt::format("N is a number from 1 to {}, not {}", kCountMax, *invocation.arguments.at(0)));
  }
  AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kCreate));
  Seeding seeding(invocation, family, *count);
  {
    AMETHYST_ASSIGN(const auto threads, invocation.session.environment().NewExecutor(kThreads));
    for (uint32_t i = 0; i < kThreads; ++i) threads->Schedule(io::Priority::kCompaction, [&seeding] { seeding.Run(); });
  }  // Waits for all of them.
  AMETHYST_TRY(seeding.status());
  seeding.Finish();
  return ExitCode::kOk;
}

constexpr Command kSeedCommands[] = {
    {.name = "seed",
     .arguments = "N",
     .summary = "Store 26 times N pairs of fruit and vegetables from a to z, by several threads at once",
     .details = "The same N gives the same pairs: apple artichoke, banana beetroot, ... and with N over 1 apple-000001 "
                "and so on.\n\n"
                "  amethyst seed 1\n"
                "  amethyst seed 100_000",
     .arity = {1, 1},
     .options = {},
     .run = RunSeed,
     .of_family = true},
};

}  // namespace

std::span<const Command> SeedCommands() { return kSeedCommands; }

}  // namespace amethyst::cli
