// Writes of one key that depend on what is there: see DB.
//
// Each is a transaction of its own, run again until it is committed. Thread safety: any thread at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/options.h"
#include "transactions/own_writes.h"

namespace amethyst::transactions {

using EnginePtr = std::shared_ptr<engine::Engine>;

[[nodiscard]] Result<std::optional<std::string>> PutIfAbsent(const EnginePtr& engine, FamilyPtr family,
                                                             std::string_view key, std::string_view value,
                                                             const WriteOptions& options);
[[nodiscard]] Result<std::optional<std::string>> CompareAndSet(const EnginePtr& engine, FamilyPtr family,
                                                               std::string_view key,
                                                               std::optional<std::string_view> expected,
                                                               std::optional<std::string_view> value,
                                                               const WriteOptions& options);
[[nodiscard]] Result<std::optional<std::string>> DeleteIfEqual(const EnginePtr& engine, FamilyPtr family,
                                                               std::string_view key, std::string_view expected,
                                                               const WriteOptions& options);
[[nodiscard]] Result<int64_t> Increment(const EnginePtr& engine, FamilyPtr family, std::string_view key, int64_t delta,
                                        const WriteOptions& options);

}  // namespace amethyst::transactions
