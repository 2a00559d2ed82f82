// Takes the parts of RDB's format off the front of bytes that may be anybody's. Each call is false where the bytes do
// not hold such a part, and then nothing more may be taken. Nothing is reserved for what is only announced. Thread
// safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/keyspace/stream_layout.h"
#include "server/rdb/text_arena.h"

namespace amethyst::server::rdb {

// What all compressed strings of one value may become, and the strings of all entries of a stream.
inline constexpr size_t kDecompressedBytesMax = size_t{512} << 20;

class Input {
 public:
  // Strings that are not in the bytes as they are go into the arena.
  Input(std::string_view bytes, TextArena* arena, size_t decompressed_bytes_max = kDecompressedBytesMax)
      : rest_(bytes), arena_(arena), decompressed_bytes_left_(decompressed_bytes_max) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  // How many elements there may be at the most, as each takes a byte.
  [[nodiscard]] size_t bytes_left() const { return rest_.size(); }
  // Whether so many elements of at least `bytes_each` may be there.
  [[nodiscard]] bool MayHold(uint64_t count, uint64_t bytes_each);
  // After a call that was false: at least so many bytes more would have been taken; 0: those that are there are wrong.
  [[nodiscard]] uint64_t missing_bytes() const { return missing_bytes_; }

  [[nodiscard]] bool TakeBytes(uint64_t count, std::string_view* bytes);
  [[nodiscard]] bool TakeByte(uint8_t* byte);
  [[nodiscard]] bool TakeLength(uint64_t* length);
  [[nodiscard]] bool TakeString(std::string_view* string);
  [[nodiscard]] bool TakeDouble(double* value);      // Eight bytes.
  [[nodiscard]] bool TakeTextDouble(double* value);  // As text behind its length.
  [[nodiscard]] bool TakeTime(TimeMs* time);
  [[nodiscard]] bool TakeStreamId(StreamId* id);  // Two lengths.
  [[nodiscard]] bool TakeRawStreamId(StreamId* id);

 private:
  struct Length {
    uint64_t value = 0;
    bool is_encoding = false;
  };
  [[nodiscard]] bool TakeAnyLength(Length* length);
  [[nodiscard]] bool TakeEncoded(uint64_t encoding, std::string_view* string);
  [[nodiscard]] bool TakeCompressed(std::string_view* string);

  std::string_view rest_;
  TextArena* arena_;
  size_t decompressed_bytes_left_;
  uint64_t missing_bytes_ = 0;
};

}  // namespace amethyst::server::rdb
