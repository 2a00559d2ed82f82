// LevelDB's table files, which TableBuilder writes and Table reads, and those that earlier builds wrote in their place.
//
//   file:      data block ... | filter block | metaindex block | index block | footer
//   stored:    a block's bytes, then its codec u8 (0 none, 1 Snappy) and the masked CRC-32C of all before it, u32
//   block:     entry ... | restart offset u32 ... | restart count u32
//   entry:     bytes shared with the key before, key bytes, value bytes: varints | rest of the key | value
//   filter:    filter ... | their offsets u32 ... | where those begin u32 | 11: one for 2^11 bytes of data blocks
//   footer:    handle of the metaindex, handle of the index, zeros up to 40 bytes | 57 fb 80 8b 24 75 47 db
//   handle:    offset, bytes without codec and checksum: varints
//
// At a restart a key shares nothing. The index has an entry for each data block: a key no less than its keys and less
// than those of the next, and as value its handle. The metaindex names the filter "filter." and its policy.
//
// Earlier builds (magic "AMTABLE1") wrote blocks whose entries are all restarts, with u32 in place of varints, an XXH3
// (u64) behind them, and handles of two u64; their index holds each block's last key. They are read, and not written.
//
// Integers are little-endian. Thread safety: values.
#pragma once

#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace amethyst::compat {

enum class TableFormat : uint8_t { kLevelDb, kEarlier };

// A handle.
struct BlockPlace {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};
[[nodiscard]] std::string EncodePlace(const BlockPlace& place);
// False: `from` does not begin with a place.
[[nodiscard]] bool DecodePlace(TableFormat format, std::string_view* from, BlockPlace* place);

inline constexpr size_t kBlockTrailerBytes = 5;  // Codec and checksum.
inline constexpr size_t kTableFooterBytes = 48;
inline constexpr size_t kEarlierFooterBytes = 32;
[[nodiscard]] std::string EncodeTableFooter(const BlockPlace& metaindex, const BlockPlace& index);
struct TableFooter {
  TableFormat format = TableFormat::kLevelDb;
  size_t bytes = 0;  // Of the footer itself.
  BlockPlace index{};
  uint64_t data_end = 0;  // About where data blocks end.
};
// `tail`: the file's last kTableFooterBytes, or all of it if it has fewer.
[[nodiscard]] leveldb::Status DecodeTableFooter(std::string_view tail, TableFooter* footer);

// A checked block, and the memory under it.
struct TableBlock {
  TableFormat format = TableFormat::kLevelDb;
  std::string_view entries{};
  const char* restarts = nullptr;
  uint32_t restart_count = 0;
  std::unique_ptr<char[]> buffer{};
  std::string raw{};  // Of a compressed one.
};
// Reads the block, which must end at `end` of the file or before.
[[nodiscard]] leveldb::Status LoadTableBlock(const leveldb::RandomAccessFile& file, TableFormat format,
                                             const BlockPlace& place, uint64_t end, TableBlock* block);

// Stands on an entry of a block, or on none.
class BlockCursor {
 public:
  // Both outlive its use; on none.
  void Reset(const TableBlock* block, const leveldb::Comparator* order);

  [[nodiscard]] bool Valid() const { return valid_; }
  [[nodiscard]] bool is_damaged() const { return damaged_; }
  void SeekToFirst();
  void SeekToLast();
  void Seek(const leveldb::Slice& target);  // The first entry at or after it.
  void Next();
  void Prev();
  [[nodiscard]] leveldb::Slice key() const { return key_; }
  [[nodiscard]] leveldb::Slice value() const { return {value_.data(), value_.size()}; }

 private:
  [[nodiscard]] uint32_t RestartAt(uint32_t number) const;
  // Before the restart's entry.
  void GoToRestart(uint32_t number);
  // Moves to the entry at next_. False: the block ends there.
  bool Step();
  bool Damaged();

  const TableBlock* block_ = nullptr;
  const leveldb::Comparator* order_ = nullptr;
  size_t at_ = 0;         // The entry it stands on.
  size_t next_ = 0;       // The one behind that.
  uint32_t restart_ = 0;  // The last restart at or before at_.
  std::string key_;
  std::string_view value_;
  bool valid_ = false;
  bool damaged_ = false;
};

}  // namespace amethyst::compat
