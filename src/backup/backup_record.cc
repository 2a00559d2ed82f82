#include "backup/backup_record.h"

#include "base/coding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/tagged_fields.h"

namespace amethyst::backup {
namespace {

constexpr std::string_view kMagic = "AMETHBAK";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kHashBytes = 8;

enum Field : uint64_t { kId = 1, kCreated = 2, kState = 3, kTable = 4, kNewBytes = 5 };

bool ReadTableHash(std::string_view content, std::map<key::FileNumber, uint64_t>* hashes) {
  uint64_t number = 0, hash = 0;
  return base::ReadVarint64(&content, &number) && base::ReadFixed(&content, &hash) && content.empty() &&
         hashes->emplace(key::FileNumber{number}, hash).second;
}

// That it has what every backup has, and a hash for each table and no other.
Status Check(const BackupRecord& record, std::string_view state) {
  if (record.id == 0 || record.created_ms > uint64_t{1} << 50 || state.empty()) {
    return base::Corruption("an id, a time or the state is missing");
  }
  if (!record.state.database_uid || !record.state.comparator_name || !record.state.removed.empty()) {
    return base::Corruption("its state is not that of a whole database");
  }
  for (const tree::AddedTable& table : record.state.added) {
    if (record.hashes.contains(table.number)) continue;
    return base::Corruption("table {} has no hash", key::Raw(table.number));
  }
  if (record.hashes.size() == record.state.added.size()) return {};
  return base::Corruption("{} tables, but {} hashes", record.state.added.size(), record.hashes.size());
}

}  // namespace

uint64_t BackupRecord::bytes() const {
  uint64_t sum = 0;
  for (const tree::AddedTable& table : state.added) sum += table.info.file_bytes;
  return sum;
}

std::string BackupRecord::Encode() const {
  std::string bytes(kMagic);
  base::AppendFixed(&bytes, kVersion);
  base::AppendFixed(&bytes, uint32_t{0});
  std::string edit;
  state.AppendTo(&edit);
  base::AppendField(&bytes, kId, base::FieldNeed::kRequired, base::VarintContent(id));
  base::AppendField(&bytes, kCreated, base::FieldNeed::kRequired, base::VarintContent(created_ms));
  base::AppendField(&bytes, kState, base::FieldNeed::kRequired, edit);
  for (const auto& [number, hash] : hashes) {
    std::string content = base::VarintContent(key::Raw(number));
    base::AppendFixed(&content, hash);
    base::AppendField(&bytes, kTable, base::FieldNeed::kRequired, content);
  }
  base::AppendField(&bytes, kNewBytes, base::FieldNeed::kIgnorable, base::VarintContent(new_bytes));
  base::AppendFixed(&bytes, base::Hash64(bytes));
  return bytes;
}

Result<BackupRecord> BackupRecord::FromBytes(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kHashBytes || !bytes.starts_with(kMagic)) {
    return base::Corruption("{} bytes that are no list of a backup", bytes.size());
  }
  const uint32_t version = base::LoadFixed<uint32_t>(bytes.data() + kMagic.size());
  if (version != kVersion) {
    return base::NotSupported("backup format version {} is unknown, this build reads version {}", version, kVersion);
  }
  const std::string_view hashed = bytes.substr(0, bytes.size() - kHashBytes);
  const uint64_t expected = base::LoadFixed<uint64_t>(bytes.data() + hashed.size());
  if (const uint64_t found = base::Hash64(hashed); found != expected) {
    return base::Corruption("hash expected {:016x} found {:016x}", expected, found);
  }
  BackupRecord record;
  std::string_view state;
  const std::string_view fields = hashed.substr(kHeaderBytes);
  AMETHYST_TRY(base::ReadFields(fields, "backup", [&](uint64_t field, std::string_view content) {
    bool fits = false;
    switch (field) {
      case kId: fits = base::ReadVarintContent(content, &record.id); break;
      case kCreated: fits = base::ReadVarintContent(content, &record.created_ms); break;
      case kState:
        fits = state.empty();
        state = content;
        break;
      case kTable: fits = ReadTableHash(content, &record.hashes); break;
      case kNewBytes: fits = base::ReadVarintContent(content, &record.new_bytes); break;
      default: return base::FieldMatch::kUnknown;
    }
    return fits ? base::FieldMatch::kTaken : base::FieldMatch::kMalformed;
  }));
  AMETHYST_ASSIGN(record.state, tree::VersionEdit::FromBytes(state));
  AMETHYST_TRY(Check(record, state));
  return record;
}

}  // namespace amethyst::backup
