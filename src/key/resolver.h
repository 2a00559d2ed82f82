// What the versions of one key come to for one read: the newest that the read sees, and that decides, is the answer.
//
// Reads, iterators in both directions, rewrites and repair all ask here, so that there is one answer. Versions come
// newest first, until one decides (a lookup, a walk forward, a rewrite); or oldest first to the last one (a walk back),
// where each that decides takes the place of those before it. The resolver sees tags alone: the caller keeps the value
// of the version that it was told to keep. Where one version is all that can be asked for, AnswerOf tells without a
// resolver. Thread safety: one thread at a time.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "key/kind.h"
#include "key/read_point.h"
#include "key/types.h"

namespace amethyst::key {

enum class Answer : uint8_t {
  kUndecided,  // Ask what is older; if nothing is, the key is not there.
  kValue,      // The key has the value of this version.
  kGone,       // The key is not there, whatever is older.
};

// What one version alone tells a read.
[[nodiscard]] inline Answer AnswerOf(ReadPoint read, Tag tag) {
  if (!read.Sees(tag.sequence()) || !Decides(tag.kind())) return Answer::kUndecided;
  return IsLive(tag.kind()) ? Answer::kValue : Answer::kGone;
}

class Resolver {
 public:
  explicit Resolver(ReadPoint read) : read_(read) {}

  [[nodiscard]] Answer answer() const { return answer_; }
  [[nodiscard]] bool IsDecided() const { return answer_ != Answer::kUndecided; }

  // The next older version, as long as nothing is decided. Returns what is known with it; kValue: it is this one's.
  Answer AddOlder(Tag tag) {
    AMETHYST_DCHECK(!IsDecided());
    return answer_ = AnswerOf(read_, tag);
  }

  // The next newer version. Returns what it changes: kUndecided: nothing; kValue: the value is now this one's.
  Answer AddNewer(Tag tag) {
    const Answer change = AnswerOf(read_, tag);
    if (change != Answer::kUndecided) answer_ = change;
    return change;
  }

 private:
  ReadPoint read_;
  Answer answer_ = Answer::kUndecided;
};

}  // namespace amethyst::key
