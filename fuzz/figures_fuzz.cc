// Any bytes as a file of figures: as they are, and, so that more than the hash is tried, as the header, the slots and
// the events of a file whose hashes are good. An error, or figures that are written again as they were read.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/coding.h"
#include "base/hash.h"
#include "figures/layout.h"

namespace {

using namespace amethyst;

// The bytes with the hash of them behind.
std::string Hashed(std::string bytes) {
  const uint64_t hash = base::Hash64(bytes);
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  return bytes;
}

void TrySlot(std::string_view input) {
  const size_t words = std::min(input.size() / 8, figures::kSlotBytes / 8 - 3);
  std::string slot(16, '\0');
  base::StoreFixed(slot.data(), uint64_t{2});
  base::StoreFixed(slot.data() + 8, uint64_t{words});
  slot = Hashed(slot.append(input.substr(0, words * 8)));
  slot.resize(figures::kSlotBytes, '\0');
  const auto read = figures::DecodeSlot(slot);
  if (!read) return;
  const figures::Words again = figures::EncodeSlot(read->sequence, read->figures);
  const std::string_view bytes(reinterpret_cast<const char*>(again.data()), again.size() * sizeof again[0]);
  const auto second = figures::DecodeSlot(bytes);
  AMETHYST_ASSERT(second && second->figures.jobs == read->figures.jobs);
  AMETHYST_ASSERT(second->figures.stall == read->figures.stall && second->figures.events == read->figures.events);
}

void TryEvent(std::string_view input) {
  std::string bytes(input.substr(0, figures::kEventBytes - 8));
  bytes.resize(figures::kEventBytes - 8, '\0');
  const auto read = figures::DecodeEvent(Hashed(bytes));
  if (!read) return;
  const figures::Words again = figures::EncodeEvent(*read);
  const auto second =
      figures::DecodeEvent({reinterpret_cast<const char*>(again.data()), again.size() * sizeof again[0]});
  AMETHYST_ASSERT(second && *second == *read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(figures::Decode(input));
  std::string header(input.substr(0, figures::kHeaderBytes - 8));
  header.resize(figures::kHeaderBytes - 8, '\0');
  static_cast<void>(figures::DecodeHeader(Hashed(header)));
  TrySlot(input);
  TryEvent(input);
  return 0;
}
