// HyperLogLog: estimates how many different elements were added, within 0.81 % (one standard error), in 12 KiB at most.
//
// The sketch is a string, byte for byte as Redis stores it, so that sketches can be copied between the two:
//
//   "HYLL" [encoding u8: 0 dense, 1 sparse][3 bytes, zero][count u64 little-endian][registers]
//
// The count is the last estimate; its highest bit says that registers have changed since. There are 16,384 registers.
// A register holds the highest rank of the elements whose hash selects it; the rank is the number of trailing zeros in
// the rest of the hash, plus one. Dense registers have 6 bits each, the first one in the lowest bits. Sparse registers
// are runs of equal ones:
//
//   00llllll            l + 1 zeros
//   01llllll llllllll   l + 1 zeros
//   1vvvvvll            l + 1 times v + 1
//
// Clients may store any bytes under a key, so all runs are checked where they are read.
// Sources: Flajolet et al. 2007; Heule et al. 2013 (64-bit hashes); Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", 2017 (the estimator). Thread safety: one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::server {

class HyperLogLog {
 public:
  static constexpr size_t kRegisters = 1 << 14;
  using Registers = std::array<uint8_t, kRegisters>;

  // True if the bytes begin as a sketch does; sparse registers may be corrupt nevertheless.
  [[nodiscard]] static bool HasHeader(std::string_view bytes);
  // Raises each register to that of the sketch, if that is higher. `bytes` has a header. False: it is corrupt.
  [[nodiscard]] static bool MergeInto(std::string_view bytes, Registers* registers);
  [[nodiscard]] static uint64_t Estimate(const Registers& registers);

  // An empty sketch, which is sparse.
  HyperLogLog();
  // `bytes` has a header.
  explicit HyperLogLog(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] bool is_dense() const;

  // A sketch that would have more than `sparse_bytes_max` bytes, header included, becomes dense.
  enum class Outcome : uint8_t { kUnchanged, kChanged, kCorrupt };
  [[nodiscard]] Outcome Add(std::string_view element, uint64_t sparse_bytes_max);
  [[nodiscard]] Outcome Raise(size_t index, uint8_t rank, uint64_t sparse_bytes_max);
  // False: it is corrupt.
  [[nodiscard]] bool MakeDense();

  // The last estimate; nullopt if registers have changed since.
  [[nodiscard]] std::optional<uint64_t> count() const;
  void KeepCount(uint64_t count);
  void InvalidateCount();

 private:
  [[nodiscard]] Outcome RaiseDense(size_t index, uint8_t rank);
  void JoinRuns(size_t at);

  std::string bytes_;
};

}  // namespace amethyst::server
