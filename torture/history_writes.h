// Random writes for a history: of new values each, to a transaction or as a batch. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

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

// Gives the write to a WriteBatch, an IndexedBatch or a Transaction. `lists`: the second family.
template <typename Target>
[[nodiscard]] Status EnterInto(Target& target, const Family& lists, const HistoryFamilies& families,
                               const HistoryWrite& write) {
  const std::string& key = families[write.key.family].keys[write.key.place];
  const Expiry expiry = write.ttl.count() == 0 ? Expiry() : ExpiresAfter(write.ttl);
  const auto enter = [&](const auto&... of_family) -> Status {
    const auto call = [&] {
      if (write.range) return target.DeleteRange(of_family..., write.range->begin, write.range->end);
      switch (write.kind) {
        case ChangeKind::kDelete: return target.Delete(of_family..., key);
        case ChangeKind::kPut: return target.Put(of_family..., key, write.value, expiry);
        case ChangeKind::kMerge: return target.Merge(of_family..., key, write.value, expiry);
      }
      std::unreachable();
    };
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      return {};
    } else {
      return call();
    }
  };
  return write.key.family == 0 ? enter() : enter(lists);
}

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
