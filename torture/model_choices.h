// What a model program draws at random: settings, every one of them, orders of keys, keys and values.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/options.h"
#include "base/random.h"
#include "torture/model_value.h"

namespace amethyst::torture {

// The default order, its reverse, or short keys first.
[[nodiscard]] const Comparator* ComparatorOf(uint64_t number);
// Every field but those that say how to open: the comparator is given, for a database keeps its own.
[[nodiscard]] Options DrawOptions(base::Random& random, const Comparator* comparator);
[[nodiscard]] Durability DrawDurability(base::Random& random);

inline constexpr uint64_t kKeyStyles = 4;
// Half of the keys come from a tenth of the `count`.
[[nodiscard]] std::string DrawKey(base::Random& random, uint64_t style, uint64_t count);
[[nodiscard]] std::string DrawValue(base::Random& random);

// A key or a value in a message.
[[nodiscard]] std::string Show(std::string_view bytes);
[[nodiscard]] std::string Show(const ModelEntry& entry);
[[nodiscard]] std::string Show(const std::optional<ModelEntry>& entry);
[[nodiscard]] std::string Show(const Options& options);

}  // namespace amethyst::torture
