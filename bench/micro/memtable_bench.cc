// Micro benchmarks of the memtable: 500,000 entries of 16-byte decimal keys and 100-byte values, one thread.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "memtable/memtable.h"

namespace amethyst::memtable {
namespace {

constexpr uint64_t kEntries = 500'000;
constexpr size_t kCapacityBytes = size_t{128} << 20;

enum class KeyShape { kDecimal, kHashed, kUrl };

std::string MakeKey(KeyShape shape, uint64_t n) {
  switch (shape) {
    case KeyShape::kDecimal: return fmt::format("{:016}", n);
    case KeyShape::kHashed: return fmt::format("{:016x}", base::Random(n)());
    case KeyShape::kUrl: return fmt::format("https://example.org/catalogue/{}/item/{:08}", n % 97, n);
  }
  return {};
}

// Keys that lie in memory in the order of their use, as they come out of a request, so that reading them costs nothing.
class Keys {
 public:
  // Even numbers are in the memtable, odd ones are between them.
  Keys(KeyShape shape, bool shuffled, uint64_t odd = 0) {
    std::vector<uint64_t> numbers(kEntries);
    for (uint64_t i = 0; i < kEntries; ++i) numbers[i] = 2 * i + odd;
    static uint64_t seed = 0;
    base::Random random(++seed);  // Every set in an order of its own.
    if (shuffled) std::shuffle(numbers.begin(), numbers.end(), random);
    for (const uint64_t number : numbers) {
      bytes_ += MakeKey(shape, number);
      ends_.push_back(bytes_.size());
    }
  }
  [[nodiscard]] size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

struct Filled {
  std::shared_ptr<Memtable> memtable;
  key::SequenceNumber visible{0};
};

void Insert(Filled& filled, std::string_view key, key::EntryKind kind) {
  static const std::string value(100, 'v');
  filled.visible = filled.visible + 1;
  filled.memtable->Insert(key::Entry(key, key::Tag(filled.visible, kind), kind == key::EntryKind::kPut ? value : ""));
}

Filled Fill(const Keys& keys) {
  Filled filled{std::make_shared<Memtable>(kCapacityBytes, key::Order())};
  for (size_t i = 0; i < keys.size(); ++i) Insert(filled, keys[i], key::EntryKind::kPut);
  return filled;
}

KeyShape ShapeOf(const benchmark::State& state) { return static_cast<KeyShape>(state.range(0)); }

void InsertAll(benchmark::State& state, bool shuffled) {
  const Keys keys(ShapeOf(state), shuffled);
  Filled filled;
  for (auto _ : state) {
    state.PauseTiming();
    filled = {};
    state.ResumeTiming();
    filled = Fill(keys);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kEntries));
  state.counters["bytes/entry"] = static_cast<double>(filled.memtable->memory_bytes()) / kEntries;
}
void InsertRandom(benchmark::State& state) { InsertAll(state, true); }
void InsertAscending(benchmark::State& state) { InsertAll(state, false); }

void Overwrite(benchmark::State& state) {
  const Keys keys(ShapeOf(state), true);
  Filled filled;
  for (auto _ : state) {
    state.PauseTiming();
    filled = {};
    filled.memtable = std::make_shared<Memtable>(2 * kCapacityBytes, key::Order());
    for (size_t i = 0; i < keys.size(); ++i) Insert(filled, keys[i], key::EntryKind::kPut);
    state.ResumeTiming();
    for (size_t i = 0; i < keys.size(); ++i) Insert(filled, keys[i], key::EntryKind::kPut);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kEntries));
}

void GetAll(benchmark::State& state, uint64_t odd) {
  const Filled filled = Fill(Keys(ShapeOf(state), true));
  const Keys wanted(ShapeOf(state), true, odd);
  size_t i = 0;
  for (auto _ : state) {
    const auto version = filled.memtable->Get(key::LookupKey(wanted[i], filled.visible));
    if (version.has_value() == (odd == 1)) state.SkipWithError("wrong answer");
    if (++i == wanted.size()) i = 0;
  }
}
void GetHit(benchmark::State& state) { GetAll(state, 0); }
void GetMiss(benchmark::State& state) { GetAll(state, 1); }

void Scan(benchmark::State& state, bool forward) {
  const Filled filled = Fill(Keys(ShapeOf(state), true));
  const auto cursor = Memtable::NewCursor(filled.memtable);
  uint64_t bytes = 0;
  for (auto _ : state) {
    if (!cursor->Valid()) forward ? cursor->SeekToFirst() : cursor->SeekToLast();
    bytes += static_cast<uint64_t>(cursor->entry().key_data[15]) + static_cast<uint64_t>(cursor->entry().value_data[0]);
    forward ? cursor->Next() : cursor->Prev();
  }
  benchmark::DoNotOptimize(bytes);
}
void ScanForward(benchmark::State& state) { Scan(state, true); }
void ScanBackward(benchmark::State& state) { Scan(state, false); }

void SeekAndNext(benchmark::State& state) {
  const Filled filled = Fill(Keys(ShapeOf(state), true));
  const Keys wanted(ShapeOf(state), true, 1);
  const auto cursor = Memtable::NewCursor(filled.memtable);
  uint64_t bytes = 0;
  size_t i = 0;
  for (auto _ : state) {
    cursor->Seek(wanted[i]);
    for (int step = 0; step < state.range(1) && cursor->Valid(); ++step) {
      bytes += static_cast<uint64_t>(cursor->entry().value_data[0]);
      cursor->Next();
    }
    if (++i == wanted.size()) i = 0;
  }
  benchmark::DoNotOptimize(bytes);
}

void SkipConsumedQueue(benchmark::State& state) {
  Filled filled{std::make_shared<Memtable>(4 * kCapacityBytes, key::Order())};
  const Keys keys(KeyShape::kDecimal, false);
  for (size_t i = 0; i < keys.size(); ++i) Insert(filled, keys[i], key::EntryKind::kPut);
  for (size_t i = 0; i < keys.size(); ++i) Insert(filled, keys[i], key::EntryKind::kDelete);
  Insert(filled, "9", key::EntryKind::kPut);
  const auto cursor = Memtable::NewCursor(filled.memtable);
  for (auto _ : state) {
    cursor->SeekToFirst();
    while (cursor->entry().tag.kind() == key::EntryKind::kDelete) {
      if (cursor->SkipDead(filled.visible, {}) == 0) cursor->Next(), cursor->Next();
    }
  }
}

BENCHMARK(InsertRandom)->DenseRange(0, 2)->ArgName("shape")->Unit(benchmark::kMillisecond);
BENCHMARK(InsertAscending)->DenseRange(0, 2)->ArgName("shape")->Unit(benchmark::kMillisecond);
BENCHMARK(Overwrite)->Arg(0)->ArgName("shape")->Unit(benchmark::kMillisecond);
BENCHMARK(GetHit)->DenseRange(0, 2)->ArgName("shape");
BENCHMARK(GetMiss)->DenseRange(0, 2)->ArgName("shape");
BENCHMARK(ScanForward)->Arg(0)->ArgName("shape");
BENCHMARK(ScanBackward)->Arg(0)->ArgName("shape");
BENCHMARK(SeekAndNext)->ArgsProduct({{0}, {1, 10, 100}})->ArgNames({"shape", "steps"});
BENCHMARK(SkipConsumedQueue);

}  // namespace
}  // namespace amethyst::memtable
