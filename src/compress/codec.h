// Block compression: none, LZ4, ZSTD, by id as stored in each block.
//
// Only what pays is compressed: bytes that do not shrink by an eighth are stored as they are, and cost nothing to read.
// Of 1 MiB or more three pieces are tried first; if none of them shrinks, the rest is not tried.
// ZSTD's working contexts are kept per thread. Thread safety: any thread at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "base/buffer.h"

namespace amethyst::compress {

using Codec = Compression;  // The ids on disk.
[[nodiscard]] bool IsKnownCodec(uint8_t id);
[[nodiscard]] std::string_view CodecName(Codec codec);

// Whether it is worth trying to compress `raw`: false where trying some of what is large has shown that it is not.
[[nodiscard]] bool MayPay(Codec codec, std::string_view raw);

// Appends `raw`, compressed, to `*to`. Returns the codec used: kNone, with nothing appended, if that does not save at
// least an eighth.
[[nodiscard]] Codec AppendCompressed(Codec wanted, std::string_view raw, base::Buffer* to);

// Fills `raw` exactly; kCorruption if `stored` is no valid input for that or for its size.
[[nodiscard]] Status Decompress(Codec codec, std::string_view stored, std::span<char> raw);

}  // namespace amethyst::compress
