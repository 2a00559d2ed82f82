#include "compat/leveldb/storage.h"

#include "compat/leveldb/memory_env.h"
#include "compat/leveldb/own_object.h"

namespace amethyst::compat {

namespace {

bool HandsFilesOn(const leveldb::Env* env) {
  const leveldb::EnvWrapper wrapper(nullptr);
  const auto hands_on = [&](auto... functions) {
    return ((ImplementationOf(env, functions) == ImplementationOf(&wrapper, functions)) && ...);
  };
  using leveldb::Env;
  return hands_on(&Env::NewSequentialFile, &Env::NewRandomAccessFile, &Env::NewWritableFile, &Env::NewAppendableFile,
                  &Env::FileExists, &Env::GetChildren, &Env::RemoveFile, &Env::DeleteFile, &Env::CreateDir,
                  &Env::RemoveDir, &Env::DeleteDir, &Env::GetFileSize, &Env::RenameFile, &Env::LockFile,
                  &Env::UnlockFile);
}

}  // namespace

Storage StorageOf(leveldb::Env* env, const std::string& name) {
  while (env != leveldb::Env::Default()) {
    if (auto* const memory = OwnObject<MemoryEnv>(env)) return {.memory = memory, .status = {}};
    if (env == nullptr || !HandsFilesOn(env)) {
      return {.memory = nullptr,
              .status = leveldb::Status::NotSupported(
                  name,
                  "Options::env stores files its own way, which Amethyst cannot use: open the database with "
                  "Env::Default(), NewMemEnv() or an EnvWrapper around these that leaves the calls for files alone")};
    }
    env = static_cast<const leveldb::EnvWrapper*>(env)->target();
  }
  return {};
}

}  // namespace amethyst::compat
