#include "cli/file_stream.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::cli {

namespace {

// What `path` names once its last component is no symbolic link, whether that is there or not.
Result<std::string> FollowLinks(const std::string& path) {
  constexpr int kLinksMax = 40;  // As the kernel has it.
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
    if (links == kLinksMax) return base::SystemError(ELOOP, path);
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error) return base::SystemError(error.value(), fmt::format("follow {}", path));
    if (!std::filesystem::exists(target.parent_path() / next, error) && std::filesystem::exists(target, error)) {
      return target.string();  // Names no file, as those of a process's own pipes in /proc; but opens one.
    }
    target = target.parent_path() / next;  // An absolute one alone.
  }
  return target.string();
}

}  // namespace

Result<std::unique_ptr<InputFile>> InputFile::Open(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(std::unique_ptr<io::RandomAccessFile> file, files.Open(path));
  AMETHYST_ASSIGN(const uint64_t bytes, file->Size());
  char first[1];
  if (const auto read = file->ReadAt(0, first); !read) {
    return base::MakeError(read.error().code(),
                           "{}: only a plain file can be read by name; for a pipe leave the name out: "
                           "`amethyst import < {}`",
                           read.error().message(), path);
  }
  return std::make_unique<InputFile>(std::move(file), bytes);
}

InputFile::Buffer::int_type InputFile::Buffer::underflow() {
  if (!status_) return traits_type::eof();
  const auto read = file_->ReadAt(offset_, window_);
  if (!read) status_ = std::unexpected(read.error());
  const size_t count = read.value_or(0);
  if (count == 0) return traits_type::eof();
  offset_ += count;
  setg(window_.data(), window_.data(), window_.data() + count);
  return traits_type::to_int_type(window_.front());
}

Result<std::unique_ptr<OutputFile>> OutputFile::Create(io::FileSystem& files, const std::string& path) {
  AMETHYST_TRY(files.Exists(path));  // A path that cannot be one ends here.
  AMETHYST_ASSIGN(const std::string target, FollowLinks(path));
  std::error_code error;
  switch (std::filesystem::status(target, error).type()) {
    case std::filesystem::file_type::directory: return base::SystemError(EISDIR, path);
    case std::filesystem::file_type::block:
    case std::filesystem::file_type::character:
    case std::filesystem::file_type::fifo:
    case std::filesystem::file_type::socket: return OpenedDevice::Open(target);
    default: return ReplacedFile::Create(files, target);
  }
}

Result<std::unique_ptr<OutputFile>> ReplacedFile::Create(io::FileSystem& files, const std::string& path) {
  constexpr int kNumberMax = 1000;
  Names names{.path = path, .partial = path + ".partial"};
  for (int number = 2; number < kNumberMax; ++number) {
    AMETHYST_ASSIGN(const bool taken, files.Exists(names.partial));
    if (!taken) break;
    names.partial = fmt::format("{}.partial{}", path, number);
  }
  AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> file, files.Create(names.partial));
  return std::make_unique<ReplacedFile>(files, std::move(names), std::move(file));
}

ReplacedFile::~ReplacedFile() {
  if (committed_) return;
  static_cast<void>(buffer_.Close());
  static_cast<void>(files_.Remove(names_.partial));
}

Status ReplacedFile::Commit() {
  AMETHYST_ASSERT(!committed_);
  AMETHYST_TRY(buffer_.Close());
  AMETHYST_TRY(files_.Rename(names_.partial, names_.path));
  committed_ = true;
  return files_.SyncDirectory(io::ParentDirectory(names_.path));
}

Result<std::unique_ptr<OutputFile>> OpenedDevice::Open(const std::string& path) {
  errno = 0;
  std::ofstream stream(path, std::ios::binary);
  if (!stream) return base::SystemError(errno, fmt::format("open {}", path));
  return std::make_unique<OpenedDevice>(path, std::move(stream));
}

Status OpenedDevice::status() const {
  if (stream_.good()) return {};
  return base::SystemError(errno, fmt::format("write {}", path_));
}

Status OpenedDevice::Commit() {
  stream_.close();
  return status();
}

bool ReplacedFile::Buffer::Append(std::string_view bytes) {
  if (status_) status_ = file_->Append(bytes);
  return status_.has_value();
}

ReplacedFile::Buffer::int_type ReplacedFile::Buffer::overflow(int_type byte) {
  if (traits_type::eq_int_type(byte, traits_type::eof())) return traits_type::not_eof(byte);
  const char c = traits_type::to_char_type(byte);
  return xsputn(&c, 1) == 1 ? byte : traits_type::eof();
}

std::streamsize ReplacedFile::Buffer::xsputn(const char* bytes, std::streamsize count) {
  pending_.append(bytes, static_cast<size_t>(count));
  if (pending_.size() < kBufferBytes) return count;
  const bool appended = Append(pending_);
  pending_.clear();
  return appended ? count : 0;
}

Status ReplacedFile::Buffer::Close() {
  if (!Append(pending_)) return status_;
  pending_.clear();
  status_ = file_->Sync();
  if (status_) status_ = file_->Close();
  return status_;
}

}  // namespace amethyst::cli
