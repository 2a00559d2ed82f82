#include "page/state_json.h"

#include <algorithm>

#include "figures/words.h"
#include "inspect/family_figures.h"
#include "inspect/level_shares.h"

namespace amethyst::page {

namespace {

void WriteTable(const tree::AddedTable& table, JsonWriter* json) {
  const sstable::TableInfo& info = table.info;
  json->Begin('{').Field("number", key::Raw(table.number)).Field("family", key::Raw(table.family));
  json->Field("level", table.level).Key("from").Bytes(info.smallest).Key("to").Bytes(info.largest);
  json->Field("bytes", info.file_bytes).Field("raw_bytes", info.raw_bytes).Field("entries", info.entries);
  json->Field("sequence", key::Raw(info.largest_sequence));
  if (info.deletes != 0) json->Field("deletes", info.deletes);
  if (info.expiries.entries != 0) {
    json->Field("expiring", info.expiries.entries);
    json->Field("expires_first_ms", info.expiries.first_ms).Field("expires_last_ms", info.expiries.last_ms);
  }
  json->End('}');
}

void WriteHistogram(const Histogram& histogram, JsonWriter* json) {
  size_t used = histogram.buckets.size();
  while (used > 0 && histogram.buckets[used - 1] == 0) --used;
  json->Begin('[');
  for (size_t i = 0; i < used; ++i) json->Value(histogram.buckets[i]);
  json->End(']');
}

void WriteJob(const figures::Job& job, JsonWriter* json) {
  json->Begin('{').Field("kind", figures::WordOf(job.kind)).Field("from", job.from).Field("to", job.to);
  json->Field("family", job.family).Field("tables", job.tables).Field("bytes", job.bytes);
  json->Field("bytes_done", job.bytes_done).Field("started_ms", job.started_ms);
  json->Field("reason", std::string_view(job.reason)).End('}');
}

void WriteLevels(const inspect::FamilyFigures& family, const inspect::LevelShares& shares, JsonWriter* json) {
  json->Key("levels").Begin('[');
  for (key::Level level = 0; level < key::kLevels; ++level) {
    const inspect::FamilyFigures::Level& found = family.levels[level];
    json->Begin('{').Field("tables", found.tables).Field("bytes", found.bytes).Field("entries", found.entries);
    json->Field("deletes", found.deletes).Field("target_bytes", shares.target[level]);
    json->Field("filled", shares.filled[level]).End('}');
  }
  json->End(']');
}

}  // namespace

void WriteTables(const inspect::ManifestState& state, JsonWriter* json) {
  json->Begin('[');
  for (const auto& level : state.levels) {
    for (const tree::AddedTable& table : level) WriteTable(table, json);
  }
  json->End(']');
}

void WriteEdit(const TimedEdit& edit, JsonWriter* json) {
  json->Begin('{').Field("edit", edit.number).Field("time_ms", edit.time_ms).Key("removed").Begin('[');
  for (const tree::RemovedTable& removed : edit.edit.removed) json->Value(key::Raw(removed.number));
  json->End(']').Key("added").Begin('[');
  for (const tree::AddedTable& table : edit.edit.added) WriteTable(table, json);
  json->End(']').End('}');
}

void WriteHistory(const History& history, JsonWriter* json) {
  json->Begin('{').Key("tables");
  WriteTables(history.base(), json);
  json->Key("edits").Begin('[');
  for (const TimedEdit& edit : history.edits()) WriteEdit(edit, json);
  json->End(']').End('}');
}

void WriteFamilies(const inspect::ManifestState& state, const compaction::PlannerSettings& settings, JsonWriter* json) {
  json->Begin('[');
  for (const inspect::FamilyFigures& family : inspect::FiguresByFamily(state)) {
    const inspect::LevelShares shares = inspect::SharesOf(state, family.id, settings);
    json->Begin('{').Field("id", key::Raw(family.id)).Field("name", std::string_view(family.name));
    json->Field("order", std::string_view(family.comparator_name)).Field("range_deletes", family.range_deletes);
    json->Field("read_amplification", shares.read_amplification);
    json->Field("write_amplification", shares.write_amplification);
    json->Field("space_amplification", shares.space_amplification);
    WriteLevels(family, shares, json);
    json->End('}');
  }
  json->End(']');
}

void WriteFigures(const figures::Contents& contents, JsonWriter* json) {
  const figures::Figures& figures = contents.figures;
  json->Begin('{').Field("updated_ms", figures.updated_ms).Field("opened_ms", contents.writer.opened_ms);
  json->Field("heartbeat_ns", figures.heartbeat_ns).Field("pid", contents.writer.pid);
  json->Key("counters").Begin('{');
  for (const figures::CounterField& counter : figures::Counters()) {
    json->Field(counter.name, figures.stats.*counter.field);
  }
  json->End('}').Key("histograms").Begin('{');
  for (const figures::HistogramField& field : figures::Histograms()) {
    json->Key(field.name);
    WriteHistogram(figures.stats.*field.field, json);
  }
  json->End('}').Key("stall").Begin('{').Field("cause", figures::WordOf(figures.stall.cause));
  json->Field("text", figures::SentenceOf(figures.stall.cause)).Field("since_ms", figures.stall.since_ms);
  json->Field("delay_ns_per_kib", figures.stall.delay_ns_per_kib).End('}').Key("jobs").Begin('[');
  for (const figures::Job& job : figures.jobs) WriteJob(job, json);
  json->End(']').End('}');
}

void WriteEvents(const std::vector<figures::Event>& events, uint64_t after, size_t most, JsonWriter* json) {
  const auto is_old = [after](const figures::Event& event) { return event.number <= after; };
  auto begin = std::ranges::find_if_not(events, is_old);
  if (static_cast<size_t>(events.end() - begin) > most) begin = events.end() - static_cast<ptrdiff_t>(most);
  json->Begin('[');
  for (; begin != events.end(); ++begin) {
    json->Begin('{').Field("number", begin->number).Field("time_ms", begin->time_ms);
    json->Field("kind", figures::WordOf(begin->kind)).Field("from", begin->from).Field("to", begin->to);
    json->Key("numbers").Begin('[');
    for (const uint64_t number : begin->numbers) json->Value(number);
    json->End(']').Field("text", std::string_view(begin->text));
    if (begin->kind == figures::EventKind::kStallBegins || begin->kind == figures::EventKind::kStallEnds) {
      json->Field("cause", figures::SentenceOf(static_cast<figures::Stall>(begin->from)));
    }
    json->End('}');
  }
  json->End(']');
}

void WriteAdvice(const Advice& advice, JsonWriter* json) {
  constexpr std::string_view kTones[] = {"good", "note", "bad"};
  json->Begin('{').Field("tone", kTones[static_cast<size_t>(advice.tone)]);
  json->Field("text", std::string_view(advice.text)).End('}');
}

}  // namespace amethyst::page
