// Builds the blocks of a table file; see table_format.h for the bytes. Thread safety: one thread at a time.
#pragma once

#include <leveldb/filter_policy.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::compat {

// Entries by their keys, which ascend.
class BlockMaker {
 public:
  // A key shares nothing with the one before it once in `restart_interval` entries.
  void Add(std::string_view key, std::string_view value, int restart_interval);
  // What Finish will return, in bytes.
  [[nodiscard]] size_t Bytes() const { return block_.size() + (restarts_.size() + 1) * sizeof(uint32_t); }
  [[nodiscard]] bool Empty() const { return block_.empty(); }
  // The whole block; the maker is empty again.
  [[nodiscard]] std::string Finish();

 private:
  std::string block_;
  std::string last_key_;
  std::vector<uint32_t> restarts_{0};
  int since_restart_ = 0;
};

// The filters of the keys in each stretch of data blocks.
class FilterMaker {
 public:
  explicit FilterMaker(const leveldb::FilterPolicy& policy) : policy_(policy) {}

  void Add(std::string_view key) { keys_.emplace_back(key); }
  // The keys to come are in a block at that offset.
  void BeginBlock(uint64_t offset);
  [[nodiscard]] std::string Finish();

 private:
  void EndFilter();

  const leveldb::FilterPolicy& policy_;
  std::vector<std::string> keys_;  // Of the filter to come.
  std::string filters_;
  std::vector<uint32_t> offsets_;
};

// As it stands in the file: with codec, none, and checksum.
[[nodiscard]] std::string Stored(std::string block);

}  // namespace amethyst::compat
