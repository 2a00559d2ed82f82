// Where commands on keys read and write: a family, or the transaction that is open, in that family.
//
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "amethyst/amethyst.h"

namespace amethyst::cli {

class Target {
 public:
  // A value, without a copy where that can be had.
  struct Entry {
    [[nodiscard]] std::string_view view() const { return pinned ? pinned->view() : std::string_view(copy); }

    std::optional<PinnedValue> pinned{};
    std::string copy{};
    std::optional<std::chrono::system_clock::time_point> expires_at{};
  };

  // `transaction` outlives it; nullptr: there is none.
  Target(Family family, Transaction* transaction) : family_(std::move(family)), transaction_(transaction) {}

  [[nodiscard]] Result<std::optional<Entry>> Get(std::string_view key) const;
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options) const;
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const Expiry& expiry) const;
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const Expiry& expiry = {}) const;
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> from, std::optional<std::string_view> to) const;
  // Puts if the key has the value `expected`; nullopt: if it is not there. Returns what was there before.
  [[nodiscard]] Result<std::optional<std::string>> CompareAndSet(std::string_view key,
                                                                 std::optional<std::string_view> expected,
                                                                 std::string_view value, const Expiry& expiry) const;

  [[nodiscard]] const Family& family() const { return family_; }
  [[nodiscard]] Transaction* transaction() const { return transaction_; }

 private:
  Family family_;
  Transaction* transaction_;
};

}  // namespace amethyst::cli
