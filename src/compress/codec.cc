#include "compress/codec.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::compress {
namespace {

// ZSTD's own default: the levels above cost more time than they save space on blocks of a few KiB.
constexpr int kZstdLevel = 3;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Each returns the bytes written, or 0 if the result does not fit into `to`.

size_t CompressLz4(std::string_view raw, std::span<char> to) {
  if (raw.size() > LZ4_MAX_INPUT_SIZE) return 0;
  return static_cast<size_t>(
      LZ4_compress_default(raw.data(), to.data(), static_cast<int>(raw.size()), static_cast<int>(to.size())));
}

size_t CompressZstd(std::string_view raw, std::span<char> to) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  AMETHYST_ASSERT(context != nullptr);
  const size_t written = ZSTD_compressCCtx(context.get(), to.data(), to.size(), raw.data(), raw.size(), kZstdLevel);
  return ZSTD_isError(written) != 0 ? 0 : written;
}

// Each tells whether `stored` decodes to exactly as many bytes as `raw` has room for.

bool DecompressLz4(std::string_view stored, std::span<char> raw) {
  if (stored.size() > LZ4_MAX_INPUT_SIZE || raw.size() > LZ4_MAX_INPUT_SIZE) return false;
  const int written =
      LZ4_decompress_safe(stored.data(), raw.data(), static_cast<int>(stored.size()), static_cast<int>(raw.size()));
  return written >= 0 && static_cast<size_t>(written) == raw.size();
}

bool DecompressZstd(std::string_view stored, std::span<char> raw) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  AMETHYST_ASSERT(context != nullptr);
  return ZSTD_decompressDCtx(context.get(), raw.data(), raw.size(), stored.data(), stored.size()) == raw.size();
}

bool Copy(std::string_view stored, std::span<char> raw) {
  if (stored.size() != raw.size()) return false;
  if (!stored.empty()) std::memcpy(raw.data(), stored.data(), stored.size());
  return true;
}

}  // namespace

bool IsKnownCodec(uint8_t id) { return id <= static_cast<uint8_t>(Codec::kZstd); }

std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kNone: return "none";
    case Codec::kLz4: return "lz4";
    case Codec::kZstd: return "zstd";
  }
  return "unknown";
}

// To try all of it takes as much memory again, and time.
bool MayPay(Codec codec, std::string_view raw) {
  constexpr size_t kLargeBytes = size_t{1} << 20;
  constexpr size_t kPieceBytes = size_t{64} << 10;
  if (codec == Codec::kNone || raw.size() < kLargeBytes) return codec != Codec::kNone;
  base::Buffer compressed;
  return std::ranges::any_of(std::array{size_t{0}, raw.size() / 2, raw.size() - kPieceBytes}, [&](size_t begin) {
    return AppendCompressed(codec, raw.substr(begin, kPieceBytes), &compressed) != Codec::kNone;
  });
}

Codec AppendCompressed(Codec wanted, std::string_view raw, base::Buffer* to) {
  AMETHYST_ASSERT(IsKnownCodec(static_cast<uint8_t>(wanted)));
  const size_t begin = to->size();
  const size_t stored_bytes_max = raw.size() - (raw.size() + 7) / 8;
  if (stored_bytes_max == 0 || !MayPay(wanted, raw)) return Codec::kNone;
  // The codecs stop by themselves at the end of this room, so what does not pay is also found out early.
  to->resize_and_overwrite(begin + stored_bytes_max, [&](char* bytes, size_t) {
    const std::span<char> room(bytes + begin, stored_bytes_max);
    return begin + (wanted == Codec::kLz4 ? CompressLz4(raw, room) : CompressZstd(raw, room));
  });
  AMETHYST_ASSERT(to->size() - begin <= stored_bytes_max);
  return to->size() == begin ? Codec::kNone : wanted;
}

Status Decompress(Codec codec, std::string_view stored, std::span<char> raw) {
  bool filled = false;
  switch (codec) {
    case Codec::kNone: filled = Copy(stored, raw); break;
    case Codec::kLz4: filled = DecompressLz4(stored, raw); break;
    case Codec::kZstd: filled = DecompressZstd(stored, raw); break;
    default: return base::NotSupported("compression codec {} is unknown", static_cast<unsigned>(codec));
  }
  if (filled) return {};
  return base::Corruption("{} bytes stored by codec {} do not decode to the {} bytes expected", stored.size(),
                          CodecName(codec), raw.size());
}

}  // namespace amethyst::compress
