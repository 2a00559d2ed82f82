#include "cli/file_stream.h"

#include <fmt/format.h>

#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "io/output_target.h"

namespace amethyst::cli {

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
  constexpr int kNumberMax = 1000;
  AMETHYST_ASSIGN(const io::OutputTarget target, io::ResolveOutput(path));
  Names names{.path = target.path, .partial = {}};
  if (target.is_device) {
    AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> device, io::OpenDevice(target.path));
    return std::make_unique<OutputFile>(files, std::move(names), std::move(device));
  }
  names.partial = names.path + ".partial";
  for (int number = 2; number < kNumberMax; ++number) {
    AMETHYST_ASSIGN(const bool taken, files.Exists(names.partial));
    if (!taken) break;
    names.partial = fmt::format("{}.partial{}", names.path, number);
  }
  AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> file, files.Create(names.partial));
  return std::make_unique<OutputFile>(files, std::move(names), std::move(file));
}

OutputFile::~OutputFile() {
  if (committed_) return;
  static_cast<void>(buffer_.Close());
  if (!names_.partial.empty()) static_cast<void>(files_.Remove(names_.partial));
}

Status OutputFile::Commit() {
  AMETHYST_ASSERT(!committed_);
  AMETHYST_TRY(buffer_.Close());
  if (!names_.partial.empty()) AMETHYST_TRY(files_.Rename(names_.partial, names_.path));
  committed_ = true;
  return names_.partial.empty() ? Status() : files_.SyncDirectory(io::ParentDirectory(names_.path));
}

bool OutputFile::Buffer::Append(std::string_view bytes) {
  if (status_) status_ = file_->Append(bytes);
  return status_.has_value();
}

OutputFile::Buffer::int_type OutputFile::Buffer::overflow(int_type byte) {
  if (traits_type::eq_int_type(byte, traits_type::eof())) return traits_type::not_eof(byte);
  const char c = traits_type::to_char_type(byte);
  return xsputn(&c, 1) == 1 ? byte : traits_type::eof();
}

std::streamsize OutputFile::Buffer::xsputn(const char* bytes, std::streamsize count) {
  pending_.append(bytes, static_cast<size_t>(count));
  if (pending_.size() < kBufferBytes) return count;
  const bool appended = Append(pending_);
  pending_.clear();
  return appended ? count : 0;
}

Status OutputFile::Buffer::Close() {
  if (!Append(pending_)) return status_;
  pending_.clear();
  status_ = file_->Sync();
  if (status_) status_ = file_->Close();
  return status_;
}

}  // namespace amethyst::cli
