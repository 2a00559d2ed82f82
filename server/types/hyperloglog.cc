#include "server/types/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/coding.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingAt = 4;
constexpr size_t kCountAt = 8;
constexpr size_t kHeaderBytes = 16;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr char kStaleMark = '\x80';  // In the last byte of the count.

constexpr unsigned kIndexBits = 14;
constexpr unsigned kRankBits = 64 - kIndexBits;  // The rest of the hash; ranks go to one more.
constexpr unsigned kRegisterBits = 6;
constexpr unsigned kRegisterMask = (1 << kRegisterBits) - 1;
// Four dense registers fill three bytes.
constexpr size_t kGroupRegisters = 4;
constexpr size_t kGroupBytes = 3;
constexpr size_t kDenseBytes = kHeaderBytes + HyperLogLog::kRegisters / kGroupRegisters * kGroupBytes;

constexpr unsigned kShortZerosMax = 64;
constexpr unsigned kValueRunMax = 4;
constexpr uint8_t kSparseRankMax = 32;
// Redis looks for runs to join in so many runs, from the one before the change on.
constexpr int kJoinedRunsMax = 5;

constexpr uint64_t kHashSeed = 0xadc83b19;

// MurmurHash64A, which is in the public domain.
uint64_t Hash(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kHashSeed ^ (bytes.size() * kMultiplier);
  for (; bytes.size() >= sizeof(uint64_t); bytes.remove_prefix(sizeof(uint64_t))) {
    uint64_t word = base::LoadFixed<uint64_t>(bytes.data()) * kMultiplier;
    word = (word ^ (word >> kShift)) * kMultiplier;
    hash = (hash ^ word) * kMultiplier;
  }
  if (!bytes.empty()) {
    uint64_t rest = 0;
    for (size_t i = bytes.size(); i-- > 0;) rest = rest << 8 | static_cast<uint8_t>(bytes[i]);
    hash = (hash ^ rest) * kMultiplier;
  }
  hash = (hash ^ (hash >> kShift)) * kMultiplier;
  return hash ^ (hash >> kShift);
}

// Equal registers that stand together.
struct Run {
  uint8_t value = 0;
  unsigned length = 0;
  size_t bytes = 0;  // That encode it.
};

// nullopt: there is no whole run.
std::optional<Run> ReadRun(std::string_view bytes, size_t at) {
  if (at >= bytes.size()) return {};
  const auto head = static_cast<uint8_t>(bytes[at]);
  if ((head & 0x80) != 0) {
    return Run{.value = static_cast<uint8_t>((head >> 2 & 0x1f) + 1), .length = (head & 3U) + 1, .bytes = 1};
  }
  if ((head & 0x40) == 0) return Run{.length = head + 1U, .bytes = 1};
  if (at + 1 >= bytes.size()) return {};
  return Run{.length = ((head & 0x3fU) << 8 | static_cast<uint8_t>(bytes[at + 1])) + 1, .bytes = 2};
}

char ValueRun(uint8_t value, unsigned length) { return static_cast<char>(0x80U | (value - 1U) << 2 | (length - 1)); }

// Registers of one value; none where the length is 0.
void AppendRun(std::string* to, uint8_t value, unsigned length) {
  if (length == 0) return;
  if (value != 0) {
    to->push_back(ValueRun(value, length));
  } else if (length <= kShortZerosMax) {
    to->push_back(static_cast<char>(length - 1));
  } else {
    to->push_back(static_cast<char>(0x40U | (length - 1) >> 8));
    to->push_back(static_cast<char>(length - 1));
  }
}

// Three bytes as a number, the first one lowest.
uint32_t GroupAt(std::string_view bytes, size_t group) {
  const size_t at = kHeaderBytes + group * kGroupBytes;
  uint32_t registers = 0;
  for (size_t i = kGroupBytes; i-- > 0;) registers = registers << 8 | static_cast<uint8_t>(bytes[at + i]);
  return registers;
}

uint8_t DenseRegister(std::string_view bytes, size_t index) {
  return GroupAt(bytes, index / kGroupRegisters) >> (index % kGroupRegisters * kRegisterBits) & kRegisterMask;
}

void SetDenseRegister(std::string* bytes, size_t index, uint8_t value) {
  const size_t group = index / kGroupRegisters;
  const size_t shift = index % kGroupRegisters * kRegisterBits;
  const uint32_t registers = (GroupAt(*bytes, group) & ~(kRegisterMask << shift)) | uint32_t{value} << shift;
  for (size_t i = 0; i < kGroupBytes; ++i) {
    (*bytes)[kHeaderBytes + group * kGroupBytes + i] = static_cast<char>(registers >> (8 * i));
  }
}

// The two series of Ertl's paper, for registers that are 0 and for those that have the highest rank.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double power = 1;
  double sum = x;
  for (double before = -1; sum != before;) {
    x *= x;
    before = sum;
    sum += x * power;
    power += power;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double power = 1;
  double sum = 1 - x;
  for (double before = -1; sum != before;) {
    x = std::sqrt(x);
    before = sum;
    power *= 0.5;
    sum -= (1 - x) * (1 - x) * power;
  }
  return sum / 3;
}

}  // namespace

bool HyperLogLog::HasHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  return bytes[kEncodingAt] == kSparse || (bytes[kEncodingAt] == kDense && bytes.size() == kDenseBytes);
}

bool HyperLogLog::MergeInto(std::string_view bytes, Registers* registers) {
  const auto raise = [&](size_t index, uint8_t rank) { (*registers)[index] = std::max((*registers)[index], rank); };
  if (bytes[kEncodingAt] == kDense) {
    for (size_t index = 0; index < kRegisters; ++index) raise(index, DenseRegister(bytes, index));
    return true;
  }
  size_t index = 0;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const auto run = ReadRun(bytes, at);
    if (!run || run->length > kRegisters - index) return false;
    if (run->value != 0) {
      for (unsigned i = 0; i < run->length; ++i) raise(index + i, run->value);
    }
    index += run->length;
    at += run->bytes;
  }
  return index == kRegisters;
}

uint64_t HyperLogLog::Estimate(const Registers& registers) {
  std::array<unsigned, kRegisterMask + 1> counts{};
  for (const uint8_t rank : registers) ++counts[rank];
  constexpr double kAll = kRegisters;
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  double sum = kAll * Tau((kAll - counts[kRankBits + 1]) / kAll);
  for (unsigned rank = kRankBits; rank >= 1; --rank) sum = (sum + counts[rank]) * 0.5;
  sum += kAll * Sigma(counts[0] / kAll);
  return static_cast<uint64_t>(std::llround(kAlpha * kAll * kAll / sum));
}

HyperLogLog::HyperLogLog() : bytes_(kMagic) {
  bytes_.resize(kHeaderBytes);
  bytes_[kEncodingAt] = kSparse;
  AppendRun(&bytes_, 0, kRegisters);
}

bool HyperLogLog::is_dense() const { return bytes_[kEncodingAt] == kDense; }

HyperLogLog::Outcome HyperLogLog::Add(std::string_view element, uint64_t sparse_bytes_max) {
  const uint64_t hash = Hash(element);
  // The bit behind the hash ends the search for a 1.
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kRankBits;
  return Raise(hash % kRegisters, static_cast<uint8_t>(std::countr_zero(rest) + 1), sparse_bytes_max);
}

HyperLogLog::Outcome HyperLogLog::Raise(size_t index, uint8_t rank, uint64_t sparse_bytes_max) {
  if (is_dense()) return RaiseDense(index, rank);
  size_t at = kHeaderBytes;
  size_t before = at;  // Where the run before begins.
  size_t first = 0;    // The register where the run begins.
  auto run = ReadRun(bytes_, at);
  while (run && index >= first + run->length) {
    first += run->length;
    before = at;
    at += run->bytes;
    run = ReadRun(bytes_, at);
  }
  if (rank <= kSparseRankMax) {
    if (!run) return Outcome::kCorrupt;
    if (run->value >= rank) return Outcome::kUnchanged;
    const auto offset = static_cast<unsigned>(index - first);
    std::string runs;
    AppendRun(&runs, run->value, offset);
    AppendRun(&runs, rank, 1);
    AppendRun(&runs, run->value, run->length - offset - 1);
    if (runs.size() <= run->bytes || bytes_.size() + runs.size() - run->bytes <= sparse_bytes_max) {
      bytes_.replace(at, run->bytes, runs);
      JoinRuns(before);
      InvalidateCount();
      return Outcome::kChanged;
    }
  }
  return MakeDense() ? RaiseDense(index, rank) : Outcome::kCorrupt;
}

void HyperLogLog::JoinRuns(size_t at) {
  for (int i = 0; i < kJoinedRunsMax; ++i) {
    const auto run = ReadRun(bytes_, at);
    if (!run) return;
    const auto next = ReadRun(bytes_, at + run->bytes);
    if (run->value != 0 && next && next->value == run->value && run->length + next->length <= kValueRunMax) {
      bytes_[at + 1] = ValueRun(run->value, run->length + next->length);
      bytes_.erase(at, 1);  // The joined run may join the next one as well.
    } else {
      at += run->bytes;
    }
  }
}

HyperLogLog::Outcome HyperLogLog::RaiseDense(size_t index, uint8_t rank) {
  if (DenseRegister(bytes_, index) >= rank) return Outcome::kUnchanged;
  SetDenseRegister(&bytes_, index, rank);
  InvalidateCount();
  return Outcome::kChanged;
}

bool HyperLogLog::MakeDense() {
  if (is_dense()) return true;
  Registers registers{};
  if (!MergeInto(bytes_, &registers)) return false;
  bytes_.resize(kHeaderBytes);
  bytes_.resize(kDenseBytes);
  bytes_[kEncodingAt] = kDense;
  for (size_t index = 0; index < kRegisters; ++index) SetDenseRegister(&bytes_, index, registers[index]);
  return true;
}

std::optional<uint64_t> HyperLogLog::count() const {
  if ((bytes_[kHeaderBytes - 1] & kStaleMark) != 0) return {};
  return base::LoadFixed<uint64_t>(&bytes_[kCountAt]);
}

void HyperLogLog::KeepCount(uint64_t count) { base::StoreFixed(&bytes_[kCountAt], count); }

void HyperLogLog::InvalidateCount() { bytes_[kHeaderBytes - 1] |= kStaleMark; }

}  // namespace amethyst::server
