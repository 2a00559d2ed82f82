#include "torture/blind_file_system.h"

#include "base/error.h"
#include "sstable/footer.h"

namespace amethyst::torture {

namespace {

class BlindFile final : public io::RandomAccessFile {
 public:
  BlindFile(std::unique_ptr<io::RandomAccessFile> file, uint64_t flipped_at)
      : file_(std::move(file)), flipped_at_(flipped_at) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override {
    const Result<size_t> read = file_->ReadAt(offset, to);
    if (read && flipped_at_ >= offset && flipped_at_ - offset < *read) to[flipped_at_ - offset] ^= 1;
    return read;
  }
  void Prefetch(uint64_t offset, uint64_t bytes) const override { file_->Prefetch(offset, bytes); }
  Result<uint64_t> Size() const override { return file_->Size(); }
  const std::string& path() const override { return file_->path(); }

 private:
  const std::unique_ptr<io::RandomAccessFile> file_;
  const uint64_t flipped_at_;
};

}  // namespace

Result<std::unique_ptr<io::RandomAccessFile>> BlindFileSystem::Open(const std::string& path) {
  AMETHYST_ASSIGN(std::unique_ptr<io::RandomAccessFile> file, files_->Open(path));
  AMETHYST_ASSIGN(const uint64_t size, file->Size());
  if (size < sstable::kFooterBytes) return file;
  std::string end(sstable::kFooterBytes, '\0');
  AMETHYST_TRY(io::ReadExactly(*file, size - end.size(), end));
  const Result<sstable::Footer> footer = sstable::Footer::FromBytes(end, size);
  if (!footer) return file;  // No table.
  return std::make_unique<BlindFile>(std::move(file), footer->sketch.offset);
}

Result<std::shared_ptr<io::FileSystem>> BlindFileSystem::OpenDirectory(const std::string& directory) {
  AMETHYST_ASSIGN(std::shared_ptr<io::FileSystem> opened, files_->OpenDirectory(directory));
  return std::make_shared<BlindFileSystem>(std::move(opened));
}

}  // namespace amethyst::torture
