// A batch in the making, and what reads on top of the database need of it: the same entries in a memtable of its own.
//
// The memtable is filled when somebody reads, with what came since; so a batch that nobody reads costs what a batch
// costs. Where it is full, or writes were taken back, a new one is made, and iterators keep the old one. Entries are
// checked when they come, so that the memtable takes all of them. Thread safety: one thread at a time; the memtable is
// for any thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/family.h"
#include "amethyst/write_batch.h"
#include "engine/engine.h"

namespace amethyst::transactions {

// The family that a call is for; nullptr: the default one.
using FamilyPtr = const Family*;
[[nodiscard]] inline tree::FamilyKey KeyOf(FamilyPtr family) {
  if (family == nullptr) return {};
  return {.id = key::FamilyId{family->id()}, .place_hint = family->place_hint()};
}

class OwnWrites {
 public:
  // The time at which its own entries are read: that of the first which may expire, or of each read.
  enum class ReadTime : uint8_t { kFixed, kOfRead };
  OwnWrites(std::shared_ptr<engine::Engine> engine, ReadTime read_time)
      : engine_(std::move(engine)), read_time_(read_time) {}

  [[nodiscard]] engine::Engine& engine() const { return *engine_; }
  [[nodiscard]] const WriteBatch& batch() const { return batch_; }

  // As WriteBatch has them. An error changes nothing.
  [[nodiscard]] Status Put(FamilyPtr family, std::string_view key, std::string_view value, const Expiry& expiry);
  [[nodiscard]] Status Merge(FamilyPtr family, std::string_view key, std::string_view operand, const Expiry& expiry);
  [[nodiscard]] Status Delete(FamilyPtr family, std::string_view key);
  [[nodiscard]] Status DeleteRange(FamilyPtr family, std::optional<std::string_view> begin,
                                   std::optional<std::string_view> end);
  [[nodiscard]] Status DeletePrefix(FamilyPtr family, std::string_view prefix);
  void Clear() { RollBackTo({}); }

  struct Savepoint {
    WriteBatch::Savepoint batch{};
    size_t memory_bytes = 0;
    size_t dated_bytes = 0;
  };
  [[nodiscard]] Savepoint GetSavepoint() const { return {batch_.GetSavepoint(), memory_bytes_, dated_bytes_}; }
  void RollBackTo(const Savepoint& savepoint);

  // For reads that see the batch as it is now. kInvalidArgument: a family of it was dropped.
  [[nodiscard]] Result<engine::OwnWrites> Index();

 private:
  struct Entries;

  [[nodiscard]] Status CheckFamily(FamilyPtr family) const;
  // A ttl begins now.
  [[nodiscard]] Result<Expiry> AsMoment(FamilyPtr family, const Expiry& expiry);
  // What an entry grows by when the commit gives it a date, by the ttl that its family has now.
  [[nodiscard]] size_t DateBytesOf(FamilyPtr family, const Expiry& expiry) const;
  // What was added since `before` takes so much memory: takes it back if that is too much.
  [[nodiscard]] Status Keep(const Savepoint& before, size_t memory_bytes);
  [[nodiscard]] Status FillIndex();

  const std::shared_ptr<engine::Engine> engine_;
  WriteBatch batch_;
  const ReadTime read_time_;
  uint64_t first_expiring_ms_ = 0;  // When the first that may expire came; 0: none did.
  size_t memory_bytes_ = 0;         // Of its entries in a memtable, at most; families apart.
  size_t dated_bytes_ = 0;          // What its entries grow by at the commit.
  engine::WriteBufferPtr index_;    // nullptr: there is none that holds.
  Savepoint indexed_{};             // Up to there it has the batch.
};

}  // namespace amethyst::transactions
