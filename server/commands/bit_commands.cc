// Bits of strings: SETBIT, BITCOUNT, BITOP, and the integers of BITFIELD.
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/config.h"
#include "server/types/bits.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kBadOffset = "ERR bit offset is not an integer or out of range";
constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";
constexpr std::string_view kBadFieldType =
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";

// A place that a string may have. "#3" is the third field of `field_bits` behind the first, where there are fields.
std::optional<uint64_t> ReadBitOffset(Call& call, std::string_view text, unsigned field_bits = 0) {
  const bool counts_fields = field_bits != 0 && text.starts_with('#');
  const auto number = ReadInteger(counts_fields ? text.substr(1) : text);
  // The product may wrap around, as it does in Redis.
  const uint64_t offset = static_cast<uint64_t>(number.value_or(-1)) * (counts_fields ? field_bits : 1);
  if (number && static_cast<int64_t>(offset) >= 0 && offset / kBitsInByte < call.config().values().proto_max_bulk_len) {
    return offset;
  }
  call.reply.Error(kBadOffset);
  return {};
}

// Makes the string reach as far as that bit; true if it had to grow.
bool GrowTo(std::string* value, uint64_t last_bit) {
  const size_t size = std::max<size_t>(value->size(), last_bit / kBitsInByte + 1);
  const bool grows = size > value->size();
  value->resize(size);
  return grows;
}

void PutKeepingExpiry(StoredKey& key, std::string_view value) {
  key.Put({.type = Type::kString, .expires_ms = key.expires_ms(), .body = value});
}

void SetBitCommand(Call& call) {
  const auto bit = ReadBitOffset(call, call[2]);
  if (!bit) return;
  if (call[3] != "0" && call[3] != "1") return call.reply.Error(kBadBit);
  const bool is_set = call[3] == "1";
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  const bool was_set = BitAt(StringOrNothing(key), *bit);
  call.reply.Integer(was_set ? 1 : 0);
  if (was_set == is_set && *bit / kBitsInByte < StringOrNothing(key).size()) return;
  std::string value(StringOrNothing(key));
  (void)GrowTo(&value, *bit);
  SetBit(&value, *bit, is_set);
  PutKeepingExpiry(key, value);
  call.access.Notify(EventKind::kString, "setbit", call[1]);
}

void GetBit(Call& call) {
  const auto bit = ReadBitOffset(call, call[2]);
  if (!bit) return;
  const StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!IsStringOrNothing(call, key)) return;
  call.reply.Integer(BitAt(StringOrNothing(key), *bit) ? 1 : 0);
}

// Which bits of a string of `size` bytes the arguments from `begin` on mean: a start, maybe an end, maybe BYTE or BIT.
// False: the error, or `nothing` for a range without bits, has been said.
bool ReadRange(Call& call, size_t begin, size_t size, int64_t nothing, BitRange* range) {
  const auto start = ReadInteger(call[begin]);
  const auto end = call.size() > begin + 1 ? ReadInteger(call[begin + 1]) : -1;
  const bool has_unit = call.size() == begin + 3;
  const bool counts_bits = has_unit && call.Is(begin + 2, "bit");
  const bool is_bad_unit = has_unit && !counts_bits && !call.Is(begin + 2, "byte");
  // BITCOUNT, whose range begins early, looks at the unit last; BITPOS looks at the end last.
  const bool ends_with_unit = begin == 2;
  if (!start || (!end && (!is_bad_unit || ends_with_unit))) return call.reply.Error(kNotInteger), false;
  if (ends_with_unit && *start < 0 && *end < 0 && *start > *end) return call.reply.Integer(nothing), false;
  if (is_bad_unit) return call.reply.Error(kSyntax), false;
  const auto total = static_cast<int64_t>(counts_bits ? size * kBitsInByte : size);
  const auto place = [&](int64_t number) { return std::max<int64_t>(number < 0 ? total + number : number, 0); };
  const int64_t first = place(*start);
  const int64_t last = std::min(place(*end), total - 1);
  if (first > last) return call.reply.Integer(nothing), false;
  *range = {.first = static_cast<uint64_t>(first), .last = static_cast<uint64_t>(last)};
  if (!counts_bits) *range = {.first = range->first * kBitsInByte, .last = range->last * kBitsInByte + 7};
  return true;
}

void BitCount(Call& call) {
  const StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!key.exists()) return call.reply.Integer(0);
  if (!IsStringOrNothing(call, key)) return;
  if (call.size() == 3 || call.size() > 5) return call.reply.Error(kSyntax);
  BitRange range = {.first = 0, .last = key.body().size() * kBitsInByte - 1};
  if (call.size() > 3 && !ReadRange(call, 2, key.body().size(), 0, &range)) return;
  call.reply.Integer(key.body().empty() ? 0 : static_cast<int64_t>(CountBits(key.body(), range)));
}

void BitPos(Call& call) {
  const auto number = ReadInteger(call[2]);
  if (!number) return call.reply.Error(kNotInteger);
  if (*number != 0 && *number != 1) return call.reply.Error("ERR The bit argument must be 1 or 0.");
  const bool is_set = *number == 1;
  const StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!key.exists()) return call.reply.Integer(is_set ? -1 : 0);
  if (!IsStringOrNothing(call, key)) return;
  if (call.size() > 6) return call.reply.Error(kSyntax);
  const std::string_view value = key.body();
  BitRange range = {.first = 0, .last = value.size() * kBitsInByte - 1};
  if (call.size() > 3 && !ReadRange(call, 3, value.size(), -1, &range)) return;
  if (value.empty()) return call.reply.Integer(-1);
  if (const auto bit = FindBit(value, is_set, range)) return call.reply.Integer(static_cast<int64_t>(*bit));
  // Without an end of the range the zeros behind the string count.
  call.reply.Integer(is_set || call.size() > 4 ? -1 : static_cast<int64_t>(value.size() * kBitsInByte));
}

void BitOp(Call& call) {
  const bool inverts = call.Is(1, "not");
  BitOperation operation = BitOperation::kAnd;
  if (call.Is(1, "or")) {
    operation = BitOperation::kOr;
  } else if (call.Is(1, "xor")) {
    operation = BitOperation::kXor;
  } else if (!inverts && !call.Is(1, "and")) {
    return call.reply.Error(kSyntax);
  }
  if (inverts && call.size() != 4) {
    return call.reply.Error("ERR BITOP NOT must be called with a single source key.");
  }
  std::deque<StoredKey> keys;
  std::vector<std::string_view> sources;
  for (const std::string_view name : call.args.subspan(3)) {
    const StoredKey& key = keys.emplace_back(call.access, name);
    CountLookup(call, key.exists());
    if (!IsStringOrNothing(call, key)) return;
    sources.push_back(StringOrNothing(key));
  }
  const std::string result = inverts ? InvertBits(sources[0]) : CombineBits(operation, sources);
  StoredKey target(call.access, call[2]);
  if (!result.empty()) {
    target.Put({.type = Type::kString, .body = result});
    call.access.Notify(EventKind::kString, "set", call[2]);
  } else if (target.exists()) {
    target.Erase();
    call.access.Notify(EventKind::kGeneric, "del", call[2]);
  }
  call.reply.Integer(static_cast<int64_t>(result.size()));
}

// One operation of BITFIELD.
struct FieldStep {
  enum class Kind : uint8_t { kGet, kSet, kIncrBy };
  Kind kind = Kind::kGet;
  Overflow overflow = Overflow::kWrap;
  FieldType type{};
  uint64_t bit = 0;
  int64_t number = 0;
};

// What OVERFLOW is told. False: the error has been said.
bool ReadOverflow(Call& call, size_t i, Overflow* overflow) {
  if (call.Is(i, "wrap")) {
    *overflow = Overflow::kWrap;
  } else if (call.Is(i, "sat")) {
    *overflow = Overflow::kSaturate;
  } else if (call.Is(i, "fail")) {
    *overflow = Overflow::kFail;
  } else {
    return call.reply.Error("ERR Invalid OVERFLOW type specified"), false;
  }
  return true;
}

// The step whose name is argument i, with its arguments behind it.
bool ReadFieldStep(Call& call, size_t i, FieldStep* step) {
  const size_t arguments = call.size() - i - 1;
  if (call.Is(i, "get") && arguments >= 2) {
    step->kind = FieldStep::Kind::kGet;
  } else if (call.Is(i, "set") && arguments >= 3) {
    step->kind = FieldStep::Kind::kSet;
  } else if (call.Is(i, "incrby") && arguments >= 3) {
    step->kind = FieldStep::Kind::kIncrBy;
  } else {
    return call.reply.Error(kSyntax), false;
  }
  const auto type = ReadFieldType(call[i + 1]);
  if (!type) return call.reply.Error(kBadFieldType), false;
  const auto bit = ReadBitOffset(call, call[i + 2], type->bits);
  if (!bit) return false;
  step->type = *type;
  step->bit = *bit;
  if (step->kind == FieldStep::Kind::kGet) return true;
  const auto number = ReadInteger(call[i + 3]);
  if (!number) return call.reply.Error(kNotInteger), false;
  step->number = *number;
  return true;
}

bool ReadFieldSteps(Call& call, std::vector<FieldStep>* steps) {
  Overflow overflow = Overflow::kWrap;
  for (size_t i = 2; i < call.size();) {
    if (call.Is(i, "overflow") && i + 1 < call.size()) {
      if (!ReadOverflow(call, i + 1, &overflow)) return false;
      i += 2;
      continue;
    }
    FieldStep step{.overflow = overflow};
    if (!ReadFieldStep(call, i, &step)) return false;
    i += step.kind == FieldStep::Kind::kGet ? 3 : 4;
    steps->push_back(step);
  }
  return true;
}

// Runs a step that writes, and replies. True if the key is another one now, which one that has grown is.
bool RunFieldStep(Call& call, const FieldStep& step, bool has_grown, std::string* value) {
  const int64_t old = ReadField(*value, step.bit, step.type);
  const bool adds = step.kind == FieldStep::Kind::kIncrBy;
  const Fitted fitted = adds ? AddInField(step.type, step.overflow, old, step.number)
                             : FitIntoField(step.type, step.overflow, step.number);
  if (fitted.has_failed) return call.reply.Null(), false;
  WriteField(value, step.bit, step.type, fitted.value);
  call.reply.Integer(adds ? fitted.value : old);
  return has_grown || fitted.value != old;
}

void ReadFields(Call& call, const std::vector<FieldStep>& steps) {
  const StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!IsStringOrNothing(call, key)) return;
  call.reply.Array(steps.size());
  for (const FieldStep& step : steps) call.reply.Integer(ReadField(StringOrNothing(key), step.bit, step.type));
}

void WriteFields(Call& call, const std::vector<FieldStep>& steps) {
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  std::string value(StringOrNothing(key));
  bool has_grown = false;
  for (const FieldStep& step : steps) {
    if (step.kind == FieldStep::Kind::kGet) continue;
    has_grown = GrowTo(&value, step.bit + step.type.bits - 1) || has_grown;
  }
  bool has_changed = false;
  call.reply.Array(steps.size());
  for (const FieldStep& step : steps) {
    if (step.kind == FieldStep::Kind::kGet) {
      call.reply.Integer(ReadField(value, step.bit, step.type));
    } else {
      has_changed = RunFieldStep(call, step, has_grown, &value) || has_changed;
    }
  }
  // The string grows even where every step fails, without an event, as in Redis.
  if (has_grown || has_changed) PutKeepingExpiry(key, value);
  if (has_changed) call.access.Notify(EventKind::kString, "setbit", call[1]);
}

void RunBitField(Call& call, bool may_write) {
  std::vector<FieldStep> steps;
  if (!ReadFieldSteps(call, &steps)) return;
  const auto reads = [](const FieldStep& step) { return step.kind == FieldStep::Kind::kGet; };
  if (std::ranges::all_of(steps, reads)) return ReadFields(call, steps);
  if (!may_write) return call.reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
  WriteFields(call, steps);
}
void BitField(Call& call) { RunBitField(call, true); }
void BitFieldReadOnly(Call& call) { RunBitField(call, false); }

constexpr uint32_t kChange = kWrite | kDenyOom;
constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"bitcount", -2, kReadonly, kOne, "bitmap", "2.6.0", "Count set bits in a string", BitCount},
    {"bitfield", -2, kChange, kOne, "bitmap", "3.2.0", "Perform arbitrary bitfield integer operations on strings",
     BitField},
    {"bitfield_ro", -2, kReadonly | kFast, kOne, "bitmap", "6.0.0",
     "Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD", BitFieldReadOnly},
    {"bitop", -4, kChange, {2, -1, 1}, "bitmap", "2.6.0", "Perform bitwise operations between strings", BitOp},
    {"bitpos", -3, kReadonly, kOne, "bitmap", "2.8.7", "Find first bit set or clear in a string", BitPos},
    {"getbit", 3, kReadonly | kFast, kOne, "bitmap", "2.2.0",
     "Returns the bit value at offset in the string value stored at key", GetBit},
    {"setbit", 4, kChange, kOne, "bitmap", "2.2.0",
     "Sets or clears the bit at offset in the string value stored at key", SetBitCommand},
};

}  // namespace

std::span<const Command> BitCommands() { return kCommands; }

}  // namespace amethyst::server
