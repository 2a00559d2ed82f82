#include "engine/compact.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/covered.h"
#include "compaction/planner.h"
#include "engine/event_notes.h"
#include "engine/parts_runner.h"
#include "merge/merge_cursor.h"

namespace amethyst::engine {

// The tables that a plan reads.
struct PlanInputs {
  std::vector<tree::TablePtr> upper;
  std::vector<tree::TablePtr> lower;

  [[nodiscard]] std::vector<tree::TablePtr> All() const {
    std::vector<tree::TablePtr> all = upper;
    all.insert(all.end(), lower.begin(), lower.end());
    return all;
  }
};

namespace {

using compaction::MergeResult;
using compaction::MergeSettings;
using compaction::Plan;
using compaction::PlanKind;

uint64_t BytesOf(const std::vector<tree::TablePtr>& tables) {
  uint64_t bytes = 0;
  for (const tree::TablePtr& table : tables) bytes += table->info().file_bytes;
  return bytes;
}

uint64_t EntriesOf(const std::vector<tree::TablePtr>& tables) {
  uint64_t entries = 0;
  for (const tree::TablePtr& table : tables) entries += table->info().entries;
  return entries;
}

double BytesPerEntry(const std::vector<tree::TablePtr>& tables) {
  return static_cast<double>(BytesOf(tables)) / static_cast<double>(std::max<uint64_t>(EntriesOf(tables), 1));
}

// What one part of a merge holds of its inputs while their values are large: a block of each run, and what it was
// stored as.
size_t HeldBytes(const Plan& plan, const PlanInputs& inputs) {
  uint64_t raw_bytes = 0, runs = plan.from == 0 ? inputs.upper.size() : inputs.upper.empty() ? 0 : 1;
  if (!inputs.lower.empty()) ++runs;
  const std::vector<tree::TablePtr> all = inputs.All();
  for (const tree::TablePtr& table : all) raw_bytes += table->info().raw_bytes;
  const uint64_t value_bytes = raw_bytes / std::max<uint64_t>(EntriesOf(all), 1);
  if (plan.kind != PlanKind::kMerge || value_bytes < sstable::kOwnBlockValueBytes) return 0;
  const bool is_compressed = BytesOf(all) < raw_bytes;
  return runs * (value_bytes + (is_compressed ? static_cast<uint64_t>(BytesPerEntry(all)) : 0));
}

tree::TablePtr FindTable(const tree::Version& version, key::Level level, key::FileNumber number) {
  const std::span<const tree::TablePtr> tables = version.tables(level);
  const auto found = std::ranges::find_if(tables, [number](const tree::TablePtr& t) { return t->number() == number; });
  AMETHYST_ASSERT(found != tables.end());
  return *found;
}

PlanInputs InputsOf(const Plan& plan, const tree::Version& version) {
  PlanInputs inputs;
  for (const key::FileNumber number : plan.upper) inputs.upper.push_back(FindTable(version, plan.from, number));
  for (const key::FileNumber number : plan.lower) inputs.lower.push_back(FindTable(version, plan.to, number));
  return inputs;
}

std::unique_ptr<key::Cursor> OpenInputs(const Plan& plan, const PlanInputs& inputs, const key::Order& order) {
  const sstable::CursorOptions options{.fill_cache = false, .sequential = true, .upper_bound = {}};
  std::vector<std::unique_ptr<key::Cursor>> cursors;
  if (plan.from == 0) {
    for (const tree::TablePtr& table : inputs.upper) {
      cursors.push_back(tree::NewRunCursor({table}, order, options));
    }
  } else if (!inputs.upper.empty()) {
    cursors.push_back(tree::NewRunCursor(inputs.upper, order, options));
  }
  if (!inputs.lower.empty()) cursors.push_back(tree::NewRunCursor(inputs.lower, order, options));
  return merge::NewMergeCursor(std::move(cursors), order);
}

uint64_t OldestDeleteTime(const std::vector<tree::TablePtr>& tables) {
  uint64_t oldest = 0;
  for (const tree::TablePtr& table : tables) {
    const uint64_t time = table->info().oldest_delete_time_s;
    if (time != 0 && (oldest == 0 || time < oldest)) oldest = time;
  }
  return oldest;
}

// After which no entry of these tables was written, as far as they tell, and how long ago that is.
void SetAge(const std::vector<tree::TablePtr>& tables, uint64_t now_s, MergeSettings* settings) {
  uint64_t last_s = 0;
  for (const tree::TablePtr& table : tables) {
    const uint64_t written_s = table->info().written_s;
    last_s = std::max(last_s, written_s == 0 ? now_s : written_s);
  }
  settings->table_options.written_s = std::min(last_s, now_s);
  settings->age = std::chrono::seconds(now_s - settings->table_options.written_s);
}

// What all parts have made; or, if one has failed, its error.
Result<std::vector<MergeResult>> AllOrNone(tree::TableStore& store, std::vector<Result<MergeResult>> results) {
  std::vector<MergeResult> merged;
  merged.reserve(results.size());
  Status failed;
  for (Result<MergeResult>& result : results) {
    if (result) {
      merged.push_back(std::move(*result));
    } else if (failed) {
      failed = std::unexpected(std::move(result).error());
    }
  }
  if (failed) return merged;
  // Outputs of the parts that went well are not listed anywhere: remove them, as RunMerge does with those of a part
  // that fails.
  for (const MergeResult& result : merged) {
    for (const tree::AddedTable& table : result.added) store.AddObsolete(table.number);
  }
  return std::unexpected(std::move(failed).error());
}

// Up to where what a merge of these tables writes is clean of range deletes.
key::SequenceNumber CleanThrough(const MergeSettings& settings, const std::vector<tree::TablePtr>& tables) {
  if (settings.tombstones == nullptr || tables.empty()) return {};
  key::SequenceNumber inputs = key::kSequenceMax;
  for (const tree::TablePtr& table : tables) inputs = std::min(inputs, table->info().CleanThrough());
  return std::max(inputs, compaction::CleanThrough(settings.tombstones.get(), settings.snapshots));
}

// Of a table that takes the place of all of these. Its span is about bytes: under another order nobody repairs.
Result<sstable::Lineage> LineageOf(const std::vector<tree::TablePtr>& tables, const key::Order& order) {
  sstable::Lineage lineage;
  if (!order.IsBytewise() || tables.empty()) return lineage;
  lineage.begin = tables.front()->info().smallest;
  for (const tree::TablePtr& table : tables) {
    AMETHYST_ASSIGN(const sstable::TableReader* const reader, table->Open());
    lineage.replaced.AddAll(reader->properties().lineage.replaced);
    lineage.begin = std::min(lineage.begin, table->info().smallest);
    lineage.end = std::max(lineage.end, table->info().largest);
  }
  for (const tree::TablePtr& table : tables) lineage.replaced.Add(table->number());
  lineage.end.push_back('\0');  // Behind the largest key.
  return lineage;
}

Event EventOf(EventKind kind, const Plan& plan, const tree::FamilyTree& tree, const PlanInputs& inputs) {
  return {.kind = kind,
          .from_level = static_cast<int>(plan.from),
          .to_level = static_cast<int>(plan.to),
          .family_id = key::Raw(tree.family->id),
          .family = tree.family->name,
          .text = plan.reason,
          .bytes_read = plan.kind == PlanKind::kMerge ? BytesOf(inputs.All()) : 0};
}

figures::RunningJobs::Running BeginJob(figures::RunningJobs* jobs, const Plan& plan, key::FamilyId family,
                                       const std::vector<tree::TablePtr>& inputs) {
  return jobs->Begin({.kind = figures::JobKind::kMerge,
                      .from = plan.from,
                      .to = plan.to,
                      .family = key::Raw(family),
                      .tables = inputs.size(),
                      .bytes = BytesOf(inputs),
                      .reason = plan.reason},
                     EntriesOf(inputs));
}

void AddInputsRemoved(const Plan& plan, key::FamilyId family, tree::VersionEdit* edit) {
  for (const key::FileNumber number : plan.upper) {
    edit->removed.push_back({.level = plan.from, .number = number, .family = family});
  }
  for (const key::FileNumber number : plan.lower) {
    edit->removed.push_back({.level = plan.to, .number = number, .family = family});
  }
}

}  // namespace

compaction::PlannerSettings Compactor::Planning() const {
  compaction::PlannerSettings settings;
  settings.write_buffer_bytes = family_.write_buffer_bytes;
  settings.table_bytes = family_.table_bytes;
  settings.now_s = storage_.delete_clock->Seconds();
  settings.delete_deadline_s = family_.delete_deadline_s;
  const std::vector<key::SequenceNumber> snapshots = reads_.snapshots->List();
  settings.expired_ms = ExpiredForAllMs(reads_);
  settings.oldest_snapshot = snapshots.empty() ? key::kSequenceMax : snapshots.front();
  return settings;
}

bool Compactor::HasFilter(const tree::FamilyKey& family) const {
  const ViewPtr view = reads_.view.Acquire();
  const tree::FamilyTree* const tree = view->forest->Find(family);
  return tree != nullptr && family_.For(*tree->family).compaction_filter != nullptr;
}

compaction::RunningOutput OutputOf(const compaction::Plan& plan, const tree::Version& version) {
  compaction::RunningOutput output{.level = plan.to, .smallest = {}, .largest = {}};
  bool first = true;
  const auto widen = [&](key::Level level, const std::vector<key::FileNumber>& numbers) {
    for (const tree::TablePtr& table : version.tables(level)) {
      if (std::ranges::find(numbers, table->number()) == numbers.end()) continue;
      const sstable::TableInfo& info = table->info();
      if (first || version.order().Less(info.smallest, output.smallest)) output.smallest = info.smallest;
      if (first || version.order().Less(output.largest, info.largest)) output.largest = info.largest;
      first = false;
    }
  };
  widen(plan.from, plan.upper);
  widen(plan.to, plan.lower);
  return output;
}

// Says into how many parts a merge of `bytes` is cut. With a spare thread the parts are small: it can then join in the
// middle of a merge, and leave soon when a flush is due.
uint32_t Compactor::PartsFor(uint64_t bytes, size_t held_bytes) const {
  constexpr uint64_t kPartsMax = 16;
  const uint32_t least = workers_.threads + workers_.spare_threads;
  // As many as there are threads all run at once.
  if (held_bytes * least > InputBytesMax()) {
    return std::max(static_cast<uint32_t>(InputBytesMax() / held_bytes), 1u);
  }
  if (workers_.spare_threads == 0) return least;
  const uint64_t small = bytes / (2 * family_.write_buffer_bytes);
  return std::max(least, static_cast<uint32_t>(std::min(small, kPartsMax)));
}

size_t Compactor::InputBytesMax() const { return storage_.store->budget().total_bytes() / 8; }

bool Compactor::TakesAllMemory(const Plan& plan, const tree::Version& version) const {
  return 2 * HeldBytes(plan, InputsOf(plan, version)) > InputBytesMax();
}

Result<std::vector<MergeResult>> Compactor::Merge(const Plan& plan, const tree::FamilyTree& tree,
                                                  const PlanInputs& inputs, const compaction::StopSignals& stop,
                                                  std::atomic<uint64_t>& entries_read) {
  const std::vector<tree::TablePtr> all = inputs.All();
  const Family family = family_.For(*tree.family);
  MergeSettings settings{
      .table_options = family.table_options,
      .table_bytes = family.table_bytes,
      .output_level = plan.to,
      .version = tree.version,
      .older_from_level = plan.from,
      .inputs = {},
      .snapshots = reads_.snapshots->List(),
      .oldest_delete_time_s = OldestDeleteTime(all),
      .lineage = {},
      .merge_operator = MergingOf(reads_, *tree.family).merge_operator.get(),
      .compaction_filter = family.compaction_filter.get(),
      .expired_ms = ExpiredForAllMs(reads_),
      .tombstones = tree.version->tombstones(),
      .entries_read = &entries_read,
      .begin = {},
      .end = {},
  };
  // What has expired becomes a delete now, unless older ones are there.
  if (settings.oldest_delete_time_s == 0) settings.oldest_delete_time_s = storage_.delete_clock->Seconds();
  for (const tree::TablePtr& table : all) settings.inputs.push_back(table->number());
  settings.table_options.clean_through = CleanThrough(settings, all);
  if (settings.compaction_filter != nullptr) SetAge(all, storage_.delete_clock->Seconds(), &settings);
  AMETHYST_ASSIGN(settings.lineage, LineageOf(all, family.order));
  const size_t held_bytes = HeldBytes(plan, inputs);
  const std::vector<std::string> boundaries =
      compaction::SplitBoundaries(all, family.order, PartsFor(BytesOf(all), held_bytes));
  const size_t parts = boundaries.size() + 1;
  const cache::Reservation memory(storage_.store->budget(),
                                  held_bytes * std::min<size_t>(parts, workers_.threads + workers_.spare_threads));
  settings.read_bytes_per_entry = BytesPerEntry(all);
  const Limiter::Work work = plan.from == 0 ? Limiter::Work::kUrgent : Limiter::Work::kOrdinary;
  std::vector<Result<MergeResult>> results(parts);
  const auto merge_part = [&](size_t part) {
    MergeSettings mine = settings;
    if (storage_.limiter->IsSet()) {
      mine.pace = [&](uint64_t bytes) { return storage_.limiter->Take(bytes, work, [&] { return stop.Check(); }); };
    }
    if (part > 0) mine.begin = boundaries[part - 1];
    if (part + 1 < parts) mine.end = boundaries[part];
    const std::unique_ptr<key::Cursor> cursor = OpenInputs(plan, inputs, family.order);
    const auto new_file_number = [this] { return storage_.catalog->NewFileNumber(); };
    return compaction::RunMerge(*storage_.store, new_file_number, *cursor, mine, stop);
  };
  PartsRunner::RunAll(workers_, parts, [&](size_t part) {
    const CpuMeter meter(storage_.home->clock(), reads_.statistics);
    results[part] = base::Contained([&] { return merge_part(part); });
  });
  return AllOrNone(*storage_.store, std::move(results));
}

Status Compactor::Install(tree::VersionEdit edit, const tree::FamilyTree& tree, const Event& end) {
  AMETHYST_TRY(health_.latch.status());
  Events& events = health_.events;
  const bool made_tables = events.IsHeard() && end.bytes_written != 0;
  const std::vector<tree::AddedTable> made = made_tables ? edit.added : std::vector<tree::AddedTable>();
  return storage_.Install(std::move(edit), reads_, nullptr, [&] {
    TellTablesMade(events, *tree.family, made);
    events.Tell([&] { return end; });
  });
}

Status Compactor::ExecutePlan(const Plan& plan, const tree::FamilyTree& tree, const compaction::StopSignals& stop) {
  AMETHYST_ASSERT(plan.kind != PlanKind::kNothing);
  const PlanInputs inputs = InputsOf(plan, *tree.version);
  health_.events.Tell([&] { return EventOf(EventKind::kCompactionBegin, plan, tree, inputs); });
  const Status done = base::Contained([&] { return Execute(plan, tree, inputs, stop); });
  if (done) return {};
  health_.events.Tell([&] {
    Event failed = EventOf(EventKind::kCompactionEnd, plan, tree, inputs);
    failed.text = done.error().message();
    failed.error = done.error().code();
    return failed;
  });
  return done;
}

Status Compactor::Execute(const Plan& plan, const tree::FamilyTree& tree, const PlanInputs& inputs,
                          const compaction::StopSignals& stop) {
  const key::FamilyId family = tree.family->id;
  Event end;
  if (health_.events.IsHeard()) end = EventOf(EventKind::kCompactionEnd, plan, tree, inputs);
  tree::VersionEdit edit;
  AddInputsRemoved(plan, family, &edit);
  if (plan.kind == PlanKind::kMove) {
    for (const tree::TablePtr& table : inputs.upper) {
      edit.added.push_back({.level = plan.to, .number = table->number(), .info = table->info(), .family = family});
    }
    AMETHYST_TRY(Install(std::move(edit), tree, end));
    reads_.statistics.Add(Counter::kTrivialMoves, inputs.upper.size());
    return {};
  }
  if (plan.kind == PlanKind::kDrop) return Install(std::move(edit), tree, end);

  const auto job = BeginJob(&workers_.jobs, plan, family, inputs.All());
  AMETHYST_ASSIGN(std::vector<MergeResult> merged, Merge(plan, tree, inputs, stop, job.entries_done()));
  const uint64_t bytes_read = BytesOf(inputs.All());
  uint64_t bytes_written = 0, dropped = 0, filtered = 0;
  for (const MergeResult& part : merged) end.entries += part.entries_read;
  for (MergeResult& part : merged) {
    bytes_written += part.bytes_written;
    dropped += part.entries_dropped;
    filtered += part.entries_filtered;
    reads_.dead.ForgetBefore(part.made_oldest);  // Before anybody reads the outputs.
    std::ranges::move(part.added, std::back_inserter(edit.added));
  }
  end.bytes_written = bytes_written;
  AMETHYST_TRY(Install(std::move(edit), tree, end));
  reads_.statistics.Add(Counter::kCompactions);
  reads_.statistics.Add(Counter::kCompactionBytesRead, bytes_read);
  reads_.statistics.Add(Counter::kCompactionBytesWritten, bytes_written);
  reads_.statistics.Add(Counter::kEntriesDropped, dropped);
  reads_.statistics.Add(Counter::kEntriesFiltered, filtered);
  base::DoIfPossible([&] {
    health_.Log(fmt::format("compacted {} tables of level {} and {} of level {}: {} -> {} bytes ({})",
                            plan.upper.size(), plan.from, plan.lower.size(), plan.to, bytes_read, bytes_written,
                            plan.reason));
  });
  job.Complete(bytes_written);
  return {};
}

Status Compactor::CompactLittle() {
  constexpr int kPlansMax = 8;
  constexpr uint64_t kLittlePart = 2;  // Of a write buffer: more than small neighbours have together.
  for (int done = 0; done < kPlansMax; ++done) {
    const ViewPtr view = reads_.view.Acquire();
    const compaction::PlannerSettings planning = Planning();
    bool is_done = true;
    for (const tree::FamilyTree& tree : view->forest->families()) {
      const Plan plan = compaction::PlanCompaction(compaction::ShapeOf(*tree.version, {}, false), {}, planning);
      if (plan.kind == PlanKind::kNothing) continue;
      const uint64_t bytes = plan.kind == PlanKind::kMerge ? BytesOf(InputsOf(plan, *tree.version).All()) : 0;
      if (bytes > family_.write_buffer_bytes / kLittlePart) continue;
      AMETHYST_TRY(ExecutePlan(plan, tree, health_.latch.flag()));
      is_done = false;
      break;  // The forest is another now.
    }
    if (is_done) break;
  }
  return {};
}

}  // namespace amethyst::engine
