// The files that TableBuilder writes and Table reads: sorted entries in blocks, and an index of these. They are this
// library's own, neither LevelDB's tables nor Amethyst's.
//
//   file:    data block ... | index block | footer
//   block:   entry ... | entry offset u32 ... | entry count u32 | XXH3 of all before it in the block u64
//   entry:   key bytes u32 | value bytes u32 | key | value
//   footer:  index offset u64 | index bytes u64 | XXH3 of these two u64 | "AMTABLE1"
//
// The index has an entry for each data block: its last key, and as value its offset u64 and its bytes u64. Integers are
// little-endian. Thread safety: values.
#pragma once

#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::compat {

struct BlockPlace {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};
static_assert(sizeof(BlockPlace) == 16);

class TableBlockBuilder {
 public:
  void Add(std::string_view key, std::string_view value);
  // What Finish will return, in bytes.
  [[nodiscard]] size_t Bytes() const;
  [[nodiscard]] bool Empty() const { return offsets_.empty(); }
  // The whole block; the builder is empty again.
  [[nodiscard]] std::string Finish();

 private:
  std::string entries_;
  std::vector<uint32_t> offsets_;
};

// A checked block; its entries by their number.
class TableBlock {
 public:
  struct Entry {
    leveldb::Slice key;
    leveldb::Slice value;
  };
  TableBlock() = default;
  // Borrows `bytes`. An error says what is wrong with them.
  [[nodiscard]] static leveldb::Status Parse(std::string_view bytes, TableBlock* block);

  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] Entry entry(uint32_t number) const;

 private:
  const char* data_ = nullptr;
  const char* offsets_ = nullptr;
  uint32_t count_ = 0;
};

inline constexpr size_t kTableFooterBytes = 32;
[[nodiscard]] std::string EncodeTableFooter(const BlockPlace& index);
[[nodiscard]] leveldb::Status DecodeTableFooter(std::string_view footer, BlockPlace* index);

[[nodiscard]] std::string EncodePlace(const BlockPlace& place);
// Of an index entry's value; nothing but zeros if it is none.
[[nodiscard]] BlockPlace DecodePlace(const leveldb::Slice& value);

}  // namespace amethyst::compat
