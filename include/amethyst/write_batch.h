// An ordered list of puts, merges and deletes that is applied as one: all of it or nothing.
//
// The representation is the payload of a log record (docs/format/wal.md), so that a commit
// copies it and never re-encodes. Thread safety: like std::string.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/applied.h"
#include "amethyst/error.h"

namespace amethyst {

class Family;

// When an entry of a batch expires. See ExpiresAfter and ExpiresAt.
struct Expiry {
  std::optional<std::chrono::system_clock::time_point> at{};
  std::chrono::milliseconds after{0};  // Its write, unless `at` is set.
};
// So long after the batch is written; 0: as the options of the write say. A negative time is refused then.
[[nodiscard]] constexpr Expiry ExpiresAfter(std::chrono::milliseconds ttl) { return {.at = {}, .after = ttl}; }
// At that moment; kNever: never, whatever the family's ttl.
[[nodiscard]] constexpr Expiry ExpiresAt(std::chrono::system_clock::time_point moment) { return {.at = moment}; }

class WriteBatch {
 public:
  // Receives the operations in order. One that a handler does not know ends Iterate with what is returned here, so that
  // none is lost on the way.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void Put(std::string_view key, std::string_view value) = 0;
    virtual void Delete(std::string_view key) = 0;
    // Of a family other than the default, named by its id. One that takes none of them ends the iteration with
    // kNotSupported: no operation is passed over in silence.
    [[nodiscard]] virtual Status PutIn(uint32_t family_id, std::string_view key, std::string_view value);
    [[nodiscard]] virtual Status DeleteIn(uint32_t family_id, std::string_view key);
    // nullopt: that side is open.
    [[nodiscard]] virtual Status DeleteRange(std::optional<std::string_view> begin,
                                             std::optional<std::string_view> end);
    [[nodiscard]] virtual Status DeleteRangeIn(uint32_t family_id, std::optional<std::string_view> begin,
                                               std::optional<std::string_view> end);
    [[nodiscard]] virtual Status PutExpiring(std::string_view key, std::string_view value, const Expiry& expiry);
    [[nodiscard]] virtual Status Merge(std::string_view key, std::string_view operand);
    [[nodiscard]] virtual Status MergeExpiring(std::string_view key, std::string_view operand, const Expiry& expiry);
    [[nodiscard]] virtual Status PutExpiringIn(uint32_t family_id, std::string_view key, std::string_view value,
                                               const Expiry& expiry);
    [[nodiscard]] virtual Status MergeIn(uint32_t family_id, std::string_view key, std::string_view operand);
    [[nodiscard]] virtual Status MergeExpiringIn(uint32_t family_id, std::string_view key, std::string_view operand,
                                                 const Expiry& expiry);
  };

  // Later operations on a key win over earlier ones. Limits are checked when the batch is written.
  void Put(std::string_view key, std::string_view value);
  void Put(std::string_view key, std::string_view value, const Expiry& expiry);
  void Delete(std::string_view key);
  void Put(const Family& family, std::string_view key, std::string_view value);
  void Put(const Family& family, std::string_view key, std::string_view value, const Expiry& expiry);
  void Delete(const Family& family, std::string_view key);
  // See DB::DeleteRange and DB::DeletePrefix, whose errors come when the batch is written.
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end);
  void DeleteRange(const Family& family, std::optional<std::string_view> begin, std::optional<std::string_view> end);
  void DeletePrefix(std::string_view prefix);
  void DeletePrefix(const Family& family, std::string_view prefix);
  // See DB::Merge.
  void Merge(std::string_view key, std::string_view operand);
  void Merge(std::string_view key, std::string_view operand, const Expiry& expiry);
  void Merge(const Family& family, std::string_view key, std::string_view operand);
  void Merge(const Family& family, std::string_view key, std::string_view operand, const Expiry& expiry);
  // With this batch the caller's log is applied up to `index`, from 1 on; the note has 64 bytes at the most. For
  // Options::external_log; a batch may hold nothing else. An index below that of an earlier batch, as all else that is
  // wrong, is refused when the batch is written, with kInvalidArgument.
  void SetApplied(uint64_t index, std::string_view note = {});
  [[nodiscard]] const std::optional<AppliedIndex>& applied() const { return applied_; }
  void Clear();
  // Adds all operations of `other` behind ours, and takes its place in the caller's log if it has one; `other` may be
  // this batch.
  void Append(const WriteBatch& other);

  // What the batch holds at a moment: RollBackTo takes away all that was added since, Clear apart.
  struct Savepoint {
    size_t bytes = 0;
    uint32_t count = 0;
    bool has_ttl = false;
    bool has_families = false;
    size_t prefix_families = 0;
  };
  [[nodiscard]] Savepoint GetSavepoint() const {
    return {rep_.size(), count_, has_ttl_, has_families_, prefix_families_.size()};
  }
  void RollBackTo(const Savepoint& savepoint);

  [[nodiscard]] uint32_t Count() const { return count_; }
  [[nodiscard]] bool Empty() const { return count_ == 0; }
  // Bytes that the batch takes in memory and in the log.
  [[nodiscard]] size_t ByteSize() const { return rep_.size(); }

  // Calls `handler` for each operation in order, until it does not take one. Else only a batch from foreign bytes can
  // fail.
  [[nodiscard]] Status Iterate(Handler& handler) const;

  // The ids of the families that DeletePrefix was called for, each as often.
  [[nodiscard]] const std::vector<uint32_t>& PrefixFamilies() const { return prefix_families_; }
  // Whether an entry expires some time after the batch is written.
  [[nodiscard]] bool HasTtl() const { return has_ttl_; }
  // Whether an entry is of a family other than the default.
  [[nodiscard]] bool HasFamilies() const { return has_families_; }

  // The encoded operations, valid until the batch changes; and a batch from such bytes, which are checked.
  [[nodiscard]] std::string_view Representation() const { return rep_; }
  [[nodiscard]] static Result<WriteBatch> FromRepresentation(std::string_view bytes);

 private:
  void Add(uint32_t family, uint8_t kind, std::string_view key, std::string_view value);
  void AddExpiring(uint32_t family, uint8_t kind, std::string_view key, std::string_view value, const Expiry& expiry);
  void AddRangeDelete(uint32_t family, std::optional<std::string_view> begin, std::optional<std::string_view> end);
  void AddPrefixDelete(uint32_t family, std::string_view prefix);

  std::string rep_;
  uint32_t count_ = 0;
  bool has_ttl_ = false;
  bool has_families_ = false;
  std::vector<uint32_t> prefix_families_;
  std::optional<AppliedIndex> applied_;
};

}  // namespace amethyst
