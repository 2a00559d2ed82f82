#include "catalog/census.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/coding.h"
#include "base/error.h"
#include "catalog/foreign.h"
#include "catalog/manifest.h"
#include "figures/layout.h"
#include "sstable/footer.h"
#include "sstable/header.h"
#include "wal/segment_reader.h"

namespace amethyst::catalog {
namespace {

constexpr size_t kHeadBytes = 128;  // At least any header's.
static_assert(kHeadBytes >= figures::kHeaderBytes && kHeadBytes >= sstable::kHeaderBytes &&
              kHeadBytes >= wal::kSegmentHeaderBytes && kHeadBytes >= kManifestHeaderBytes);

// What a file says of itself.
struct Claim {
  enum class Kind : uint8_t {
    kDatabase,  // It belongs to `uid`.
    kAmethyst,  // It is Amethyst's, of a database that cannot be told any more.
    kBlank,     // Nothing ever got into it.
    kForeign,   // It is another library's: `what`.
    kUnknown,   // It says nothing.
  };
  Kind kind = Kind::kUnknown;
  base::Uid uid{};
  std::string what{};
};

struct Bytes {
  std::string head;
  std::string tail;  // As much as a table's footer.
  uint64_t size = 0;
};

std::optional<Bytes> ReadEnds(io::FileSystem& files, const std::string& path) {
  const auto file = files.Open(path);
  const Result<uint64_t> size = file ? (*file)->Size() : std::unexpected(file.error());
  if (!size) return std::nullopt;
  Bytes bytes{.head = std::string(std::min<uint64_t>(kHeadBytes, *size), '\0'),
              .tail = std::string(std::min<uint64_t>(sstable::kFooterBytes, *size), '\0'),
              .size = *size};
  if (!io::ReadExactly(**file, 0, bytes.head) || !io::ReadExactly(**file, *size - bytes.tail.size(), bytes.tail)) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<base::Uid> UidInHead(tree::FileType type, std::string_view head) {
  if (type == tree::FileType::kTable) {
    const auto header = sstable::Header::FromBytes(head);
    return header ? std::optional(header->database_uid) : std::nullopt;
  }
  if (type == tree::FileType::kLogSegment) {
    const auto header = wal::DecodeSegmentHeader(head.substr(0, wal::kSegmentHeaderBytes));
    return header ? std::optional(header->database_uid) : std::nullopt;
  }
  if (type == tree::FileType::kStats) {
    const auto writer = figures::DecodeHeader(head);
    return writer ? std::optional(writer->database_uid) : std::nullopt;
  }
  return ManifestDatabase(head);
}

// Whole, or as much of it as the file has.
bool HasMagic(tree::FileType type, std::string_view head) {
  const std::string_view magic = type == tree::FileType::kTable        ? sstable::kHeaderMagic
                                 : type == tree::FileType::kLogSegment ? wal::kSegmentMagic
                                 : type == tree::FileType::kStats      ? figures::kMagic
                                                                       : kManifestMagic;
  return !head.empty() && magic.substr(0, head.size()) == head.substr(0, magic.size());
}

// Of a table, a log segment, a manifest or a file of figures.
Claim ClaimOf(io::FileSystem& files, const std::string& path, tree::FileType type) {
  const std::optional<Bytes> bytes = ReadEnds(files, path);
  if (!bytes) return {.what = "unreadable"};
  if (const auto uid = UidInHead(type, bytes->head)) return {.kind = Claim::Kind::kDatabase, .uid = *uid};
  const bool has_footer = type == tree::FileType::kTable && bytes->tail.size() == sstable::kFooterBytes &&
                          sstable::Footer::FromBytes(bytes->tail, bytes->size);
  if (has_footer || HasMagic(type, bytes->head)) return {.kind = Claim::Kind::kAmethyst};
  const std::string_view tail = bytes->tail;
  const std::string_view library = LibraryOfTable(tail.substr(tail.size() - std::min<size_t>(8, tail.size())));
  if (!library.empty()) return {.kind = Claim::Kind::kForeign, .what = fmt::format("a {} table", library)};
  if (bytes->head.find_first_not_of('\0') == std::string::npos) return {.kind = Claim::Kind::kBlank};
  return {.what = "not Amethyst's"};
}

// Whether a record of the database follows the damaged header of a log segment.
bool HasRecordOf(io::FileSystem& files, const std::string& path, key::FileNumber number, const base::Uid& uid) {
  const auto file = files.Open(path);
  const Result<uint64_t> bytes = file ? (*file)->Size() : std::unexpected(file.error());
  if (!bytes || *bytes < wal::kSegmentHeaderBytes + wal::kRecordHeaderBytes) return false;
  auto reader = wal::SegmentReader::Create(**file, uid, number);
  if (!reader) return false;
  const auto reading = reader->Read(wal::kSegmentHeaderBytes);
  return reading && reading->found == wal::SegmentReader::Found::kRecord;
}

bool Proves(io::FileSystem& files, const std::string& path, const tree::ParsedFileName& name, const Claim& claim,
            const Owner& owner) {
  switch (claim.kind) {
    case Claim::Kind::kBlank:
    case Claim::Kind::kAmethyst: return true;
    case Claim::Kind::kDatabase: return owner.Has(name.type, claim.uid);
    case Claim::Kind::kForeign: return false;
    case Claim::Kind::kUnknown:
      return name.type == tree::FileType::kLogSegment && HasRecordOf(files, path, name.number, owner.database_uid);
  }
  return false;
}

class Counting {
 public:
  Counting(io::FileSystem& files, const std::string& directory) : files_(files), directory_(directory) {}

  Result<Census> Run() {
    const auto names = files_.List(directory_);
    if (!names) {
      const auto file = RecognizeForeign(files_, directory_);
      return file ? ForeignError(directory_, *file) : std::unexpected(names.error());
    }
    for (const std::string& name : *names) Sort(name);
    const auto current = ReadCurrent(files_, directory_);
    if (current) manifest_ = *current;
    AMETHYST_TRY(FindUid());
    const auto foreign = current ? std::nullopt : RecognizeForeign(files_, directory_);
    if (!IsProven()) {
      if (foreign) return ForeignError(directory_, *foreign);
      if (!IsBlank()) return base::InvalidArgument("{}: there is no database here: none of its files", directory_);
    }
    ReadTables();
    for (const auto& [name, claim] : claims_) Judge(name, claim);
    for (const std::string& name : plain_) {
      if (foreign) {
        census_.strangers.push_back({.name = name, .what = fmt::format("that of {}", foreign->Name())});
      } else {
        census_.own.push_back(name);
      }
    }
    std::ranges::sort(census_.own);
    return std::move(census_);
  }

 private:
  [[nodiscard]] bool IsProven() const {
    const auto is_ours = [](const auto& claim) { return claim.second.kind == Claim::Kind::kAmethyst; };
    return census_.database_uid != base::Uid{} || manifest_ != key::FileNumber{0} ||
           std::ranges::any_of(claims_, is_ours);
  }

  // What a crash leaves of a database that was being made or destroyed: names of ours, nothing in them.
  [[nodiscard]] bool IsBlank() const {
    const auto is_blank = [](const auto& claim) { return claim.second.kind == Claim::Kind::kBlank; };
    const auto holds_nothing = [&](const std::string& name) {
      const auto bytes = ReadEnds(files_, io::JoinPath(directory_, name));
      return bytes && bytes->head.find_first_not_of('\0') == std::string::npos;
    };
    return !(claims_.empty() && plain_.empty()) && std::ranges::all_of(claims_, is_blank) &&
           std::ranges::all_of(plain_, holds_nothing);
  }

  void Sort(const std::string& name) {
    const auto parsed = tree::ParseFileName(name);
    if (!parsed) {
      census_.others.push_back(name);
    } else if (parsed->number == key::FileNumber{0} && parsed->type != tree::FileType::kStats) {
      plain_.push_back(name);
    } else {
      claims_[name] = ClaimOf(files_, io::JoinPath(directory_, name), parsed->type);
    }
  }

  // The manifest that CURRENT names says it, or else all files that are not its leftovers agree; figures, which say
  // nothing of what the database holds, only where nothing else does.
  Status FindUid() {
    std::map<std::string, base::Uid> uids;
    for (const auto& [name, claim] : claims_) {
      if (name == tree::kStatsFileName) continue;
      if (claim.kind != Claim::Kind::kDatabase || claim.uid == base::Uid{}) continue;
      if (name == tree::ManifestFileName(manifest_)) {
        census_.database_uid = claim.uid;
        return {};
      }
      uids[name] = claim.uid;
    }
    for (const auto& [name, uid] : uids) {
      if (uid == uids.begin()->second) continue;
      return base::InvalidArgument(
          "{}: {} and {} belong to different databases, and no manifest says which is the one here; move the files of "
          "the other away",
          directory_, uids.begin()->first, name);
    }
    if (!uids.empty()) census_.database_uid = uids.begin()->second;
    const auto stats = claims_.find(std::string(tree::kStatsFileName));
    if (uids.empty() && stats != claims_.end()) census_.database_uid = stats->second.uid;
    return {};
  }

  // What the manifest lists is ours, however damaged.
  void ReadTables() {
    if (manifest_ == key::FileNumber{0}) return;
    static_cast<void>(ReadManifest(files_, directory_, manifest_, [&](const tree::VersionEdit& edit) -> Status {
      for (const tree::AddedTable& added : edit.added) listed_.insert(added.number);
      if (!edit.ancestors.empty()) ancestors_ = edit.ancestors;
      return {};
    }));
  }

  void Judge(const std::string& name, const Claim& claim) {
    const tree::ParsedFileName parsed = *tree::ParseFileName(name);
    const bool vouched_for = claim.kind == Claim::Kind::kUnknown &&
                             (parsed.type == tree::FileType::kTable
                                  ? listed_.contains(parsed.number)
                                  : parsed.type == tree::FileType::kManifest && parsed.number == manifest_);
    const std::string path = io::JoinPath(directory_, name);
    if (vouched_for || Proves(files_, path, parsed, claim, {census_.database_uid, ancestors_})) {
      census_.own.push_back(name);
    } else {
      census_.strangers.push_back(
          {.name = name, .what = claim.kind == Claim::Kind::kDatabase ? "of another database" : claim.what});
    }
  }

  io::FileSystem& files_;
  const std::string& directory_;
  Census census_;
  std::map<std::string, Claim> claims_;  // By name, of files with a number, and of STATS.
  std::vector<std::string> plain_;       // CURRENT, CURRENT.tmp, LOCK, RESERVE, READERS.
  key::FileNumber manifest_{};           // That CURRENT names; 0: it does not say.
  std::set<key::FileNumber> listed_;
  std::vector<base::Uid> ancestors_;
};

}  // namespace

bool Owner::Has(tree::FileType type, const base::Uid& uid) const {
  if (uid == database_uid) return true;
  if (type != tree::FileType::kTable) return false;
  return uid == base::Uid{} || std::ranges::find(ancestors, uid) != ancestors.end();
}

bool Census::IsOwn(std::string_view name) const { return std::ranges::binary_search(own, name); }

Result<Census> TakeCensus(io::FileSystem& files, const std::string& directory) {
  return Counting(files, directory).Run();
}

bool IsProven(io::FileSystem& files, const std::string& path, const tree::ParsedFileName& name, const Owner& owner,
              std::string* what) {
  if (name.number == key::FileNumber{0} && name.type != tree::FileType::kStats) return true;
  const Claim claim = ClaimOf(files, path, name.type);
  *what = claim.kind == Claim::Kind::kDatabase ? "of another database" : claim.what;
  return Proves(files, path, name, claim, owner);
}

}  // namespace amethyst::catalog
