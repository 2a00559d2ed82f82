#include "torture/at_rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/assert.h"
#include "base/error.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "wal/segment_reader.h"

namespace amethyst::torture {

namespace {

const std::string kRestDirectory = "/db";
const std::string kRestTables = "/tables";
const std::string kRestFamily = "other";

std::string NamedIn(const std::string& family, std::string_view key) { return fmt::format("{}/{}", family, key); }

Options SmallOptions(Compression compression) {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 512;
  options.compression = compression;
  options.families["default"].merge_operator = Append();
  return options;
}

// Writes at random, and what they come to.
struct RestWriter {
  using Content = std::map<std::string, std::string>;

  void Write(std::string value, Durability durability) {
    const WriteOptions options{.durability = durability};
    const uint64_t number = random.Below(200);
    const std::string key = fmt::format("key{:03}", number);
    const uint64_t kind = all_kinds ? random.Below(12) : 0;
    const std::string name = NamedIn("default", key);
    Status written;
    if (kind == 1) {
      const std::string end = fmt::format("key{:03}", number + 1 + random.Below(4));
      written = db.DeleteRange(key, end, options);
      content.erase(content.lower_bound(name), content.lower_bound(NamedIn("default", end)));
    } else if (kind < 4 && kind > 1) {
      written = db.Merge(key, value, options);
      content[name] += value;
    } else if (kind < 6 && kind > 3) {
      const bool expired = kind == 4;  // Before it was written: so it is at any time.
      const auto moment = std::chrono::system_clock::time_point(std::chrono::seconds(expired ? 1 : 4'000'000'000));
      written = db.Put(key, value, {.durability = durability, .expires_at = moment});
      if (expired) {
        content.erase(name);
      } else {
        content[name] = std::move(value);
      }
    } else if (kind < 9 && kind > 5) {
      written = other->Put(key, value, options);
      content[NamedIn(kRestFamily, key)] = std::move(value);
    } else {
      written = db.Put(key, value, options);
      content[name] = std::move(value);
    }
    AMETHYST_ASSERT(written.has_value());
  }
  // A table with a range delete, a put and an operand of the first keys behind `prefix`.
  void Ingest(const std::shared_ptr<simulation::SerialEnvironment>& environment, const std::string& prefix) {
    const std::filesystem::path path = io::JoinPath(kRestTables, prefix);
    TableWriterOptions options{.environment = environment};
    options.family.merge_operator = Append();
    TableWriter table = TableWriter::Create(path, options).value();
    const std::string put = prefix + "5", merged = prefix + "6";
    AMETHYST_ASSERT(table.DeleteRange(prefix, prefix + "5").has_value() && table.Put(put, "ingested").has_value());
    AMETHYST_ASSERT(table.Merge(merged, "more").has_value() && table.Finish().has_value());
    AMETHYST_ASSERT(db.Ingest(path).has_value());
    content.erase(content.lower_bound(NamedIn("default", prefix)), content.lower_bound(NamedIn("default", put)));
    content[NamedIn("default", put)] = "ingested";
    content[NamedIn("default", merged)] += "more";
  }

  DB& db;
  std::optional<Family> other;
  base::Random& random;
  bool all_kinds;
  Content& content;
};

Result<std::unique_ptr<DB>> OpenAtRest(const std::shared_ptr<simulation::SerialEnvironment>& environment,
                                       const Options& options) {
  Components components;
  components.environment = environment;
  return DB::Open(kRestDirectory, options, std::move(components));
}

std::shared_ptr<io::MemoryFileSystem> FileSystemOf(const Files& content) {
  auto files = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(files->CreateDirectories(kRestDirectory).has_value());
  for (const auto& [name, bytes] : content) {
    auto file = files->Create(io::JoinPath(kRestDirectory, name));
    AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value() && (*file)->Close().has_value());
  }
  return files;
}

Files ContentOf(io::MemoryFileSystem& files) {
  Files content;
  const auto names = files.List(kRestDirectory);
  AMETHYST_ASSERT(names.has_value());
  for (const std::string& name : *names) {
    auto bytes = io::ReadFile(files, io::JoinPath(kRestDirectory, name));
    AMETHYST_ASSERT(bytes.has_value());
    content[name] = std::move(*bytes);
  }
  return content;
}

// It says that what stands before it is durable.
size_t LastRecord(const std::string& segment) {
  const auto files = FileSystemOf({{"segment", segment}});
  const auto file = files->Open(io::JoinPath(kRestDirectory, "segment"));
  std::optional<wal::SegmentRecord> last;
  const auto read = wal::ReadSegment(**file, [&last](const wal::SegmentRecord& record) { last = record; });
  AMETHYST_ASSERT(read.has_value() && last && last->kind == wal::RecordKind::kWatermark);
  return last->offset;
}

void SetVersion(std::string* segment, uint32_t version) {
  auto header = wal::DecodeSegmentHeader(*segment);
  if (!header) return;                                   // Made ahead, and not begun.
  header->version = std::max(header->version, version);  // Some records are in the newer one alone.
  wal::EncodeSegmentHeader(*header,
                           std::span<char, wal::kSegmentHeaderBytes>(segment->data(), wal::kSegmentHeaderBytes));
}

}  // namespace

void AtRestSuite::Violation(const std::string& text) {
  if (report_->violation.empty()) report_->violation = fmt::format("seed {}: {}", settings_.seed, text);
}

Files AtRestSuite::MakeDatabase(uint64_t seed, std::vector<Map>* contents) const {
  const auto files = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(files->CreateDirectories(kRestTables).has_value());
  const auto environment = std::make_shared<simulation::SerialEnvironment>(files, seed);
  base::Random random(seed);
  auto db = OpenAtRest(environment, SmallOptions(settings_.compression));
  AMETHYST_ASSERT(db.has_value());
  Map content;
  std::optional<Family> other;
  if (settings_.all_kinds) other = (*db)->CreateFamily(kRestFamily).value();
  const auto writer = [&] { return RestWriter{**db, other, random, settings_.all_kinds, content}; };
  const auto fill = [&](uint64_t count, Durability durability) {
    contents->clear();
    for (uint64_t i = 0; i < count; ++i) {
      contents->push_back(content);
      // Of one length where nothing is compressed, so that there are blocks of one length to swap.
      const bool equal = settings_.compression == Compression::kNone;
      writer().Write(std::string(equal ? 40 : random.Below(60), static_cast<char>('a' + i % 26)), durability);
    }
    contents->push_back(content);
  };
  fill(150, Durability::kBuffered);
  AMETHYST_ASSERT((*db)->Delete("key007").has_value());
  content.erase(NamedIn("default", "key007"));
  if (settings_.all_kinds) writer().Ingest(environment, "key03");
  AMETHYST_ASSERT((*db)->CompactRange().has_value());
  fill(40, Durability::kBuffered);
  AMETHYST_ASSERT((*db)->Close().has_value());
  other.reset();
  db = OpenAtRest(environment, SmallOptions(settings_.compression));  // With a log that has only what follows.
  AMETHYST_ASSERT(db.has_value());
  if (settings_.all_kinds) other = (*db)->OpenFamily(kRestFamily).value();
  if (settings_.left_as == LeftAs::kUnlogged) {
    for (int i = 0; i < 2; ++i) {
      fill(10, Durability::kNone);
      AMETHYST_ASSERT((*db)->Flush().has_value());
    }
  } else {
    if (settings_.all_kinds) writer().Ingest(environment, "key07");  // The log alone tells of it.
    fill(20, Durability::kBuffered);
    AMETHYST_ASSERT((*db)->SyncWal().has_value());
  }
  environment->clock().Advance(std::chrono::seconds(2));  // The log notes how far it is durable.
  while (environment->RunOneJob()) {
  }
  other.reset();
  if (settings_.left_as == LeftAs::kClosed) AMETHYST_ASSERT((*db)->Close().has_value());
  if (settings_.left_as != LeftAs::kInUse) contents->erase(contents->begin(), contents->end() - 1);

  // Without a segment's unused end, but for some zeros.
  Files copy = ContentOf(*files);
  for (auto& [name, bytes] : copy) {
    bytes.resize(std::min(bytes.size(), bytes.find_last_not_of('\0') + 64));
    if (name.ends_with(".wal")) SetVersion(&bytes, settings_.segment_version);
  }
  return copy;
}

bool AtRestSuite::MayBeOlder(const Files& damaged) const {
  for (const auto& [name, last_record] : last_records_) {
    const auto found = damaged.find(name);
    if (found == damaged.end()) continue;  // There should be one.
    const std::string& whole = files_.at(name);
    std::string bytes = found->second;
    bytes.resize(std::max(bytes.size(), whole.size()));
    // Zeros that are gone count, too: they pad the record in front.
    const size_t first =
        std::min<size_t>(found->second.size(), std::ranges::mismatch(bytes, whole).in1 - bytes.begin());
    const bool end_gone = !std::ranges::equal(bytes.begin() + static_cast<ptrdiff_t>(last_record),
                                              bytes.begin() + static_cast<ptrdiff_t>(whole.size()),
                                              whole.begin() + static_cast<ptrdiff_t>(last_record), whole.end());
    if (end_gone && first < last_record) return true;
  }
  return false;
}

Result<AtRestSuite::Map> AtRestSuite::ReadAll(DB& db, const std::string& what) {
  AMETHYST_ASSIGN(const Family first, db.OpenFamily("default"));
  Result<Map> result = ReadFamily(first, "default", what);
  const std::vector<std::string> names = db.FamilyNames();
  if (std::ranges::find(names, kRestFamily) == names.end()) return result;
  AMETHYST_ASSIGN(const Family other, db.OpenFamily(kRestFamily));
  AMETHYST_ASSIGN(Map more, ReadFamily(other, kRestFamily, what));
  if (result) result->merge(more);
  return result;
}

Result<AtRestSuite::Map> AtRestSuite::ReadFamily(const Family& family, const std::string& name,
                                                 const std::string& what) {
  Map forward, backward;
  Iterator iterator = family.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    forward.emplace(NamedIn(name, iterator.key()), iterator.value());
  }
  AMETHYST_TRY(iterator.status());
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) {
    backward.emplace(NamedIn(name, iterator.key()), iterator.value());
  }
  AMETHYST_TRY(iterator.status());
  if (forward != backward) Violation(what + ": the walk forward and the walk backward differ");
  Result<Map> result = forward;
  for (const auto& [named, value] : contents_.back()) {
    if (!named.starts_with(name + "/")) continue;
    const std::string key = named.substr(name.size() + 1);
    const auto got = family.Get(key);
    if (!got) {
      result = std::unexpected(got.error());
      continue;
    }
    const auto walked = forward.find(named);
    const bool same = got->has_value() ? walked != forward.end() && walked->second == **got : walked == forward.end();
    if (!same) Violation(fmt::format("{}: Get of {} differs from the walk", what, named));
  }
  return result;
}

bool AtRestSuite::IsRight(const Map& found, const Files& damaged) const {
  return found == contents_.back() || (MayBeOlder(damaged) && std::ranges::find(contents_, found) != contents_.end());
}

// It may get rid of damage that no content hung on, such as a filter's, and of no other.
void AtRestSuite::CheckCompaction(DB& db, const std::string& what, const Files& damaged) {
  static_cast<void>(db.CompactRange());
  if (const auto other = db.OpenFamily(kRestFamily)) static_cast<void>(other->CompactRange());
  const Result<Map> found = ReadAll(db, what);
  if (found && !IsRight(*found, damaged)) Violation(what + ": a compaction made it read without an error, and wrong");
}

void AtRestSuite::Check(const std::string& what, const Files& damaged) {
  const uint64_t number = report_->corruptions++;
  const auto files = FileSystemOf(damaged);
  Options options = SmallOptions(settings_.compression);
  options.read_only = number % 8 == 7;
  options.create_if_missing = number % 2 == 0;
  auto db = OpenAtRest(std::make_shared<simulation::SerialEnvironment>(files, settings_.seed), options);
  if (!db) {
    ++report_->detected;
    if (ContentOf(*files) != damaged && options.read_only) Violation(what + ": a read-only open changed files");
    return;
  }
  const Result<Map> found = ReadAll(**db, what);
  if (found && !IsRight(*found, damaged)) {
    Violation(fmt::format("{}: without an error it has {} entries, not what was written", what, found->size()));
  }
  if (!options.read_only && number % 4 == 1) CheckCompaction(**db, what, damaged);
  static_cast<void>((*db)->Close());  // A table that cannot be read may refuse; nothing was written.
  if (options.read_only && ContentOf(*files) != damaged) Violation(what + ": a read-only open changed files");
  ++(found ? report_->harmless : report_->detected);
}

void AtRestSuite::Run(AtRestReport* report) {
  report_ = report;
  std::vector<Map> ignored;
  files_ = MakeDatabase(settings_.seed, &contents_);
  const Files other = MakeDatabase(settings_.seed + 1, &ignored);
  for (const auto& [name, bytes] : files_) {
    if (settings_.left_as == LeftAs::kInUse && name.ends_with(".wal")) last_records_[name] = LastRecord(bytes);
  }
  const uint64_t detected = report_->detected;
  for (int i = 0; i < 8; ++i) Check("undamaged", files_);  // Every kind of check.
  if (report_->detected > detected) Violation("the undamaged database has errors");
  DamageFiles(files_, other, {.seed = settings_.seed, .byte_stride = settings_.byte_stride},
              [this](const std::string& what, const Files& damaged) {
                Check(what, damaged);
                return report_->violation.empty();
              });
}

}  // namespace amethyst::torture
