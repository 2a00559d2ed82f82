// A batch of writes that can be read before it is written: its own entries, over the database as it is.
//
// Reads see what the batch has so far on top of what DB would show: its puts, deletes, range deletes, merges. An
// iterator shows the batch as of when the iterator was made; make a new one to see what came later. Nothing is checked
// when the batch is written: for that there is Transaction. The batch may be read and written on after DB::Write.
//
//   IndexedBatch batch(db);
//   batch.Put("a", "1");
//   batch.Get("a");  // "1"
//   db.Write(batch);
//
// It keeps what the database's calls share, so it may outlive the DB, whose calls are then kClosed. Thread safety: one
// thread at a time; its iterators may be used by other threads. Move-only; a batch that was moved from may only be
// destroyed or assigned to.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "amethyst/write_batch.h"

namespace amethyst {

class DB;
class Family;

namespace engine {
class Engine;
}
namespace transactions {
class OwnWrites;
}

class IndexedBatch {
 public:
  explicit IndexedBatch(DB& db);
  IndexedBatch(IndexedBatch&&) noexcept;
  IndexedBatch& operator=(IndexedBatch&&) noexcept;
  ~IndexedBatch();

  // Each as WriteBatch has it. An entry that could not be written is refused here, and the batch stays as it was: see
  // the calls of DB for the errors; kInvalidArgument if the batch comes to be larger than a batch may be. A ttl counts
  // from here on.
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const Expiry& expiry = {});
  [[nodiscard]] Status Delete(std::string_view key);
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end);
  [[nodiscard]] Status DeletePrefix(std::string_view prefix);
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const Expiry& expiry = {});
  [[nodiscard]] Status Put(const Family& family, std::string_view key, std::string_view value,
                           const Expiry& expiry = {});
  [[nodiscard]] Status Delete(const Family& family, std::string_view key);
  [[nodiscard]] Status DeleteRange(const Family& family, std::optional<std::string_view> begin,
                                   std::optional<std::string_view> end);
  [[nodiscard]] Status DeletePrefix(const Family& family, std::string_view prefix);
  [[nodiscard]] Status Merge(const Family& family, std::string_view key, std::string_view operand,
                             const Expiry& expiry = {});
  void Clear();

  // Each as DB has it, with the batch on top.
  [[nodiscard]] Result<std::optional<std::string>> Get(std::string_view key, const ReadOptions& options = {});
  [[nodiscard]] Result<bool> GetInto(std::string_view key, std::string* value, const ReadOptions& options = {});
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {});
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<std::string>> Get(const Family& family, std::string_view key,
                                                       const ReadOptions& options = {});
  [[nodiscard]] Result<bool> GetInto(const Family& family, std::string_view key, std::string* value,
                                     const ReadOptions& options = {});
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(const Family& family,
                                                                         std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {});
  [[nodiscard]] Iterator NewIterator(const Family& family, const ReadOptions& options = {});

  // What it has so far.
  [[nodiscard]] const WriteBatch& batch() const;
  // The database's, that it was made for.
  [[nodiscard]] bool IsOf(const engine::Engine& engine) const;

 private:
  std::unique_ptr<transactions::OwnWrites> writes_;
};

}  // namespace amethyst
