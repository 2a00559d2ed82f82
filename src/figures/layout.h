// How STATS is laid out, and how figures become its words: docs/format/stats.md.
//
//   0       128       4096            16384           28672
//   +--------+---------+---------------+---------------+--------------------------------+
//   | header | zeros   | slot 0        | slot 1        | 4,096 events of 128 bytes each |
//   +--------+---------+---------------+---------------+--------------------------------+
//
// All of it is words of 8 bytes, little-endian. Figures go into the two slots by turns, so that one of them is whole at
// any time, whenever the writer dies. A slot and an event begin with a number that is 0, or odd, while the rest
// changes, and end with a hash over all before it: a reader takes nothing whose hash is another. Decoding is for
// hostile bytes. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "figures/figures.h"

namespace amethyst::figures {

using Words = std::vector<uint64_t>;

inline constexpr std::string_view kMagic = "AMETHSTA";
inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kHeaderBytes = 128;
inline constexpr size_t kSlots = 2;
inline constexpr size_t kSlotsAt = 4096;
inline constexpr size_t kSlotBytes = 12288;
inline constexpr size_t kEventsAt = kSlotsAt + kSlots * kSlotBytes;
inline constexpr size_t kEventBytes = 128;
inline constexpr size_t kEvents = 4096;
inline constexpr size_t kFileBytes = kEventsAt + kEvents * kEventBytes;
inline constexpr size_t kJobsMax = 32;        // More of them are not shown.
inline constexpr size_t kJobTextBytes = 128;  // What is longer is cut.
static_assert(kFileBytes == 552960 && kSlotsAt % sizeof(uint64_t) == 0);

// The fields of Stats in the order in which they stand in the file: a new one goes behind the last.
struct CounterField {
  std::string_view name;
  uint64_t Stats::* field;
};
[[nodiscard]] std::span<const CounterField> Counters();
struct HistogramField {
  std::string_view name;
  Histogram Stats::* field;
};
[[nodiscard]] std::span<const HistogramField> Histograms();

// Where the figures of that sequence number, and that event, go.
[[nodiscard]] constexpr size_t SlotAt(uint64_t sequence) { return kSlotsAt + sequence / 2 % kSlots * kSlotBytes; }
[[nodiscard]] constexpr size_t EventAt(uint64_t number) { return kEventsAt + (number - 1) % kEvents * kEventBytes; }

[[nodiscard]] Words EncodeHeader(const Writer& writer);
// kCorruption: it is none, or damaged. kNotSupported: of another version.
[[nodiscard]] Result<Writer> DecodeHeader(std::string_view bytes);

// A slot from its sequence number, even and above 0, to its hash.
[[nodiscard]] Words EncodeSlot(uint64_t sequence, const Figures& figures);
struct Slot {
  uint64_t sequence = 0;
  Figures figures;
};
// nullopt: it was never written, is being written, or is damaged.
[[nodiscard]] std::optional<Slot> DecodeSlot(std::string_view bytes);

[[nodiscard]] Words EncodeEvent(const Event& event);
[[nodiscard]] std::optional<Event> DecodeEvent(std::string_view bytes);

// All of a file.
struct Contents {
  Writer writer;
  uint64_t sequence = 0;  // Of the newer whole slot.
  Figures figures;
  std::vector<Event> events;  // The oldest first. One that was being written is missing.
};
// kCorruption says what is wrong; kNotSupported: of another version.
[[nodiscard]] Result<Contents> Decode(std::string_view bytes);

}  // namespace amethyst::figures
