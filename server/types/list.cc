#include "server/types/list.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr uint64_t kFirstPosition = uint64_t{1} << 63;
constexpr uint64_t kStep = uint64_t{1} << 20;
// A queue writes this much again with each job. Two bytes of it are for the count.
constexpr size_t kInlineBytesMax = 512 - 2;
// So many deletes cost less than a range delete, which all later reads look at.
constexpr uint64_t kSingleDeletesMax = 16;

size_t EncodedBytes(std::string_view element) {
  std::string length;
  base::AppendVarint(&length, element.size());
  return length.size() + element.size();
}

}  // namespace

List::List(StoredKey& key, const Config& config) : key_(key), inline_limit_(config.values().list_max_listpack_size) {
  if (key.exists()) Decode();
}

void List::Decode() {
  std::string_view body = key_.body();
  bool is_whole = false;
  if (key_.record().is_exploded) {
    is_exploded_ = true;
    id_ = IdOf(key_.record());
    body.remove_prefix(8);
    is_whole = base::ReadVarint64(&body, &count_) && body.size() == 17;
    if (is_whole) {
      head_ = ReadBigEndian(body, 0, 8);
      tail_ = ReadBigEndian(body, 8, 8);
      is_dense_ = body[16] != 0;
    }
  } else {
    uint64_t count = 0;
    is_whole = base::ReadVarint64(&body, &count) && count <= body.size();
    inline_bytes_ = body.size();
    if (is_whole) inline_.resize(count);
    for (std::string_view& element : inline_) is_whole = is_whole && base::ReadLengthPrefixed(&body, &element);
    is_whole = is_whole && body.empty();
  }
  if (!is_whole) key_.access().Fail(base::Corruption("family keys: the value of a list cannot be read").error());
}

bool List::FitsInline() const {
  return inline_bytes_ <= kInlineBytesMax &&
         (inline_limit_ < 0 || inline_.size() <= static_cast<uint64_t>(std::max<int64_t>(inline_limit_, 1)));
}

void List::ExplodeIfLarge() {
  if (is_exploded_ || FitsInline()) return;
  is_exploded_ = true;
  id_ = key_.access().NewId(key_.keys_key());
  for (const std::string_view element : std::exchange(inline_, {})) AppendDense(element);
}

void List::AppendDense(std::string_view element) {
  tail_ = count_ == 0 ? kFirstPosition : tail_ + kStep;
  if (count_ == 0) head_ = tail_;
  ++count_;
  key_.access().Put(Part::kData, PositionKey(id_, tail_), element);
}

void List::Renumber() {
  Walk walk(*this, 0, count_);
  id_ = key_.access().NewId(key_.keys_key());
  count_ = 0;
  is_dense_ = true;
  for (; walk.Valid(); walk.Next()) AppendDense(walk.element());
}

void List::Push(ListEnd end, std::string_view element) {
  if (!is_exploded_) {
    inline_.insert(end == ListEnd::kHead ? inline_.begin() : inline_.end(), element);
    inline_bytes_ += EncodedBytes(element);
    return ExplodeIfLarge();
  }
  if (count_ == 0) is_dense_ = true;
  if (count_ > 0 && (end == ListEnd::kHead ? head_ < kStep : tail_ > UINT64_MAX - 2 * kStep)) Renumber();
  if (end == ListEnd::kTail || count_ == 0) return AppendDense(element);
  head_ -= kStep;
  ++count_;
  key_.access().Put(Part::kData, PositionKey(id_, head_), element);
}

std::optional<std::string> List::Pop(ListEnd end) {
  if (size() == 0) return {};
  const bool is_head = end == ListEnd::kHead;
  if (!is_exploded_) {
    std::string element(is_head ? inline_.front() : inline_.back());
    inline_.erase(is_head ? inline_.begin() : inline_.end() - 1);
    inline_bytes_ -= EncodedBytes(element);
    return element;
  }
  std::optional<std::string> element = At(is_head ? 0 : count_ - 1);
  key_.access().Delete(Part::kData, PositionKey(id_, is_head ? head_ : tail_));
  --count_;
  if (count_ == 0) return element;
  if (is_dense_) {
    (is_head ? head_ : tail_) += is_head ? kStep : -kStep;
  } else {
    FindEnds(is_head, !is_head);
  }
  return element;
}

std::optional<std::string> List::At(uint64_t index) {
  if (!is_exploded_) return std::string(inline_[index]);
  std::string element;
  const uint64_t position = PositionAt(index);
  if (!key_.access().Get(Part::kData, PositionKey(id_, position), &element)) {
    key_.access().Fail(base::Corruption("family data: list {} has no element at {}", id_, position).error());
    return {};
  }
  return element;
}

uint64_t List::PositionAt(uint64_t index) {
  if (index == 0) return head_;
  if (index == count_ - 1) return tail_;
  if (is_dense_) return head_ + index * kStep;
  Walk walk(*this, index, 1);
  return walk.Valid() ? walk.position() : 0;
}

void List::SetAt(uint64_t index, std::string_view element) {
  if (is_exploded_) return key_.access().Put(Part::kData, PositionKey(id_, PositionAt(index)), element);
  inline_bytes_ = inline_bytes_ - EncodedBytes(inline_[index]) + EncodedBytes(element);
  inline_[index] = element;
  ExplodeIfLarge();
}

bool List::Insert(std::string_view pivot, bool before, std::string_view element) {
  if (!is_exploded_) {
    const auto at = std::ranges::find(inline_, pivot);
    if (at == inline_.end()) return false;
    inline_.insert(before ? at : at + 1, element);
    inline_bytes_ += EncodedBytes(element);
    ExplodeIfLarge();
    return true;
  }
  uint64_t index = 0;
  uint64_t last = 0;
  Walk walk(*this, 0, count_);
  for (; walk.Valid() && walk.element() != pivot; walk.Next()) {
    last = walk.position();
    ++index;
  }
  if (!walk.Valid()) return false;
  const uint64_t position = walk.position();
  if (before && index == 0) {
    Push(ListEnd::kHead, element);
  } else if (!before && index + 1 == count_) {
    Push(ListEnd::kTail, element);
  } else if (before) {
    PutBetween(last, position, index, element);
  } else {
    walk.Next();
    if (walk.Valid()) PutBetween(position, walk.position(), index + 1, element);
  }
  return true;
}

void List::PutBetween(uint64_t before, uint64_t after, uint64_t index_after, std::string_view element) {
  if (after - before < 2) {
    Renumber();
    after = head_ + index_after * kStep;
    before = after - kStep;
  }
  key_.access().Put(Part::kData, PositionKey(id_, before + (after - before) / 2), element);
  ++count_;
  is_dense_ = false;
}

uint64_t List::Remove(std::string_view element, uint64_t count_max, ListEnd from) {
  uint64_t removed = 0;
  if (!is_exploded_) {
    const auto goes = [&](std::string_view each) { return removed < count_max && each == element && ++removed > 0; };
    if (from == ListEnd::kTail) std::ranges::reverse(inline_);
    std::erase_if(inline_, goes);
    if (from == ListEnd::kTail) std::ranges::reverse(inline_);
    inline_bytes_ -= removed * EncodedBytes(element);
    return removed;
  }
  bool head_is_gone = false;
  bool tail_is_gone = false;
  const bool forwards = from == ListEnd::kHead;
  for (Walk walk(*this, forwards ? 0 : count_ - 1, count_, forwards ? ListEnd::kTail : ListEnd::kHead);
       removed < count_max && walk.Valid(); walk.Next()) {
    if (walk.element() != element) continue;
    const uint64_t position = walk.position();
    key_.access().Delete(Part::kData, PositionKey(id_, position));
    head_is_gone = head_is_gone || position == head_;
    tail_is_gone = tail_is_gone || position == tail_;
    ++removed;
  }
  count_ -= removed;
  if (count_ > 0) FindEnds(head_is_gone, tail_is_gone);
  return removed;
}

// The ends are looked for between where they were: popped elements outside are never stepped over.
void List::FindEnds(bool head_is_gone, bool tail_is_gone) {
  const std::string lower = PositionKey(id_, head_);
  const std::string upper = PositionKey(id_, tail_ + 1);
  if (head_is_gone || tail_is_gone) {
    Iterator elements = key_.access().NewIterator(Part::kData, lower, upper);
    if (head_is_gone) {
      elements.SeekToFirst();
      if (key_.access().Shows(elements)) head_ = PositionOf(elements.key());
    }
    if (tail_is_gone) {
      elements.SeekToLast();
      if (key_.access().Shows(elements)) tail_ = PositionOf(elements.key());
    }
  }
  is_dense_ = count_ == 1 || (is_dense_ && tail_ - head_ == (count_ - 1) * kStep);
}

void List::Trim(uint64_t first, uint64_t count) {
  if (!is_exploded_) {
    const auto begin = inline_.begin() + static_cast<std::ptrdiff_t>(first);
    inline_ = std::vector<std::string_view>(begin, begin + static_cast<std::ptrdiff_t>(count));
    return;
  }
  if (count == 0) {  // Save erases all of it.
    count_ = 0;
    return;
  }
  const uint64_t head = PositionAt(first);
  const uint64_t tail = PositionAt(first + count - 1);
  if (head != head_) DeletePositions(head_, head - (is_dense_ ? kStep : 1));
  if (tail != tail_) DeletePositions(tail + (is_dense_ ? kStep : 1), tail_);
  head_ = head;
  tail_ = tail;
  count_ = count;
  FindEnds(false, false);
}

void List::DeletePositions(uint64_t first, uint64_t last) {
  Access& access = key_.access();
  if (!is_dense_ || (last - first) / kStep >= kSingleDeletesMax) {
    return access.DeleteRange(Part::kData, PositionKey(id_, first), PositionKey(id_, last + 1));
  }
  for (uint64_t position = first; position <= last; position += kStep) {
    access.Delete(Part::kData, PositionKey(id_, position));
  }
}

void List::Save() {
  if (size() == 0) return key_.Erase();
  std::string body;
  if (is_exploded_) {
    body = IdPrefix(id_);
    base::AppendVarint(&body, count_);
    AppendBigEndian(&body, head_, 8);
    AppendBigEndian(&body, tail_, 8);
    body.push_back(is_dense_ ? 1 : 0);
  } else {
    base::AppendVarint(&body, inline_.size());
    for (const std::string_view element : inline_) base::AppendLengthPrefixed(&body, element);
  }
  key_.Put({.type = Type::kList, .is_exploded = is_exploded_, .expires_ms = key_.expires_ms(), .body = body});
}

List::Walk::Walk(const List& list, uint64_t first, uint64_t count, ListEnd towards)
    : access_(list.key_.access()), list_(list), index_(first), left_(count), towards_(towards) {
  if (!list.is_exploded_ || count == 0) return;
  lower_ = PositionKey(list.id_, list.head_);
  upper_ = PositionKey(list.id_, list.tail_ + 1);
  elements_.emplace(access_.NewIterator(Part::kData, lower_, upper_));
  Seek(list, first);
}

void List::Walk::Seek(const List& list, uint64_t index) {
  if (list.is_dense_) {
    elements_->Seek(PositionKey(list.id_, list.head_ + index * kStep));
  } else if (index <= list.count_ / 2) {
    elements_->SeekToFirst();
    for (uint64_t i = 0; i < index && access_.Shows(*elements_); ++i) elements_->Next();
  } else {
    elements_->SeekToLast();
    for (uint64_t i = list.count_ - 1; i > index && access_.Shows(*elements_); --i) elements_->Prev();
  }
}

bool List::Walk::Valid() { return left_ > 0 && (!elements_ || access_.Shows(*elements_)); }

// The last step is not taken: what lies behind an end are tombstones.
void List::Walk::Next() {
  if (--left_ == 0) return;
  if (!elements_) {
    index_ += towards_ == ListEnd::kTail ? 1 : -1;
  } else if (towards_ == ListEnd::kTail) {
    elements_->Next();
  } else {
    elements_->Prev();
  }
}

std::string_view List::Walk::element() const { return elements_ ? elements_->value() : list_.inline_[index_]; }

}  // namespace amethyst::server
