// What this process costs the machine: CPU, memory, bytes for the device; and what a database takes on disk.
//
// Every engine runs in a process of its own, so that these are its figures alone. Thread safety: all of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace amethyst::bench {

// Of a clock that never jumps.
[[nodiscard]] uint64_t NowNs();

// User and system time of all threads so far.
[[nodiscard]] double ProcessCpuSeconds();

// The most memory that was resident since the last reset (/proc/self/clear_refs), shared pages of files included.
void ResetPeakMemory();
[[nodiscard]] uint64_t PeakMemoryBytes();

// Bytes that this process caused to be sent to the device so far, also those still to be written from the page cache.
[[nodiscard]] uint64_t DeviceBytesWritten();

// What the files under `directory` take on disk, in blocks.
[[nodiscard]] uint64_t DiskBytes(const std::string& directory);

// The memory that this process may use from now on, the page cache included, where a memory cgroup can be made; false
// (and why in `problem`) where not.
[[nodiscard]] bool LimitMemory(uint64_t bytes, std::string* problem);
// Removes what LimitMemory made for a process that is gone; nothing if it made nothing.
void RemoveMemoryLimit(pid_t process);

}  // namespace amethyst::bench
