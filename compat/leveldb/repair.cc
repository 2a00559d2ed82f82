// RepairDB: Amethyst salvages into a new directory, which then takes the place of the old one.
#include <leveldb/comparator.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fcntl.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "amethyst/amethyst.h"
#include "compat/leveldb/convert.h"
#include "compat/leveldb/directory.h"
#include "compat/leveldb/posix_files.h"
#include "compat/leveldb/storage.h"

namespace amethyst::compat {

namespace {

using leveldb::Status;

// At any moment there is a database at both names: a crash loses none.
Status Exchange(const std::string& a, const std::string& b) {
  if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return {};
  return PosixError(a + " <-> " + b, errno);
}

// Reads everything, so that what is damaged shows.
Status ReadAll(const std::string& name, const leveldb::Options& options) {
  leveldb::Options existing = options;
  existing.create_if_missing = false;
  existing.error_if_exists = false;
  leveldb::DB* opened = nullptr;
  Status status = leveldb::DB::Open(existing, name, &opened);
  if (!status.ok()) return status;
  const std::unique_ptr<leveldb::DB> database(opened);
  const std::unique_ptr<leveldb::Iterator> it(database->NewIterator({}));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
  }
  return it->status();
}

// What could not be saved stays readable in `name`/lost, as LevelDB leaves it.
Status KeepLost(const std::string& damaged, const std::string& name) {
  std::string lost = name + "/lost";
  for (int number = 2; leveldb::Env::Default()->FileExists(lost); ++number) {
    lost = name + "/lost." + std::to_string(number);
  }
  return leveldb::Env::Default()->RenameFile(damaged, lost);
}

// Empty, with errno, if there is nothing.
std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real == nullptr ? std::string() : std::string(real.get());
}

// Gives the repaired database the name of the damaged one, and keeps the working directory where its name says.
Status TakePlace(const std::string& repaired, const std::string& directory) {
  const bool is_working = RealPath(".") == directory;
  Status status = Exchange(directory, repaired);
  if (status.ok() && is_working && chdir(directory.c_str()) != 0) status = PosixError(directory, errno);
  return status;
}

Status RepairOnDisk(const std::string& path, const leveldb::Options& options) {
  const std::string name = RealPath(path);  // Neither "." nor a link can be exchanged, and "d/" has no neighbours.
  if (name.empty()) return PosixError(path, errno);
  const std::string repaired = name + ".repaired";
  static_cast<void>(DB::Destroy(repaired));  // Of a repair that a crash ended.
  const Result<RepairReport> report = DB::Repair(name, repaired);
  if (!report) {
    return report.error().code() == ErrorCode::kBusy ? LockedStatus(name, report.error()) : StatusOf(report.error());
  }
  for (const std::string& line : report->dropped) leveldb::Log(options.info_log, "lost: %s", line.c_str());
  Status status = TakePlace(repaired, name);
  if (!status.ok()) return status;
  if (report->dropped.empty()) static_cast<void>(DB::Destroy(repaired));  // Of what is no file of ours, it leaves all.
  return leveldb::Env::Default()->FileExists(repaired) ? KeepLost(repaired, name) : Status();
}

}  // namespace

}  // namespace amethyst::compat

namespace leveldb {

Status RepairDB(const std::string& name, const Options& options) {
  namespace compat = amethyst::compat;
  const compat::Storage storage = compat::StorageOf(options.env, name);
  if (!storage.status.ok()) return storage.status;
  // Memory does not get damaged; and DB::Repair does not know a program's own order: there is nothing to do as long as
  // all can be read.
  if (storage.memory != nullptr || options.comparator != BytewiseComparator()) return compat::ReadAll(name, options);
  return compat::RepairOnDisk(name, options);
}

}  // namespace leveldb
