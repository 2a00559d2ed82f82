// A compaction filter of the model, and what it may do to a value.
//
// It goes by sizes, so that what it has replaced it keeps. When it is asked is the database's to say: so a value that
// it drops is there or not, and one that it replaces is the old one or the new. Thread safety: pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/compaction_filter.h"

namespace amethyst::torture {

[[nodiscard]] std::shared_ptr<const CompactionFilter> FilterOfModel();
[[nodiscard]] bool FilterDrops(std::string_view value);
// nullopt: it is not replaced.
[[nodiscard]] std::optional<std::string> FilterReplacement(std::string_view value);
// Whether what a read shows may be the filter's doing.
[[nodiscard]] bool FilterTouches(std::string_view value);

}  // namespace amethyst::torture
