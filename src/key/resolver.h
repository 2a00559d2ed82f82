// What the versions of one key come to for one read: the newest that the read sees, and that decides, is the answer;
// or, with operands that are newer than that, what a merge operator makes of them and it.
//
// Reads, iterators in both directions, rewrites and repair all ask here, so that there is one answer. Versions come
// newest first, until one decides (a lookup, a walk forward, a rewrite); or oldest first to the last one (a walk back),
// where each that decides takes the place of those before it. The caller keeps the value of the version that it was
// told to keep, and operands. Where one version is all that can be asked for, AnswerOf tells without a resolver.
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "key/expiry.h"
#include "key/kind.h"
#include "key/read_point.h"
#include "key/types.h"

namespace amethyst::key {

enum class Answer : uint8_t {
  kUndecided,  // Ask what is older; if nothing is, the key is not there.
  kValue,      // The key has the value of this version (key::ValueOf).
  kGone,       // The key is not there, whatever is older.
  kOperand,    // An operand on what is older: keep it, and ask for that.
};

// What one version alone tells a read; `stored`: the value that is stored with it.
[[nodiscard]] inline Answer AnswerOf(ReadPoint read, Tag tag, std::string_view stored) {
  const EntryKind kind = tag.kind();
  if (!read.Sees(tag.sequence())) return Answer::kUndecided;
  if (IsPlain(kind)) [[likely]]
    return Answer::kValue;
  if (!IsLive(kind)) return Answer::kGone;
  const bool expired = read.IsExpired(ExpiryOf(kind, stored));
  if (!Decides(kind)) return expired ? Answer::kUndecided : Answer::kOperand;
  return expired ? Answer::kGone : Answer::kValue;
}

class Resolver {
 public:
  explicit Resolver(ReadPoint read) : read_(read) {}

  // kValue, kGone, or kUndecided: whatever there are of operands is on nothing, so far.
  [[nodiscard]] Answer answer() const { return answer_; }
  [[nodiscard]] bool IsDecided() const { return answer_ != Answer::kUndecided; }

  // The next older version, as long as nothing is decided. Returns what it tells; kValue: the value is this one's.
  Answer AddOlder(Tag tag, std::string_view stored) {
    AMETHYST_DCHECK(!IsDecided());
    return Take(AnswerOf(read_, tag, stored));
  }

  // The next newer version. Returns what it changes: kUndecided: nothing; kValue: the value is now this one's;
  // kOperand: there is one more operand; else no operand counts that came before.
  Answer AddNewer(Tag tag, std::string_view stored) { return Take(AnswerOf(read_, tag, stored)); }

 private:
  Answer Take(Answer told) {
    if (told == Answer::kValue || told == Answer::kGone) answer_ = told;
    return told;
  }

  ReadPoint read_;
  Answer answer_ = Answer::kUndecided;
};

}  // namespace amethyst::key
