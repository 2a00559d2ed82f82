// What a write means, and whether it may be, before it is committed: expiries and merge operators.
//
// A ttl becomes a moment of the database's clock here, and an operand is refused whose operator is not known or does
// not take it: behind the log there is nobody left to refuse. The first write of either sort is noted in the manifest,
// so that a build that knows neither refuses the database, and an open knows what it will meet. Thread safety: any
// thread at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/options.h"
#include "amethyst/write_batch.h"
#include "engine/read_context.h"
#include "engine/storage.h"

namespace amethyst::engine {

class WriteRules {
 public:
  // `options` has the default family's ttl; other families have theirs in their descriptions. All outlive it.
  WriteRules(const Options& options, const ReadContext& reads, Storage& storage);

  // 0: what is put there lives for ever.
  [[nodiscard]] uint64_t TtlMsOf(const tree::FamilyKey& family) const {
    return family.id == key::kDefaultFamily ? ttl_ms_.get() : TtlMsOfOther(family);
  }
  // Of the default family, from the next write on.
  void SetTtl(const Options& options);
  [[nodiscard]] static Status CheckKey(std::string_view key);
  // Whether what is put with these options never expires: then nothing else is to be asked of it.
  [[nodiscard]] bool IsForEver(const WriteOptions& options, const tree::FamilyKey& family) const {
    return options.ttl.count() == 0 && !options.expires_at && TtlMsOf(family) == 0;
  }
  // When what is put now expires: since 1970; kNeverMs.
  [[nodiscard]] Result<uint64_t> ExpiryOf(const WriteOptions& options, const tree::FamilyKey& family) const {
    return ExpiryOf(options, family, reads_.clock->NowMs());
  }
  [[nodiscard]] Status CheckDelete(const WriteOptions& options) const;
  [[nodiscard]] Status CheckApplied(const AppliedIndex& applied) const;
  [[nodiscard]] Status CheckOperand(std::string_view operand, const tree::FamilyKey& family) const;
  // kInvalidArgument: it ends before it begins, in the family's order. False: it holds no key.
  [[nodiscard]] Result<bool> CheckRange(const key::Range& range, const tree::FamilyKey& family) const;
  // kNotSupported: under a custom order no range of keys has a prefix.
  [[nodiscard]] Status CheckPrefix(const tree::FamilyKey& family) const;
  // To be called before an entry of the kind is committed. The operator of a family other than the default is noted by
  // FamilyList.
  [[nodiscard]] Status Announce(key::EntryKind kind, key::FamilyId family);

  // A batch as it is to be committed.
  struct Prepared {
    std::string_view payload;  // The batch's own, or `changed`.
    std::string changed{};
    size_t memtable_bytes = 0;
    std::vector<key::FamilyId> families{};  // Each once, without the default.
    // Each once, of the operands: to be announced; likewise the next.
    std::vector<key::FamilyId> merged_families{};
    bool holds_expiries = false;
    bool holds_ranges = false;
  };
  [[nodiscard]] Status Prepare(const WriteBatch& batch, const WriteOptions& options, Prepared* prepared) const;

 private:
  [[nodiscard]] uint64_t TtlMsOfOther(const tree::FamilyKey& family) const;
  [[nodiscard]] Result<uint64_t> ExpiryOf(const WriteOptions& options, const tree::FamilyKey& family,
                                          uint64_t now_ms) const;
  // Whether an entry of the batch may expire that does not say when.
  [[nodiscard]] bool IsDated(const WriteBatch& batch, const WriteOptions& options) const;
  // Encodes `batch` anew, with a moment for each of them.
  [[nodiscard]] Status Date(const WriteBatch& batch, const WriteOptions& options, std::string* to) const;

  const ReadContext& reads_;
  Storage& storage_;
  base::Changeable<uint64_t> ttl_ms_;  // Of the default family.
  std::atomic<bool> operands_noted_;   // Released by Announce: the manifest has the operator's name.
};

}  // namespace amethyst::engine
