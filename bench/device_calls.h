// A log of the calls on files that took long, whichever engine made them: what a stall is held against.
//
// The program defines fsync, fdatasync, fallocate, ftruncate, pwrite, write, rename and unlink itself, in front of the
// C library's, so that engines in shared libraries call these too; each times the system call that it makes. Waits for
// the device that no call shows (a first store to a mapped page) are not seen. Thread safety: any thread at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace amethyst::bench {

struct Interval {
  uint64_t begin_ns = 0;  // As NowNs.
  uint64_t end_ns = 0;
};

struct DeviceCall {
  std::string name;
  Interval time;
};

// Calls shorter than this are not kept.
inline constexpr uint64_t kSlowCallNs = 10'000'000;

// Keeps the call if it was slow.
void NoteCall(const char* name, Interval time);
// The slow calls that ended since the last time, in the order of their ends; some thousands at most.
[[nodiscard]] std::vector<DeviceCall> TakeSlowCalls();

// Whether the calls, which may overlap, together cover more than half of `wait`.
[[nodiscard]] bool CoverMost(const std::vector<DeviceCall>& calls, const Interval& wait);

}  // namespace amethyst::bench
