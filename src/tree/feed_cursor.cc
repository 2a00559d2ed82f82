#include "tree/feed_cursor.h"

#include "base/assert.h"
#include "base/coding.h"
#include "key/types.h"
#include "tree/file_names.h"

namespace amethyst::tree {

void AppendLogCut(std::string* to, const wal::LogCut& cut) {
  base::AppendVarint(to, key::Raw(cut.segment));
  // What ReadLogCut would refuse is not written.
  AMETHYST_ASSERT(cut.segment <= kFileNumberMax && cut.last_sequence <= key::kSequenceMax);
  base::AppendVarint(to, cut.offset);
  base::AppendVarint(to, key::Raw(cut.last_sequence));
  base::AppendVarint(to, cut.next_ordinal);
  base::AppendFixed(to, cut.chained_checksum);
}

bool ReadLogCut(std::string_view* from, wal::LogCut* cut) {
  uint64_t segment = 0;
  uint64_t sequence = 0;
  if (!base::ReadVarint64(from, &segment) || segment > key::Raw(kFileNumberMax) ||
      !base::ReadVarint64(from, &cut->offset) || !base::ReadVarint64(from, &sequence) ||
      sequence > key::Raw(key::kSequenceMax) || !base::ReadVarint64(from, &cut->next_ordinal) ||
      !base::ReadFixed(from, &cut->chained_checksum)) {
    return false;
  }
  cut->segment = key::FileNumber{segment};
  cut->last_sequence = key::SequenceNumber{sequence};
  return true;
}

void FeedCursor::AppendTo(std::string* to) const {
  AMETHYST_ASSERT(!name.empty() && name.size() <= kCursorNameBytesMax);
  base::AppendVarint(to, static_cast<uint64_t>(state));
  base::AppendLengthPrefixed(to, name);
  if (state != State::kDropped) AppendLogCut(to, place);
}

bool ReadFeedCursor(std::string_view* from, FeedCursor* cursor) {
  uint32_t state = 0;
  std::string_view name;
  if (!base::ReadVarint32(from, &state) || state > static_cast<uint32_t>(FeedCursor::State::kLost) ||
      !base::ReadLengthPrefixed(from, &name) || name.empty() || name.size() > kCursorNameBytesMax) {
    return false;
  }
  cursor->state = static_cast<FeedCursor::State>(state);
  cursor->name = name;
  return cursor->state == FeedCursor::State::kDropped || ReadLogCut(from, &cursor->place);
}

}  // namespace amethyst::tree
