#include "torture/model_walk.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/error.h"
#include "torture/model_choices.h"

namespace amethyst::torture {

ModelWalk::ModelWalk(const NewIterator& new_iterator, const ReadOptions& options, ModelMap content, bool with_twin)
    : content_(std::make_shared<const ModelMap>(std::move(content))),
      begin_(options.lower_bound ? content_->lower_bound(*options.lower_bound) : content_->begin()),
      end_(options.upper_bound ? content_->lower_bound(*options.upper_bound) : content_->end()),
      at_(end_),
      iterator_(new_iterator(options)) {
  if (with_twin) twin_.emplace(new_iterator(options));
}

bool ModelWalk::Shows(const Iterator& iterator, Position expected) {
  return iterator.Valid() && iterator.key() == expected->first &&
         torture::Shows(ModelEntry{.value = std::string(iterator.value())}, expected->second) &&
         TellsExpiryOf(expected->second, iterator.expires_at());
}

// It stops there, and a seek goes on.
Status ModelWalk::ExpectRefusal(Position expected, const char* move, std::string* wrong) const {
  const Status status = iterator_.status();
  if (!status && status.error().code() != ErrorCode::kInvalidArgument) return status;
  if (status || iterator_.Valid()) {
    *wrong = fmt::format("after {}: expected {} to be refused, found {}", move, Show(expected->first),
                         iterator_.Valid() ? Show(iterator_.key()) : "the end");
  }
  return {};
}

ModelWalk::Position ModelWalk::PassGone(Position expected, bool forward) const {
  while (expected != end_ && expected->second.may_be_gone &&
         !(iterator_.Valid() && iterator_.key() == expected->first)) {
    expected = forward ? std::next(expected) : expected == begin_ ? end_ : std::prev(expected);
  }
  return expected;
}

Status ModelWalk::Expect(Position expected, bool forward, const char* move, std::string* wrong) {
  at_ = end_;
  expected = PassGone(expected, forward);
  const bool at_end = expected == end_;
  if (!at_end && expected->second.refused) return ExpectRefusal(expected, move, wrong);
  AMETHYST_TRY(iterator_.status());
  if (at_end ? iterator_.Valid() : !Shows(iterator_, expected)) {
    *wrong = fmt::format("after {}: expected {}, found {}", move,
                         at_end ? "the end" : Show(expected->first) + " = " + Show(expected->second),
                         iterator_.Valid() ? Show(iterator_.key()) + " = " + Show(iterator_.value()) : "the end");
    return {};
  }
  at_ = expected;
  return {};
}

Status ModelWalk::Seek(uint64_t move, const std::string& target, std::string* wrong) {
  const KeyLess& less = content_->key_comp();
  // The position, or the end that it lies beyond.
  const auto within = [&](Position position) {
    const auto before = [&](Position a, Position b) {
      return a != content_->end() && (b == content_->end() || less(a->first, b->first));
    };
    if (before(position, begin_)) return begin_;
    return before(position, end_) ? position : end_;
  };
  switch (move) {
    case 0: iterator_.SeekToFirst(); return Expect(begin_, true, "SeekToFirst", wrong);
    case 1: iterator_.SeekToLast(); return Expect(Last(), false, "SeekToLast", wrong);
    case 2: iterator_.Seek(target); return Expect(within(content_->lower_bound(target)), true, "Seek", wrong);
    default: {
      iterator_.SeekForPrev(target);
      const Position after = within(content_->upper_bound(target));
      return Expect(begin_ == end_ || after == begin_ ? end_ : std::prev(after), false, "SeekForPrev", wrong);
    }
  }
}

Status ModelWalk::Step(bool forward, std::string* wrong) {
  const Position here = at_;
  const Position expected = forward ? std::next(here) : here == begin_ ? end_ : std::prev(here);
  forward ? iterator_.Next() : iterator_.Prev();
  AMETHYST_TRY(Expect(expected, forward, forward ? "Next" : "Prev", wrong));
  if (!twin_ || !wrong->empty() || (expected != end_ && expected->second.refused)) return {};
  forward ? twin_->Seek(here->first) : twin_->SeekForPrev(here->first);
  if (twin_->Valid()) forward ? twin_->Next() : twin_->Prev();
  AMETHYST_TRY(twin_->status());
  if (at_ == end_ ? twin_->Valid() : !Shows(*twin_, at_)) *wrong = "the twin iterator, which seeks, differs";
  return {};
}

Status ModelWalk::Move(base::Random& random, const std::string& target, std::string* wrong) {
  const uint64_t move = random.Below(at_ == end_ ? 4 : 20);
  if (move < 4) return Seek(move, target, wrong);
  const bool forward = random.Below(8) < 5;
  for (uint64_t steps = 1 + random.Below(12); steps > 0 && at_ != end_ && wrong->empty(); --steps) {
    AMETHYST_TRY(Step(forward, wrong));
  }
  return {};
}

std::string ModelWalk::CheckDetached() {
  if (at_ == end_) return {};
  if (!Shows(iterator_, at_)) return "an iterator lost its entry when the database was closed";
  iterator_.Next();
  if (iterator_.Valid() || iterator_.status() || iterator_.status().error().code() != ErrorCode::kClosed) {
    return "an iterator moved on after the database was closed";
  }
  return {};
}

}  // namespace amethyst::torture
