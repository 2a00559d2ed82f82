#include <leveldb/comparator.h>
#include <leveldb/slice.h>

#include <algorithm>

namespace leveldb {

namespace {

class BytewiseOrder final : public Comparator {
 public:
  int Compare(const Slice& a, const Slice& b) const override { return a.compare(b); }
  const char* Name() const override { return "leveldb.BytewiseComparator"; }

  // The first byte that differs is counted up, if that stays below the limit's, and what follows it is cut off.
  void FindShortestSeparator(std::string* start, const Slice& limit) const override {
    const size_t common_bytes_max = std::min(start->size(), limit.size());
    size_t at = 0;
    while (at < common_bytes_max && (*start)[at] == limit[at]) ++at;
    if (at == common_bytes_max) return;  // One is a prefix of the other.
    const auto byte = static_cast<unsigned char>((*start)[at]);
    if (byte >= 0xff || byte + 1 >= static_cast<unsigned char>(limit[at])) return;
    (*start)[at] = static_cast<char>(byte + 1);
    start->resize(at + 1);
  }

  void FindShortSuccessor(std::string* key) const override {
    const size_t at = key->find_first_not_of('\xff');
    if (at == std::string::npos) return;
    (*key)[at] = static_cast<char>((*key)[at] + 1);
    key->resize(at + 1);
  }
};

}  // namespace

Comparator::~Comparator() = default;

const Comparator* BytewiseComparator() {
  static const auto* const comparator = new BytewiseOrder;  // Never destroyed: databases may outlive main.
  return comparator;
}

}  // namespace leveldb
