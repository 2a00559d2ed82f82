#include "server/keyspace/record_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/keyspace/layout.h"

namespace amethyst::server {

namespace {
constexpr size_t kRecordBytesMax = 4 << 10;
constexpr size_t kUsualEntryBytes = 256;
constexpr size_t kAllocationBytes = 16;  // That malloc adds, and rounds up to.
}  // namespace

struct RecordCache::Header {
  uint32_t generation;
  uint32_t room;  // For key and record.
  uint32_t key_bytes;
  uint32_t record_bytes;

  static Header Of(const Entry& entry) {
    Header header{};
    std::memcpy(&header, entry.get(), sizeof(header));
    return header;
  }
  [[nodiscard]] size_t AllocatedBytes() const { return sizeof(Header) + room + kAllocationBytes; }
};

void RecordCache::SetCapacity(size_t capacity_bytes) {
  if (capacity_bytes == capacity_bytes_) return;
  const size_t buckets = std::bit_floor(capacity_bytes / kUsualEntryBytes / kPlaces);
  buckets_ = std::vector<Bucket>(buckets);
  bytes_ = buckets * sizeof(Bucket);
  capacity_bytes_ = capacity_bytes;
  hand_ = 0;
}

// The key's place among all keys is a hash already; keys of another database are elsewhere.
uint64_t RecordCache::HashOf(std::string_view keys_key) {
  return PlaceOfKeysKey(keys_key) ^ DatabaseOfKeysKey(keys_key);
}

size_t RecordCache::FindIn(const Bucket& bucket, uint16_t tag, std::string_view keys_key) const {
  for (size_t i = 0; i < kPlaces; ++i) {
    if (bucket.tags[i] != tag || bucket.entries[i] == nullptr) continue;
    const Header header = Header::Of(bucket.entries[i]);
    if (header.generation != generation_) continue;
    if (std::string_view(bucket.entries[i].get() + sizeof(Header), header.key_bytes) == keys_key) return i;
  }
  return kPlaces;
}

std::optional<std::string_view> RecordCache::Find(std::string_view keys_key) {
  if (buckets_.empty()) return {};
  const uint64_t hash = HashOf(keys_key);
  Bucket& bucket = BucketOf(hash);
  const size_t i = FindIn(bucket, TagOf(hash), keys_key);
  if (i == kPlaces) return {};
  bucket.was_found |= static_cast<uint8_t>(1U << i);
  const Header header = Header::Of(bucket.entries[i]);
  return std::string_view(bucket.entries[i].get() + sizeof(Header) + header.key_bytes, header.record_bytes);
}

size_t RecordCache::FindRoom(Bucket& bucket) const {
  const auto is_free = [this](const Entry& entry) {
    return entry == nullptr || Header::Of(entry).generation != generation_;
  };
  const auto free = std::ranges::find_if(bucket.entries, is_free);
  if (free != bucket.entries.end()) return static_cast<size_t>(free - bucket.entries.begin());
  while (true) {
    bucket.hand = static_cast<uint8_t>((bucket.hand + 1) % kPlaces);
    const auto bit = static_cast<uint8_t>(1U << bucket.hand);
    if ((bucket.was_found & bit) == 0) return bucket.hand;
    bucket.was_found &= static_cast<uint8_t>(~bit);
  }
}

void RecordCache::Put(std::string_view keys_key, std::string_view record) {
  if (record.size() > kRecordBytesMax) return Erase(keys_key);
  if (buckets_.empty()) return;
  const uint64_t hash = HashOf(keys_key);
  Bucket& bucket = BucketOf(hash);
  size_t i = FindIn(bucket, TagOf(hash), keys_key);
  if (i == kPlaces) i = FindRoom(bucket);
  Entry& entry = bucket.entries[i];
  const size_t needed = keys_key.size() + record.size();
  uint32_t room = entry == nullptr ? 0 : Header::Of(entry).room;
  if (room < needed || room > 2 * needed + kAllocationBytes) {
    Free(entry);
    room = static_cast<uint32_t>((needed + kAllocationBytes - 1) / kAllocationBytes * kAllocationBytes);
    entry = std::make_unique_for_overwrite<char[]>(sizeof(Header) + room);
    bytes_ += Header{.generation = 0, .room = room, .key_bytes = 0, .record_bytes = 0}.AllocatedBytes();
  }
  const Header header{.generation = generation_,
                      .room = room,
                      .key_bytes = static_cast<uint32_t>(keys_key.size()),
                      .record_bytes = static_cast<uint32_t>(record.size())};
  std::memcpy(entry.get(), &header, sizeof(header));
  std::memcpy(entry.get() + sizeof(header), keys_key.data(), keys_key.size());
  std::memcpy(entry.get() + sizeof(header) + keys_key.size(), record.data(), record.size());
  bucket.tags[i] = TagOf(hash);
  if (bytes_ > capacity_bytes_) MakeRoom();
}

void RecordCache::Erase(std::string_view keys_key) {
  if (buckets_.empty()) return;
  const uint64_t hash = HashOf(keys_key);
  Bucket& bucket = BucketOf(hash);
  if (const size_t i = FindIn(bucket, TagOf(hash), keys_key); i != kPlaces) Free(bucket.entries[i]);
}

void RecordCache::Forget(uint64_t hash) {
  if (buckets_.empty()) return;
  Bucket& bucket = BucketOf(hash);
  for (size_t i = 0; i < kPlaces; ++i) {
    if (bucket.tags[i] == TagOf(hash)) Free(bucket.entries[i]);
  }
}

void RecordCache::Free(Entry& entry) {
  if (entry == nullptr) return;
  bytes_ -= Header::Of(entry).AllocatedBytes();
  entry.reset();
}

void RecordCache::MakeRoom() {
  while (bytes_ > capacity_bytes_) {
    Bucket& bucket = buckets_[hand_];
    for (size_t i = 0; i < kPlaces; ++i) {
      if ((bucket.was_found & (1U << i)) == 0) Free(bucket.entries[i]);
    }
    bucket.was_found = 0;
    hand_ = (hand_ + 1) % buckets_.size();
  }
}

}  // namespace amethyst::server
