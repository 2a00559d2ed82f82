#include "io/posix_lock_holder.h"

#include <fmt/core.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace amethyst::io {
namespace {

// Empty where there is no such file, or it may not be read.
std::string TextOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

// A program's name is its own choice: what does not print is not passed on.
std::string CommandOf(pid_t process) {
  std::string command = TextOf(fmt::format("/proc/{}/comm", process));
  while (command.ends_with('\n')) command.pop_back();
  std::ranges::replace_if(command, [](char c) { return c < ' ' || c > '~'; }, '?');
  return command;
}

}  // namespace

// "7: FLOCK  ADVISORY  WRITE 4711 fe:01:2083 0 EOF"; who only waits has "->" before FLOCK.
std::optional<pid_t> FindLockHolder(std::string_view locks, const InodeNumber& locked) {
  std::istringstream lines{std::string(locks)};
  for (std::string line; std::getline(lines, line);) {
    int process = 0;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    unsigned long inode = 0;
    const int fields =
        std::sscanf(line.c_str(), "%*u: FLOCK %*s %*s %d %x:%x:%lu", &process, &major_number, &minor_number, &inode);
    if (fields == 4 && process > 0 && locked == InodeNumber{makedev(major_number, minor_number), inode}) return process;
  }
  return std::nullopt;
}

std::string DescribeLockHolder(const InodeNumber& locked) {
  const std::optional<pid_t> process = FindLockHolder(TextOf("/proc/locks"), locked);
  if (!process) return "another process, which is not to be seen from here (another container or machine?),";
  const std::string command = CommandOf(*process);
  return command.empty() ? fmt::format("process {}", *process) : fmt::format("process {} ({})", *process, command);
}

}  // namespace amethyst::io
