#include "catalog/manifest.h"

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::catalog {
namespace {

constexpr uint64_t Padded(uint64_t bytes) {
  return (bytes + kManifestAlignment - 1) & ~uint64_t{kManifestAlignment - 1};
}
static_assert(kManifestRecordsBegin % kManifestAlignment == 0 && kManifestRecordHeaderBytes % kManifestAlignment == 0);

base::Location LocationOf(const ManifestIdentity& identity, uint64_t offset) {
  const base::Uid& uid = identity.database_uid;
  return {.owner = {.low = uid.low ^ key::Raw(identity.number), .high = uid.high}, .offset = offset};
}

struct Record {
  uint64_t begin = 0;
  uint32_t ordinal = 0;
  std::string_view payload;
  [[nodiscard]] uint64_t end() const { return begin + kManifestRecordHeaderBytes + Padded(payload.size()); }
};

// Finds whole records. What it hashes is bounded by a multiple of the file's size, whatever the lengths claim.
class RecordFinder {
 public:
  // `bytes` are the manifest's from `begin` on.
  RecordFinder(std::string_view bytes, const ManifestIdentity& identity, uint64_t begin = 0)
      : bytes_(bytes), identity_(identity), begin_(begin), hash_bytes_left_(16 * bytes.size()) {}

  // The first whole record at or after `offset`.
  [[nodiscard]] std::optional<Record> Find(uint64_t offset) {
    const uint64_t end = begin_ + bytes_.size();
    for (; offset + kManifestRecordHeaderBytes <= end && !exhausted(); offset += kManifestAlignment) {
      if (const std::optional<Record> record = At(offset)) return record;
    }
    return std::nullopt;
  }
  // Gave up, for too much of the file looks like records and is none.
  [[nodiscard]] bool exhausted() const { return hash_bytes_left_ == 0; }

 private:
  std::optional<Record> At(uint64_t offset) {
    AMETHYST_DCHECK(offset % kManifestAlignment == 0 && offset >= begin_);
    const std::string_view rest = bytes_.substr(offset - begin_);
    const auto length = base::LoadFixed<uint32_t>(rest.data() + 8);
    if (length > rest.size() - kManifestRecordHeaderBytes) return std::nullopt;
    const std::string_view checked = rest.substr(8, 8 + size_t{length});
    hash_bytes_left_ -= std::min<uint64_t>(hash_bytes_left_, checked.size());
    const uint64_t expected = base::Checksum(checked, LocationOf(identity_, offset));
    if (base::LoadFixed<uint64_t>(rest.data()) != expected) return std::nullopt;
    return Record{.begin = offset,
                  .ordinal = base::LoadFixed<uint32_t>(rest.data() + 12),
                  .payload = rest.substr(kManifestRecordHeaderBytes, length)};
  }

  std::string_view bytes_;
  ManifestIdentity identity_;
  uint64_t begin_;
  uint64_t hash_bytes_left_;
};

bool HasHeader(std::string_view bytes) {
  return bytes.size() >= kManifestHeaderBytes && bytes.starts_with(kManifestMagic);
}

ManifestIdentity IdentityIn(std::string_view header) {
  return {.database_uid = {.low = base::LoadFixed<uint64_t>(header.data() + 16),
                           .high = base::LoadFixed<uint64_t>(header.data() + 24)},
          .number = key::FileNumber{base::LoadFixed<uint64_t>(header.data() + 32)}};
}

uint64_t HeaderChecksum(std::string_view header, const ManifestIdentity& identity) {
  return base::Checksum(header.substr(0, kManifestHeaderBytes - 8), LocationOf(identity, 0));
}

Result<ManifestIdentity> ParseHeader(std::string_view bytes, const std::string& path, key::FileNumber number) {
  if (!HasHeader(bytes)) {
    return base::Corruption("{}, offset 0: expected the header of a manifest, found something else in {} bytes", path,
                            bytes.size());
  }
  const ManifestIdentity identity = IdentityIn(bytes);
  const uint64_t expected = HeaderChecksum(bytes, identity);
  const auto found = base::LoadFixed<uint64_t>(bytes.data() + kManifestHeaderBytes - 8);
  if (found != expected) {
    return base::Corruption("{}, offset 40: checksum expected {:016x}, found {:016x}", path, expected, found);
  }
  const auto version = base::LoadFixed<uint32_t>(bytes.data() + 8);
  if (version != kManifestVersion) {
    return base::NotSupported("{}: manifest format version {} is not known to this build, which reads {}", path,
                              version, kManifestVersion);
  }
  if (identity.number != number) {
    return base::Corruption("{}, offset 32: expected manifest number {}, found {}", path, key::Raw(number),
                            key::Raw(identity.number));
  }
  return identity;
}

// How many records the mark counts.
uint64_t RecordsMarked(std::string_view bytes, const ManifestIdentity& identity) {
  if (bytes.size() < kManifestRecordsBegin) return 0;
  const auto records = base::LoadFixed<uint64_t>(bytes.data() + kManifestHeaderBytes);
  const bool holds = bytes.substr(kManifestHeaderBytes, kManifestMarkBytes) == EncodeManifestMark(identity, records);
  return holds ? records : 0;
}

Result<tree::VersionEdit> DecodeRecord(const Record& record, const std::string& path) {
  Result<tree::VersionEdit> edit = tree::VersionEdit::FromBytes(record.payload);
  if (edit) return edit;
  return base::MakeError(edit.error().code(), "{}, record at offset {}: {}", path, record.begin,
                         edit.error().message());
}

// Passes records to `apply` from `at` on, which moves, until there are as many as `records_max`. How many had a damaged
// copy.
Result<uint64_t> ParseRecords(RecordFinder* finder, const std::string& path, uint64_t records_max,
                              base::FunctionRef<Status(const tree::VersionEdit&)> apply, ManifestPosition* at) {
  uint64_t damaged_copies = 0;
  while (at->records < records_max) {
    const std::optional<Record> record = finder->Find(at->offset);
    if (!record) break;
    if (record->begin != at->offset) ++damaged_copies;
    if (record->ordinal == at->records) {
      AMETHYST_ASSIGN(const tree::VersionEdit edit, DecodeRecord(*record, path));
      AMETHYST_TRY(apply(edit));
      ++at->records;
    } else if (uint64_t{record->ordinal} + 1 != at->records) {  // Not the second copy of the last one either.
      return base::Corruption("{}, offset {}: damaged: expected record {}, found record {} at offset {}", path,
                              at->offset, at->records, record->ordinal, record->begin);
    }
    at->offset = record->end();
  }
  return damaged_copies;
}

}  // namespace

std::string EncodeManifestHeader(const ManifestIdentity& identity) {
  std::string header(kManifestMagic);
  base::AppendFixed<uint32_t>(&header, kManifestVersion);
  base::AppendFixed<uint32_t>(&header, 0);
  base::AppendFixed(&header, identity.database_uid.low);
  base::AppendFixed(&header, identity.database_uid.high);
  base::AppendFixed(&header, key::Raw(identity.number));
  base::AppendFixed(&header, base::Checksum(header, LocationOf(identity, 0)));
  AMETHYST_ASSERT(header.size() == kManifestHeaderBytes);
  return header;
}

std::string EncodeManifestMark(const ManifestIdentity& identity, uint64_t records) {
  std::string mark;
  base::AppendFixed(&mark, records);
  base::AppendFixed(&mark, base::Checksum(mark, LocationOf(identity, kManifestHeaderBytes)));
  AMETHYST_ASSERT(mark.size() == kManifestMarkBytes);
  return mark;
}

std::string EncodeManifestRecord(const ManifestIdentity& identity, uint64_t offset, uint32_t ordinal,
                                 std::string_view payload) {
  AMETHYST_ASSERT(offset % kManifestAlignment == 0 && payload.size() <= kManifestBytesMax);
  std::string checked;
  base::AppendFixed(&checked, static_cast<uint32_t>(payload.size()));
  base::AppendFixed(&checked, ordinal);
  checked += payload;
  std::string copies;
  for (int copy = 0; copy < 2; ++copy) {
    base::AppendFixed(&copies, base::Checksum(checked, LocationOf(identity, offset + copies.size())));
    copies += checked;
    copies.resize(Padded(copies.size()));
  }
  AMETHYST_ASSERT(copies.size() == ManifestRecordBytes(payload.size()));
  return copies;
}

Result<std::unique_ptr<ManifestWriter>> ManifestWriter::Create(io::FileSystem& files, const std::string& directory,
                                                               const ManifestIdentity& identity) {
  AMETHYST_ASSIGN(auto file, files.Create(io::JoinPath(directory, tree::ManifestFileName(identity.number))));
  AMETHYST_TRY(file->Append(EncodeManifestHeader(identity) + EncodeManifestMark(identity, 0)));
  return std::unique_ptr<ManifestWriter>(new ManifestWriter(std::move(file), identity));
}

uint64_t ManifestRecordBytes(size_t payload_bytes) { return 2 * (kManifestRecordHeaderBytes + Padded(payload_bytes)); }

Status ManifestWriter::Append(std::string_view payload) {
  AMETHYST_ASSERT(file_->size() >= kManifestRecordsBegin && file_->size() % kManifestAlignment == 0);
  AMETHYST_TRY(file_->Append(EncodeManifestRecord(identity_, file_->size(), next_ordinal_, payload)));
  ++next_ordinal_;
  AMETHYST_TRY(file_->Sync());
  return file_->Overwrite(kManifestHeaderBytes, EncodeManifestMark(identity_, next_ordinal_));
}

Result<ManifestReport> ParseManifest(std::string_view bytes, const std::string& path, key::FileNumber number,
                                     base::FunctionRef<Status(const tree::VersionEdit&)> apply) {
  AMETHYST_ASSIGN(const ManifestIdentity identity, ParseHeader(bytes, path, number));
  ManifestReport report{.database_uid = identity.database_uid};
  RecordFinder finder(bytes, identity);
  AMETHYST_ASSIGN(report.damaged_copies, ParseRecords(&finder, path, kManifestBytesMax, apply, &report.end));
  report.records = report.end.records;
  const uint64_t offset = report.end.offset;
  if (finder.exhausted() || report.records == 0) {
    return base::Corruption("{}, offset {}: damaged: expected record {}, found no whole record", path, offset,
                            report.records);
  }
  report.marked = RecordsMarked(bytes, identity);
  if (report.marked > report.records) {
    return base::Corruption("{}, offset {}: damaged: expected {} records that were durable, found {}", path, offset,
                            report.marked, report.records);
  }
  report.torn_bytes = bytes.size() - std::min<uint64_t>(offset, bytes.size());
  return report;
}

Result<ManifestReport> ReadManifest(io::FileSystem& files, const std::string& directory, key::FileNumber number,
                                    base::FunctionRef<Status(const tree::VersionEdit&)> apply, uint64_t bytes_max) {
  const std::string path = io::JoinPath(directory, tree::ManifestFileName(number));
  AMETHYST_ASSIGN(const bool exists, files.Exists(path));
  if (!exists) return base::Corruption("{}: expected the manifest that CURRENT names, found no such file", path);
  AMETHYST_ASSIGN(const uint64_t size, files.FileSize(path));
  if (size > bytes_max) {
    return base::Corruption("{}: expected a manifest of at most {} bytes, found {}", path, bytes_max, size);
  }
  AMETHYST_ASSIGN(const std::string bytes, io::ReadFile(files, path));
  return ParseManifest(bytes, path, number, apply);
}

Status FollowManifest(io::FileSystem& files, const std::string& directory, const ManifestIdentity& identity,
                      Writing writing, base::FunctionRef<Status(const tree::VersionEdit&)> apply,
                      ManifestPosition* at) {
  const std::string path = io::JoinPath(directory, tree::ManifestFileName(identity.number));
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  char head[kManifestRecordsBegin];
  AMETHYST_ASSIGN(const size_t found, file->ReadAt(0, head));
  AMETHYST_ASSIGN(const ManifestIdentity its_own, ParseHeader({head, found}, path, identity.number));
  if (its_own.database_uid != identity.database_uid && identity.database_uid != base::Uid{}) {
    return base::InvalidArgument("{}: it is another database's", path);
  }
  const uint64_t marked = RecordsMarked({head, found}, its_own);
  if (writing == Writing::kGoesOn && (marked < at->records || marked == 0)) {
    return base::MakeError(ErrorCode::kBusy, "{}: its mark is being written", path);
  }
  if (writing == Writing::kGoesOn && marked == at->records) return {};
  AMETHYST_ASSIGN(const uint64_t size, file->Size());
  if (size > kManifestBytesMax || size < at->offset) {
    return base::Corruption("{}: expected a manifest of {} to {} bytes, found {}", path, at->offset, kManifestBytesMax,
                            size);
  }
  std::string bytes(size - at->offset, '\0');
  AMETHYST_ASSIGN(const size_t read, file->ReadAt(at->offset, bytes));
  bytes.resize(read);
  RecordFinder finder(bytes, its_own, at->offset);
  AMETHYST_TRY(ParseRecords(&finder, path, writing == Writing::kGoesOn ? marked : kManifestBytesMax, apply, at));
  if (at->records >= marked && at->records > 0) return {};
  return base::Corruption("{}, offset {}: damaged: expected {} records that were durable, found {}", path, at->offset,
                          marked, at->records);
}

Status FollowCurrent(io::FileSystem& files, const std::string& directory, const ManifestIdentity& identity,
                     Writing writing, base::FunctionRef<Status(const tree::VersionEdit&)> apply, ManifestPosition* at) {
  Status followed = FollowManifest(files, directory, identity, writing, apply, at);
  if (followed || followed.error().code() != ErrorCode::kIo) return followed;
  const Result<key::FileNumber> now = ReadCurrent(files, directory);
  if (!now || *now == identity.number) return followed;
  return base::MakeError(ErrorCode::kBusy, "{}: a new manifest is in its place", directory);
}

std::optional<base::Uid> ManifestDatabase(std::string_view bytes) {
  if (!HasHeader(bytes)) return std::nullopt;
  const ManifestIdentity identity = IdentityIn(bytes);
  const auto found = base::LoadFixed<uint64_t>(bytes.data() + kManifestHeaderBytes - 8);
  return found == HeaderChecksum(bytes, identity) ? std::optional(identity.database_uid) : std::nullopt;
}

std::string EncodeCurrent(key::FileNumber manifest) {
  const std::string name = tree::ManifestFileName(manifest);
  return fmt::format("{}\nxxh3 {:016x}\n", name, base::Hash64(name));
}

Result<key::FileNumber> ParseCurrent(std::string_view bytes, const std::string& path) {
  const std::string_view name = bytes.substr(0, bytes.find('\n'));
  const std::optional<tree::ParsedFileName> parsed = tree::ParseFileName(name);
  if (!parsed || parsed->type != tree::FileType::kManifest || bytes != EncodeCurrent(parsed->number)) {
    return base::Corruption("{}: expected a manifest's name and its checksum, found something else in {} bytes", path,
                            bytes.size());
  }
  return parsed->number;
}

Result<key::FileNumber> ReadCurrent(io::FileSystem& files, const std::string& directory) {
  const std::string path = io::JoinPath(directory, tree::kCurrentFileName);
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  char buffer[256];  // More than any CURRENT has.
  AMETHYST_ASSIGN(const size_t bytes, file->ReadAt(0, buffer));
  return ParseCurrent({buffer, bytes}, path);
}

Status ReplaceCurrent(io::FileSystem& files, const std::string& directory, key::FileNumber manifest) {
  return io::ReplaceFile(files, io::JoinPath(directory, tree::kCurrentFileName), EncodeCurrent(manifest));
}

}  // namespace amethyst::catalog
