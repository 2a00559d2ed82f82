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
#include <string>
#include <vector>

#include "amethyst/db.h"
#include "io/environment.h"
#include "server/keyspace/layout.h"
#include "server/keyspace/order_bounds.h"
#include "server/keyspace/record_cache.h"

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

  // What was written is durable then. Asks the engine only where something has been written since the last call.
  [[nodiscard]] Status MakeDurable();
  // Something was written that may not be durable yet.
  void NoteWrite() { has_unsynced_ = true; }

  // Keeps the counts and closes the engine.
  [[nodiscard]] Status Close();

  [[nodiscard]] DB& db() { return *db_; }
  // Where it lies, and the files that it lies in.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] io::FileSystem& files() { return environment_->files(); }
  [[nodiscard]] io::Clock& clock() { return environment_->clock(); }
  [[nodiscard]] io::Environment& environment() { return *environment_; }
  [[nodiscard]] const Family& family(Part part) const { return families_[static_cast<size_t>(part)]; }

  // What is known of family `keys`; for Access.
  [[nodiscard]] RecordCache& records() { return records_; }
  [[nodiscard]] OrderBounds& order_bounds() { return order_bounds_; }

  // Which stored database a number from 0 to 15 means.
  [[nodiscard]] uint16_t StoredDatabase(unsigned database) const { return stored_[database]; }
  // Where sys keeps what a number means; and what all of them mean from now on, which is written there already.
  [[nodiscard]] static std::string DatabaseKey(unsigned database);
  using Numbers = std::array<uint16_t, kDatabases>;
  [[nodiscard]] const Numbers& numbers() const { return stored_; }
  void SetNumbers(const Numbers& stored) { stored_ = stored; }

  // An id that no collection has had, in this run or an earlier one.
  [[nodiscard]] Result<uint64_t> NewId();

  // Keys of a stored database, expired ones that still lie there included.
  [[nodiscard]] int64_t KeyCount(uint16_t stored) const { return key_counts_[stored]; }
  [[nodiscard]] int64_t ExpiringCount(uint16_t stored) const { return expiring_counts_[stored]; }
  void AddToCounts(uint16_t stored, int64_t keys, int64_t expiring);
  // A key is overwritten unread (StoredKey::Lookup): the counts are estimates until the next open, which counts.
  void NoteEstimate() { counts_are_estimates_ = true; }

 private:
  struct Place {
    std::filesystem::path path;
    std::shared_ptr<io::Environment> environment;
  };
  Space(std::unique_ptr<DB> db, std::vector<Family> families, Place place);

  [[nodiscard]] Status Load();
  [[nodiscard]] Result<bool> LoadCounts();
  [[nodiscard]] Status Recount();
  [[nodiscard]] Status LeaseIds();

  const std::unique_ptr<DB> db_;
  const std::vector<Family> families_;
  const std::filesystem::path path_;
  const std::shared_ptr<io::Environment> environment_;
  RecordCache records_;
  OrderBounds order_bounds_;
  Numbers stored_{};
  std::array<int64_t, kDatabases> key_counts_{};
  std::array<int64_t, kDatabases> expiring_counts_{};
  bool counts_are_estimates_ = false;
  uint64_t next_id_ = 1;
  uint64_t leased_to_ = 1;
  bool has_unsynced_ = true;  // Of the run before, too.
};

}  // namespace amethyst::server
