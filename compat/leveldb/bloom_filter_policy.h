// LevelDB's Bloom filter as an object of its own: the same bits from the same keys.
//
// A database does not call it, for Amethyst's tables have filters of their own; it takes the number of bits from it.
// Thread safety: immutable.
#pragma once

#include <leveldb/filter_policy.h>

namespace amethyst::compat {

class BloomFilterPolicy final : public leveldb::FilterPolicy {
 public:
  explicit BloomFilterPolicy(int bits_per_key = 0);

  const char* Name() const override { return "leveldb.BuiltinBloomFilter2"; }
  void CreateFilter(const leveldb::Slice* keys, int n, std::string* dst) const override;
  bool KeyMayMatch(const leveldb::Slice& key, const leveldb::Slice& filter) const override;

  // What share of absent keys such a filter lets through.
  [[nodiscard]] double FalsePositiveRate() const;

 private:
  const int bits_per_key_;
  const int probes_;
};

}  // namespace amethyst::compat
