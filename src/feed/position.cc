#include "feed/position.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "key/types.h"
#include "tree/file_names.h"

namespace amethyst {

namespace {

constexpr std::string_view kPrefix = "feed1-";

std::string TextOf(const FeedPosition& position) {
  return fmt::format("{}{:016x}{:016x}-{}-{}-{}-{}-{:016x}", kPrefix, position.database_high, position.database_low,
                     position.segment, position.offset, position.sequence, position.ordinal, position.checksum);
}

// So that a text which was cut or mistyped is none.
uint32_t CheckOf(std::string_view text) { return static_cast<uint32_t>(base::Hash64(text)); }

// All of `digits`, as std::to_chars would write them.
bool ReadNumber(std::string_view digits, int radix, uint64_t* number) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *number, radix);
  return error == std::errc() && end == digits.data() + digits.size();
}

// What stands before the next "-", which is passed; all of it if there is none.
std::string_view TakeWord(std::string_view* text) {
  const size_t end = text->find('-');
  const std::string_view word = text->substr(0, end);
  *text = end == std::string_view::npos ? std::string_view() : text->substr(end + 1);
  return word;
}

}  // namespace

std::string FeedPosition::ToString() const {
  const std::string text = TextOf(*this);
  return fmt::format("{}-{:08x}", text, CheckOf(text));
}

Result<FeedPosition> FeedPosition::FromString(std::string_view text) {
  FeedPosition position;
  std::string_view rest = text;
  bool is_one = rest.starts_with(kPrefix);
  if (is_one) rest.remove_prefix(kPrefix.size());
  const std::string_view uid = TakeWord(&rest);
  is_one = is_one && uid.size() == 32 && ReadNumber(uid.substr(0, 16), 16, &position.database_high) &&
           ReadNumber(uid.substr(16), 16, &position.database_low);
  for (uint64_t* const number : {&position.segment, &position.offset, &position.sequence, &position.ordinal}) {
    is_one = is_one && ReadNumber(TakeWord(&rest), 10, number);
  }
  is_one = is_one && ReadNumber(TakeWord(&rest), 16, &position.checksum);
  // And written as it would be.
  if (is_one && position.ToString() == text) return position;
  return base::InvalidArgument("\"{}\" is no position of a change feed: expected what FeedPosition::ToString gives",
                               text.substr(0, 256));
}

}  // namespace amethyst

namespace amethyst::feed {

FeedPosition PositionOf(const base::Uid& database, const wal::LogCut& place) {
  return {.database_high = database.high,
          .database_low = database.low,
          .segment = key::Raw(place.segment),
          .offset = place.offset,
          .sequence = key::Raw(place.last_sequence),
          .ordinal = place.next_ordinal,
          .checksum = place.chained_checksum};
}

Result<wal::LogCut> PlaceOf(const base::Uid& database, const FeedPosition& position) {
  if (position.database_high != database.high || position.database_low != database.low) {
    return base::InvalidArgument(
        "the position is of database {:016x}{:016x}, this one is {:016x}{:016x}: a restored copy is another; start "
        "over "
        "from a snapshot",
        position.database_high, position.database_low, database.high, database.low);
  }
  if (position.segment > key::Raw(tree::kFileNumberMax) || position.sequence > key::Raw(key::kSequenceMax)) {
    return base::InvalidArgument("the position is out of bounds: segment {}, sequence {}", position.segment,
                                 position.sequence);
  }
  return wal::LogCut{.segment = key::FileNumber{position.segment},
                     .offset = position.offset,
                     .last_sequence = key::SequenceNumber{position.sequence},
                     .next_ordinal = position.ordinal,
                     .chained_checksum = position.checksum};
}

}  // namespace amethyst::feed
