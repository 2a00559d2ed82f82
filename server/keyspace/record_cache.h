// The records of keys that commands ask for most: what family `keys` holds under them, in a table by hash.
//
// Most commands begin by reading the record of their key. The engine finds it by way of its memtables, its tables and
// their blocks; this finds it in two steps. All writes of `keys` pass through Access, on the loop's thread, and are
// entered here as they are made: so what this knows is always true, and needs no check.
// Records leave by the clock algorithm: one that was found since the hand came by stays for another round.
// Thread safety: one thread, the server's loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace amethyst::server {

class RecordCache {
 public:
  [[nodiscard]] static uint64_t HashOf(std::string_view keys_key);

  // 0: keeps nothing.
  explicit RecordCache(size_t capacity_bytes = 0) { SetCapacity(capacity_bytes); }

  // Keeps so much from here on, bookkeeping included; forgets all where that changes.
  void SetCapacity(size_t capacity_bytes);

  // The record; none: it is not known here. Its bytes are valid until the next call.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view keys_key);
  // The key has this record from here on. A large one is not kept: the time that it takes lies elsewhere.
  void Put(std::string_view keys_key, std::string_view record);
  void Erase(std::string_view keys_key);
  // Of a key by its HashOf. Another key's record may go with it.
  void Forget(uint64_t hash);
  // Forgets all, in constant time.
  void Clear() { ++generation_; }

  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kPlaces = 6;
  // A header, the key, the record.
  using Entry = std::unique_ptr<char[]>;
  // As large as a cache line, so that most keys that are not there cost one miss of the processor's cache.
  struct alignas(64) Bucket {
    std::array<Entry, kPlaces> entries;
    std::array<uint16_t, kPlaces> tags;
    uint8_t was_found;  // Bits of places.
    uint8_t hand;
  };
  struct Header;

  [[nodiscard]] Bucket& BucketOf(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  [[nodiscard]] static uint16_t TagOf(uint64_t hash) { return static_cast<uint16_t>(hash >> 32); }
  // kPlaces: it is not there.
  [[nodiscard]] size_t FindIn(const Bucket& bucket, uint16_t tag, std::string_view keys_key) const;
  // The place for another entry: a free one, or that of the entry that is to go.
  [[nodiscard]] size_t FindRoom(Bucket& bucket) const;
  void Free(Entry& entry);
  // Lets go of records until there is room.
  void MakeRoom();

  size_t capacity_bytes_ = 0;
  size_t bytes_ = 0;
  size_t hand_ = 0;  // The bucket that the clock's hand is at.
  uint32_t generation_ = 0;
  std::vector<Bucket> buckets_;
};

}  // namespace amethyst::server
