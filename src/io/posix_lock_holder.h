// Which process holds a lock, for the message to another one that is refused.
//
// The kernel lists locks in /proc/locks, those of the processes that the reader can see. What a process in another PID
// namespace or on another machine holds is not there, and then nobody is named. Thread safety: pure functions of /proc.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace amethyst::io {

struct InodeNumber {
  dev_t device;
  ino_t inode;
  bool operator==(const InodeNumber&) const = default;
};

// Who holds a flock on this inode by `locks`, the text of /proc/locks.
[[nodiscard]] std::optional<pid_t> FindLockHolder(std::string_view locks, const InodeNumber& locked);

// "process 4711 (program)" that holds a flock on this inode, or "another process" and why it has no name.
[[nodiscard]] std::string DescribeLockHolder(const InodeNumber& locked);

}  // namespace amethyst::io
