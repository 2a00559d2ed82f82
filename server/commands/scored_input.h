// One input of ZUNION, ZINTER and ZDIFF: a sorted set, or a plain set whose members all have the score 1.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "server/commands/command.h"

namespace amethyst::server {

class ScoredInput {
 public:
  ScoredInput() = default;
  ScoredInput(const ScoredInput&) = delete;
  ScoredInput& operator=(const ScoredInput&) = delete;
  virtual ~ScoredInput() = default;
  [[nodiscard]] virtual uint64_t size() const = 0;
  [[nodiscard]] virtual std::optional<double> Score(std::string_view member) const = 0;
  virtual void ForEach(const std::function<void(std::string_view member, double score)>& visit) const = 0;
};

// nullptr: the key holds another type, which has been said. A key that does not exist is an empty input.
[[nodiscard]] std::unique_ptr<ScoredInput> OpenScoredInput(Call& call, std::string_view name);

}  // namespace amethyst::server
