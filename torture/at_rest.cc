#include "torture/at_rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/error.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "wal/segment_reader.h"

namespace amethyst::torture {

namespace {

const std::string kRestDirectory = "/db";

Options SmallOptions(Compression compression) {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 512;
  options.compression = compression;
  return options;
}

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
  if (!header) return;  // Made ahead, and not begun.
  header->version = version;
  wal::EncodeSegmentHeader(*header,
                           std::span<char, wal::kSegmentHeaderBytes>(segment->data(), wal::kSegmentHeaderBytes));
}

}  // namespace

void AtRestSuite::Violation(const std::string& text) {
  if (report_->violation.empty()) report_->violation = fmt::format("seed {}: {}", settings_.seed, text);
}

Files AtRestSuite::MakeDatabase(uint64_t seed, std::vector<Map>* contents) const {
  const auto files = std::make_shared<io::MemoryFileSystem>();
  const auto environment = std::make_shared<simulation::SerialEnvironment>(files, seed);
  base::Random random(seed);
  auto db = OpenAtRest(environment, SmallOptions(settings_.compression));
  AMETHYST_ASSERT(db.has_value());
  Map content;
  const auto fill = [&](uint64_t count, Durability durability) {
    contents->clear();
    for (uint64_t i = 0; i < count; ++i) {
      contents->push_back(content);
      const std::string key = fmt::format("key{:03}", random.Below(200));
      // Of one length where nothing is compressed, so that there are blocks of one length to swap.
      const bool equal = settings_.compression == Compression::kNone;
      std::string value(equal ? 40 : random.Below(60), static_cast<char>('a' + i % 26));
      AMETHYST_ASSERT((*db)->Put(key, value, {.durability = durability}).has_value());
      content[key] = std::move(value);
    }
    contents->push_back(content);
  };
  fill(150, Durability::kBuffered);
  AMETHYST_ASSERT((*db)->Delete("key007").has_value());
  content.erase("key007");
  AMETHYST_ASSERT((*db)->CompactRange().has_value());
  fill(40, Durability::kBuffered);
  AMETHYST_ASSERT((*db)->Close().has_value());
  db = OpenAtRest(environment, SmallOptions(settings_.compression));  // With a log that has only what follows.
  AMETHYST_ASSERT(db.has_value());
  if (settings_.left_as == LeftAs::kUnlogged) {
    for (int i = 0; i < 2; ++i) {
      fill(10, Durability::kNone);
      AMETHYST_ASSERT((*db)->Flush().has_value());
    }
  } else {
    fill(20, Durability::kBuffered);
    AMETHYST_ASSERT((*db)->SyncWal().has_value());
  }
  environment->clock().Advance(std::chrono::seconds(2));  // The log notes how far it is durable.
  while (environment->RunOneJob()) {
  }
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
  Map forward, backward;
  Iterator iterator = db.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) forward.emplace(iterator.key(), iterator.value());
  AMETHYST_TRY(iterator.status());
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) backward.emplace(iterator.key(), iterator.value());
  AMETHYST_TRY(iterator.status());
  if (forward != backward) Violation(what + ": the walk forward and the walk backward differ");
  Result<Map> result = forward;
  for (const auto& [key, value] : contents_.back()) {
    const auto got = db.Get(key);
    if (!got) {
      result = std::unexpected(got.error());
      continue;
    }
    const auto walked = forward.find(key);
    const bool same = got->has_value() ? walked != forward.end() && walked->second == **got : walked == forward.end();
    if (!same) Violation(fmt::format("{}: Get of {} differs from the walk", what, key));
  }
  return result;
}

bool AtRestSuite::IsRight(const Map& found, const Files& damaged) const {
  return found == contents_.back() || (MayBeOlder(damaged) && std::ranges::find(contents_, found) != contents_.end());
}

// It may get rid of damage that no content hung on, such as a filter's, and of no other.
void AtRestSuite::CheckCompaction(DB& db, const std::string& what, const Files& damaged) {
  static_cast<void>(db.CompactRange());
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
