// The identities of the frames evicted last, without their bytes: what comes back soon has earned its place.
//
// A FIFO of 32-bit fingerprints and an open-addressing table of them (linear probing); at worst two identities in four
// billion are taken for each other, which costs nothing but one frame's place in a queue. Thread safety: like
// std::vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "cache/frame.h"

namespace amethyst::cache {

class GhostList {
 public:
  // Remembers `identity` as the newest (again, if it is there already), and forgets the oldest beyond `count_max`.
  // Where there is no memory for it, it is not remembered.
  void Add(FrameIdentity identity, size_t count_max);
  void Prefetch(FrameIdentity identity) const;
  // How many were added since `identity` was; none if it is not remembered.
  [[nodiscard]] std::optional<uint32_t> AgeOf(FrameIdentity identity) const;
  // Whether `identity` is remembered; forgets it if so.
  [[nodiscard]] bool Take(FrameIdentity identity);
  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Entry {
    uint32_t fingerprint = 0;  // 0: empty.
    uint32_t turn = 0;  // Of its record in the FIFO; older records of the same fingerprint do not count any more.
  };

  [[nodiscard]] static uint32_t Fingerprint(FrameIdentity identity);
  [[nodiscard]] size_t Find(
      uint32_t fingerprint) const;  // Its place in the table, or the empty place where it belongs.
  void PrefetchPlace(uint32_t fingerprint) const;
  void Erase(size_t place);
  void Grow();

  std::deque<Entry> fifo_;  // Oldest first.
  std::vector<Entry> table_;
  size_t size_ = 0;
  uint32_t next_turn_ = 0;
};

}  // namespace amethyst::cache
