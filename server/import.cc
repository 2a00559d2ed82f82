#include "server/import.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.h"
#include "io/system_environment.h"
#include "server/keyspace/space.h"
#include "server/net/descriptors.h"
#include "server/rdb/importer.h"
#include "server/rdb/rdb_file_reader.h"
#include "server/rdb/rdb_parts.h"

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

  void Update(uint64_t keys, uint64_t done_bytes, uint64_t all_bytes) {
    if (!order_.shows_progress || clock_.Monotonic() - drawn_ < kDrawEvery) return;
    drawn_ = clock_.Monotonic();
    is_visible_ = true;
    fmt::print(err_, "\r{} {} keys, {} of {} MiB\033[K", verb_, keys, done_bytes >> 20, all_bytes >> 20);
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

struct Imported {
  uint64_t keys = 0;
  uint64_t expired = 0;
  uint64_t libraries = 0;
  uint64_t bytes = 0;
  double seconds = 0;
};

// Hands over each key to the end of the file.
template <typename Take>
Status ReadAll(rdb::FileReader& reader, const Take& take) {
  rdb::FileReader::Entry entry;
  while (true) {
    AMETHYST_ASSIGN(const bool is_there, reader.Next(&entry));
    if (!is_there) return {};
    AMETHYST_TRY(take(entry));
  }
}

// Of what does not fit into memory, as many parts as there are memtables in it, with room for what an entry takes
// beside its bytes; fewer where each is a large share of the descriptors. 1: it is taken as it is.
size_t PartCount(uint64_t file_bytes, size_t engine_bytes, uint64_t descriptors) {
  constexpr uint64_t kWriteBufferMax = uint64_t{64} << 20;  // As Options::write_buffer_bytes has it.
  if (file_bytes <= engine_bytes) return 1;
  const uint64_t part_bytes = std::min<uint64_t>(engine_bytes / 8, kWriteBufferMax) * 3 / 5;
  return std::max<uint64_t>(1,
                            std::min({uint64_t{rdb::Parts::kCountMax}, descriptors / 4, file_bytes / part_bytes + 1}));
}

// One run: reads the file in full if it must be sorted or if all of it must be right before the first key is written,
// then writes.
class Run {
 public:
  Run(const ImportOrder& order, const Config& config, io::Environment& environment, std::ostream& err)
      : order_(order), config_(config), environment_(environment), err_(err) {}

  Status Prepare(const std::string& parts_path) {
    AMETHYST_ASSIGN(reader_, rdb::FileReader::Open(environment_.files(), order_.file));
    const size_t count = PartCount(reader_->size(), config_.memory_shares().engine_bytes, TakeAllDescriptors());
    if (count == 1 && !order_.merges) return {};
    if (count > 1) {
      AMETHYST_ASSIGN(parts_, rdb::Parts::Create(environment_.files(), parts_path, count));
    }
    Drawn drawn(order_, parts_ ? "sorted" : "checked", environment_.clock(), err_);
    uint64_t keys = 0;
    AMETHYST_TRY(ReadAll(*reader_, [&](const rdb::FileReader::Entry& entry) -> Status {
      drawn.Update(++keys, reader_->offset(), reader_->size());
      return parts_ ? parts_->Add(entry) : Status();
    }));
    if (parts_) return parts_->Finish();
    AMETHYST_ASSIGN(reader_, rdb::FileReader::Open(environment_.files(), order_.file));
    return {};
  }

  Result<Imported> Write(const std::string& directory) {
    Options options;
    options.memory_budget_bytes = config_.memory_shares().engine_bytes;
    AMETHYST_ASSIGN(const auto space, Space::Open(directory, options));
    // A database that comes to its place after its close needs no log.
    rdb::Importer importer(*space, config_, static_cast<TimeMs>(environment_.clock().WallTime().count()),
                           order_.merges ? amethyst::Durability::kBuffered : amethyst::Durability::kNone);
    {
      Drawn drawn(order_, "imported", environment_.clock(), err_);
      uint64_t bytes = 0;
      const auto put = [&](const rdb::FileReader::Entry& entry) {
        bytes += entry.raw.size();
        drawn.Update(importer.keys(), bytes, reader_->size());
        return importer.Put(entry);
      };
      if (!parts_) AMETHYST_TRY(ReadAll(*reader_, put));
      for (size_t part = 0; parts_ && part < parts_->count(); ++part) {
        AMETHYST_ASSIGN(const auto reader, parts_->Read(part));
        AMETHYST_TRY(ReadAll(*reader, put));
        // No table has keys of two parts, so none must be merged with the next one.
        AMETHYST_TRY(importer.Finish());
        AMETHYST_TRY(space->db().Flush());
      }
    }
    AMETHYST_TRY(importer.Finish());
    AMETHYST_TRY(space->Close());
    return Imported{.keys = importer.keys(),
                    .expired = importer.expired(),
                    .libraries = reader_->libraries(),
                    .bytes = reader_->size(),
                    .seconds = SecondsOf(environment_.clock().Monotonic() - begin_)};
  }

 private:
  const ImportOrder& order_;
  const Config& config_;
  io::Environment& environment_;
  std::ostream& err_;
  const std::chrono::nanoseconds begin_ = environment_.clock().Monotonic();
  std::unique_ptr<rdb::FileReader> reader_;  // Of the whole file.
  std::optional<rdb::Parts> parts_;
};

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
  std::string directory = order.directory;
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  const std::string beside = directory + ".import";
  Run run(order, config, *environment, err);
  if (order.merges) {
    AMETHYST_TRY(files.CreateDirectories(directory));
    AMETHYST_TRY(run.Prepare(io::JoinPath(directory, "import-part")));
    AMETHYST_ASSIGN(const Imported imported, run.Write(directory));
    Tell(order, imported, out, err);
    return {};
  }
  AMETHYST_ASSIGN(const bool is_there, files.Exists(directory));
  if (is_there) {
    AMETHYST_ASSIGN(const auto names, files.List(directory));
    if (!names.empty()) {
      return base::InvalidArgument("{} is not empty; --merge imports into the database there, and replaces its keys",
                                   directory);
    }
  }
  AMETHYST_ASSIGN(const bool is_taken, files.Exists(beside));
  if (is_taken) {
    return base::InvalidArgument(
        "{} is there: another import is running, or one was killed and left it; remove it then", beside);
  }
  AMETHYST_TRY(files.CreateDirectories(beside));  // From here on it is this import's.
  const Status prepared = run.Prepare(io::JoinPath(beside, "import-part"));
  const Result<Imported> imported = prepared ? run.Write(beside) : std::unexpected(prepared.error());
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
