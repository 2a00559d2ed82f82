// Where a key lives: a look-up in slow motion, which asks each place in the order in which a read does, and times it.
//
// Reads table files itself, through a small cache of its own, so that nothing of the database's is disturbed. What lies
// in memory alone is the engine's: a caller who has the database open says what a read of it came to. Thread safety:
// one thread at a time.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "cache/block_cache.h"
#include "inspect/tree_report.h"
#include "io/environment.h"
#include "page/json_writer.h"
#include "sstable/table_reader.h"

namespace amethyst::page {

// What the engine's own read of the key came to, and how long it took.
struct EngineAnswer {
  std::optional<std::string> value{};
  double us = 0;
};

class LookUp {
 public:
  LookUp(io::Environment& environment, std::string directory);
  ~LookUp();

  // An object, as docs/page.md has it.
  [[nodiscard]] std::string Ask(const inspect::ManifestState& state, key::FamilyId family, std::string_view key,
                                const std::optional<EngineAnswer>& engine);
  // Tables stay open between look-ups. One that the database has replaced keeps its space on disk until it is closed.
  void CloseUnlisted(const inspect::ManifestState& state);

 private:
  struct OpenTable {
    key::FileNumber number{};
    std::unique_ptr<sstable::TableReader> reader;
  };
  struct Step {
    std::string outcome;
    bool decides = false;
    bool is_live = false;
    std::optional<std::string> value{};
  };

  [[nodiscard]] Result<const sstable::TableReader*> Open(const tree::AddedTable& table, bool* was_open);
  [[nodiscard]] Step AskTable(const tree::AddedTable& table, std::string_view key, JsonWriter* json);
  [[nodiscard]] Result<Step> Find(const tree::AddedTable& table, std::string_view key, JsonWriter* json);

  io::Environment& environment_;
  const std::string directory_;
  cache::BlockCache cache_;
  std::list<OpenTable> open_;  // The one that was used last is first.
};

}  // namespace amethyst::page
