// The directory's table files: opens them under a limit of descriptors, names them, and deletes what is obsolete.
//
// Readers stay open in memory; it is descriptors that are limited: a reader's file is a handle that opens on demand and gives its
// descriptor back when the limit asks for it (least recently used first). EMFILE evicts and tries again.
// Thread safety: any thread at once. Lock rank: leaf.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cache/memory_budget.h"
#include "io/environment.h"
#include "key/order.h"
#include "key/types.h"

namespace amethyst::tree {

class TableStore {
 public:
  struct Settings {
    std::string directory;
    uint32_t max_open_files = 1000;
    key::Order order{};
  };
  TableStore(std::shared_ptr<io::Environment> environment, std::shared_ptr<cache::MemoryBudget> budget,
             Settings settings);
  ~TableStore();

  [[nodiscard]] std::string Path(key::FileNumber number) const;
  [[nodiscard]] Result<std::unique_ptr<io::WritableFile>> Create(key::FileNumber number);
  // A file that opens on demand.
  [[nodiscard]] std::shared_ptr<io::RandomAccessFile> Handle(key::FileNumber number);

  [[nodiscard]] cache::MemoryBudget& budget();
  [[nodiscard]] const key::Order& order() const;
  [[nodiscard]] io::FileSystem& files();
  [[nodiscard]] uint64_t open_files() const;

  // Collects the files of dead obsolete tables; DeleteObsolete removes them (the first error is returned, the rest is tried later).
  void AddObsolete(key::FileNumber number);
  [[nodiscard]] bool HasObsolete() const;
  [[nodiscard]] Status DeleteObsolete();
  // Closes every descriptor. Later reads fail with kClosed. Nothing is deleted afterwards.
  void Close();
};

}  // namespace amethyst::tree
