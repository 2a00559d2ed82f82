// An ordered list of puts and deletes that is applied as one: all of it or nothing.
//
// The representation is the payload of a log record (docs/format/wal.md), so that a commit
// copies it and never re-encodes. Thread safety: like std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst {

class Family;

class WriteBatch {
 public:
  // Receives the operations in order.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void Put(std::string_view key, std::string_view value) = 0;
    virtual void Delete(std::string_view key) = 0;
    // Of a family other than the default, named by its id. One that takes none of them ends the iteration with
    // kNotSupported: no operation is passed over in silence.
    [[nodiscard]] virtual Status PutIn(uint32_t family_id, std::string_view key, std::string_view value);
    [[nodiscard]] virtual Status DeleteIn(uint32_t family_id, std::string_view key);
  };

  // Later operations on a key win over earlier ones. Limits are checked when the batch is written.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  void Put(const Family& family, std::string_view key, std::string_view value);
  void Delete(const Family& family, std::string_view key);
  void Clear();
  // Adds all operations of `other` behind ours; `other` may be this batch.
  void Append(const WriteBatch& other);

  [[nodiscard]] uint32_t Count() const { return count_; }
  [[nodiscard]] bool Empty() const { return count_ == 0; }
  // Bytes that the batch takes in memory and in the log.
  [[nodiscard]] size_t ByteSize() const { return rep_.size(); }

  // Calls `handler` for each operation in order, until it does not take one. Else only a batch from foreign bytes can
  // fail.
  [[nodiscard]] Status Iterate(Handler& handler) const;

  // The encoded operations, valid until the batch changes; and a batch from such bytes, which are checked.
  [[nodiscard]] std::string_view Representation() const { return rep_; }
  [[nodiscard]] static Result<WriteBatch> FromRepresentation(std::string_view bytes);

 private:
  std::string rep_;
  uint32_t count_ = 0;
};

}  // namespace amethyst
