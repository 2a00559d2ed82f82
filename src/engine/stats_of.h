// The statistics of an open database, gathered from all its parts. Thread safety: any thread.
#pragma once

#include "amethyst/stats.h"
#include "engine/database.h"
#include "tree/version.h"

namespace amethyst::engine {

// After Close only what was counted is left to tell: `open` says which. An open one must stay so during the call.
[[nodiscard]] Stats StatsOf(const Database& database, bool open);

// What the version of a family has in tables.
[[nodiscard]] FamilyStats FamilyStatsOf(const tree::Version& version);

}  // namespace amethyst::engine
