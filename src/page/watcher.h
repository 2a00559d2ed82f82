// Follows one database directory for the page: its manifest, edit by edit, and the figures that its writer publishes.
//
// Works beside the writer, within the writer's process, and for a database that nobody has open. Takes no lock and
// opens no database, so nobody waits for it. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "catalog/manifest.h"
#include "compaction/plan.h"
#include "figures/layout.h"
#include "io/environment.h"
#include "page/advice.h"
#include "page/history.h"
#include "page/json_writer.h"

namespace amethyst::page {

// What a page is told: the name of a server-sent event, and its data, one line of JSON.
struct Message {
  std::string_view name;
  std::string data;
};

class Watcher {
 public:
  struct Settings {
    std::string directory;
    // Of the process that writes: what it plans by depends on it. 0: the default.
    size_t memory_budget_bytes = 0;
    HistoryLimits history{};
  };
  // `environment` outlives it.
  Watcher(io::Environment& environment, Settings settings);

  // Takes in what is new: an "edit" for each edit of the tables, then one "metrics". Never kBusy: a change that the
  // writer is just making comes with the next look. kInvalidArgument: no database is there.
  [[nodiscard]] Result<std::vector<Message>> Look();
  // The edits alone, which cost next to nothing: so that none is lost to the history while nobody looks.
  [[nodiscard]] Result<std::vector<Message>> LookAtEdits();

  // All as of the last look, for a page that begins.
  [[nodiscard]] Message Snapshot() const;
  [[nodiscard]] std::string HistoryText() const;
  // Both in one, for a report.
  [[nodiscard]] std::string ReportText() const;

  [[nodiscard]] const inspect::ManifestState& state() const { return history_.now(); }
  [[nodiscard]] const std::string& directory() const { return settings_.directory; }
  // As of the last look: a process has the database open for writing.
  [[nodiscard]] bool has_writer() const { return has_writer_; }

 private:
  [[nodiscard]] Status ReadEdits(std::vector<Message>* messages);
  void ReadFigures();
  // After edits: what is told of the families until the next ones.
  void DescribeFamilies();
  void WriteMetrics(uint64_t events_after, JsonWriter* json) const;
  void WriteState(JsonWriter* json) const;
  [[nodiscard]] Advice CurrentAdvice() const;

  io::Environment& environment_;
  const Settings settings_;
  compaction::PlannerSettings planner_;
  History history_;
  std::string families_ = "[]";  // As JSON.
  double level0_filled_ = 0;
  key::FileNumber manifest_{};
  catalog::ManifestPosition position_;
  bool has_writer_ = false;
  std::optional<figures::Contents> contents_;  // nullopt: there are none.
  std::optional<double> cache_hits_;           // Between the last two looks.
  uint64_t events_told_ = 0;
};

}  // namespace amethyst::page
