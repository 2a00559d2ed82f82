#include "compat/leveldb/directory.h"

#include <leveldb/env.h>

namespace amethyst::compat {

bool HasCurrent(const std::string& directory) { return leveldb::Env::Default()->FileExists(directory + "/CURRENT"); }

leveldb::Status LockedStatus(const std::string& directory, const Error& error) {
  const bool ours = error.message().ends_with("this process has it open already");
  return leveldb::Status::IOError("lock " + directory + "/LOCK",
                                  ours ? "already held by process" : "Resource temporarily unavailable");
}

}  // namespace amethyst::compat
