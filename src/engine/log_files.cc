#include "engine/log_files.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "catalog/census.h"
#include "engine/cursor_list.h"
#include "tree/file_names.h"
#include "wal/segment_reader.h"

namespace amethyst::engine {

namespace {

bool Contains(const std::vector<key::FileNumber>& segments, key::FileNumber segment) {
  return std::ranges::find(segments, segment) != segments.end();
}

Result<wal::SegmentHeader> HeaderOf(const Storage& storage, key::FileNumber segment) {
  AMETHYST_ASSIGN(const auto file, storage.home->files().Open(storage.PathOf(tree::LogFileName(segment))));
  return wal::ReadSegmentHeader(*file, storage.catalog->recovered().database_uid, segment);
}

}  // namespace

Result<std::vector<key::FileNumber>> ListSegments(const Storage& storage) {
  AMETHYST_ASSIGN(const std::vector<std::string> names, storage.home->files().List(storage.directory));
  std::vector<key::FileNumber> segments;
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (parsed && parsed->type == tree::FileType::kLogSegment) segments.push_back(parsed->number);
  }
  std::ranges::sort(segments);
  return segments;
}

bool KeptLog::Has(const wal::LogCut& place) const {
  if (place.position() > end.position()) return false;
  if (Contains(segments, place.segment) || Contains(replayed, place.segment)) return true;
  return place.position() == begin.position() && place.chained_checksum == begin.chained_checksum;
}

KeptLog FindKeptLog(const Storage& storage, const wal::LogRecoveryReport& report, key::FileNumber first) {
  KeptLog kept{.segments = {}, .replayed = report.replayed_segments, .begin = report.cut, .end = report.cut};
  if (!report.replayed_segments.empty()) {
    const auto header = HeaderOf(storage, report.replayed_segments.front());
    if (!header) return kept;
    kept.begin = header->cut;
  }
  while (kept.begin.segment != key::FileNumber{} && kept.begin.segment >= first) {
    const auto header = HeaderOf(storage, kept.begin.segment);
    if (!header) break;
    kept.segments.insert(kept.segments.begin(), kept.begin.segment);
    kept.begin = header->cut;
  }
  return kept;
}

catalog::LogFloor FloorAfter(const View& view, size_t flushed) {
  std::vector<catalog::LogFloor> memtables{view.active->log_floor()};
  for (const WriteBufferPtr& buffer : view.immutable) memtables.push_back(buffer->log_floor());
  std::ranges::reverse(memtables);  // A view has the newest first.
  return catalog::FloorAfter(memtables, flushed);
}

bool BeginsLater(const Storage& storage, const wal::LogRecoveryReport& report, const KeptLog& kept) {
  const catalog::RecoveredCatalog& recovered = storage.catalog->recovered();
  return recovered.log_is_empty() && (recovered.is_durable || recovered.created) && report.replayed_segments.empty() &&
         report.dropped_segments.empty() && kept.segments.empty() && !storage.cursors->FirstNeeded();
}

Status NoteLogBegin(Storage& storage, ReadContext& reads, key::FileNumber first) {
  if (storage.catalog->first_log_segment() >= first) return {};  // A flush has noted more.
  catalog::LogFloor floor = FloorAfter(*reads.view.Acquire(), 0);
  floor.first_segment = first;
  tree::VersionEdit edit;
  floor.NoteIn(&edit);
  return storage.Note(std::move(edit));
}

Status RemoveLeftovers(Storage& storage, Health& health, const View& view, const std::vector<key::FileNumber>& dropped,
                       key::FileNumber first_needed) {
  io::FileSystem& files = storage.home->files();
  AMETHYST_ASSIGN(std::vector<std::string> names, storage.catalog->Orphans());
  for (const WriteBufferPtr& buffer : view.immutable) {  // What an ingest has brought, and no manifest names yet.
    if (buffer->ingested == nullptr) continue;
    for (const tree::AddedTable& table : buffer->ingested->added()) {
      std::erase(names, tree::TableFileName(table.number));
    }
  }
  AMETHYST_ASSIGN(const std::vector<key::FileNumber> segments, ListSegments(storage));
  const std::vector<key::FileNumber> of_the_log = storage.log->segments();
  for (const key::FileNumber segment : segments) {
    const bool is_leftover = segment < first_needed && !Contains(of_the_log, segment);
    if (is_leftover || Contains(dropped, segment)) names.push_back(tree::LogFileName(segment));
  }
  const catalog::Owner owner{storage.catalog->recovered().database_uid, storage.catalog->recovered().ancestors};
  for (const std::string& name : names) {
    const std::string path = storage.PathOf(name);
    std::string what;
    if (catalog::IsProven(files, path, *tree::ParseFileName(name), owner, &what)) {
      health.Log("removing leftover " + name);
      AMETHYST_TRY(storage.Remove(name));
    } else {
      health.Log(fmt::format("leaving {}, which is not this database's: {}", name, what));
    }
  }
  return storage.log->RemoveBefore(first_needed);
}

}  // namespace amethyst::engine
