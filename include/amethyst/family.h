// A family of keys: a map of its own in a database, which shares log, memory, snapshots and batches with the others.
//
// A batch may write to several families and is whole in all of them; a snapshot shows all as of one moment. The
// database's own calls are those of its default family. Names have 1 to 255 bytes and are unique; "default" is taken.
//
// A Family is a small value that shares ownership of the database's parts. After DropFamily each call with it is
// kInvalidArgument, "family dropped"; after Close, kClosed. Iterators and pinned values that were made before a drop go
// on to their end. It belongs to the database that made it, as do the batches that name it. Thread safety: every method
// may be called from any thread at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "amethyst/pinned_value.h"
#include "amethyst/stats.h"

namespace amethyst {

namespace engine {
class Engine;
}

class Family {
 public:
  // Made by DB::CreateFamily and DB::OpenFamily; `place_hint` is theirs to know.
  Family(std::shared_ptr<engine::Engine> engine, uint32_t id, uint32_t place_hint)
      : engine_(std::move(engine)), id_(id), place_hint_(place_hint) {}

  // As it is now; empty if the family was dropped.
  [[nodiscard]] std::string name() const;
  // That its operands are for; empty: it has no merge operator, or the family was dropped.
  [[nodiscard]] std::string merge_operator() const;
  // How long what says nothing of its own lives; 0: for ever, or the family was dropped.
  [[nodiscard]] std::chrono::milliseconds ttl() const;
  // Never used twice in a database, whatever the name; the default family's is 0.
  [[nodiscard]] uint32_t id() const { return id_; }
  [[nodiscard]] uint32_t place_hint() const { return place_hint_; }
  // Whether it is one of this database's.
  [[nodiscard]] bool IsOf(const engine::Engine& engine) const { return engine_.get() == &engine; }

  // Each as DB has it.
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const WriteOptions& options = {}) const;
  [[nodiscard]] Status Delete(std::string_view key, const WriteOptions& options = {}) const;
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                                   const WriteOptions& options = {}) const;
  [[nodiscard]] Status DeletePrefix(std::string_view prefix, const WriteOptions& options = {}) const;
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const WriteOptions& options = {}) const;
  [[nodiscard]] Result<std::optional<std::string>> Get(std::string_view key, const ReadOptions& options = {}) const;
  [[nodiscard]] Result<bool> GetInto(std::string_view key, std::string* value, const ReadOptions& options = {}) const;
  [[nodiscard]] Result<std::optional<bool>> TryGetInto(std::string_view key, std::string* value,
                                                       const ReadOptions& options = {}) const;
  [[nodiscard]] Result<bool> KeyMayExist(std::string_view key, const ReadOptions& options = {}) const;
  [[nodiscard]] Result<std::optional<PinnedValue>> GetPinned(std::string_view key,
                                                             const ReadOptions& options = {}) const;
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {}) const;
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> TryMultiGet(std::span<const std::string_view> keys,
                                                                            const ReadOptions& options = {}) const;
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {}) const;
  // One key, read and written as one: see DB.
  [[nodiscard]] Result<std::optional<std::string>> PutIfAbsent(std::string_view key, std::string_view value,
                                                               const WriteOptions& options = {}) const;
  [[nodiscard]] Result<std::optional<std::string>> CompareAndSet(std::string_view key,
                                                                 std::optional<std::string_view> expected,
                                                                 std::optional<std::string_view> value,
                                                                 const WriteOptions& options = {}) const;
  [[nodiscard]] Result<std::optional<std::string>> DeleteIfEqual(std::string_view key, std::string_view expected,
                                                                 const WriteOptions& options = {}) const;
  [[nodiscard]] Result<int64_t> Increment(std::string_view key, int64_t delta, const WriteOptions& options = {}) const;
  [[nodiscard]] Status CompactRange(std::optional<std::string_view> begin = {},
                                    std::optional<std::string_view> end = {}) const;
  [[nodiscard]] Result<uint64_t> ApproximateSize(std::string_view begin, std::string_view end) const;
  // What it has in tables.
  [[nodiscard]] Result<FamilyStats> GetStats() const;

 private:
  std::shared_ptr<engine::Engine> engine_;
  uint32_t id_;
  uint32_t place_hint_;
};

}  // namespace amethyst
