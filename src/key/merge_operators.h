// What the engine knows of the built-in merge operators beyond their interface. Thread safety: pure functions.
#pragma once

#include <string_view>

#include "amethyst/error.h"
#include "amethyst/merge_operator.h"

namespace amethyst::key {

// Whether `merge_operator` can take the operand at all. kInvalidArgument, from those built-in ones that can tell.
[[nodiscard]] Status CheckOperand(const MergeOperator& merge_operator, std::string_view operand);

}  // namespace amethyst::key
