// Random writes for a history: of new values each, to a transaction or as a batch. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "torture/history_content.h"

namespace amethyst::torture {

struct HistoryWrite {
  HistoryKey key{};
  ChangeKind kind{};
  std::string value{};
  std::chrono::milliseconds ttl{0};
  std::optional<HistoryRange> range{};  // It is a range delete.

  [[nodiscard]] HistoryFootprint FootprintIn(const HistoryFamilies& families) const;
  // Enters it behind others of its batch; a ttl begins at `now_ms`.
  void AddTo(const HistoryFamilies& families, uint64_t now_ms, HistoryOps* ops) const;
};

class HistoryDraws {
 public:
  HistoryDraws(const HistoryFamilies& families, bool expiries) : families_(families), expiries_(expiries) {}

  [[nodiscard]] HistoryKey Key(base::Random& random) const;
  // A key, or a place between two.
  [[nodiscard]] std::string Bound(base::Random& random, size_t family) const;
  // Its sides may be open; it may hold no keys.
  [[nodiscard]] HistoryRange Range(base::Random& random, size_t family) const;
  // `name`: of who writes it, unlike all others.
  [[nodiscard]] HistoryWrite Write(base::Random& random, const std::string& name) const;
  [[nodiscard]] std::string Value(base::Random& random, size_t family, const std::string& name) const;

 private:
  const HistoryFamilies& families_;
  const bool expiries_;
};

}  // namespace amethyst::torture
