// What the page reads, as JSON: docs/page.md has the fields. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "compaction/plan.h"
#include "figures/layout.h"
#include "inspect/tree_report.h"
#include "page/advice.h"
#include "page/history.h"
#include "page/json_writer.h"

namespace amethyst::page {

// An array of all tables that hold entries, level by level.
void WriteTables(const inspect::ManifestState& state, JsonWriter* json);
// An object: what was added and removed.
void WriteEdit(const TimedEdit& edit, JsonWriter* json);
// An object: the tables of before, and the edits since.
void WriteHistory(const History& history, JsonWriter* json);
// An array: each family's name, its levels with their targets, what their shape costs.
void WriteFamilies(const inspect::ManifestState& state, const compaction::PlannerSettings& settings, JsonWriter* json);
// An object, without the events.
void WriteFigures(const figures::Contents& contents, JsonWriter* json);
// An array of those behind `after`, at most the last `most`.
void WriteEvents(const std::vector<figures::Event>& events, uint64_t after, size_t most, JsonWriter* json);
void WriteAdvice(const Advice& advice, JsonWriter* json);

}  // namespace amethyst::page
