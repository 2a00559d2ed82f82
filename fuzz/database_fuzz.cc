// A whole directory of a database with some of its files changed: opened, read, compacted and verified, it gives
// errors or entries, and never harm.
//
// Input: a list of changes of four bytes (file and how, place of 16 bits, value). The files are those of a small
// database: log, tables in two levels, manifest, CURRENT. A change flips bits of a byte, cuts the file, or takes it
// away; or flips a byte of the manifest's edits, whose checksums are then made right, so that what lies behind them is
// reached.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/assert.h"
#include "catalog/manifest.h"
#include "inspect/verify.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"

namespace {

using namespace amethyst;  // NOLINT: a program of one file.

using Files = std::map<std::string, std::string>;

constexpr uint64_t kSeed = 1;
enum How : uint8_t { kFlip, kCut, kRemove, kFlipEdit };

std::shared_ptr<simulation::SerialEnvironment> EnvironmentOf(const std::shared_ptr<io::MemoryFileSystem>& files) {
  return std::make_shared<simulation::SerialEnvironment>(files, kSeed);
}

Result<std::unique_ptr<DB>> Open(const std::shared_ptr<simulation::SerialEnvironment>& environment) {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 512;
  return DB::Open("/db", options, {.environment = environment, .memory_budget = nullptr, .logger = nullptr});
}

// The files, and the manifest's parts.
struct Seed {
  Files files;
  std::string manifest_name;
  catalog::ManifestIdentity identity;
  std::vector<std::string> edits;
};

Seed MakeSeed() {
  const auto files = std::make_shared<io::MemoryFileSystem>();
  const auto environment = EnvironmentOf(files);
  const auto db = Open(environment);
  AMETHYST_ASSERT(db.has_value());
  const auto fill = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      AMETHYST_ASSERT((*db)->Put("key" + std::to_string(i), std::string(static_cast<size_t>(i % 40), 'v')).has_value());
    }
  };
  fill(100, 160);
  AMETHYST_ASSERT((*db)->CompactRange().has_value());
  fill(130, 180);
  AMETHYST_ASSERT((*db)->Delete("key140").has_value() && (*db)->Flush().has_value());
  fill(170, 190);
  Seed seed;
  for (const std::string& name : *files->List("/db")) {
    std::string bytes = *io::ReadFile(*files, io::JoinPath("/db", name));
    bytes.resize(std::min(bytes.size(), bytes.find_last_not_of('\0') + 64));
    seed.files[name] = std::move(bytes);
  }
  seed.identity.number = *catalog::ReadCurrent(*files, "/db");
  seed.manifest_name = seed.files.lower_bound("MANIFEST")->first;
  const auto report = catalog::ParseManifest(seed.files[seed.manifest_name], "seed", seed.identity.number,
                                             [&](const tree::VersionEdit& edit) -> Status {
                                               edit.AppendTo(&seed.edits.emplace_back());
                                               return {};
                                             });
  AMETHYST_ASSERT(report.has_value());
  seed.identity.database_uid = report->database_uid;
  return seed;
}

void FlipEdit(const Seed& seed, Files* files, size_t place, char bits) {
  std::string bytes =
      catalog::EncodeManifestHeader(seed.identity) + catalog::EncodeManifestMark(seed.identity, seed.edits.size());
  size_t edit_bytes = 0;
  for (const std::string& edit : seed.edits) edit_bytes += edit.size();
  place %= edit_bytes;
  for (uint32_t ordinal = 0; ordinal < seed.edits.size(); ++ordinal) {
    std::string edit = seed.edits[ordinal];
    if (place < edit.size()) edit[place] = static_cast<char>(edit[place] ^ bits);
    place = place < edit.size() ? edit_bytes : place - edit.size();
    bytes += catalog::EncodeManifestRecord(seed.identity, bytes.size(), ordinal, edit);
  }
  (*files)[seed.manifest_name] = bytes;
}

void Change(const Seed& seed, Files* files, const uint8_t* change) {
  if (files->empty()) return;
  auto file = std::next(files->begin(), static_cast<ptrdiff_t>((change[0] >> 2) % files->size()));
  const size_t place = size_t{change[1]} << 8 | change[2];
  const auto how = static_cast<How>(change[0] & 3);
  if (how == kFlipEdit) return FlipEdit(seed, files, place, static_cast<char>(change[3]));
  if (how == kRemove) {
    files->erase(file);
  } else if (!file->second.empty()) {
    char& byte = file->second[place % file->second.size()];
    if (how == kFlip) byte = static_cast<char>(byte ^ change[3]);
    if (how == kCut) file->second.resize(place % file->second.size());
  }
}

void Use(const std::shared_ptr<io::MemoryFileSystem>& files) {
  static_cast<void>(inspect::VerifyDatabase(*files, "/db"));
  const auto db = Open(EnvironmentOf(files));
  if (!db) {
    AMETHYST_ASSERT(!db.error().message().empty());
    return;
  }
  Iterator iterator = (*db)->NewIterator();
  std::string last;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    AMETHYST_ASSERT(last.empty() || last < iterator.key());
    last = iterator.key();
    static_cast<void>((*db)->Get(last));
  }
  static_cast<void>((*db)->Put("key150", "again"));
  static_cast<void>((*db)->CompactRange());
  static_cast<void>((*db)->Close());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Seed seed = MakeSeed();
  Files changed = seed.files;
  for (size_t at = 0; at + 4 <= size && at < 64; at += 4) Change(seed, &changed, data + at);
  const auto files = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(files->CreateDirectories("/db").has_value());
  for (const auto& [name, bytes] : changed) {
    auto file = files->Create(io::JoinPath("/db", name));
    AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value() && (*file)->Close().has_value());
  }
  Use(files);
  return 0;
}
