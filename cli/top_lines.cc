#include "cli/top_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "cli/json.h"
#include "cli/moments.h"
#include "cli/picture.h"
#include "cli/text.h"
#include "figures/words.h"

namespace amethyst::cli {

namespace {

using std::chrono::milliseconds;

// How many columns UTF-8 takes, as far as it is ours: one for each character.
bool BeginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

std::string Cut(std::string text, size_t columns) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (BeginsCharacter(text[i]) && ++seen > columns) return text.substr(0, i);
  }
  return text;
}

std::string PerSecond(double rate) { return fmt::format("{}/s", Grouped(static_cast<uint64_t>(rate + 0.5))); }
std::string BytesPerSecond(double rate) { return HumanBytes(static_cast<uint64_t>(rate + 0.5)) + "/s"; }

std::string Nanoseconds(uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} us", value / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.1f} ms", value / 1e6);
  return fmt::format("{:.1f} s", value / 1e9);
}

std::string ClockText(uint64_t ms) {
  const auto seconds = static_cast<std::time_t>(std::min<uint64_t>(ms / 1000, INT32_MAX));
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return "??:??:??";
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

// Hostile times are any numbers.
std::string Since(uint64_t then_ms, uint64_t now_ms) {
  constexpr uint64_t kYearMs = uint64_t{365} * 24 * 3600 * 1000;
  return DurationText(milliseconds(std::min(now_ms - std::min(then_ms, now_ms), 1000 * kYearMs)));
}

class Lines {
 public:
  Lines(const Look& look, const std::optional<Rates>& rates, const TopSize& size)
      : look_(look), rates_(rates), size_(size) {}

  std::vector<TopLine> Make(const std::string& directory) {
    AddHead(directory);
    if (look_.contents) AddFigures(look_.contents->figures);
    AddLevels();
    if (look_.contents) {
      AddJobs(look_.contents->figures.jobs);
      AddEvents(look_.contents->events);
    }
    if (size_.rows != 0 && lines_.size() > size_.rows) lines_.resize(size_.rows);
    return std::move(lines_);
  }

 private:
  void Add(std::string text, TopLine::Tone tone = TopLine::Tone::kPlain) {
    lines_.push_back({.text = Cut(std::move(text), size_.columns), .tone = tone});
  }
  void Heading(std::string text) { Add(std::move(text), TopLine::Tone::kHeading); }

  void AddHead(const std::string& directory) {
    Heading(fmt::format("amethyst top  {}  {}", Readable(directory), ClockText(look_.now_ms)));
    if (!look_.contents) {
      Add(fmt::format("no figures: {}; the tree as its files show it", look_.no_contents), TopLine::Tone::kWarning);
      return;
    }
    const figures::Writer& writer = look_.contents->writer;
    const std::string age = Since(look_.now_ms - std::min(look_.age_ms, look_.now_ms), look_.now_ms);
    if (look_.writer == Look::WriterIs::kGone) {
      Add(fmt::format("no writer: figures of {} ago, by process {}; the levels are those of now", age, writer.pid),
          TopLine::Tone::kWarning);
      return;
    }
    constexpr uint64_t kRestsAfterMs = 3000;
    Add(fmt::format("writer: process {}, open for {}; {}figures of {} ago", writer.pid,
                    Since(writer.opened_ms, look_.now_ms), look_.age_ms > kRestsAfterMs ? "it rests, " : "", age));
  }

  void AddFigures(const figures::Figures& figures) {
    const Stats& stats = figures.stats;
    AddStall(figures.stall);
    if (rates_) {
      Add(fmt::format("writes   {}, {}, {}; log {}, {} syncs", PerSecond(rates_->writes),
                      fmt::format("{} entries", PerSecond(rates_->entries_written)),
                      BytesPerSecond(rates_->bytes_written), BytesPerSecond(rates_->wal_bytes),
                      PerSecond(rates_->wal_syncs)));
      Add(fmt::format("reads    {} gets, {} seeks; background {} read, {} written", PerSecond(rates_->gets),
                      PerSecond(rates_->seeks), BytesPerSecond(rates_->table_bytes_read),
                      BytesPerSecond(rates_->table_bytes_written)));
    } else {
      Add(fmt::format("writes   {} batches, {} entries, {}; log {}, {} syncs", Grouped(stats.writes),
                      Grouped(stats.entries_written), HumanBytes(stats.user_bytes_written), HumanBytes(stats.wal_bytes),
                      Grouped(stats.wal_syncs)));
      Add(fmt::format("reads    {} gets, {} seeks; background {} read, {} written", Grouped(stats.gets),
                      Grouped(stats.seeks), HumanBytes(stats.compaction_bytes_read),
                      HumanBytes(stats.compaction_bytes_written + stats.flush_bytes_written)));
    }
    AddLatencies(stats);
    const uint64_t lookups = stats.cache_hits + stats.cache_misses;
    const double all = lookups == 0 ? 0 : static_cast<double>(stats.cache_hits) / static_cast<double>(lookups);
    const double hits = rates_ && rates_->hits ? *rates_->hits : all;
    Add(fmt::format("cache    {} {:5.1f} % hits, {} of {}", Bar(hits, 10, size_.unicode), 100 * hits,
                    HumanBytes(stats.cache_bytes), HumanBytes(stats.cache_capacity_bytes)));
    Add(fmt::format("memory   {}, of it {} ({}), pinned {}; {}", HumanBytes(stats.memory_bytes),
                    Counted(stats.memtables, "memtable", "memtables"), HumanBytes(stats.memtable_bytes),
                    HumanBytes(stats.pinned_bytes), Counted(stats.open_files, "open file", "open files")));
    Add(fmt::format("debt     {}; {} flushes, {} compactions", HumanBytes(stats.compaction_debt_bytes),
                    Grouped(stats.flushes), Grouped(stats.compactions)));
  }

  void AddStall(const figures::StallNow& stall) {
    if (stall.cause == figures::Stall::kNone) return Add(fmt::format("stall    none: {}", SentenceOf(stall.cause)));
    std::string text = fmt::format("stall    {}, for {}", SentenceOf(stall.cause), Since(stall.since_ms, look_.now_ms));
    if (stall.delay_ns_per_kib != 0) text += fmt::format(", {} per KiB", Nanoseconds(stall.delay_ns_per_kib));
    Add(std::move(text), TopLine::Tone::kWarning);
  }

  // Of the time between two looks, where something was measured in it; else since the open.
  void AddLatencies(const Stats& stats) {
    constexpr std::string_view kNames[] = {"get", "write", "sync"};
    constexpr uint64_t kNsPerUs = 1000;
    std::string text = "latency  ";
    for (size_t i = 0; i < figures::Histograms().size(); ++i) {
      const Histogram& whole = stats.*figures::Histograms()[i].field;
      const Histogram& shown = rates_ && rates_->latencies[i].count != 0 ? rates_->latencies[i] : whole;
      const uint64_t unit = figures::Histograms()[i].name.ends_with("_us") ? kNsPerUs : 1;
      const auto at = [&](double fraction) { return Nanoseconds(shown.Percentile(fraction) * unit); };
      text += fmt::format("{}{} {}", i == 0 ? "" : "; ", kNames[i],
                          shown.count == 0 ? "-" : fmt::format("{} p50, {} p99", at(0.5), at(0.99)));
    }
    Add(std::move(text));
  }

  void AddLevels() {
    constexpr size_t kBarColumns = 20;
    uint64_t largest = 0;
    for (const LevelStats& level : look_.levels) largest = std::max(largest, level.bytes);
    Heading(fmt::format("{:<6}{:<22}{:>12}{:>8}{:>6}{:>16}", "level", "", "bytes", "tables", "runs", "entries"));
    for (size_t i = 0; i < look_.levels.size(); ++i) {
      const LevelStats& level = look_.levels[i];
      if (level.tables == 0) continue;
      const double share = static_cast<double>(level.bytes) / static_cast<double>(std::max<uint64_t>(largest, 1));
      Add(fmt::format("{:<6}{}  {:>12}{:>8}{:>6}{:>16}", i, Bar(share, kBarColumns, size_.unicode),
                      HumanBytes(level.bytes), Grouped(level.tables), Grouped(level.runs), Grouped(level.entries)));
    }
    if (largest == 0) Add("      no tables");
  }

  void AddJobs(const std::vector<figures::Job>& jobs) {
    if (look_.writer == Look::WriterIs::kGone) return;  // They ended with it.
    Heading(fmt::format("jobs     {}", jobs.empty() ? "none" : std::to_string(jobs.size())));
    for (const figures::Job& job : jobs) {
      const double part = job.bytes == 0 ? 0 : static_cast<double>(job.bytes_done) / static_cast<double>(job.bytes);
      const std::string since = Since(job.started_ms, look_.now_ms);
      if (job.kind == figures::JobKind::kFlush) {
        Add(fmt::format("  flush of {}, {}", HumanBytes(job.bytes), since));
      } else {
        Add(fmt::format("  {} {} to {} {} {:3.0f} % of {} in {}, {}: {}", WordOf(job.kind), job.from, job.to,
                        Bar(part, 10, size_.unicode), 100 * part, HumanBytes(job.bytes),
                        Counted(job.tables, "table", "tables"), since, Readable(job.reason)));
      }
    }
  }

  void AddEvents(const std::vector<figures::Event>& events) {
    Heading(fmt::format("events   {}, the newest first", Grouped(look_.contents->figures.events)));
    size_t room = kEventsShown;
    if (size_.rows != 0) room = size_.rows - std::min(size_.rows, lines_.size());
    for (size_t i = 0; i < std::min(room, events.size()); ++i) {
      const figures::Event& event = events[events.size() - 1 - i];
      Add(fmt::format("  {}  {}", ClockText(event.time_ms), TextOf(event)));
    }
  }

  const Look& look_;
  const std::optional<Rates>& rates_;
  const TopSize& size_;
  std::vector<TopLine> lines_;
};

Json LevelsJson(const std::vector<LevelStats>& levels) {
  Json array = Json::array();
  for (size_t i = 0; i < levels.size(); ++i) {
    array.push_back({{"level", i},
                     {"tables", levels[i].tables},
                     {"runs", levels[i].runs},
                     {"bytes", levels[i].bytes},
                     {"entries", levels[i].entries},
                     {"deletes", levels[i].deletes}});
  }
  return array;
}

Json RatesJson(const Rates& rates) {
  Json object = {{"seconds", rates.seconds},
                 {"writes", rates.writes},
                 {"entries_written", rates.entries_written},
                 {"user_bytes_written", rates.bytes_written},
                 {"gets", rates.gets},
                 {"seeks", rates.seeks},
                 {"wal_bytes", rates.wal_bytes},
                 {"wal_syncs", rates.wal_syncs},
                 {"table_bytes_read", rates.table_bytes_read},
                 {"table_bytes_written", rates.table_bytes_written}};
  if (rates.hits) object["cache_hits"] = *rates.hits;
  return object;
}

Json JobJson(const figures::Job& job) {
  return {{"kind", WordOf(job.kind)},
          {"from", job.from},
          {"to", job.to},
          {"family_id", job.family},
          {"tables", job.tables},
          {"bytes", job.bytes},
          {"bytes_done", job.bytes_done},
          {"started_ms", job.started_ms},
          {"reason", JsonMessage(job.reason)}};
}

Json EventJson(const figures::Event& event) {
  return {
      {"number", event.number}, {"time_ms", event.time_ms}, {"kind", WordOf(event.kind)},      {"from", event.from},
      {"to", event.to},         {"numbers", event.numbers}, {"text", JsonMessage(event.text)}, {"says", TextOf(event)}};
}

}  // namespace

std::vector<TopLine> TopLines(const std::string& directory, const Look& look, const std::optional<Rates>& rates,
                              const TopSize& size) {
  return Lines(look, rates, size).Make(directory);
}

std::string TopJson(const std::string& directory, const Look& look, const std::optional<Rates>& rates) {
  Json object = {{"directory", JsonMessage(directory)}};
  if (look.writer != Look::WriterIs::kNotKnown) object["writer"] = look.writer == Look::WriterIs::kThere;
  object["levels"] = LevelsJson(look.levels);
  if (!look.contents) {
    object["no_figures"] = JsonMessage(look.no_contents);
    return object.dump();
  }
  const figures::Figures& figures = look.contents->figures;
  object["pid"] = look.contents->writer.pid;
  object["opened_ms"] = look.contents->writer.opened_ms;
  object["database_uid"] = UidText(look.contents->writer.database_uid);
  object["age_ms"] = look.age_ms;
  object["updated_ms"] = figures.updated_ms;
  object["stall"] = {{"cause", WordOf(figures.stall.cause)},
                     {"since_ms", figures.stall.since_ms},
                     {"delay_ns_per_kib", figures.stall.delay_ns_per_kib}};
  object["stats"] = Json::parse(figures.stats.ToJson());
  if (rates) object["rates"] = RatesJson(*rates);
  object["jobs"] = Json::array();
  for (const figures::Job& job : figures.jobs) object["jobs"].push_back(JobJson(job));
  object["events"] = Json::array();
  for (const figures::Event& event : look.contents->events) object["events"].push_back(EventJson(event));
  return object.dump();
}

}  // namespace amethyst::cli
