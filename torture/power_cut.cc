#include "torture/power_cut.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

#include "amethyst/amethyst.h"
#include "base/assert.h"
#include "base/random.h"
#include "torture/mount.h"

namespace amethyst::torture {

namespace {

constexpr uint64_t kImageBytes = uint64_t{96} << 20;
constexpr uint64_t kCutSlots = 200;  // Batch n goes to slot n % kCutSlots, and writes its number beside.

std::string SlotKey(uint64_t slot) { return fmt::format("slot{:04}", slot); }
std::string CutValue(uint64_t number) { return fmt::format("{:012}", number) + std::string(number * 37 % 900, 'v'); }

Options CutOptions() {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.sync_interval_ms = 20;
  return options;
}

// What the child tells: a number made, or a number durable.
struct Told {
  uint64_t number;
  bool durable;
};

[[noreturn]] void WriteForever(const std::string& path, uint64_t seed, int pipe) {
  auto db = DB::Open(path, CutOptions());
  if (!db) _exit(1);
  base::Random random(seed);
  for (uint64_t number = 1;; ++number) {
    WriteBatch batch;
    batch.Put(SlotKey(number % kCutSlots), CutValue(number));
    batch.Put("number", std::to_string(number));
    const bool sync = random.OneIn(20);
    if (!(*db)->Write(batch, {.durability = sync ? Durability::kSync : Durability::kBuffered})) _exit(2);
    if (random.OneIn(400) && !(random.OneIn(2) ? (*db)->Flush() : (*db)->CompactRange())) _exit(3);
    const Told told{.number = number, .durable = sync};
    if (write(pipe, &told, sizeof told) != sizeof told) _exit(4);
  }
}

class Cuts {
 public:
  explicit Cuts(const PowerCutSettings& settings) : settings_(settings), random_(settings.seed) {}

  PowerCutReport Run() {
    mkdir(File("disk").c_str(), 0700);
    mkdir(File("copy").c_str(), 0700);
    if (const Status made = Mount::MakeImage(File("image"), kImageBytes); !made) return Skip(made.error());
    const auto disk = Mount::Image(File("image"), File("disk"));
    if (!disk) return Skip(disk.error());
    StartChild();
    while (report_.cuts < settings_.cuts && report_.violation.empty()) Cut();
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    close(pipe_);
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string File(const char* name) const { return settings_.directory + "/" + name; }
  PowerCutReport Skip(const Error& error) {
    report_.skipped = error.message();
    return report_;
  }
  void Violation(const std::string& text) {
    if (report_.violation.empty()) {
      report_.violation = fmt::format("seed {}, cut {}: {}", settings_.seed, report_.cuts, text);
    }
  }

  void StartChild() {
    int ends[2];
    AMETHYST_ASSERT(pipe(ends) == 0);
    const uint64_t seed = random_();
    child_ = fork();
    AMETHYST_ASSERT(child_ >= 0);
    if (child_ == 0) {
      close(ends[0]);
      WriteForever(File("disk") + "/db", seed, ends[1]);
    }
    close(ends[1]);
    pipe_ = ends[0];
    ReadTold();  // There is a database.
    fcntl(pipe_, F_SETFL, O_NONBLOCK);
  }

  bool ReadTold() {
    Told told;
    if (read(pipe_, &told, sizeof told) != sizeof told) return false;
    made_ = told.number;
    if (told.durable) report_.durable = told.number;
    return true;
  }

  // The child reads nothing of this process, so the pipe must not fill while it should work.
  void LetWork(std::chrono::microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      if (!ReadTold()) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  void Cut() {
    LetWork(std::chrono::microseconds(random_.Below(60'000)));
    kill(child_, SIGSTOP);
    int status = 0;
    if (waitpid(child_, &status, WUNTRACED) != child_ || !WIFSTOPPED(status)) {
      return Violation(fmt::format("the child ended by itself, status {}", status));
    }
    while (ReadTold()) {
    }
    const std::string copy = fmt::format("cp --sparse=always '{}' '{}'", File("image"), File("image-copy"));
    AMETHYST_ASSERT(std::system(copy.c_str()) == 0);
    kill(child_, SIGCONT);
    const auto disk = Mount::Image(File("image-copy"), File("copy"));
    if (!disk) return Violation("ext4 itself did not survive: " + disk.error().ToString());
    Check();
    ++report_.cuts;
  }

  void Check() {
    auto db = DB::Open(File("copy") + "/db", CutOptions());
    if (!db) return Violation("it does not open: " + db.error().ToString());
    std::map<std::string, std::string> found;
    Iterator it = (*db)->NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next()) found.emplace(it.key(), it.value());
    if (!it.status()) return Violation("the walk fails: " + it.status().error().ToString());
    const uint64_t number = found.contains("number") ? std::stoull(found["number"]) : 0;
    if (number < report_.durable) {
      return Violation(fmt::format("batch {} was durable, found only {}", report_.durable, number));
    }
    if (number > made_ + 1) return Violation(fmt::format("found batch {} of {}", number, made_));
    std::map<std::string, std::string> expected;
    if (number > 0) expected["number"] = std::to_string(number);
    for (uint64_t n = number > kCutSlots ? number - kCutSlots + 1 : 1; n <= number; ++n) {
      expected[SlotKey(n % kCutSlots)] = CutValue(n);
    }
    if (found != expected) Violation(fmt::format("the content is not that after batch {}", number));
    report_.lost += made_ > number ? made_ - number : 0;
  }

  const PowerCutSettings settings_;
  base::Random random_;
  pid_t child_ = -1;
  int pipe_ = -1;
  uint64_t made_ = 0;  // The last batch told of.
  PowerCutReport report_;
};

}  // namespace

PowerCutReport PowerCuts(const PowerCutSettings& settings) { return Cuts(settings).Run(); }

}  // namespace amethyst::torture
