#include "torture/at_rest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/random.h"
#include "io/serial_environment.h"

namespace amethyst::torture {

namespace {

const std::string kDirectory = "/db";

Options SmallOptions(Compression compression) {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 512;
  options.compression = compression;
  return options;
}

Result<std::unique_ptr<DB>> OpenOn(const std::shared_ptr<io::SerialEnvironment>& environment, const Options& options) {
  Components components;
  components.environment = environment;
  return DB::Open(kDirectory, options, std::move(components));
}

void Put(io::MemoryFileSystem& files, const std::string& name, const std::string& content) {
  auto file = files.Create(io::JoinPath(kDirectory, name));
  AMETHYST_ASSERT(file.has_value() && (*file)->Append(content).has_value() && (*file)->Close().has_value());
}

}  // namespace

// Tables in two levels, and a log with batches that no table holds.
AtRestSuite::Files AtRestSuite::MakeDatabase(uint64_t seed, std::vector<Map>* contents) const {
  const auto files = std::make_shared<io::MemoryFileSystem>();
  const auto environment = std::make_shared<io::SerialEnvironment>(files, seed);
  base::Random random(seed);
  auto db = OpenOn(environment, SmallOptions(settings_.compression));
  AMETHYST_ASSERT(db.has_value());
  Map content;
  const auto fill = [&](uint64_t count) {
    contents->clear();
    for (uint64_t i = 0; i < count; ++i) {
      contents->push_back(content);
      const std::string key = fmt::format("key{:03}", random.Below(200));
      std::string value(random.Below(60), static_cast<char>('a' + i % 26));
      AMETHYST_ASSERT((*db)->Put(key, value).has_value());
      content[key] = std::move(value);
    }
    contents->push_back(content);
  };
  fill(150);
  AMETHYST_ASSERT((*db)->Delete("key007").has_value());
  content.erase("key007");
  AMETHYST_ASSERT((*db)->CompactRange().has_value());
  fill(40);
  AMETHYST_ASSERT((*db)->Flush().has_value());
  fill(20);
  AMETHYST_ASSERT((*db)->SyncWal().has_value());
  environment->clock().Advance(std::chrono::milliseconds(1000));  // The log notes how far it is durable.

  // Copied while it is open, so that the log is needed.
  Files copy;
  const auto names = files->List(kDirectory);
  AMETHYST_ASSERT(names.has_value());
  for (const std::string& name : *names) {
    auto bytes = io::ReadFile(*files, io::JoinPath(kDirectory, name));
    AMETHYST_ASSERT(bytes.has_value());
    // Without a segment's unused end, but with the last record's own zeros.
    bytes->resize(std::min(bytes->size(), bytes->find_last_not_of('\0') + 64));
    copy[name] = std::move(*bytes);
  }
  return copy;
}

void AtRestSuite::Check(const Files& damaged, const std::string& what, bool may_be_older) {
  ++report_->corruptions;
  const auto files = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(files->CreateDirectories(kDirectory).has_value());
  for (const auto& [name, bytes] : damaged) Put(*files, name, bytes);
  auto db = OpenOn(std::make_shared<io::SerialEnvironment>(files, settings_.seed), SmallOptions(settings_.compression));
  if (!db) {
    ++report_->detected;
    return;
  }
  Map found;
  Iterator iterator = (*db)->NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
  bool error = !iterator.status().has_value();
  const bool older = may_be_older && std::ranges::find(contents_, found) != contents_.end();
  if (!error && found != contents_.back() && !older) {
    report_->violation =
        fmt::format("{}: a scan without an error found {} entries, not what was written", what, found.size());
    return;
  }
  for (const auto& [key, value] : older ? found : contents_.back()) {
    const auto got = (*db)->Get(key);
    error |= !got;
    if (got && (!got->has_value() || **got != value)) {
      report_->violation = fmt::format("{}: Get of {} is wrong without an error", what, key);
      return;
    }
  }
  ++(error ? report_->detected : report_->harmless);
}

void AtRestSuite::FlipBytes() {
  base::Random random(settings_.seed);
  for (const auto& [name, bytes] : files_) {
    for (size_t at = 0; at < bytes.size() && report_->violation.empty(); at += settings_.byte_stride) {
      Files damaged = files_;
      damaged[name][at] = static_cast<char>(damaged[name][at] ^ (1 + random.Below(255)));
      Check(damaged, fmt::format("{}, byte {} flipped", name, at));
    }
  }
}

void AtRestSuite::Truncate() {
  for (const auto& [name, bytes] : files_) {
    for (size_t length = 0; length < bytes.size() && report_->violation.empty(); length += settings_.byte_stride) {
      Files damaged = files_;
      damaged[name].resize(length);
      Check(damaged, fmt::format("{}, cut to {} bytes", name, length), name.ends_with(".wal"));
    }
  }
}

void AtRestSuite::SwapFiles() {
  for (const auto& [name, bytes] : files_) {
    Files gone = files_;
    gone.erase(name);
    if (name != "CURRENT" && report_->violation.empty()) Check(gone, name + " missing");
    const auto other = other_files_.find(name);
    if (other != other_files_.end() && name != "CURRENT" && report_->violation.empty()) {
      Files swapped = files_;
      swapped[name] = other->second;
      Check(swapped, name + " of another database");
    }
    for (const auto& [second, content] : files_) {
      if (second <= name || !report_->violation.empty()) continue;
      Files exchanged = files_;
      exchanged[name].swap(exchanged[second]);
      const bool log_emptied = name.ends_with(".wal") && content.empty();
      Check(exchanged, fmt::format("{} and {} exchanged", name, second), log_emptied);
    }
  }
}

void AtRestSuite::Run(AtRestReport* report) {
  report_ = report;
  files_ = MakeDatabase(settings_.seed, &contents_);
  std::vector<Map> ignored;
  other_files_ = MakeDatabase(settings_.seed + 1, &ignored);
  Check(files_, "undamaged");
  if (report_->detected > 0) report_->violation = "the undamaged database has errors";
  FlipBytes();
  Truncate();
  SwapFiles();
}

}  // namespace amethyst::torture
