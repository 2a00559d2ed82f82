#include "torture/disk_full.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/mount.h"

namespace amethyst::torture {

namespace {

constexpr uint64_t kDiskBytes = uint64_t{32} << 20;
constexpr uint64_t kRestMax = uint64_t{6} << 20;  // Of the disk, beside the ballast.
constexpr uint64_t kWritesMax = 20'000;           // In one cycle.

class Cycles {
 public:
  explicit Cycles(const DiskFullSettings& settings)
      : settings_(settings), random_(settings.seed), ballast_(settings.path + "/ballast") {}

  DiskFullReport Run() {
    Open();
    // Compaction may make room as fast as writes take it: then a smaller rest of the disk is drawn.
    for (uint64_t rest_max = kRestMax; report_.cycles < settings_.cycles && Going(); rest_max /= 2) {
      Fill(random_.Below(rest_max + 1));
      if (!Going() || failed_key_.empty()) continue;
      ++report_.cycles;
      rest_max = 2 * kRestMax;
      CheckReads();
      if (Going() && report_.cycles % 2 == 0) Reopen();
      unlink(ballast_.c_str());
      if (Going()) WriteAgain();
      if (Going()) CheckReads();
    }
    if (Going()) Reopen();
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool Going() const { return report_.violation.empty(); }
  void Violation(const std::string& text) {
    if (Going()) report_.violation = fmt::format("seed {}, cycle {}: {}", settings_.seed, report_.cycles, text);
  }

  void Open() {
    Options options;
    options.memory_budget_bytes = size_t{4} << 20;
    options.write_buffer_bytes = size_t{128} << 10;
    auto opened = DB::Open(settings_.path + "/db", options);
    if (!opened) return Violation("open failed: " + opened.error().ToString());
    db_ = std::move(*opened);
  }

  // On the full disk. What could not be flushed at Close is in the log.
  void Reopen() {
    static_cast<void>(db_->Close());
    db_.reset();
    Open();
    if (Going()) CheckReads();
  }

  // All of the disk except so many bytes goes to the ballast; these to writes.
  void Fill(uint64_t left) {
    unlink(ballast_.c_str());
    static_cast<void>(db_->WaitForIdle());  // Nothing else takes or frees any while the ballast is made.
    struct statvfs disk{};
    statvfs(settings_.path.c_str(), &disk);
    const uint64_t free_bytes = disk.f_bavail * disk.f_frsize;
    const int file = open(ballast_.c_str(), O_CREAT | O_WRONLY, 0600);
    if (file < 0 || (free_bytes > left && posix_fallocate(file, 0, static_cast<off_t>(free_bytes - left)) != 0)) {
      Violation("the ballast could not be written");
    }
    close(file);
    failed_key_.clear();
    for (uint64_t i = 0; i < kWritesMax && Going() && failed_key_.empty(); ++i) {
      std::string key = fmt::format("key{:04}", random_.Below(1500));
      std::string value = fmt::format("{} ", ++report_.acknowledged) + std::string(random_.Below(3000), 'v');
      for (size_t at = 0; at < value.size(); at += 2) value[at] = static_cast<char>(random_());
      Write(std::move(key), std::move(value));
    }
    for (int i = 0; i < 20 && !failed_key_.empty(); ++i) {  // It stays so, and stays orderly.
      report_.refused += db_->Put(failed_key_, failed_value_) ? 0 : 1;
    }
  }

  void Write(std::string key, std::string value) {
    const auto durability = random_.OneIn(50) ? Durability::kSync : Durability::kBuffered;
    const Status written = db_->Put(key, value, {.durability = durability});
    if (written) {
      content_[key] = std::move(value);
      return;
    }
    ++report_.refused;
    if (written.error().code() != ErrorCode::kNoSpace) Violation("put failed: " + written.error().ToString());
    failed_key_ = std::move(key);
    failed_value_ = std::move(value);
  }

  // What stalled in the background is tried again within a second, or at once if somebody asks for a flush.
  void WriteAgain() {
    if (random_.OneIn(2)) {
      if (const Status flushed = db_->Flush(); !flushed)
        return Violation("Flush failed: " + flushed.error().ToString());
    }
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto try_until_it_works = [patience](const auto& call) {
      Status done = call();
      while (!done && std::chrono::steady_clock::now() < patience) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        done = call();
      }
      return done;
    };
    const Status written =
        try_until_it_works([this] { return db_->Put(failed_key_, failed_value_, {.durability = Durability::kSync}); });
    if (!written) return Violation("there is space, but a write fails: " + written.error().ToString());
    content_[failed_key_] = failed_value_;
    failed_key_.clear();
    // A job that began on the full disk may still have to say so.
    const Status idle = try_until_it_works([this] { return db_->WaitForIdle(); });
    if (!idle) Violation("WaitForIdle failed: " + idle.error().ToString());
  }

  void CheckReads() {
    std::map<std::string, std::string> found;
    Iterator it = db_->NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next()) found.emplace(it.key(), it.value());
    if (!it.status()) return Violation("a walk failed: " + it.status().error().ToString());
    std::map<std::string, std::string> expected = content_;
    if (!failed_key_.empty()) {  // There or not.
      expected.erase(failed_key_);
      found.erase(failed_key_);
    }
    if (found != expected) Violation(fmt::format("a walk shows {} entries of {}", found.size(), expected.size()));
    for (int i = 0; i < 100 && !content_.empty(); ++i) {
      const auto at = content_.lower_bound(fmt::format("key{:04}", random_.Below(1500)));
      if (at == content_.end() || at->first == failed_key_) continue;
      const auto got = db_->Get(at->first);
      if (!got || *got != at->second) Violation("Get of " + at->first + " fails or is wrong");
    }
  }

  const DiskFullSettings settings_;
  base::Random random_;
  const std::string ballast_;
  std::unique_ptr<DB> db_;
  std::map<std::string, std::string> content_;
  std::string failed_key_, failed_value_;
  DiskFullReport report_;
};

}  // namespace

DiskFullReport DiskFull(const DiskFullSettings& settings) {
  const auto disk = Mount::Tmpfs(settings.path, kDiskBytes);
  DiskFullReport report;
  if (disk) return Cycles(settings).Run();
  report.skipped = disk.error().message();
  return report;
}

}  // namespace amethyst::torture
