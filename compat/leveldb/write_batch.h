// What LevelDB's WriteBatch holds: bytes in LevelDB's own encoding, so that ApproximateSize says what it always said,
// and copies, which programs make without this library, work.
//
//   sequence u64 (0, unused) | count u32 | entry ...
//   entry: kind u8 (1 put, 0 delete) | key bytes varint | key | [value bytes varint | value]
//
// Thread safety: as std::string.
#pragma once

#include <leveldb/slice.h>
#include <leveldb/write_batch.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace leveldb {

// The friend that the class's header names: what a batch's bytes are. To this library alone.
class WriteBatchInternal {
 public:
  struct Entry {
    bool put = false;
    Slice key;
    Slice value;
  };

  //   Reader reader(batch);
  //   for (Entry entry; reader.Next(&entry);) ...
  class Reader {
   public:
    explicit Reader(const WriteBatch& batch);
    // False at the end and at bytes that are no entry: status() tells which.
    bool Next(Entry* entry);
    [[nodiscard]] const Status& status() const { return status_; }

   private:
    bool Fail(const char* why);
    bool ReadBytes(Slice* bytes);

    std::string_view rest_;
    uint32_t expected_ = 0;
    uint32_t read_ = 0;
    Status status_;
  };
};

}  // namespace leveldb
