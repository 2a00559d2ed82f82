#include "torture/big_load.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>

#include "base/hash.h"
#include "inspect/verify.h"
#include "io/system_environment.h"

namespace amethyst::torture {

namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 100;

// A line such as "VmHWM:  1234 kB" of what the kernel says of this process, in bytes.
uint64_t ProcessFigure(const char* name) {
  uint64_t kilobytes = 0;
  FILE* status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return 0;
  char line[256];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, name, std::strlen(name)) == 0) std::sscanf(line + std::strlen(name) + 1, "%lu", &kilobytes);
  }
  std::fclose(status);
  return kilobytes << 10;
}

// Makes the peak that the kernel remembers the present size.
void ForgetPeak() {
  FILE* clear = std::fopen("/proc/self/clear_refs", "w");
  if (clear == nullptr) return;
  std::fputs("5", clear);
  std::fclose(clear);
}

double SecondsOf(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Loader {
 public:
  explicit Loader(const BigLoadSettings& settings) : settings_(settings) {}

  BigLoadReport Run() {
    ForgetPeak();
    const uint64_t before = ProcessFigure("VmRSS");
    const auto peak = [before] { return ProcessFigure("VmHWM") - std::min(before, ProcessFigure("VmHWM")); };
    Open();
    if (Going()) report_.load_s = SecondsOf([this] { Load(); });
    if (Going()) report_.settle_s = SecondsOf([this] { Check(db_->WaitForIdle(), "WaitForIdle"); });
    report_.load_peak_bytes = peak();
    if (Going()) report_.stats = db_->GetStats();
    for (const LevelStats& level : report_.stats.levels) report_.disk_bytes += level.bytes;
    if (Going()) report_.close_s = SecondsOf([this] { Check(db_->Close(), "Close"); });
    db_.reset();
    if (Going()) report_.reopen_s = SecondsOf([this] { Open(); });
    if (Going()) report_.scan_s = SecondsOf([this] { Scan(); });
    if (Going()) report_.read_s = SecondsOf([this] { ReadAll(); });
    report_.peak_bytes = peak();
    if (Going()) Check(db_->Close(), "the last Close");
    db_.reset();
    if (Going()) report_.verify_s = SecondsOf([this] { Verify(); });
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool Going() const { return report_.violation.empty(); }
  void Violation(std::string text) {
    if (Going()) report_.violation = std::move(text);
  }
  void Check(const Status& status, const char* what) {
    if (!status) Violation(fmt::format("{} failed: {}", what, status.error().ToString()));
  }

  void Open() {
    auto opened = DB::Open(settings_.path, settings_.options);
    if (!opened) return Violation("open failed: " + opened.error().ToString());
    db_ = std::move(*opened);
  }

  // Different for different numbers: an odd factor, and a mix that can be undone.
  std::string_view KeyOf(uint64_t number) {
    uint64_t mixed = (number + settings_.seed) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
    std::memcpy(key_, &mixed, sizeof mixed);
    std::memcpy(key_ + sizeof mixed, &number, sizeof number);
    return {key_, kKeyBytes};
  }
  std::string_view ValueOf(uint64_t number) {
    std::memset(value_, 'v', kValueBytes);
    uint64_t word = number;
    for (size_t at = 0; at + sizeof word <= kValueBytes / 2; at += sizeof word) {
      word = base::Hash64({reinterpret_cast<const char*>(&word), sizeof word});
      std::memcpy(value_ + at, &word, sizeof word);
    }
    return {value_, kValueBytes};
  }

  void Load() {
    for (uint64_t number = 0; number < settings_.entries && Going(); ++number) {
      Check(db_->Put(KeyOf(number), ValueOf(number)), "Put");
    }
  }

  void Scan() {
    uint64_t seen = 0;
    std::string last;
    Iterator it = db_->NewIterator();
    for (it.SeekToFirst(); it.Valid() && Going(); it.Next(), ++seen) {
      if (seen > 0 && it.key() <= last) Violation(fmt::format("entry {} of the scan is out of order", seen));
      uint64_t number;
      std::memcpy(&number, it.key().data() + sizeof number, sizeof number);
      if (it.key() != KeyOf(number) || it.value() != ValueOf(number)) Violation("the scan shows what was not written");
      last.assign(it.key());
    }
    Check(it.status(), "the scan");
    if (seen != settings_.entries) Violation(fmt::format("the scan showed {} entries", seen));
  }

  void ReadAll() {
    std::string value;
    for (uint64_t number = 0; number < settings_.entries && Going(); ++number) {
      const Result<bool> found = db_->GetInto(KeyOf(number), &value);
      if (!found) return Violation("Get failed: " + found.error().ToString());
      if (!*found || value != ValueOf(number)) Violation(fmt::format("entry {} is lost or wrong", number));
    }
  }

  void Verify() {
    const auto verified = inspect::VerifyDatabase(io::DefaultEnvironment()->files(), settings_.path);
    if (!verified) return Violation("verify failed: " + verified.error().ToString());
    if (!verified->problems.empty()) return Violation("verify found: " + verified->problems.front());
    const uint64_t entries = verified->table_entries;
    if (entries < settings_.entries) Violation(fmt::format("verify counted {} entries in the tables", entries));
  }

  const BigLoadSettings settings_;
  std::unique_ptr<DB> db_;
  BigLoadReport report_;
  char key_[kKeyBytes];
  char value_[kValueBytes];
};

}  // namespace

BigLoadReport BigLoad(const BigLoadSettings& settings) { return Loader(settings).Run(); }

}  // namespace amethyst::torture
