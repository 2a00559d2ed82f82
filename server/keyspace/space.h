// The keyspace: sixteen numbered databases of Redis in one of the engine's.
//
// Opens the engine with its five families, gives out ids, counts keys, and knows which stored database a number means
// (SWAPDB swaps two numbers). It is the memory that commands share; what one command reads and writes goes through
// Access.
// Thread safety: one thread, the server's loop.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "amethyst/db.h"
#include "server/keyspace/layout.h"

namespace amethyst::server {

inline constexpr unsigned kDatabases = 16;

// The families.
enum class Part : uint8_t { kKeys, kData, kOrder, kTtl, kSys };
inline constexpr size_t kParts = 5;

class Space {
 public:
  // Opens or creates. kInvalidArgument: a database that is none of the server's.
  [[nodiscard]] static Result<std::unique_ptr<Space>> Open(const std::filesystem::path& path, const Options& options,
                                                           Components components = {});
  ~Space();
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  // Keeps the counts and closes the engine.
  [[nodiscard]] Status Close();

  [[nodiscard]] DB& db() { return *db_; }
  [[nodiscard]] const Family& family(Part part) const { return families_[static_cast<size_t>(part)]; }

  // Which stored database a number from 0 to 15 means.
  [[nodiscard]] uint16_t StoredDatabase(unsigned database) const { return stored_[database]; }
  // And the number that means it.
  [[nodiscard]] unsigned DatabaseOf(uint16_t stored) const;
  [[nodiscard]] Status Swap(unsigned one, unsigned other);

  // An id that no collection has had, in this run or an earlier one.
  [[nodiscard]] Result<uint64_t> NewId();

  // Keys of a stored database, expired ones that still lie there included.
  [[nodiscard]] int64_t KeyCount(uint16_t stored) const { return key_counts_[stored]; }
  [[nodiscard]] int64_t ExpiringCount(uint16_t stored) const { return expiring_counts_[stored]; }
  void AddToCounts(uint16_t stored, int64_t keys, int64_t expiring);

 private:
  Space(std::unique_ptr<DB> db, std::vector<Family> families);

  [[nodiscard]] Status Load();
  [[nodiscard]] Result<bool> LoadCounts();
  [[nodiscard]] Status Recount();
  [[nodiscard]] Status LeaseIds();

  const std::unique_ptr<DB> db_;
  const std::vector<Family> families_;
  std::array<uint16_t, kDatabases> stored_{};
  std::array<int64_t, kDatabases> key_counts_{};
  std::array<int64_t, kDatabases> expiring_counts_{};
  uint64_t next_id_ = 1;
  uint64_t leased_to_ = 1;
};

}  // namespace amethyst::server
