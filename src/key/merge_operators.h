// What the engine knows of the built-in merge operators beyond their interface. Thread safety: pure functions.
#pragma once

#include <memory>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/merge_operator.h"
#include "key/operands.h"

namespace amethyst::key {

// Lets a family merge by the operator that an open gives it; nullptr: by the built-in one of the name that it has kept,
// if there is one. Sets the fold of an operator that has one.
void GiveOperator(std::shared_ptr<const MergeOperator> given, Merging* merging);

// Whether `merge_operator` can take the operand at all. kInvalidArgument, from those built-in ones that can tell.
[[nodiscard]] Status CheckOperand(const MergeOperator& merge_operator, std::string_view operand);

}  // namespace amethyst::key
