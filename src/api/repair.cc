#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "amethyst/db.h"
#include "api/salvage_sources.h"
#include "base/error.h"
#include "io/environment.h"
#include "tree/file_names.h"
#include "tree/manifest.h"

namespace amethyst {

namespace {

using api::SalvageSource;

constexpr size_t kCacheBytes = size_t{8} << 20;
// Limits the size of one value to a quarter of it; more than any database has that was not given more.
constexpr size_t kMemoryBudgetBytes = size_t{1} << 30;
constexpr size_t kBatchBytes = size_t{1} << 20;

// What the manifest, as far as it is whole, says of the tables.
struct KnownTables {
  // The list is all there, and so are the tables on it: others are leftovers, of which some may hold what was deleted
  // since.
  bool whole = false;
  std::map<key::FileNumber, sstable::TableInfo> tables;
  key::FileNumber first_log_segment{};
  bool log_is_empty = false;  // No segment needs to be there.
  std::string comparator_name;
};

// The manifest that CURRENT names; without CURRENT the newest, which is at least as new.
std::optional<key::FileNumber> FindManifest(io::FileSystem& files, const std::string& directory,
                                            const std::vector<std::string>& names, std::vector<std::string>* dropped) {
  const auto current = tree::ReadCurrent(files, directory);
  if (current) return *current;
  dropped->push_back(current.error().message());
  std::optional<key::FileNumber> newest;
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (parsed && parsed->type == tree::FileType::kManifest) newest = std::max(newest, std::optional(parsed->number));
  }
  return newest;
}

KnownTables ReadManifest(io::FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                         std::vector<std::string>* dropped) {
  KnownTables known;
  const auto current = FindManifest(files, directory, names, dropped);
  if (!current) return known;
  const auto read = tree::ReadManifest(files, directory, *current, [&](const tree::VersionEdit& edit) -> Status {
    for (const tree::RemovedTable& removed : edit.removed) known.tables.erase(removed.number);
    for (const tree::AddedTable& added : edit.added) known.tables.insert_or_assign(added.number, added.info);
    const key::FileNumber first = std::max(known.first_log_segment, edit.first_log_segment.value_or(key::FileNumber{}));
    known.log_is_empty = edit.clean_log_end ? edit.clean_log_end->segment < first
                                            : known.log_is_empty && first == known.first_log_segment;
    known.first_log_segment = first;
    known.comparator_name = edit.comparator_name.value_or(known.comparator_name);
    return {};
  });
  known.whole = read.has_value();
  if (!read) dropped->push_back(fmt::format("{}: {}", tree::ManifestFileName(*current), read.error().message()));
  return known;
}

// Merges all sources and writes the newest version of each key, unless that is a delete, to a new database.
class Rewriting {
 public:
  explicit Rewriting(std::vector<std::unique_ptr<SalvageSource>> sources) : sources_(std::move(sources)) {}

  Status Run(DB& to, RepairReport* report) {
    for (size_t i = 0; i < sources_.size(); ++i) Advance(i);
    std::optional<std::string> last;
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, kLater);
      const Head head = heap_.back();
      heap_.pop_back();
      if (!last || *last != head.entry.key()) {
        last.emplace(head.entry.key());
        if (head.entry.tag.kind() == key::EntryKind::kPut) AMETHYST_TRY(Put(to, head.entry, report));
      }
      Advance(head.source);
    }
    AMETHYST_TRY(WriteBatch(to));
    return to.Flush();
  }

 private:
  struct Head {
    key::Entry entry;
    size_t source;
  };
  static constexpr auto kLater = [](const Head& a, const Head& b) {
    const int by_key = key::CompareBytes(a.entry.key(), b.entry.key());
    return by_key != 0 ? by_key > 0 : a.entry.tag < b.entry.tag;
  };

  void Advance(size_t source) {
    if (!sources_[source]->Next()) return;
    heap_.push_back({.entry = sources_[source]->entry(), .source = source});
    std::ranges::push_heap(heap_, kLater);
  }

  Status Put(DB& to, const key::Entry& entry, RepairReport* report) {
    if (entry.key().size() > kKeyBytesMax || entry.value().size() > kMemoryBudgetBytes / 4 - kKeyBytesMax - 64) {
      report->dropped.push_back(
          fmt::format("an entry of {} and {} bytes: over the limits", entry.key().size(), entry.value().size()));
      return {};
    }
    if (batch_.ByteSize() + entry.value().size() > kBatchBytes) AMETHYST_TRY(WriteBatch(to));
    batch_.Put(entry.key(), entry.value());
    ++report->entries_kept;
    return {};
  }

  Status WriteBatch(DB& to) {
    if (batch_.Empty()) return {};
    AMETHYST_TRY(to.Write(batch_, {.durability = Durability::kNone}));  // The flush at the end makes it durable.
    batch_.Clear();
    return {};
  }

  const std::vector<std::unique_ptr<SalvageSource>> sources_;
  std::vector<Head> heap_;
  class WriteBatch batch_;
};

class Repairing {
 public:
  Repairing(io::FileSystem& files, const std::string& from)
      : files_(files), from_(from), cache_({.capacity_bytes = kCacheBytes, .shards = 1}) {}

  Result<RepairReport> Run(const std::filesystem::path& to) {
    AMETHYST_ASSIGN(const std::vector<std::string> names, files_.List(from_));
    if (std::ranges::none_of(names, [](const std::string& name) { return tree::ParseFileName(name).has_value(); })) {
      return base::InvalidArgument("{}: there is no database here: none of its files", from_);
    }
    KnownTables known = ReadManifest(files_, from_, names, &report_.dropped);
    TellMissingFiles(names, &known);
    if (!known.comparator_name.empty() && known.comparator_name != BytewiseComparator()->Name()) {
      return base::NotSupported("{}: its keys are in the order '{}', which only the program that wrote it knows", from_,
                                known.comparator_name);
    }
    for (const std::string& name : names) {
      const auto parsed = tree::ParseFileName(name);
      if (parsed && parsed->type == tree::FileType::kTable) AddTable(name, parsed->number, known);
    }
    AMETHYST_ASSIGN(report_.log_batches_kept, api::SalvageLog(files_, from_, loose_.get(), &report_.dropped));
    sources_.push_back(std::move(loose_));

    Options options;
    options.error_if_exists = true;
    options.memory_budget_bytes = kMemoryBudgetBytes;
    AMETHYST_ASSIGN(const std::unique_ptr<DB> database, DB::Open(to, options));
    Status written = Rewriting(std::move(sources_)).Run(*database, &report_);
    const Status closed = database->Close();
    if (written) written = closed;
    if (written) return std::move(report_);
    static_cast<void>(DB::Destroy(to));  // A part of what can be saved would look like all of it.
    return std::unexpected(written.error());
  }

 private:
  void Drop(const std::string& name, std::string_view what) {
    report_.dropped.push_back(fmt::format("{}: {}", name, what));
  }

  // A list whose tables are gone may be an old one: then what it does not list is taken as well.
  void TellMissingFiles(const std::vector<std::string>& names, KnownTables* known) {
    for (const auto& [number, info] : known->tables) {
      const std::string name = tree::TableFileName(number);
      if (std::ranges::find(names, name) != names.end()) continue;
      Drop(name, fmt::format("all its {} entries: the file is missing", info.entries));
      known->whole = false;
    }
    const std::string log = tree::LogFileName(known->first_log_segment);
    const bool is_needed = known->first_log_segment != key::FileNumber{} && !known->log_is_empty;
    if (is_needed && std::ranges::find(names, log) == names.end()) {
      Drop(log, "missing, the beginning of the log");
    }
  }

  void AddTable(const std::string& name, key::FileNumber number, const KnownTables& known) {
    const auto listed = known.tables.find(number);
    if (known.whole && listed == known.tables.end()) return;
    auto opened = files_.Open(io::JoinPath(from_, name));
    if (!opened) return Drop(name, fmt::format("all of it: {}", opened.error().message()));
    const std::shared_ptr<io::RandomAccessFile> file = *std::move(opened);
    auto table = sstable::TableSalvage::Open(file, key::Order(), cache_);
    if (!table) return Drop(name, fmt::format("all of it: {}", table.error().message()));
    for (const std::string& problem : (*table)->problems()) Drop(name, problem);
    if ((*table)->has_index()) {
      ++report_.tables_kept;
      sources_.push_back(std::make_unique<api::TableSource>(name, *std::move(table), &report_.dropped));
    } else if (listed != known.tables.end() || (*table)->footer()) {
      ScanTable(name, file, listed != known.tables.end() ? listed->second.uid : (*table)->footer()->uid);
    }
  }

  // A table whose index is lost: its blocks one after the other, as far as they can be told apart.
  void ScanTable(const std::string& name, const std::shared_ptr<io::RandomAccessFile>& file, const base::Uid& uid) {
    uint64_t entries = 0;
    const auto end = sstable::ScanBlocks(file, uid, key::Order(), [&](const sstable::Block& block) {
      for (uint32_t i = 0; i < block.count(); ++i) loose_->Add(block.key(i), block.tag(i), block.value(i));
      entries += block.count();
    });
    if (!end) return Drop(name, fmt::format("all of it: {}", end.error().message()));
    Drop(name, fmt::format("what lies behind {}; {} entries before it were found without the index", *end, entries));
    report_.tables_kept += entries > 0 ? 1 : 0;
  }

  io::FileSystem& files_;
  const std::string& from_;
  cache::BlockCache cache_;
  RepairReport report_;
  std::vector<std::unique_ptr<SalvageSource>> sources_;
  std::unique_ptr<api::NewestEntries> loose_ = std::make_unique<api::NewestEntries>();
};

}  // namespace

Result<RepairReport> DB::Repair(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::string directory = from.string();
  io::FileSystem& files = io::DefaultEnvironment()->files();
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_ASSIGN(const auto lock, files.Lock(io::JoinPath(directory, tree::kLockFileName), io::LockMode::kShared));
  return Repairing(files, directory).Run(to);
}

}  // namespace amethyst
