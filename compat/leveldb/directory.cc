#include "compat/leveldb/directory.h"

#include <leveldb/env.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace amethyst::compat {

namespace {

bool EndsLikeLevelDbs(std::string_view name) {
  return name == "LOG" || name.ends_with(".ldb") || name.ends_with(".log");
}

}  // namespace

// LevelDB's CURRENT is one line, Amethyst's has two. One line alone may be what is left of ours: LevelDB's other files
// must be there as well, none of whose names Amethyst has.
DirectoryKind KindOf(const std::string& directory) {
  leveldb::Env* const env = leveldb::Env::Default();
  const std::string current = directory + "/CURRENT";
  if (!env->FileExists(current)) return DirectoryKind::kOther;
  std::string text;
  std::vector<std::string> names;
  const bool read = leveldb::ReadFileToString(env, current, &text).ok() && env->GetChildren(directory, &names).ok();
  const bool one_line = text.starts_with("MANIFEST-") && text.find('\n') + 1 == text.size();
  return read && one_line && std::ranges::any_of(names, EndsLikeLevelDbs) ? DirectoryKind::kLevelDb
                                                                          : DirectoryKind::kAmethyst;
}

leveldb::Status WrittenByLevelDb(const std::string& directory) {
  return leveldb::Status::InvalidArgument(
      directory,
      "written by LevelDB itself, which this library (Amethyst) does not read; `amethyst --db NEW_DIRECTORY import "
      "--from-leveldb " +
          directory + "` brings its entries over");
}

leveldb::Status LockedStatus(const std::string& directory, const Error& error) {
  const bool ours = error.message().ends_with("this process has it open already");
  return leveldb::Status::IOError("lock " + directory + "/LOCK",
                                  ours ? "already held by process" : "Resource temporarily unavailable");
}

}  // namespace amethyst::compat
