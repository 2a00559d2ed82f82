// NewMemEnv's Env: files, and databases, in memory, that die with it.
//
// The files of a database are in Amethyst's own file system in memory and do not show in GetChildren; what a program
// writes through this Env does. Everything else goes to the Env behind it. Thread safety: any thread at once.
#pragma once

#include <leveldb/env.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "amethyst/components.h"

namespace amethyst::compat {

class MemoryEnv final : public leveldb::EnvWrapper {
 public:
  struct File {
    std::mutex mutex;
    std::string bytes;  // Guarded by mutex.
  };

  explicit MemoryEnv(leveldb::Env* behind = nullptr) : leveldb::EnvWrapper(behind) {}

  leveldb::Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) override;
  leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override;
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** result) override;
  bool FileExists(const std::string& name) override;
  leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* result) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status CreateDir(const std::string&) override { return {}; }
  leveldb::Status RemoveDir(const std::string&) override { return {}; }
  leveldb::Status GetFileSize(const std::string& name, uint64_t* bytes) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  leveldb::Status NewLogger(const std::string& name, leveldb::Logger** result) override;

  // The file system of the database `name`, kept until it is forgotten.
  [[nodiscard]] std::shared_ptr<io::Environment> DatabaseEnvironment(const std::string& name);
  void ForgetDatabase(const std::string& name);

 private:
  [[nodiscard]] std::shared_ptr<File> Find(const std::string& name);
  leveldb::Status NewWriter(const std::string& name, bool truncate, leveldb::WritableFile** result);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::map<std::string, std::shared_ptr<io::Environment>> databases_;
};

}  // namespace amethyst::compat
