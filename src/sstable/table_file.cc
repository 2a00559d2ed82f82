#include "sstable/table_file.h"

#include <cstring>
#include <memory>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "compress/codec.h"
#include "sstable/aligned_buffer.h"

namespace amethyst::sstable {
namespace {

using compress::Codec;

// The most that one stored byte can become: a ZSTD block of four bytes repeats a byte 128 Ki times, an LZ4 length byte
// stands for 255. A block that claims more is refused before memory is asked for.
uint64_t ExpansionMax(Codec codec) { return codec == Codec::kZstd ? 32768 : 255; }

}  // namespace

uint64_t StoredChecksum(std::string_view stored) {
  AMETHYST_ASSERT(stored.size() >= kTrailerBytes);
  return base::LoadFixed<uint64_t>(stored.data() + stored.size() - 8);
}

std::unexpected<Error> TableFile::At(uint64_t offset, const Error& error) const {
  return base::MakeError(error.code(), "{}: block at {}: {}", path(), offset, error.message());
}

Status TableFile::CheckHandle(const BlockHandle& handle) const {
  if (handle.offset > bytes_ || handle.end() > bytes_) {
    return base::Corruption("{}: block at {} of {} bytes ends behind the file's {}", path(), handle.offset,
                            handle.stored_bytes, bytes_);
  }
  if (handle.raw_bytes > kRawBytesMax || handle.raw_bytes < handle.stored_bytes) {
    return base::Corruption("{}: block at {}: {} bytes raw of {} stored", path(), handle.offset, handle.raw_bytes,
                            handle.stored_bytes);
  }
  return {};
}

Result<uint8_t> TableFile::CheckTrailer(const BlockHandle& handle, std::string_view stored) const {
  AMETHYST_ASSERT(stored.size() == handle.stored_bytes + kTrailerBytes);
  const uint64_t expected =
      base::Checksum(stored.substr(0, stored.size() - 8), {.owner = uid_, .offset = handle.offset});
  if (StoredChecksum(stored) != expected) {
    return base::Corruption("{}: block at {}: checksum expected {:016x} found {:016x}", path(), handle.offset, expected,
                            StoredChecksum(stored));
  }
  const char* const trailer = stored.data() + handle.stored_bytes;
  const uint8_t codec = static_cast<uint8_t>(trailer[0]);
  const uint32_t raw_bytes = base::LoadFixed<uint32_t>(trailer + 1);
  if (raw_bytes != handle.raw_bytes) {
    return base::Corruption("{}: block at {}: expected {} raw bytes, found {}", path(), handle.offset, handle.raw_bytes,
                            raw_bytes);
  }
  if (!compress::IsKnownCodec(codec)) {
    return base::NotSupported("{}: block at {}: codec {} is unknown", path(), handle.offset, codec);
  }
  if ((codec == static_cast<uint8_t>(Codec::kNone)) != (handle.stored_bytes == handle.raw_bytes) ||
      handle.raw_bytes / ExpansionMax(static_cast<Codec>(codec)) > handle.stored_bytes) {
    return base::Corruption("{}: block at {}: {} raw bytes in {} stored by codec {}", path(), handle.offset,
                            handle.raw_bytes, handle.stored_bytes, compress::CodecName(static_cast<Codec>(codec)));
  }
  return codec;
}

Status TableFile::Decode(const BlockHandle& handle, std::string_view stored, Room room) const {
  AMETHYST_TRY(CheckHandle(handle));
  AMETHYST_ASSIGN(const uint8_t codec, CheckTrailer(handle, stored));
  const std::span<char> raw(room(handle.raw_bytes), handle.raw_bytes);
  if (auto done = compress::Decompress(static_cast<Codec>(codec), stored.substr(0, handle.stored_bytes), raw); !done) {
    return At(handle.offset, done.error());
  }
  return {};
}

Status TableFile::Read(const BlockHandle& handle, Room room) const {
  AMETHYST_TRY(CheckHandle(handle));
  const size_t bytes = handle.stored_bytes + kTrailerBytes;
  if (handle.stored_bytes == handle.raw_bytes) {  // Straight to where it belongs.
    char* const to = room(bytes);
    AMETHYST_TRY(io::ReadExactly(*file_, handle.offset, {to, bytes}));
    AMETHYST_TRY(CheckTrailer(handle, {to, bytes}));
    return {};
  }
  AlignedBuffer stored;
  char* const to = stored.Room(bytes);
  AMETHYST_TRY(io::ReadExactly(*file_, handle.offset, {to, bytes}));
  return Decode(handle, {to, bytes}, room);
}

}  // namespace amethyst::sstable
