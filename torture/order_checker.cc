#include "torture/order_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/coding.h"
#include "catalog/manifest.h"
#include "tree/file_names.h"
#include "wal/log_format.h"

namespace amethyst::torture {

namespace {

using Kind = TraceOperation::Kind;
using tree::FileType;

tree::ParsedFileName Parse(const std::string& path) {
  const auto parsed = tree::ParseFileName(path.substr(path.rfind('/') + 1));
  return parsed.value_or(tree::ParsedFileName{FileType::kLock});
}

bool IsCurrent(const std::string& path) { return Parse(path).type == FileType::kCurrent; }

}  // namespace

std::string OrderChecker::Check(const std::vector<TraceOperation>& operations, std::string directory) {
  OrderChecker checker(std::move(directory));
  for (const TraceOperation& operation : operations) checker.Apply(operation);
  return checker.violation();
}

void OrderChecker::Expect(bool holds, const std::string& rule, const std::string& what) {
  ++checks_;
  if (!holds && violation_.empty()) violation_ = fmt::format("order, {}: {} at operation {}", rule, what, position_);
}

OrderChecker::File* OrderChecker::Find(const std::string& path) {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &files_[found->second];
}

bool OrderChecker::IsDurable(const std::string& path) {
  const File* const file = Find(path);
  return file != nullptr && file->name_is_durable && file->synced >= file->written && !file->sync_failed;
}

void OrderChecker::Apply(const TraceOperation& operation) {
  ++position_;
  if (!operation.path.empty() && operation.path != directory_ &&
      !operation.path.starts_with(directory_.empty() ? "" : directory_ + "/")) {
    return;
  }
  CheckLatch(operation);
  switch (operation.kind) {
    case Kind::kCreate: return Create(operation);
    case Kind::kWrite: return Write(operation);
    case Kind::kResize: return;
    case Kind::kSync:
    case Kind::kRewriteAndSync: {
      File& file = files_[operation.file];
      file.synced = file.written;
      if (operation.kind == Kind::kRewriteAndSync) file.sync_failed = false;
      return;
    }
    case Kind::kRename: return Rename(operation);
    case Kind::kLink: return;  // Out of the database's directory.
    case Kind::kRemove: return Remove(operation);
    case Kind::kSyncDirectory:
      for (const FileId id : std::views::values(names_)) files_[id].name_is_durable = true;
      if (const File* current = Find(operation.path + "/CURRENT")) {
        const auto number = catalog::ParseCurrent(current->bytes, current->path);
        if (number) possible_current_ = {key::Raw(*number)};
      }
      return;
    case Kind::kFailedSync: files_[operation.file].sync_failed = true; [[fallthrough]];
    case Kind::kFailedWrite:
    case Kind::kFailedSyncDirectory:
      if (!operation.clears_by_itself && !latched_) latched_ = operation.path;
      return;
    case Kind::kOpening:
      latched_.reset();
      // Without CURRENT there is no database yet, and the open begins anew.
      if (std::ranges::none_of(std::views::keys(names_), IsCurrent)) numbers_.clear();
      return;
    case Kind::kAcknowledged: return CheckAcknowledged();
  }
}

void OrderChecker::CheckLatch(const TraceOperation& operation) {
  if (operation.kind == Kind::kOpening || operation.kind == Kind::kFailedWrite || !latched_) return;
  Expect(false, "latched",
         fmt::format("operation of kind {} on {} after a write or sync of {} had failed",
                     static_cast<int>(operation.kind), operation.path, *latched_));
}

void OrderChecker::Create(const TraceOperation& operation) {
  names_[operation.path] = operation.file;
  files_[operation.file].path = operation.path;
  const tree::ParsedFileName parsed = Parse(operation.path);
  if (key::Raw(parsed.number) == 0) return;
  Expect(numbers_.insert(key::Raw(parsed.number)).second, "reused", "a file number was given again: " + operation.path);
}

void OrderChecker::Write(const TraceOperation& operation) {
  File& file = files_[operation.file];
  Expect(!file.sync_failed, "latched", operation.path + " was written to after its sync had failed");
  const FileType type = Parse(operation.path).type;
  file.written = std::max<uint64_t>(file.written, operation.offset + operation.bytes.size());
  if (type == FileType::kTable || type == FileType::kLock) return;
  if (type == FileType::kLogSegment) referred_to_.insert(key::Raw(Parse(operation.path).number));
  file.bytes.resize(std::max<size_t>(file.bytes.size(), file.written));
  file.bytes.replace(operation.offset, operation.bytes.size(), operation.bytes);
  if (type == FileType::kManifest) WriteManifest(operation);
  if (type == FileType::kLogSegment) ParseLog(file);
}

void OrderChecker::WriteManifest(const TraceOperation& operation) {
  if (operation.offset < catalog::kManifestRecordsBegin) {
    const File& file = files_[operation.file];
    Expect(operation.offset == 0 || file.synced == file.written, "manifest",
           operation.path + " was marked durable before it was synced");
    return;
  }
  const uint64_t number = key::Raw(Parse(operation.path).number);
  Manifest& manifest = manifests_[number];
  const auto payload_bytes = base::LoadFixed<uint32_t>(operation.bytes.data() + 8);
  const auto edit = tree::VersionEdit::FromBytes(
      std::string_view(operation.bytes).substr(catalog::kManifestRecordHeaderBytes, payload_bytes));
  Expect(edit.has_value(), "manifest", operation.path + " holds a record that cannot be read");
  if (!edit) return;
  for (const tree::RemovedTable& removed : edit->removed) {
    manifest.tables.erase(key::Raw(removed.number));
    manifest.forgotten_at[key::Raw(removed.number)] = operation.offset + operation.bytes.size();
  }
  for (const tree::AddedTable& added : edit->added) {
    manifest.tables[key::Raw(added.number)] = added.info.file_bytes;
    manifest.forgotten_at.erase(key::Raw(added.number));
    if (possible_current_.contains(number)) referred_to_.insert(key::Raw(added.number));
  }
  if (edit->first_log_segment) manifest.first_log_segment = key::Raw(*edit->first_log_segment);
  if (possible_current_.contains(number)) CheckTables(manifest, "an edit was written to " + operation.path);
}

void OrderChecker::CheckTables(const Manifest& manifest, const std::string& when) {
  for (const auto& [id, file] : files_) {
    const tree::ParsedFileName parsed = Parse(file.path);
    if (parsed.type != FileType::kTable) continue;
    const auto listed = manifest.tables.find(key::Raw(parsed.number));
    if (listed == manifest.tables.end()) continue;
    Expect(IsDurable(file.path), "manifest", fmt::format("{} before {} was durable", when, file.path));
    Expect(file.written == listed->second, "manifest", fmt::format("{}, with a wrong size of {}", when, file.path));
  }
}

void OrderChecker::ParseLog(File& file) {
  if (file.parsed == 0 && file.bytes.size() >= wal::kSegmentHeaderBytes) file.parsed = wal::kSegmentHeaderBytes;
  while (file.parsed >= wal::kSegmentHeaderBytes && file.parsed + wal::kRecordHeaderBytes <= file.bytes.size()) {
    const wal::RecordHeader header = wal::DecodeRecordHeader(file.bytes.data() + file.parsed);
    if (header.length < wal::kRecordHeaderBytes || file.parsed + header.length > file.bytes.size()) return;
    file.parsed += header.padded_bytes();
    if (header.kind != wal::RecordKind::kBatch && header.kind != wal::RecordKind::kIngest) continue;
    Expect(key::Raw(header.first) > last_sequence_, "reused",
           fmt::format("{} holds sequence number {} after {}", file.path, key::Raw(header.first), last_sequence_));
    last_sequence_ = std::max(last_sequence_, key::Raw(header.first) + header.count - 1);
  }
}

void OrderChecker::Rename(const TraceOperation& operation) {
  const auto found = names_.find(operation.path);
  if (found == names_.end()) return;
  const FileId id = found->second;
  names_.erase(found);
  names_[operation.to] = id;
  files_[id].path = operation.to;
  files_[id].name_is_durable = false;
  if (IsCurrent(operation.to)) ReplaceCurrent(operation);
}

void OrderChecker::ReplaceCurrent(const TraceOperation& operation) {
  File& file = *Find(operation.to);
  Expect(file.synced == file.written && file.written > 0, "manifest",
         "CURRENT was replaced by a file that is not synced");
  const auto number = catalog::ParseCurrent(file.bytes, operation.to);
  Expect(number.has_value(), "manifest", "CURRENT was replaced by something else");
  if (!number) return;
  const std::string path = operation.to.substr(0, operation.to.rfind('/') + 1) + tree::ManifestFileName(*number);
  Expect(IsDurable(path), "manifest", "CURRENT was replaced before " + path + " was durable");
  const Manifest& manifest = manifests_[key::Raw(*number)];
  CheckTables(manifest, "CURRENT was replaced");
  for (const uint64_t table : std::views::keys(manifest.tables)) referred_to_.insert(table);
  possible_current_.insert(key::Raw(*number));
  referred_to_.insert(key::Raw(*number));
}

void OrderChecker::Remove(const TraceOperation& operation) {
  const auto found = names_.find(operation.path);
  const tree::ParsedFileName parsed = Parse(operation.path);
  const uint64_t number = key::Raw(parsed.number);
  for (const uint64_t current : possible_current_) {
    if (parsed.type == FileType::kTable) {
      Expect(!manifests_[current].tables.contains(number), "unlink", operation.path + " is needed by a manifest");
    } else if (parsed.type == FileType::kManifest) {
      Expect(current != number, "unlink", operation.path + " may be what CURRENT names after a crash");
    }
  }
  Expect(parsed.type != FileType::kCurrent, "unlink", "CURRENT was removed");
  // What forgets a table must be durable, not only written. A manifest that never named it forgot it when it was begun.
  if (parsed.type == FileType::kTable && referred_to_.contains(number)) {
    for (const uint64_t current : possible_current_) {
      for (const auto& [id, file] : files_) {
        if (Parse(file.path).type != FileType::kManifest || key::Raw(Parse(file.path).number) != current) continue;
        const auto& forgotten_at = manifests_[current].forgotten_at;
        const auto forgotten = forgotten_at.find(number);
        const bool is_durable = forgotten == forgotten_at.end() ? file.synced > 0 : file.synced >= forgotten->second;
        Expect(is_durable, "unlink", operation.path + " was removed before the edit was durable");
      }
    }
  }
  if (!referred_to_.contains(number)) numbers_.erase(number);
  if (found == names_.end()) return;
  if (parsed.type == FileType::kLogSegment) CheckSegmentIsObsolete(files_[found->second], number);
  files_.erase(found->second);
  names_.erase(found);
}

// Nothing was stored in it, or no manifest wants it, or a later segment's durable header has cut it off.
void OrderChecker::CheckSegmentIsObsolete(const File& file, uint64_t number) {
  if (file.written == 0) return;
  const bool is_flushed = !possible_current_.empty() && std::ranges::all_of(possible_current_, [&](uint64_t current) {
    return number < manifests_[current].first_log_segment;
  });
  const bool is_cut = std::ranges::any_of(files_, [&](const auto& entry) {
    const File& other = entry.second;
    if (Parse(other.path).type != FileType::kLogSegment || other.synced < wal::kSegmentHeaderBytes) return false;
    const auto header = wal::DecodeSegmentHeader(other.bytes);
    return header && key::Raw(header->segment) > number && key::Raw(header->cut.segment) < number;
  });
  Expect(is_flushed || is_cut, "unlink", file.path + " is needed by a manifest");
}

void OrderChecker::CheckAcknowledged() {
  for (const auto& [path, id] : names_) {
    const File& file = files_[id];
    if (Parse(path).type != FileType::kLogSegment || file.written == 0) continue;
    Expect(file.synced == file.written && file.name_is_durable, "acknowledged",
           fmt::format("durability was acknowledged with {} synced to {} of {}, its name {}", path, file.synced,
                       file.written, file.name_is_durable ? "durable" : "not durable"));
  }
}

}  // namespace amethyst::torture
