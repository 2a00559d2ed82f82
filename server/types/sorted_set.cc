#include "server/types/sorted_set.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr size_t kScoreBytes = 8;
// Two bytes of the value are for the count.
constexpr size_t kInlineBytesMax = (2 << 10) - 2;

size_t EncodedBytes(std::string_view member) {
  char length[base::kVarint64BytesMax];
  return kScoreBytes + static_cast<size_t>(base::StoreVarint(length, member.size()) - length) + member.size();
}

std::string OrderKey(uint64_t id, const SortedSet::Entry& entry) {
  return ScoreKey(id, DoubleOfSortable(entry.sortable), entry.member);
}

double ScoreOfValue(std::string_view value) {
  return value.size() == kScoreBytes ? DoubleOfSortable(ReadBigEndian(value, 0, 8)) : 0;
}

}  // namespace

SortedSet::SortedSet(StoredKey& key, const Config::InlineLimits& limits, Content content)
    : key_(key), limits_(limits), expires_ms_(content == Content::kStored ? key.expires_ms() : kNoExpiry) {
  if (content == Content::kStored && key.exists()) Decode();
}

void SortedSet::Decode() {
  std::string_view body = key_.body();
  bool is_whole = false;
  if (key_.record().is_exploded) {
    is_exploded_ = true;
    id_ = IdOf(key_.record());
    body.remove_prefix(8);
    is_whole = base::ReadVarint64(&body, &count_) && body.empty();
  } else {
    is_whole = DecodeInline(body);
  }
  if (!is_whole) key_.access().Fail(base::Corruption("family keys: the value of a sorted set cannot be read").error());
}

bool SortedSet::DecodeInline(std::string_view body) {
  uint64_t count = 0;
  if (!base::ReadVarint64(&body, &count) || count > body.size()) return false;
  inline_bytes_ = body.size();
  inline_.resize(count);
  for (Entry& entry : inline_) {
    if (body.size() < kScoreBytes) return false;
    entry.sortable = ReadBigEndian(body, 0, 8);
    body.remove_prefix(kScoreBytes);
    if (!base::ReadLengthPrefixed(&body, &entry.member)) return false;
  }
  return body.empty();
}

std::optional<double> SortedSet::Score(std::string_view member) const {
  if (!is_exploded_) {
    const auto at = std::ranges::find(inline_, member, &Entry::member);
    return at == inline_.end() ? std::nullopt : std::optional(DoubleOfSortable(at->sortable));
  }
  std::string value;
  if (member.size() > kNameBytesMax || !key_.access().Get(Part::kData, MemberKey(id_, member), &value)) return {};
  return ScoreOfValue(value);
}

void SortedSet::Put(std::string_view member, double score, std::optional<double> old) {
  if (member.size() > kNameBytesMax) {
    return key_.access().Fail(Error(ErrorCode::kInvalidArgument, "member is longer than 65,472 bytes"));
  }
  if (old) Remove(member, *old);
  const Entry entry{.sortable = SortableDouble(score), .member = member};
  if (is_exploded_) return PutExploded(entry);
  inline_.insert(std::ranges::lower_bound(inline_, entry), entry);
  inline_bytes_ += EncodedBytes(member);
  ExplodeIfLarge(member);
}

void SortedSet::PutExploded(const Entry& entry) {
  std::string value;
  AppendBigEndian(&value, entry.sortable, 8);
  key_.access().Put(Part::kData, MemberKey(id_, entry.member), value);
  key_.access().Put(Part::kOrder, OrderKey(id_, entry), "");
  ++count_;
}

void SortedSet::ExplodeIfLarge(std::string_view added) {
  if (inline_.size() <= limits_.entries_max && added.size() <= limits_.value_bytes_max &&
      inline_bytes_ <= kInlineBytesMax) {
    return;
  }
  is_exploded_ = true;
  id_ = key_.access().NewId(key_.keys_key());
  for (const Entry& entry : std::exchange(inline_, {})) PutExploded(entry);
}

void SortedSet::NoteTaken(std::string_view member, double score, OrderEnd end) {
  if (!is_exploded_) return;
  key_.access().NarrowOrder(id_, end, OrderKey(id_, {.sortable = SortableDouble(score), .member = member}));
}

void SortedSet::Remove(std::string_view member, double score) {
  const Entry entry{.sortable = SortableDouble(score), .member = member};
  if (is_exploded_) {
    key_.access().Delete(Part::kData, MemberKey(id_, member));
    key_.access().Delete(Part::kOrder, OrderKey(id_, entry));
    --count_;
    return;
  }
  const auto at = std::ranges::lower_bound(inline_, entry);
  if (at == inline_.end() || *at != entry) return;
  inline_bytes_ -= EncodedBytes(member);
  inline_.erase(at);
}

void SortedSet::Clear() {
  inline_.clear();
  inline_bytes_ = 0;
  count_ = 0;
}

void SortedSet::Save() {
  if (size() == 0) return key_.Erase();
  std::string body;
  if (is_exploded_) {
    body = IdPrefix(id_);
    base::AppendVarint(&body, count_);
  } else {
    base::AppendVarint(&body, inline_.size());
    for (const Entry& entry : inline_) {
      AppendBigEndian(&body, entry.sortable, 8);
      base::AppendLengthPrefixed(&body, entry.member);
    }
  }
  key_.Put({.type = Type::kSortedSet, .is_exploded = is_exploded_, .expires_ms = expires_ms_, .body = body});
}

std::span<const SortedSet::Entry> SortedSet::InlineIn(const Range& range) const {
  const auto begin = std::ranges::lower_bound(inline_, range.low.entry());
  const auto end = std::ranges::lower_bound(inline_, range.high.entry());
  return begin < end ? std::span<const Entry>(begin, end) : std::span<const Entry>();
}

uint64_t SortedSet::CountIn(const Range& range) const {
  if (!is_exploded_) return InlineIn(range).size();
  uint64_t count = 0;
  for (Walk walk(*this, range); walk.Valid(); walk.Next()) ++count;
  return count;
}

uint64_t SortedSet::Rank(std::string_view member, double score, bool from_above) const {
  Range range;
  Cut cut{.sortable = SortableDouble(score), .member = std::string(member)};
  if (from_above) {
    cut.member.push_back('\0');  // Behind the member itself.
    range.low = std::move(cut);
  } else {
    range.high = std::move(cut);
  }
  return CountIn(range);
}

SortedSet::Walk::Walk(const SortedSet& set, Range range, bool backwards)
    : access_(set.key_.access()), backwards_(backwards) {
  if (!set.is_exploded_) {
    inline_ = set.InlineIn(range);
  } else if (range.low.entry() < range.high.entry()) {
    Open(set, range);
    if (backwards_) {
      entries_->SeekToLast();
    } else {
      entries_->SeekToFirst();
    }
  }
}

SortedSet::Walk::Walk(const SortedSet& set, uint64_t rank, uint64_t count, bool backwards)
    : access_(set.key_.access()), backwards_(backwards), left_(count) {
  if (count == 0) return;
  if (!set.is_exploded_) {
    const std::span<const Entry> all = set.inline_;
    inline_ = backwards ? all.first(all.size() - rank) : all.subspan(rank);
    return;
  }
  Open(set, {});
  SeekToRank(backwards ? set.count_ - 1 - rank : rank, set.count_);
}

void SortedSet::Walk::Open(const SortedSet& set, const Range& range) {
  lower_ = OrderKey(set.id_, range.low.entry());
  upper_ = OrderKey(set.id_, range.high.entry());
  if (const OrderBounds::Bounds* const bounds = access_.space().order_bounds().Find(set.id_); bounds != nullptr) {
    lower_ = std::max(lower_, bounds->low);
    if (!bounds->high.empty()) upper_ = std::max(lower_, std::min(upper_, bounds->high));
  }
  entries_.emplace(access_.NewIterator(Part::kOrder, lower_, upper_));
}

// Comes from the nearer end.
void SortedSet::Walk::SeekToRank(uint64_t rank, uint64_t count) {
  if (rank <= count / 2) {
    entries_->SeekToFirst();
    for (uint64_t i = 0; i < rank && access_.Shows(*entries_); ++i) entries_->Next();
  } else {
    entries_->SeekToLast();
    for (uint64_t i = count - 1; i > rank && access_.Shows(*entries_); --i) entries_->Prev();
  }
}

bool SortedSet::Walk::Valid() {
  if (left_ == 0) return false;
  return entries_ ? access_.Shows(*entries_) : !inline_.empty();
}

// The last step of a counted walk is not taken: what lies behind may be tombstones.
void SortedSet::Walk::Next() {
  if (--left_ == 0) return;
  if (!entries_) {
    inline_ = backwards_ ? inline_.first(inline_.size() - 1) : inline_.subspan(1);
  } else if (backwards_) {
    entries_->Prev();
  } else {
    entries_->Next();
  }
}

std::string_view SortedSet::Walk::member() const {
  if (entries_) return MemberOfScoreKey(entries_->key());
  return (backwards_ ? inline_.back() : inline_.front()).member;
}

double SortedSet::Walk::score() const {
  if (entries_) return ScoreOf(entries_->key());
  return DoubleOfSortable((backwards_ ? inline_.back() : inline_.front()).sortable);
}

SortedSet::HashWalk::HashWalk(const SortedSet& set, uint64_t hash)
    : access_(set.key_.access()),
      lower_(MemberPlace(set.id_, hash)),
      upper_(IdPrefix(set.id_ + 1)),
      members_(access_.NewIterator(Part::kData, lower_, upper_)) {
  members_.SeekToFirst();
}

double SortedSet::HashWalk::score() const { return ScoreOfValue(members_.value()); }

}  // namespace amethyst::server
