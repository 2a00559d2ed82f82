// Tables for the tests of the tree: real ones, written through a store, and the mere infos of tables.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/components.h"
#include "base/random.h"
#include "io/environment.h"
#include "key/order.h"
#include "sstable/table_writer.h"
#include "support/vector_cursor.h"
#include "tree/table.h"
#include "tree/table_store.h"
#include "tree/version_edit.h"

namespace amethyst::tree {

inline const std::string kDirectory = "/db";

// A store over `environment`, whose directory is there.
inline std::shared_ptr<TableStore> NewStore(std::shared_ptr<io::Environment> environment,
                                            uint32_t max_open_files = 1000, key::Order order = key::Order()) {
  EXPECT_TRUE(environment->files().CreateDirectories(kDirectory));
  return std::make_shared<TableStore>(
      std::move(environment), std::make_shared<cache::MemoryBudget>(size_t{16} << 20, CachePolicy::kScanResistant),
      TableStore::Settings{.directory = kDirectory, .max_open_files = max_open_files, .order = order});
}

// Writes `entries`, sorted, as table `number`.
inline AddedTable WriteTable(TableStore& store, key::Level level, key::FileNumber number,
                             const std::vector<support::OwnedEntry>& entries, size_t block_bytes = 4096) {
  auto file = store.Create(number);
  EXPECT_TRUE(file);
  sstable::TableOptions options;
  options.block_bytes = block_bytes;
  options.order = store.order();
  sstable::TableWriter writer(std::move(*file), options, 1);
  for (const support::OwnedEntry& entry : entries) EXPECT_TRUE(writer.Add(entry.View()));
  auto info = writer.Finish();
  EXPECT_TRUE(info);
  return {.level = level, .number = number, .info = std::move(*info)};
}

// A table that nobody opens: its info, and if `store` is given a file of its size.
inline AddedTable FakeTable(key::Level level, uint64_t number, std::string smallest, std::string largest,
                            TableStore* store = nullptr) {
  AddedTable table{.level = level, .number = key::FileNumber{number}, .info = {}};
  table.info.uid = {.low = number, .high = 7};
  table.info.file_bytes = 100 + number % 50;
  table.info.digest = number * 31;
  table.info.smallest = std::move(smallest);
  table.info.largest = std::move(largest);
  table.info.smallest_sequence = key::SequenceNumber{number};
  table.info.largest_sequence = key::SequenceNumber{number + 5};
  table.info.entries = 6;
  table.info.deletes = number % 3;
  table.info.raw_bytes = 200;
  if (store != nullptr) {
    auto file = store->Create(table.number);
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->Append(std::string(table.info.file_bytes, 'x')));
    EXPECT_TRUE((*file)->Close());
  }
  return table;
}

// Tables of `store` that no file backs.
inline auto MakerFor(const std::shared_ptr<TableStore>& store) {
  return [&store](const AddedTable& added, std::optional<key::Order> order = std::nullopt) {
    return std::make_shared<const Table>(store, added.number, added.info, order.value_or(store->order()));
  };
}

}  // namespace amethyst::tree
