#include "inspect/verify.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/readable.h"
#include "cache/block_cache.h"
#include "catalog/foreign.h"
#include "ingest/ingest_record.h"
#include "inspect/family_figures.h"
#include "inspect/tree_report.h"
#include "sstable/table_reader.h"
#include "tree/file_names.h"
#include "tree/file_removal.h"
#include "tree/tombstone_table.h"
#include "wal/batch_encoding.h"
#include "wal/log_follower.h"
#include "wal/log_recovery.h"

namespace amethyst::inspect {

namespace {

constexpr size_t kCacheBytes = size_t{32} << 20;

class Verification {
 public:
  Verification(io::FileSystem& files, const std::string& directory, const TreeReport& tree, bool beside_writer)
      : files_(files),
        directory_(directory),
        tree_(tree),
        beside_writer_(beside_writer),
        cache_({.capacity_bytes = kCacheBytes}) {}

  VerifyReport Run() {
    report_.problems = tree_.problems;
    for (const FamilyFigures& family : FiguresByFamily(tree_.state)) {
      of_family_.emplace(family.id, report_.families.size());
      report_.families.push_back({.name = FamilyName(tree_.state, family.id)});
    }
    CheckManifest();
    for (key::Level level = 0; level < key::kLevels; ++level) {
      for (const tree::AddedTable& table : tree_.state.levels[level]) CheckTable(level, table);
      if (level > 0) CheckDisjoint(level);
    }
    for (const tree::AddedTable& table : tree_.state.range_tombstones) CheckTombstones(table);
    // Without a manifest nobody says where the log begins, nor whose it is.
    if (tree_.problems.empty()) CheckLog();
    for (const std::string& name : tree_.leftovers) {
      report_.notes.push_back(fmt::format("{}: left over; the next open for writing removes it", name));
    }
    return std::move(report_);
  }

 private:
  void Problem(std::string text) { report_.problems.push_back(std::move(text)); }

  void CheckManifest() {
    const catalog::ManifestReport& manifest = tree_.manifest_report;
    const std::string name = tree::ManifestFileName(tree_.manifest);
    if (manifest.damaged_copies > 0) {
      Problem(fmt::format(
          "{}: {} of its records are damaged in one of their two copies; the next open for writing heals it", name,
          manifest.damaged_copies));
    }
    if (manifest.torn_bytes > 0) {
      report_.notes.push_back(fmt::format("{}: a torn end of {} bytes, never acknowledged", name, manifest.torn_bytes));
    }
    for (const FamilyFigures& family : FiguresByFamily(tree_.state)) {
      if (family.comparator_name.empty() || IsBytewise(family.id)) continue;
      Problem(fmt::format("{}: keys are in the order '{}' of the program that wrote it; this one cannot check them{}",
                          name, family.comparator_name, NameBehind(family.id)));
    }
  }

  void CheckTable(key::Level level, const tree::AddedTable& listed) {
    const bool is_known = IsBytewise(listed.family) || listed.family == key::kDefaultFamily;
    if (!is_known || OpenTable(level, listed) == nullptr) return;
    report_.table_entries += listed.info.entries;
    FamilyOf(listed).entries += listed.info.entries;
  }

  void CheckTombstones(const tree::AddedTable& listed) {
    const auto reader = OpenTable(0, listed);
    if (reader == nullptr) return;
    FamilyOf(listed).range_deletes += listed.info.entries;
    if (!IsBytewise(listed.family)) return;  // Where one ends and the next begins only their program knows.
    const auto tombstones = tree::ReadTombstones(*reader, tree::TableFileName(listed.number), key::Order());
    if (!tombstones) Problem(tombstones.error().message());
  }

  VerifyReport::Family& FamilyOf(const tree::AddedTable& table) {
    return report_.families[of_family_.find(table.family)->second];
  }

  // Behind what is told of its tables: " (family users)".
  [[nodiscard]] std::string NameBehind(key::FamilyId family) const {
    if (family == key::kDefaultFamily) return {};
    return fmt::format(" (family {})", base::Readable(FamilyName(tree_.state, family)));
  }

  [[nodiscard]] bool IsBytewise(key::FamilyId family) const {
    const auto described = tree_.state.families.find(family);
    return (described == tree_.state.families.end()
                ? tree_.state.comparator_name
                : described->second.comparator_name) == BytewiseComparator()->Name();
  }

  // nullptr: it is not whole, which is told.
  std::unique_ptr<sstable::TableReader> OpenTable(key::Level level, const tree::AddedTable& listed) {
    const auto failed = [&](std::string text) {
      Problem(std::move(text) + NameBehind(listed.family));
      return nullptr;
    };
    const std::string path = io::JoinPath(directory_, tree::TableFileName(listed.number));
    ++report_.tables;
    const auto exists = files_.Exists(path);
    if (exists && !*exists) return failed(fmt::format("{}: missing; it is listed in level {}", path, level));
    auto file = files_.Open(path);
    if (!file) return failed(file.error().message());
    auto reader = sstable::TableReader::Open(*std::move(file), listed.info, key::Order(), cache_);
    if (!reader) return failed(reader.error().message());
    if (const Status verified = (*reader)->Verify(); !verified) return failed(verified.error().message());
    report_.table_bytes += listed.info.file_bytes;
    FamilyOf(listed).bytes += listed.info.file_bytes;
    ++FamilyOf(listed).tables;
    return *std::move(reader);
  }

  void CheckDisjoint(key::Level level) {
    std::map<key::FamilyId, const tree::AddedTable*> before;
    for (const tree::AddedTable& table : tree_.state.levels[level]) {
      const tree::AddedTable* const last = std::exchange(before[table.family], &table);
      if (!IsBytewise(table.family) || last == nullptr || last->info.largest < table.info.smallest) continue;
      Problem(fmt::format("level {}: tables {} and {} overlap{}", level, key::Raw(last->number), key::Raw(table.number),
                          NameBehind(table.family)));
    }
  }

  // Tables that wait for their flush are in no manifest: what an open would read of them, and all of it.
  [[nodiscard]] Status CheckIngest(const wal::RecoveredBatch& record) {
    AMETHYST_ASSIGN(const ingest::Incoming incoming, ingest::ReadIngestRecord(record.payload));
    if (record.first + (record.count - 1) <= tree_.state.flushed_sequence) return {};
    for (const ingest::IncomingTable& table : incoming.tables) {
      if (!IsBytewise(table.added.family)) continue;
      AMETHYST_ASSIGN(auto file, files_.Open(io::JoinPath(directory_, tree::TableFileName(table.added.number))));
      AMETHYST_ASSIGN(const auto reader,
                      sstable::TableReader::Open(std::move(file), table.added.info, key::Order(), cache_));
      AMETHYST_TRY(reader->Verify());
    }
    return {};
  }

  [[nodiscard]] Status CheckFamilies(const wal::RecoveredBatch& batch) {
    if (batch.kind == wal::RecordKind::kIngest) return CheckIngest(batch);
    wal::BatchReader reader(batch.payload);
    for (wal::BatchEntry entry; reader.Next(&entry);) {
      if (key::FamilyId{entry.family} < tree_.state.next_family_id) continue;
      return base::Corruption("batch of sequence {}: family {} is not known to the manifest", key::Raw(batch.first),
                              entry.family);
    }
    return {};
  }

  // Its end is being written: only what a later segment continues can be told from that.
  void FollowLog(const std::vector<key::FileNumber>& segments) {
    const ManifestState& state = tree_.state;
    const wal::LogFollower::Place place{.files = &files_, .directory = directory_, .database_uid = state.database_uid};
    const auto begin = wal::ReadHeaderOf(place, segments.front());
    if (!begin) return Problem(begin.error().message());
    wal::LogFollower log(place, begin->Begin());
    const auto check = [&]() -> Result<bool> {
      AMETHYST_ASSIGN(const std::optional<wal::WholeRecord> record, log.Peek());
      if (!record) return false;
      report_.log_batches += record->header.count > 0 ? 1 : 0;
      AMETHYST_TRY(log.Pass());
      return log.at().segment <= segments.back();  // Not after a writer who is faster.
    };
    Result<bool> goes_on = true;
    while (goes_on && *goes_on) goes_on = check();
    report_.log_segments = segments.size();
    if (!goes_on) Problem(goes_on.error().message());
  }

  void CheckLog() {
    const ManifestState& state = tree_.state;
    std::vector<key::FileNumber> segments;
    for (const SegmentFile& segment : tree_.segments) {
      if (segment.needed) segments.push_back(segment.number);
    }
    if (beside_writer_) {
      if (!segments.empty()) FollowLog(segments);
      return;
    }
    const auto recovered = wal::RecoverLog(files_,
                                           {.directory = directory_,
                                            .database_uid = state.database_uid,
                                            .segments = segments,
                                            .first_segment = state.first_log_segment,
                                            .clean_end = state.clean_log_end,
                                            .read_only = true},
                                           [&](const wal::RecoveredBatch& batch) { return CheckFamilies(batch); });
    if (!recovered) return Problem(recovered.error().message());
    report_.log_segments = recovered->replayed_segments.size();
    report_.log_batches = recovered->batches;
    if (recovered->torn_tails > 0) {
      report_.notes.push_back(
          fmt::format("log: a torn tail of {} bytes, never acknowledged as synced", recovered->torn_bytes));
    }
  }

  io::FileSystem& files_;
  const std::string& directory_;
  const TreeReport& tree_;
  const bool beside_writer_;
  cache::BlockCache cache_;
  VerifyReport report_;
  std::map<key::FamilyId, size_t> of_family_;  // Where each is in the report.
};

// What keeps the files while they are read: the lock, or, beside a writer, a mark that has it remove nothing.
struct Guard {
  std::unique_ptr<io::FileLock> lock;
  std::unique_ptr<io::ReaderMarks> marks;

  [[nodiscard]] bool is_beside_writer() const { return lock == nullptr; }
};

Result<Guard> GuardFiles(io::FileSystem& files, const std::string& directory) {
  auto lock = files.Lock(io::JoinPath(directory, tree::kLockFileName), io::LockMode::kShared);
  if (lock) return Guard{.lock = *std::move(lock), .marks = nullptr};
  if (lock.error().code() != ErrorCode::kBusy) return std::unexpected(std::move(lock).error());
  constexpr std::chrono::hours kLongest{24};
  AMETHYST_ASSIGN(auto marks, files.OpenMarks(io::JoinPath(directory, tree::kReadersFileName), io::MarksFile::kFound));
  if (marks == nullptr) return std::unexpected(std::move(lock).error());  // It is none that knows of readers.
  AMETHYST_TRY(marks->Hold(tree::MarkPlace(0, kLongest)));
  return Guard{.lock = nullptr, .marks = std::move(marks)};
}

}  // namespace

Result<VerifyReport> VerifyDatabase(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_TRY(catalog::CheckNotForeign(files, directory));  // Whose lock would be taken.
  AMETHYST_ASSIGN(const Guard guard, GuardFiles(files, directory));
  AMETHYST_ASSIGN(const TreeReport tree, InspectTree(files, directory));
  return Verification(files, directory, tree, guard.is_beside_writer()).Run();
}

}  // namespace amethyst::inspect
