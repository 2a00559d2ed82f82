// The calls of an engine beside reads, writes and Close: flushes, compactions, sizes, families.
#include <algorithm>

#include "base/error.h"
#include "engine/covers.h"
#include "engine/engine.h"
#include "engine/follower.h"
#include "engine/recovery.h"
#include "engine/stats_of.h"

namespace amethyst::engine {

// --- Followers, maintenance ---

Result<std::shared_ptr<Engine>> Engine::OpenFollower(const std::string& directory, const FollowerOptions& options,
                                                     Components components) {
  Options reading = options.options;
  reading.read_only = true;
  AMETHYST_ASSIGN(std::shared_ptr<Database> database,
                  OpenDatabase(directory, reading, std::move(components), &options));
  return std::make_shared<Engine>(std::move(database));
}

Status Engine::Refresh() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  if (database_->follower == nullptr) return {};
  AMETHYST_TRY(CheckProcess());
  return database_->follower->Refresh();
}

Status Engine::Flush() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return background_->Flush();
}

Status Engine::Release(uint64_t index) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  ExternalLog& log = database_->storage.external_log;
  if (!log.is_used()) {
    return base::InvalidArgument("Release is for a database that is opened with Options::external_log");
  }
  log.Release(index);
  background_->Notify();
  return {};
}

Applied Engine::GetApplied() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return {};
  const auto index = [](const std::optional<AppliedIndex>& applied) { return applied ? applied->index : 0; };
  Applied applied{.visible = 0, .durable = index(database_->storage.catalog->applied())};
  const Status asked = committer_.RunLocked([&] { applied.visible = index(committer_.applied()); });
  if (!asked) applied.visible = applied.durable;
  return applied;
}

std::string Engine::GetAppliedNote() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return {};
  const std::optional<AppliedIndex> durable = database_->storage.catalog->applied();
  return durable ? durable->note : std::string();
}

Result<Capture> Engine::Capture(const FlushPlace& place) {
  if (database_->follower != nullptr) {
    AMETHYST_TRY(CheckProcess());
    return CaptureFollower(*database_, place);
  }
  AMETHYST_TRY(CheckWritable());
  AMETHYST_TRY(background_->Flush());
  Storage& storage = database_->storage;
  // A flush is one edit over all families, and a batch is in one memtable: each edit's state is one moment's.
  catalog::CatalogState state = storage.catalog->State();
  tree::VersionEdit now;
  storage.Date(&now);
  return engine::Capture{.state = state.WithNumbersOf(now), .database_tables = storage.store};
}

Status Engine::CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                            const FamilyKey& family) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (VersionOf(*reads_->view.Acquire(), family) == nullptr) return FamilyDropped();
  return background_->CompactRange(family, begin, end);
}

Status Engine::WaitForIdle() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  return background_ == nullptr ? Status() : background_->WaitForIdle();
}

namespace {

// Of the table's keys in `range`, without those that range deletes hide.
Result<uint64_t> BytesIn(const tree::Table& table, const key::Range& range, Covers* covers) {
  constexpr int kStretchesMax = 64;
  AMETHYST_ASSIGN(const sstable::TableReader* const reader, table.Open());
  const std::string_view end = *range.end;
  std::string_view at = *range.begin;
  AMETHYST_ASSIGN(uint64_t from, reader->ApproximateOffset(at));
  uint64_t bytes = 0;
  for (int stretches = 0; at != end; ++stretches) {
    const key::Cover cover = covers->empty() || stretches == kStretchesMax ? key::Cover() : covers->At(at);
    key::Range rest{.begin = at, .end = end};
    rest.Narrow(cover.stretch, table.order());
    AMETHYST_ASSIGN(const uint64_t to, reader->ApproximateOffset(*rest.end));
    if (!cover.Hides(table.info().largest_sequence)) bytes += to - std::min(from, to);
    from = to;
    at = *rest.end;
  }
  return bytes;
}

}  // namespace

Result<uint64_t> Engine::ApproximateSize(std::string_view begin, std::string_view end, const FamilyKey& family) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  const ViewPtr view = reads_->view.Acquire();
  const tree::Version* const version = VersionOf(*view, family);
  if (version == nullptr) return FamilyDropped();
  if (!version->order().Less(begin, end)) return 0;
  uint64_t bytes = view->active->memtable.ApproximateBytes(family.id, begin, end);
  for (const WriteBufferPtr& buffer : view->immutable)
    bytes += buffer->memtable.ApproximateBytes(family.id, begin, end);
  Covers covers({*view, family.id, *version}, key::SequenceNumber{reads_->visible.load(std::memory_order_acquire)});
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : version->Overlapping(level, begin, end)) {
      AMETHYST_ASSIGN(const uint64_t in_table, BytesIn(*table, {.begin = begin, .end = end}, &covers));
      bytes += in_table;
    }
  }
  return bytes;
}

// --- Options ---

Result<Options> Engine::Change(const Changes& changes) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  AMETHYST_TRY(CheckWritable());
  return change_.Change(changes, *background_);
}

// --- Families ---

Result<tree::FamilyKey> Engine::CreateFamily(std::string_view name, const FamilyOptions& options) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  AMETHYST_TRY(CheckWritable());
  return families_.Create(name, options);
}

Result<tree::FamilyKey> Engine::OpenFamily(std::string_view name) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  return families_.Open(name);
}

Status Engine::DropFamily(const FamilyKey& family) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  AMETHYST_TRY(families_.Drop(family));
  background_->DeleteDropped();
  return {};
}

Status Engine::RenameFamily(const FamilyKey& family, std::string_view name) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return families_.Rename(family, name);
}

std::vector<std::string> Engine::FamilyNames() { return families_.Names(); }

std::string Engine::FamilyName(const FamilyKey& family) { return families_.NameOf(family); }

std::string Engine::MergeOperatorName(const FamilyKey& family) {
  const ViewPtr view = reads_->view.Acquire();
  const tree::FamilyTree* const tree = view->forest->Find(family);
  if (tree == nullptr) return {};
  const key::Merging& merging = MergingOf(*reads_, *tree->family);
  // One that was given has a name before the manifest has it, which notes it with the first operand.
  return merging.merge_operator != nullptr ? std::string(merging.merge_operator->Name()) : merging.operator_name;
}

Result<FamilyStats> Engine::GetFamilyStats(const FamilyKey& family) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  const ViewPtr view = reads_->view.Acquire();
  const tree::Version* const version = VersionOf(*view, family);
  if (version == nullptr) return FamilyDropped();
  return FamilyStatsOf(*version);
}

Stats Engine::GetStats() {
  const OperationGate::Operation operation(reads_->gate);
  Stats stats = StatsOf(*database_, static_cast<bool>(operation));
  if (operation && background_ != nullptr) stats.compaction_debt_bytes = background_->throttle().debt_bytes();
  return stats;
}

}  // namespace amethyst::engine
