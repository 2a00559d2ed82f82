#include "io/copy_file.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace amethyst::io {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

// Passes the file to `take` in pieces.
Result<FileDigest> ReadPieces(const RandomAccessFile& file, OnPiece on_piece,
                              base::FunctionRef<Status(std::string_view)> take) {
  AMETHYST_ASSIGN(const uint64_t size, file.Size());
  std::vector<char> buffer(std::min<uint64_t>(kPieceBytes, std::max<uint64_t>(size, 1)));
  FileDigest digest;
  Status failed;
  digest.hash = base::Hash64OfPieces([&]() -> std::string_view {
    const Result<size_t> read = file.ReadAt(digest.bytes, buffer);
    if (!read) failed = std::unexpected(read.error());
    const std::string_view piece(buffer.data(), read.value_or(0));
    digest.bytes += piece.size();
    if (failed && !piece.empty()) failed = take(piece);
    if (failed && !piece.empty()) failed = on_piece(piece.size());
    return failed ? piece : std::string_view();
  });
  AMETHYST_TRY(failed);
  return digest;
}

}  // namespace

Result<FileDigest> CopyFile(const FilePlace& from, const FilePlace& to, OnPiece on_piece) {
  AMETHYST_ASSIGN(const std::unique_ptr<RandomAccessFile> source, from.files.Open(from.path));
  AMETHYST_ASSIGN(const std::unique_ptr<WritableFile> copy, to.files.Create(to.path));
  const auto append = [&copy](std::string_view piece) { return copy->Append(piece); };
  AMETHYST_ASSIGN(const FileDigest digest, ReadPieces(*source, on_piece, append));
  AMETHYST_TRY(copy->Sync());
  AMETHYST_TRY(copy->Close());
  return digest;
}

Result<FileDigest> DigestFile(const FilePlace& file, OnPiece on_piece) {
  AMETHYST_ASSIGN(const std::unique_ptr<RandomAccessFile> opened, file.files.Open(file.path));
  return ReadPieces(*opened, on_piece, [](std::string_view) { return Status(); });
}

}  // namespace amethyst::io
