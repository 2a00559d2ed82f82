#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/readable.h"
#include "compaction/plan.h"

namespace amethyst::compaction {
namespace {

constexpr size_t kKeyColumnsMax = 16;

void AppendTables(const char* title, const std::vector<key::FileNumber>& numbers, const std::vector<TableShape>& tables,
                  std::string* text) {
  for (const key::FileNumber number : numbers) {
    const auto table =
        std::find_if(tables.begin(), tables.end(), [&](const TableShape& other) { return other.number == number; });
    AMETHYST_ASSERT(table != tables.end());
    *text += fmt::format("  {} {:06} [{} {}] {} bytes\n", title, Raw(number),
                         base::Shortened(table->info->smallest, kKeyColumnsMax),
                         base::Shortened(table->info->largest, kKeyColumnsMax), table->info->file_bytes);
  }
}

}  // namespace

std::string Describe(const Plan& plan, const TreeShape& shape) {
  constexpr const char* kVerbs[] = {"nothing", "move", "merge", "drop"};
  const char* verb = kVerbs[static_cast<size_t>(plan.kind)];
  if (plan.kind == PlanKind::kNothing) return fmt::format("{}\n", verb);
  std::string text = plan.kind == PlanKind::kDrop
                         ? fmt::format("{} from {}: {}\n", verb, plan.from, plan.reason)
                         : fmt::format("{} {} -> {}: {}\n", verb, plan.from, plan.to, plan.reason);
  AppendTables("upper", plan.upper, shape.levels[plan.from], &text);
  AppendTables("lower", plan.lower, shape.levels[plan.to], &text);
  return text;
}

}  // namespace amethyst::compaction
