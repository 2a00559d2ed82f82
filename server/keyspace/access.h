// What one command reads and writes: the keyspace as of its moment, with its own writes on top.
//
// A command's writes are held back and go to the engine as one batch, so it is whole or absent whatever happens; the
// commands of EXEC share one Access and are whole together. Nothing has happened before Commit: a command that cannot
// go on is given up by Begin, and may be run again. CommitLater leaves the batch pending, to be written with those of
// other commands. Reads through this Access see pending writes; nobody else does before Flush. What is written under a
// fresh id, before anything else, may go to the engine in parts: nobody finds it until the key names the id, and where
// that never comes the sweep takes it away. An error of the engine stays: calls then find nothing and write nothing,
// and Commit returns it. So a command need not look for one, except to end a loop. Thread safety: one thread, the
// server's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/keyspace/layout.h"
#include "server/keyspace/pending_writes.h"
#include "server/keyspace/space.h"

namespace amethyst::server {

// The kinds of keyspace events, by the letters of `notify-keyspace-events`.
enum class EventKind : char {
  kGeneric = 'g',
  kString = '$',
  kList = 'l',
  kSet = 's',
  kHash = 'h',
  kSortedSet = 'z',
  kStream = 't',
  kExpired = 'x',
  kNew = 'n',
  kMiss = 'm'
};
struct KeyEvent {
  EventKind kind;
  std::string_view name;  // "lpush"; lives for ever.
  unsigned database;
  std::string key;
};

// A key of a stored database, as its user has it.
struct KeyName {
  uint16_t stored = 0;
  std::string key;
  friend auto operator<=>(const KeyName&, const KeyName&) = default;
};

// Two stored databases whose numbers SWAPDB has swapped.
struct StoredSwap {
  uint16_t one;
  uint16_t other;
  // The name that the key of the same number and name has now.
  [[nodiscard]] KeyName Of(const KeyName& key) const {
    return {.stored = key.stored == one ? other : key.stored == other ? one : key.stored, .key = key.key};
  }
};

class Access {
 public:
  explicit Access(Space& space);

  // Forgets all that was held back. Reads and writes are of `database` and as of `now_ms` from here on.
  void Begin(unsigned database, TimeMs now_ms);
  // From here on, until Begin, Get reads nothing from the disk: where that would be needed the command fails, and
  // miss() says what for. A walk reads what it needs.
  void ReadMemoryOnly() { reading_.memory_only = true; }
  // From here on, until Begin, records come from the engine alone: for one who reads while another's writes are held
  // back, whose records are in the cache already.
  void ReadWithoutRecords() { reading_.uses_records = false; }
  struct Miss {
    Part part;
    std::string key;
  };
  [[nodiscard]] const std::optional<Miss>& miss() const { return reading_.miss; }
  // Of what is committed from here on; kBuffered until then.
  void SetDurability(amethyst::Durability durability) { writing_.durability = durability; }
  // SELECT within a transaction.
  void SetDatabase(unsigned database) { database_ = database; }

  [[nodiscard]] unsigned database() const { return database_; }
  [[nodiscard]] uint16_t stored_database() const { return numbers_[database_]; }
  // The number that means a stored database.
  [[nodiscard]] unsigned DatabaseOf(uint16_t stored) const;
  [[nodiscard]] TimeMs now_ms() const { return now_ms_; }
  [[nodiscard]] Space& space() { return space_; }

  // The parts, under keys of layout.h.
  [[nodiscard]] bool Get(Part part, std::string_view key, std::string* value);
  // Of a key's record what HeadBytes says, or more. The disk is not read where the filters are in memory:
  // `*is_on_disk` says that the key may be there, which it would have to tell.
  [[nodiscard]] bool GetHead(std::string_view keys_key, std::string* head, bool* is_on_disk);
  // One that is made before the command writes may outlive it: it goes on showing the moment at which it was made.
  [[nodiscard]] Iterator NewIterator(Part part, std::optional<std::string_view> lower = {},
                                     std::optional<std::string_view> upper = {});
  // True while the iterator stands on an entry; an error of it is kept.
  [[nodiscard]] bool Shows(const Iterator& iterator);
  void Put(Part part, std::string_view key, std::string_view value);
  void Delete(Part part, std::string_view key);
  void DeleteRange(Part part, std::string_view begin, std::string_view end);

  // The command has taken all entries of `order` up to that key, from that end of the sorted set.
  void NarrowOrder(uint64_t id, OrderEnd end, std::string_view order_key);

  // A fresh id for a collection of this key, which is entered into the registry. 0: there was an error.
  [[nodiscard]] uint64_t NewId(std::string_view keys_key);
  // The collection is that key's from here on.
  void PutInRegistry(uint64_t id, std::string_view keys_key);
  // All that is stored under the id is gone, and the id's place in the registry.
  void Release(uint64_t id, Type type);
  // All keys of the database; of all databases.
  void FlushDatabase(unsigned database);
  void FlushAll();
  // Each number means from here on what the other one meant.
  void SwapDatabases(unsigned one, unsigned other);
  // How many keys the database has, with what is held back.
  [[nodiscard]] int64_t KeyCount(unsigned database) const;
  [[nodiscard]] int64_t ExpiringCount(unsigned database) const;

  // Something was changed: whoever watches the key is told, once this is committed.
  void Touch(std::string_view user_key) { Touch(stored_database(), user_key); }
  void Touch(uint16_t stored, std::string_view user_key);
  // Events are kept only if somebody wants some.
  void SetWantsEvents(bool wanted) { outcome_.wants_events = wanted; }
  [[nodiscard]] bool wants_events() const { return outcome_.wants_events; }
  void Notify(EventKind kind, std::string_view name, std::string_view user_key);
  // Somebody may wait for elements of the key.
  void SignalReady(std::string_view user_key) { SignalReady(stored_database(), user_key); }
  void SignalReady(uint16_t stored, std::string_view user_key);
  void Fail(Error error);

  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] bool HasWrites() const { return !batch_.batch().Empty(); }
  // Writes what is pending, and then what was held back. touched(), ready() and the like hold until Begin.
  [[nodiscard]] Status Commit();
  // The same, but may leave what was held back pending.
  [[nodiscard]] Status CommitLater();
  [[nodiscard]] bool HasPending() const { return !pending_.empty(); }
  // Writes what is pending. After an error none of it has happened, and the command at hand, which may have read it,
  // has failed. True: nothing was lost.
  bool Flush();
  // Between commands: has another thread write what is pending, where that is worth its while. False: it was not.
  bool HandOver();
  // Is called where pending writes have been written, or all of them are lost: also from within Get and NewIterator.
  void SetOnFlush(std::function<void(const Status&)> on_flush) { on_flush_ = std::move(on_flush); }
  // What follows from the commit: keys that were changed, keys that got elements, events to publish.
  [[nodiscard]] const std::vector<StoredSwap>& swaps() const { return outcome_.swaps; }
  [[nodiscard]] std::span<const KeyName> touched() const { return {outcome_.touched.data(), outcome_.touched_count}; }
  [[nodiscard]] const std::vector<KeyName>& ready() const { return outcome_.ready; }
  [[nodiscard]] const std::vector<KeyEvent>& events() const { return outcome_.events; }

  // There are so many more keys, and keys that expire; StoredKey counts.
  void Count(uint16_t stored, int64_t keys, int64_t expiring);

 private:
  // From pending writes, the command's own and the engine.
  [[nodiscard]] Result<bool> Read(Part part, std::string_view key, std::string* value, bool memory_only);
  // Of a record that is in the cache and has not expired.
  [[nodiscard]] std::optional<std::string_view> GetCached(std::string_view key);
  // Something was written: of a fresh id, or of something that can be found.
  void NoteWrite(Part part, std::string_view key, size_t value_bytes);
  [[nodiscard]] bool IsFresh(Part part, std::string_view key) const;
  // What follows from that pending writes are written, or all of them are lost. True: the former.
  bool Settle(const Status& written);
  // What this has put into the cache of records, and not committed, is taken back.
  void ForgetRecords();

  Space& space_;
  IndexedBatch batch_;
  PendingWrites pending_;
  std::function<void(const Status&)> on_flush_;
  WriteOptions writing_;
  unsigned database_ = 0;
  TimeMs now_ms_ = 0;
  Status status_;
  struct Reading {
    bool memory_only = false;
    bool uses_records = true;
    std::optional<Miss> miss{};
  } reading_;
  Space::Numbers numbers_;
  struct Fresh {
    uint64_t id = 0;       // The newest.
    size_t bytes = 0;      // Of the batch.
    bool is_alone = true;  // There is nothing else in the batch.
  } fresh_;
  Changes changes_;
  struct Outcome {
    std::vector<StoredSwap> swaps{};
    std::vector<KeyName> touched{};  // The first `touched_count`; those behind keep their memory for the next ones.
    size_t touched_count = 0;
    std::vector<KeyName> ready{};
    bool wants_events = false;
    std::vector<KeyEvent> events{};
  } outcome_;
};

}  // namespace amethyst::server
