#include "bench/process_meter.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

// The number behind `name` in a file of /proc; 0 if it is not there.
uint64_t ProcNumber(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size()));
  }
  return 0;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

bool WriteText(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// Where memory cgroups are: version 1, and version 2.
struct Hierarchy {
  const char* root;
  const char* limit;
};
constexpr Hierarchy kHierarchies[] = {{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
                                      {"/sys/fs/cgroup", "memory.max"}};

std::filesystem::path GroupOf(const Hierarchy& hierarchy, pid_t process) {
  return std::filesystem::path(hierarchy.root) / fmt::format("amethyst_bench_{}", process);
}

}  // namespace

uint64_t NowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

double ProcessCpuSeconds() {
  rusage usage{};
  AMETHYST_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

void ResetPeakMemory() { WriteText("/proc/self/clear_refs", "5"); }

uint64_t PeakMemoryBytes() { return ProcNumber("/proc/self/status", "VmHWM:") * 1024; }

uint64_t DeviceBytesWritten() { return ProcNumber("/proc/self/io", "write_bytes:"); }

uint64_t DiskBytes(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    struct stat status{};
    // A file may go while we look.
    if (stat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      bytes += static_cast<uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

bool LimitMemory(uint64_t bytes, std::string* problem) {
  for (const Hierarchy& hierarchy : kHierarchies) {
    const std::filesystem::path group = GroupOf(hierarchy, getpid());
    std::error_code error;
    std::filesystem::create_directory(group, error);
    if (error) continue;
    if (WriteText(group / hierarchy.limit, fmt::format("{}", bytes)) &&
        WriteText(group / "cgroup.procs", fmt::format("{}", getpid()))) {
      return true;
    }
    std::filesystem::remove(group, error);
  }
  *problem = "no memory cgroup can be made here: it takes the right to write under /sys/fs/cgroup";
  return false;
}

void RemoveMemoryLimit(pid_t process) {
  for (const Hierarchy& hierarchy : kHierarchies) {
    std::error_code ignored;
    std::filesystem::remove(GroupOf(hierarchy, process), ignored);
  }
}

}  // namespace amethyst::bench
