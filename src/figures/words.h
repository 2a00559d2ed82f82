// The figures' kinds and causes as words, for those who show them to people and to scripts. Thread safety: pure
// functions.
#pragma once

#include <string_view>

#include "figures/figures.h"

namespace amethyst::figures {

[[nodiscard]] std::string_view WordOf(Stall stall);      // "debt"
[[nodiscard]] std::string_view SentenceOf(Stall stall);  // "writers slowed: compactions are behind"
[[nodiscard]] std::string_view WordOf(JobKind kind);     // "merge"
[[nodiscard]] std::string_view WordOf(EventKind kind);   // "stall-begins"

}  // namespace amethyst::figures
