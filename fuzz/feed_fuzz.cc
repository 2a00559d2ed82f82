// Any bytes as a position of the change feed, as what the manifest has of a cursor, and as what the log says of a
// family: an error, or a value that encodes to itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/feed.h"
#include "base/assert.h"
#include "tree/feed_cursor.h"
#include "wal/family_change.h"

namespace {

using namespace amethyst;  // NOLINT: a program of one file.

void ReadCursor(std::string_view bytes) {
  tree::FeedCursor cursor;
  if (!tree::ReadFeedCursor(&bytes, &cursor)) return;
  std::string again;
  cursor.AppendTo(&again);
  tree::FeedCursor reread;
  std::string_view from = again;
  AMETHYST_ASSERT(tree::ReadFeedCursor(&from, &reread) && from.empty() && reread == cursor);
}

void ReadFamilyChange(std::string_view bytes) {
  const auto change = wal::FamilyChange::FromBytes(bytes);
  if (!change) return;
  std::string again;
  change->AppendTo(&again);
  AMETHYST_ASSERT(wal::FamilyChange::FromBytes(again) == *change);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto position = FeedPosition::FromString(bytes)) AMETHYST_ASSERT(position->ToString() == bytes);
  ReadCursor(bytes);
  ReadFamilyChange(bytes);
  return 0;
}
