#include "compaction/older_versions.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::compaction {

OlderVersions::OlderVersions(std::shared_ptr<const tree::Version> version, key::Level from_level,
                             const std::vector<key::FileNumber>& inputs)
    : version_(std::move(version)), order_(version_->order()) {
  AMETHYST_ASSERT(from_level < key::kLevels);
  for (key::Level level = from_level; level < key::kLevels; ++level) {
    Run run;
    for (const tree::TablePtr& table : version_->tables(level)) {
      if (std::find(inputs.begin(), inputs.end(), table->number()) != inputs.end()) continue;
      run.tables.push_back(table.get());
      if (level == 0) runs_.push_back(std::exchange(run, {}));  // They may overlap: each is a run.
    }
    if (!run.tables.empty()) runs_.push_back(std::move(run));
  }
}

void OlderVersions::Walk(std::string_view key) {
  nothing_below_ = true;
  until_ = {};
  for (Run& run : runs_) {
    while (run.position < run.tables.size() && order_.Less(run.tables[run.position]->info().largest, key))
      ++run.position;
    if (run.position == run.tables.size()) continue;
    const sstable::TableInfo& info = run.tables[run.position]->info();
    if (order_.Compare(info.smallest, key) <= 0) {
      if (nothing_below_ || order_.Less(until_, info.largest)) until_ = info.largest;
      nothing_below_ = false;
    } else if (nothing_below_ && (until_.data() == nullptr || order_.Less(info.smallest, until_))) {
      until_ = info.smallest;
    }
  }
  forever_ = until_.data() == nullptr;
}

}  // namespace amethyst::compaction
