// A database of tables that nobody reads, over files that fail as a test wants.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/manifest.h"
#include "support/fault_file_system.h"
#include "tree/tables.h"

namespace amethyst::catalog {

class CatalogTest : public testing::Test {
 protected:
  struct Opened {
    std::shared_ptr<tree::TableStore> store;
    std::unique_ptr<Catalog> tree;
  };

  Result<Opened> TryOpen(CatalogSettings settings = {}) {
    settings.directory = tree::kDirectory;
    Opened opened{.store = tree::NewStore(std::make_shared<support::FaultEnvironment>(*memory_, files_)),
                  .tree = nullptr};
    AMETHYST_ASSIGN(opened.tree, Catalog::Open(opened.store, settings));
    if (!settings.read_only) AMETHYST_TRY(opened.tree->OpenManifest());
    return opened;
  }
  Opened Open(CatalogSettings settings = {}) {
    Result<Opened> opened = TryOpen(settings);
    EXPECT_TRUE(opened) << opened.error().ToString();
    return opened ? std::move(*opened) : Opened{};
  }
  Status Apply(Opened& opened, tree::VersionEdit edit) {
    return opened.tree->Apply(std::move(edit), [](const auto&) {});
  }
  // Adds a table with a file to level 0.
  tree::VersionEdit Flush(Opened& opened) {
    const key::FileNumber number = opened.tree->NewFileNumber();
    tree::VersionEdit edit;
    edit.added.push_back(tree::FakeTable(0, key::Raw(number), "a", "z", opened.store.get()));
    edit.flushed_sequence = key::SequenceNumber{key::Raw(number) + 5};
    return edit;
  }
  // Replaces all of level 0, and what is below it, by a table at level 1.
  tree::VersionEdit Compact(Opened& opened) {
    tree::VersionEdit edit;
    const auto version = opened.tree->current();
    for (const key::Level level : {0u, 1u}) {
      for (const tree::TablePtr& table : version->tables(level)) edit.removed.push_back({level, table->number()});
    }
    edit.added.push_back(tree::FakeTable(1, key::Raw(opened.tree->NewFileNumber()), "a", "z", opened.store.get()));
    return edit;
  }
  std::vector<std::string> Names() { return memory_->files().List(tree::kDirectory).value(); }
  void Remove(const std::string& name) { EXPECT_TRUE(memory_->files().Remove(tree::kDirectory + "/" + name)); }
  void Write(const std::string& name, std::string_view bytes) {
    if (memory_->files().Exists(tree::kDirectory + "/" + name).value()) Remove(name);
    auto file = memory_->files().Create(tree::kDirectory + "/" + name);
    EXPECT_TRUE((*file)->Append(bytes));
    EXPECT_TRUE((*file)->Close());
  }
  std::string Read(const std::string& name) {
    return io::ReadFile(memory_->files(), tree::kDirectory + "/" + name).value();
  }
  key::FileNumber ManifestNumber() { return ReadCurrent(memory_->files(), tree::kDirectory).value(); }
  std::string Manifest() { return tree::ManifestFileName(ManifestNumber()); }

  std::shared_ptr<io::Environment> memory_ = NewInMemoryEnvironment();
  support::FaultFileSystem files_{memory_->files()};
};

// What a version lists, as text.
inline std::string Shape(const tree::Version& version) {
  std::string shape;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : version.tables(level)) {
      shape += std::to_string(level) + ":" + std::to_string(key::Raw(table->number())) + " ";
    }
  }
  return shape;
}

}  // namespace amethyst::catalog
