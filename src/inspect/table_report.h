// What a table's file is made of, read as far as it is whole. Read-only; needs no lock.
// Thread safety: pure functions over a file that nobody writes, as tables are once they are listed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "io/file_system.h"
#include "key/types.h"
#include "sstable/footer.h"
#include "sstable/properties.h"
#include "sstable/table_inspect.h"

namespace amethyst::inspect {

// An entry of a table or of the log.
struct ShownEntry {
  key::Tag tag;
  std::string_view key;
  std::string_view value;  // Both valid during the call that they are handed to.
  key::FamilyId family{};
};

struct TableReport {
  struct Node {
    bool is_page = false;  // An index page; else a data block of the page before it.
    sstable::BlockDescription description;
    std::string problem;  // Why it could not be read; empty: it could.
  };

  uint64_t file_bytes = 0;
  // What of the parts could be read.
  std::optional<sstable::Footer> footer;
  std::optional<sstable::Properties> properties;
  bool filter_is_good = false;
  std::optional<uint64_t> sketched_keys;  // As the key sketch estimates them.
  std::vector<Node> nodes;
  std::vector<std::string> problems;  // All that is wrong, those of the nodes included.
};

// Fails only if the file cannot be read at all.
[[nodiscard]] Result<TableReport> InspectTable(io::FileSystem& files, const std::string& path);

// Passes all entries that can be read to `visit`, in order, until it returns false. A table of range tombstones has
// range deletes, as DumpLog passes them. Returns what is wrong with the rest.
[[nodiscard]] Result<std::vector<std::string>> DumpTable(io::FileSystem& files, const std::string& path,
                                                         base::FunctionRef<bool(const ShownEntry&)> visit);

}  // namespace amethyst::inspect
