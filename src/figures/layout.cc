#include "figures/layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"

namespace amethyst::figures {
namespace {

constexpr size_t kWord = sizeof(uint64_t);
constexpr size_t kHeadWords = 8;  // Of the payload of a slot, in front of its tables.
constexpr size_t kHistogramWords = 64 + 3;
constexpr size_t kLevelWords = 5;
constexpr size_t kJobWords = 8 + kJobTextBytes / kWord;
constexpr size_t kLevelsMax = 64;
constexpr uint64_t kLowHalf = UINT32_MAX;
constexpr uint64_t kNumberMax = uint64_t{1} << 62;  // A hostile number must not make the next one wrap.

std::string_view BytesOf(std::span<const uint64_t> words) {
  return {reinterpret_cast<const char*>(words.data()), words.size_bytes()};
}

void AppendHash(Words* words) { words->push_back(base::Hash64(BytesOf(*words))); }

// Whether the last word of `bytes` is the hash of all before it.
bool HasHash(std::string_view bytes) {
  const size_t hashed = bytes.size() - kWord;
  return base::LoadFixed<uint64_t>(bytes.data() + hashed) == base::Hash64(bytes.substr(0, hashed));
}

void AppendText(Words* words, std::string_view text, size_t bytes) {
  const size_t begin = words->size();
  words->resize(begin + bytes / kWord);
  std::memcpy(words->data() + begin, text.data(), std::min(text.size(), bytes));
}

uint64_t Shape(size_t rows, size_t words) { return rows | uint64_t{words} << 32; }

// Takes words off the front of bytes that may hold anything: zeros behind their end.
class WordReader {
 public:
  explicit WordReader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Next() {
    uint64_t word = 0;
    if (!base::ReadFixed(&bytes_, &word)) bytes_ = {};
    return word;
  }
  std::string Text(uint64_t length, size_t bytes) {
    const std::string_view text = bytes_.substr(0, std::min<uint64_t>(length, bytes));
    bytes_.remove_prefix(std::min(bytes, bytes_.size()));
    return std::string(text);
  }
  // Calls take(row) for the first `rows_max` rows of a table, and passes by what else it has. A row of a later version
  // may be longer, one of an earlier version shorter: the rest is zeros.
  template <typename Take>
  bool Table(size_t rows_max, Take take) {
    const uint64_t shape = Next();
    const uint64_t rows = shape & kLowHalf;
    const uint64_t row_bytes = (shape >> 32) * kWord;
    if (rows != 0 && (row_bytes == 0 || row_bytes > bytes_.size() || rows > bytes_.size() / row_bytes)) return false;
    for (uint64_t row = 0; row < rows; ++row) {
      if (row < rows_max) take(WordReader(bytes_.substr(0, row_bytes)));
      bytes_.remove_prefix(row_bytes);
    }
    return true;
  }

 private:
  std::string_view bytes_;
};

Histogram ReadHistogram(WordReader row) {
  Histogram histogram;
  for (uint64_t& bucket : histogram.buckets) bucket = row.Next();
  histogram.count = row.Next();
  histogram.sum = row.Next();
  histogram.max = row.Next();
  return histogram;
}

LevelStats ReadLevel(WordReader row) {
  LevelStats level;
  for (uint64_t* const field : {&level.tables, &level.runs, &level.bytes, &level.entries, &level.deletes}) {
    *field = row.Next();
  }
  return level;
}

Job ReadJob(WordReader row) {
  Job job;
  job.kind = static_cast<JobKind>(row.Next());
  const uint64_t levels = row.Next();
  job.from = static_cast<uint32_t>(levels & kLowHalf);
  job.to = static_cast<uint32_t>(levels >> 32);
  for (uint64_t* const field : {&job.family, &job.tables, &job.bytes, &job.bytes_done, &job.started_ms}) {
    *field = row.Next();
  }
  const uint64_t length = row.Next();
  job.reason = row.Text(length, kJobTextBytes);
  return job;
}

void AppendJobs(const std::vector<Job>& jobs, Words* words) {
  const size_t count = std::min(jobs.size(), kJobsMax);
  words->push_back(Shape(count, kJobWords));
  for (const Job& job : std::span(jobs).first(count)) {
    words->insert(words->end(),
                  {static_cast<uint64_t>(job.kind), job.from | uint64_t{job.to} << 32, job.family, job.tables,
                   job.bytes, job.bytes_done, job.started_ms, std::min(job.reason.size(), kJobTextBytes)});
    AppendText(words, job.reason, kJobTextBytes);
  }
}

void AppendStats(const Stats& stats, Words* words) {
  words->push_back(Shape(Counters().size(), 1));
  for (const CounterField& counter : Counters()) words->push_back(stats.*counter.field);
  words->push_back(Shape(Histograms().size(), kHistogramWords));
  for (const HistogramField& field : Histograms()) {
    const Histogram& histogram = stats.*field.field;
    words->insert(words->end(), histogram.buckets.begin(), histogram.buckets.end());
    words->insert(words->end(), {histogram.count, histogram.sum, histogram.max});
  }
  words->push_back(Shape(std::min(stats.levels.size(), kLevelsMax), kLevelWords));
  for (const LevelStats& level : std::span(stats.levels).first(std::min(stats.levels.size(), kLevelsMax))) {
    words->insert(words->end(), {level.tables, level.runs, level.bytes, level.entries, level.deletes});
  }
}

bool ReadStats(WordReader* words, Stats* stats) {
  size_t counter = 0;
  size_t histogram = 0;
  return words->Table(Counters().size(), [&](WordReader row) { stats->*Counters()[counter++].field = row.Next(); }) &&
         words->Table(Histograms().size(),
                      [&](WordReader row) { stats->*Histograms()[histogram++].field = ReadHistogram(row); }) &&
         words->Table(kLevelsMax, [&](WordReader row) { stats->levels.push_back(ReadLevel(row)); });
}

}  // namespace

std::span<const CounterField> Counters() {
  static constexpr CounterField kFields[] = {
#define AMETHYST_FIELD(name) {#name, &Stats::name}
      AMETHYST_FIELD(writes),
      AMETHYST_FIELD(entries_written),
      AMETHYST_FIELD(user_bytes_written),
      AMETHYST_FIELD(gets),
      AMETHYST_FIELD(gets_found),
      AMETHYST_FIELD(seeks),
      AMETHYST_FIELD(wal_bytes),
      AMETHYST_FIELD(wal_syncs),
      AMETHYST_FIELD(wal_torn_tails),
      AMETHYST_FIELD(wal_batches_recovered),
      AMETHYST_FIELD(cursors),
      AMETHYST_FIELD(cursors_lost),
      AMETHYST_FIELD(feed_held_bytes),
      AMETHYST_FIELD(filter_negatives),
      AMETHYST_FIELD(filter_false_positives),
      AMETHYST_FIELD(filters_lost),
      AMETHYST_FIELD(tables_consulted),
      AMETHYST_FIELD(blocks_read),
      AMETHYST_FIELD(cache_hits),
      AMETHYST_FIELD(cache_misses),
      AMETHYST_FIELD(cache_evictions),
      AMETHYST_FIELD(cache_bytes),
      AMETHYST_FIELD(cache_capacity_bytes),
      AMETHYST_FIELD(memtable_bytes),
      AMETHYST_FIELD(memtables),
      AMETHYST_FIELD(pinned_bytes),
      AMETHYST_FIELD(memory_bytes),
      AMETHYST_FIELD(open_files),
      AMETHYST_FIELD(range_deletes),
      AMETHYST_FIELD(range_delete_bytes),
      AMETHYST_FIELD(snapshots),
      AMETHYST_FIELD(iterators),
      AMETHYST_FIELD(flushes),
      AMETHYST_FIELD(flush_bytes_written),
      AMETHYST_FIELD(compactions),
      AMETHYST_FIELD(compaction_bytes_read),
      AMETHYST_FIELD(compaction_bytes_written),
      AMETHYST_FIELD(trivial_moves),
      AMETHYST_FIELD(entries_dropped),
      AMETHYST_FIELD(entries_filtered),
      AMETHYST_FIELD(compaction_debt_bytes),
      AMETHYST_FIELD(write_delays),
      AMETHYST_FIELD(write_delay_us),
      AMETHYST_FIELD(write_waits),
      AMETHYST_FIELD(oldest_snapshot_ms),
      AMETHYST_FIELD(sequence),
      AMETHYST_FIELD(durable_sequence),
#undef AMETHYST_FIELD
  };
  return kFields;
}

std::span<const HistogramField> Histograms() {
  static constexpr HistogramField kFields[] = {
      {"get_ns", &Stats::get_ns}, {"write_ns", &Stats::write_ns}, {"sync_us", &Stats::sync_us}};
  return kFields;
}

Words EncodeHeader(const Writer& writer) {
  Words words{base::LoadFixed<uint64_t>(kMagic.data()),
              kVersion | uint64_t{kHeaderBytes} << 32,
              writer.database_uid.low,
              writer.database_uid.high,
              kFileBytes,
              writer.pid,
              writer.opened_ms,
              kSlotsAt | uint64_t{kSlotBytes} << 32,
              kEventsAt | uint64_t{kEventBytes} << 32,
              kEvents};
  words.resize(kHeaderBytes / kWord - 1);
  AppendHash(&words);
  return words;
}

Result<Writer> DecodeHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return base::Corruption("it has {} bytes, too few for a header", bytes.size());
  bytes = bytes.substr(0, kHeaderBytes);
  if (!bytes.starts_with(kMagic)) return base::Corruption("it is not a file of figures: it begins with something else");
  if (!HasHash(bytes)) return base::Corruption("its header is damaged");
  WordReader words(bytes.substr(kWord));
  if (const auto version = static_cast<uint32_t>(words.Next() & kLowHalf); version != kVersion) {
    return base::NotSupported("it is of format version {}; this build reads version {}", version, kVersion);
  }
  Writer writer;
  writer.database_uid.low = words.Next();
  writer.database_uid.high = words.Next();
  if (const uint64_t file_bytes = words.Next(); file_bytes != kFileBytes) {
    return base::Corruption("its header says that it has {} bytes, not {}", file_bytes, kFileBytes);
  }
  writer.pid = words.Next();
  writer.opened_ms = words.Next();
  return writer;
}

Words EncodeSlot(uint64_t sequence, const Figures& figures) {
  AMETHYST_ASSERT(sequence != 0 && sequence % 2 == 0);
  Words words;
  words.reserve(kSlotBytes / kWord);
  words.insert(words.end(),
               {sequence, 0, figures.updated_ms, figures.heartbeat_ns, figures.updates, figures.events,
                static_cast<uint64_t>(figures.stall.cause), figures.stall.since_ms, figures.stall.delay_ns_per_kib, 0});
  AppendStats(figures.stats, &words);
  AppendJobs(figures.jobs, &words);
  words[1] = words.size() - 2;
  AppendHash(&words);
  AMETHYST_ASSERT(words.size() * kWord <= kSlotBytes);
  return words;
}

std::optional<Slot> DecodeSlot(std::string_view bytes) {
  bytes = bytes.substr(0, kSlotBytes);
  WordReader words(bytes);
  Slot slot{.sequence = words.Next(), .figures = {}};
  const uint64_t payload = words.Next();
  if (slot.sequence == 0 || slot.sequence % 2 != 0 || slot.sequence > kNumberMax) return std::nullopt;
  if (payload < kHeadWords || payload > kSlotBytes / kWord || (payload + 3) * kWord > bytes.size()) return std::nullopt;
  if (!HasHash(bytes.substr(0, (payload + 3) * kWord))) return std::nullopt;
  words = WordReader(bytes.substr(2 * kWord, payload * kWord));
  Figures& figures = slot.figures;
  for (uint64_t* const field : {&figures.updated_ms, &figures.heartbeat_ns, &figures.updates, &figures.events}) {
    *field = words.Next();
  }
  if (figures.events > kNumberMax) return std::nullopt;
  figures.stall.cause = static_cast<Stall>(words.Next());
  figures.stall.since_ms = words.Next();
  figures.stall.delay_ns_per_kib = words.Next();
  static_cast<void>(words.Next());
  if (!ReadStats(&words, &figures.stats)) return std::nullopt;
  if (!words.Table(kJobsMax, [&](WordReader row) { figures.jobs.push_back(ReadJob(row)); })) return std::nullopt;
  return slot;
}

Words EncodeEvent(const Event& event) {
  Words words{event.number, event.time_ms,
              static_cast<uint64_t>(event.kind) | uint64_t{event.from} << 8 | uint64_t{event.to} << 16};
  words.insert(words.end(), event.numbers.begin(), event.numbers.end());
  words.push_back(std::min(event.text.size(), kEventTextBytes));
  AppendText(&words, event.text, kEventTextBytes);
  AppendHash(&words);
  AMETHYST_ASSERT(words.size() * kWord == kEventBytes);
  return words;
}

std::optional<Event> DecodeEvent(std::string_view bytes) {
  bytes = bytes.substr(0, kEventBytes);
  if (bytes.size() < kEventBytes || !HasHash(bytes)) return std::nullopt;
  WordReader words(bytes);
  Event event;
  event.number = words.Next();
  if (event.number == 0) return std::nullopt;
  event.time_ms = words.Next();
  const uint64_t kind = words.Next();
  event.kind = static_cast<EventKind>(kind & 0xff);
  event.from = static_cast<uint8_t>(kind >> 8);
  event.to = static_cast<uint8_t>(kind >> 16);
  for (uint64_t& number : event.numbers) number = words.Next();
  const uint64_t length = words.Next();
  event.text = words.Text(length, kEventTextBytes);
  return event;
}

Result<Contents> Decode(std::string_view bytes) {
  AMETHYST_ASSIGN(const Writer writer, DecodeHeader(bytes));
  if (bytes.size() != kFileBytes) return base::Corruption("it has {} bytes, not {}", bytes.size(), kFileBytes);
  Contents contents{.writer = writer, .sequence = 0, .figures = {}, .events = {}};
  for (size_t slot = 0; slot < kSlots; ++slot) {
    std::optional<Slot> found = DecodeSlot(bytes.substr(kSlotsAt + slot * kSlotBytes, kSlotBytes));
    if (!found || found->sequence <= contents.sequence || SlotAt(found->sequence) != kSlotsAt + slot * kSlotBytes) {
      continue;
    }
    contents.sequence = found->sequence;
    contents.figures = std::move(found->figures);
  }
  if (contents.sequence == 0) return base::Corruption("none of its figures is whole");
  for (size_t at = kEventsAt; at < kFileBytes; at += kEventBytes) {
    std::optional<Event> event = DecodeEvent(bytes.substr(at, kEventBytes));
    if (event && EventAt(event->number) == at) contents.events.push_back(*std::move(event));
  }
  std::ranges::sort(contents.events, {}, &Event::number);
  return contents;
}

}  // namespace amethyst::figures
