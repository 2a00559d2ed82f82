#include "server/import.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "io/system_environment.h"
#include "server/keyspace/space.h"
#include "server/rdb/importer.h"
#include "server/rdb/rdb_file_reader.h"

namespace amethyst::server {

namespace {

constexpr std::chrono::milliseconds kDrawEvery{100};

double SecondsOf(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// How far it is, for a person.
class Drawn {
 public:
  Drawn(const ImportOrder& order, std::string_view verb, io::Clock& clock, std::ostream& err)
      : order_(order), verb_(verb), clock_(clock), err_(err), drawn_(clock.Monotonic()) {}
  ~Drawn() {
    if (is_visible_) err_ << "\r\033[K" << std::flush;
  }
  Drawn(const Drawn&) = delete;
  Drawn& operator=(const Drawn&) = delete;

  void Update(const rdb::FileReader& reader, uint64_t keys) {
    if (!order_.shows_progress || clock_.Monotonic() - drawn_ < kDrawEvery) return;
    drawn_ = clock_.Monotonic();
    is_visible_ = true;
    fmt::print(err_, "\r{} {} keys, {} of {} MiB\033[K", verb_, keys, reader.offset() >> 20, reader.size() >> 20);
    err_.flush();
  }

 private:
  const ImportOrder& order_;
  const std::string_view verb_;
  io::Clock& clock_;
  std::ostream& err_;
  std::chrono::nanoseconds drawn_;
  bool is_visible_ = false;
};

// Reads all of it, so that a damaged file changes nothing.
Status Verify(const ImportOrder& order, io::Environment& environment, std::ostream& err) {
  AMETHYST_ASSIGN(const auto reader, rdb::FileReader::Open(environment.files(), order.file));
  Drawn drawn(order, "checked", environment.clock(), err);
  rdb::FileReader::Entry entry;
  for (uint64_t keys = 0;; ++keys) {
    AMETHYST_ASSIGN(const bool is_there, reader->Next(&entry));
    if (!is_there) return {};
    drawn.Update(*reader, keys);
  }
}

struct Imported {
  uint64_t keys = 0;
  uint64_t expired = 0;
  uint64_t libraries = 0;
  uint64_t bytes = 0;
  double seconds = 0;
};

Result<Imported> Write(const ImportOrder& order, const Config& config, const std::string& directory,
                       std::ostream& err) {
  const auto environment = io::DefaultEnvironment();
  io::Clock& clock = environment->clock();
  const auto begin = clock.Monotonic();
  AMETHYST_ASSIGN(const auto reader, rdb::FileReader::Open(environment->files(), order.file));
  Options options;
  options.memory_budget_bytes = config.memory_shares().engine_bytes;
  AMETHYST_ASSIGN(const auto space, Space::Open(directory, options));
  rdb::Importer importer(*space, config, static_cast<TimeMs>(clock.WallTime().count()));
  {
    Drawn drawn(order, "imported", clock, err);
    rdb::FileReader::Entry entry;
    while (true) {
      AMETHYST_ASSIGN(const bool is_there, reader->Next(&entry));
      if (!is_there) break;
      AMETHYST_TRY(importer.Put(entry));
      drawn.Update(*reader, importer.keys());
    }
  }
  AMETHYST_TRY(importer.Finish());
  AMETHYST_TRY(space->Close());
  return Imported{.keys = importer.keys(),
                  .expired = importer.expired(),
                  .libraries = reader->libraries(),
                  .bytes = reader->size(),
                  .seconds = SecondsOf(clock.Monotonic() - begin)};
}

void Tell(const ImportOrder& order, const Imported& imported, std::ostream& out, std::ostream& err) {
  if (order.is_json) {
    out << nlohmann::ordered_json{{"keys", imported.keys},
                                  {"expired", imported.expired},
                                  {"libraries", imported.libraries},
                                  {"bytes", imported.bytes},
                                  {"seconds", imported.seconds}}
               .dump()
        << "\n";
  } else {
    fmt::print(out, "imported {} keys from {} bytes in {:.1f} s; {} had expired\n", imported.keys, imported.bytes,
               imported.seconds, imported.expired);
  }
  if (imported.libraries > 0) {
    fmt::print(err, "amethystd: {} libraries of functions were left out: load them with FUNCTION LOAD\n",
               imported.libraries);
  }
}

// Nothing lies in it except files.
Status RemoveTree(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(const bool is_there, files.Exists(directory));
  if (!is_there) return {};
  AMETHYST_ASSIGN(const auto names, files.List(directory));
  for (const std::string& name : names) AMETHYST_TRY(files.Remove(io::JoinPath(directory, name)));
  return files.RemoveDirectory(directory);
}

}  // namespace

// The database is made beside its place, and takes it as a whole.
Status Import(const ImportOrder& order, const Config& config, std::ostream& out, std::ostream& err) {
  const auto environment = io::DefaultEnvironment();
  io::FileSystem& files = environment->files();
  if (order.merges) {
    AMETHYST_TRY(Verify(order, *environment, err));
    AMETHYST_ASSIGN(const Imported imported, Write(order, config, order.directory, err));
    Tell(order, imported, out, err);
    return {};
  }
  std::string directory = order.directory;
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  AMETHYST_ASSIGN(const bool is_there, files.Exists(directory));
  if (is_there) {
    AMETHYST_ASSIGN(const auto names, files.List(directory));
    if (!names.empty()) {
      return base::InvalidArgument("{} is not empty; --merge imports into the database there, and replaces its keys",
                                   directory);
    }
  }
  const std::string beside = directory + ".import";
  AMETHYST_ASSIGN(const bool is_taken, files.Exists(beside));
  if (is_taken) {
    return base::InvalidArgument(
        "{} is there: another import is running, or one was killed and left it; remove it then", beside);
  }
  const Result<Imported> imported = Write(order, config, beside, err);
  Status moved = imported ? files.Rename(beside, directory) : std::unexpected(imported.error());
  if (!moved) {
    static_cast<void>(RemoveTree(files, beside));  // The first error is the one to tell.
    return moved;
  }
  AMETHYST_TRY(files.SyncDirectory(io::ParentDirectory(directory)));
  Tell(order, *imported, out, err);
  return {};
}

}  // namespace amethyst::server
