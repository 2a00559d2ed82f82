// Where a database lives, by what Options::env is.
//
// Files are Amethyst's own affair: an Env counts only as far as it says where they are. Env::Default means the disk, an
// Env of NewMemEnv its memory, and a program's own Env what the Env behind it means, as long as it hands every call for
// files on (the EnvWrapper of LevelDB's headers). One that stores files its own way is refused, since the data would
// silently not get there. Thread safety: immutable.
#pragma once

#include <leveldb/env.h>

#include <string>

namespace amethyst::compat {

class MemoryEnv;

struct Storage {
  MemoryEnv* memory = nullptr;  // nullptr: the disk.
  leveldb::Status status;
};

// `name`, the database's, is for messages.
[[nodiscard]] Storage StorageOf(leveldb::Env* env, const std::string& name);

}  // namespace amethyst::compat
