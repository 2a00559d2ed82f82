// The files of Env::Default, for programs that use it as their own door to the operating system. Databases do not.
//
// Thread safety: as LevelDB's headers say.
#pragma once

#include <leveldb/env.h>

#include <memory>
#include <string>

namespace amethyst::compat {

// `name` for a system call. One with a zero byte in it names no file, and neither does the empty path: the system would
// take what stands before that byte for the name.
[[nodiscard]] inline const char* PathOf(const std::string& name) {
  return name.find('\0') == std::string::npos ? name.c_str() : "";
}

// "NotFound: CONTEXT: No such file or directory", or an IO error of the same form.
[[nodiscard]] leveldb::Status PosixError(const std::string& context, int error);

[[nodiscard]] leveldb::Status OpenSequentialFile(const std::string& path, leveldb::SequentialFile** result);
[[nodiscard]] leveldb::Status OpenRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result);
// Truncates it, or appends to it.
[[nodiscard]] leveldb::Status OpenWritableFile(const std::string& path, bool append, leveldb::WritableFile** result);
// One line a message, with time and thread.
[[nodiscard]] leveldb::Status OpenLogger(const std::string& path, leveldb::Logger** result);

}  // namespace amethyst::compat
