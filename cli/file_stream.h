// Files as streams, through io: an input with its size, and an output that appears under its name only when it is
// whole, where it is a plain file.
//
// Stream buffers keep the first error, since streams tell only that there was one. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <ostream>
#include <streambuf>
#include <string>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::cli {

class InputFile {
 public:
  [[nodiscard]] static Result<std::unique_ptr<InputFile>> Open(io::FileSystem& files, const std::string& path);

  [[nodiscard]] std::istream& stream() { return stream_; }
  // The file's end and a failed read look alike to a stream: this tells them apart.
  [[nodiscard]] const Status& status() const { return buffer_.status(); }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  InputFile(std::unique_ptr<io::RandomAccessFile> file, uint64_t bytes)
      : buffer_(std::move(file)), stream_(&buffer_), bytes_(bytes) {}

 private:
  class Buffer final : public std::streambuf {
   public:
    explicit Buffer(std::unique_ptr<io::RandomAccessFile> file) : file_(std::move(file)), window_(256 << 10, '\0') {}
    [[nodiscard]] const Status& status() const { return status_; }

   protected:
    int_type underflow() override;

   private:
    const std::unique_ptr<io::RandomAccessFile> file_;
    std::string window_;
    uint64_t offset_ = 0;  // Behind the window.
    Status status_;
  };

  Buffer buffer_;
  std::istream stream_;
  uint64_t bytes_;
};

// Where bytes go: into a plain file that is new or replaced as a whole, or straight into a device or pipe. A link
// stays what it is, and means what it leads to. A plain file is written under a name of its own, "<path>.partial" or
// the next that is free: what a killed process has left is in nobody's way. Commit syncs and renames it, replacing what
// was there. Without Commit it is removed.
class OutputFile {
 public:
  [[nodiscard]] static Result<std::unique_ptr<OutputFile>> Create(io::FileSystem& files, const std::string& path);
  ~OutputFile();

  [[nodiscard]] std::ostream& stream() { return stream_; }
  [[nodiscard]] Status status() const { return buffer_.status(); }
  // All is written, and will not be taken back.
  [[nodiscard]] Status Commit();

  struct Names {
    std::string path;
    std::string partial;  // Empty for a device, which is written into by its own name.
  };
  OutputFile(io::FileSystem& files, Names names, std::unique_ptr<io::WritableFile> file)
      : files_(files), names_(std::move(names)), buffer_(std::move(file)), stream_(&buffer_) {}

 private:
  class Buffer final : public std::streambuf {
   public:
    explicit Buffer(std::unique_ptr<io::WritableFile> file) : file_(std::move(file)) {}
    [[nodiscard]] const Status& status() const { return status_; }
    [[nodiscard]] Status Close();

   protected:
    int_type overflow(int_type byte) override;
    std::streamsize xsputn(const char* bytes, std::streamsize count) override;

   private:
    static constexpr size_t kBufferBytes = 256 << 10;
    [[nodiscard]] bool Append(std::string_view bytes);

    const std::unique_ptr<io::WritableFile> file_;
    std::string pending_;
    Status status_;
  };

  io::FileSystem& files_;
  const Names names_;
  Buffer buffer_;
  std::ostream stream_;
  bool committed_ = false;
};

}  // namespace amethyst::cli
