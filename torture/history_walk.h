// An iterator of a transaction beside the entries that it has to show, and the stretch of keys that it has looked at.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "torture/history_content.h"

namespace amethyst::torture {

class HistoryWalk {
 public:
  struct Sees {
    const HistoryFamily* family = nullptr;
    HistoryRange bounds;
    std::vector<std::pair<std::string, std::string>> entries;  // Within the bounds.
  };
  HistoryWalk(Iterator iterator, Sees sees) : iterator_(std::move(iterator)), sees_(std::move(sees)) {}

  // Each: "", or how the iterator is wrong. nullopt: to the first key, or the last.
  [[nodiscard]] std::string Seek(const std::optional<std::string>& target, bool forward);
  [[nodiscard]] std::string Move(bool forward);

  [[nodiscard]] bool valid() const { return at_.has_value(); }
  // What was seen since the last seek; nullopt: there was none.
  [[nodiscard]] const std::optional<HistoryRange>& seen() const { return seen_; }

 private:
  [[nodiscard]] std::string Arrive(bool forward);

  Iterator iterator_;
  const Sees sees_;
  std::optional<size_t> at_;
  std::optional<HistoryRange> seen_;
};

}  // namespace amethyst::torture
