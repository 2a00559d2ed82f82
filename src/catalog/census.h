// Which files of a directory belong to one database, proven by what they hold: names are alike among libraries.
//
// A file of a name of ours is the database's own if its header has Amethyst's magic and the database's uid, or, for a
// table, that of a database which this one is a copy of (a checkpoint's
// ancestors) or of none (an ingest has brought it); or if nothing ever got into it: it
// is empty, or zeros stand where the header would. A damaged one is its own if the magic
// is still there, at its head or at a table's end, if the manifest lists it (a table), CURRENT names it (a manifest),
// or a record of the database follows the header (a log segment). CURRENT, its temporary, LOCK, RESERVE and READERS
// belong to the database whose directory it is; STATS has a header. Everything else is a stranger: another database's,
// another library's, or nobody's. Nothing is written. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/hash.h"
#include "io/file_system.h"
#include "tree/file_names.h"

namespace amethyst::catalog {

struct Stranger {
  std::string name;
  std::string what;  // "a RocksDB table", "of another database".
};

struct Census {
  base::Uid database_uid;           // Zeros: no file has one; then all of `own` are empty.
  std::vector<std::string> own;     // Sorted.
  std::vector<Stranger> strangers;  // Of a name of ours, but not proven.
  std::vector<std::string> others;  // Of other names.

  [[nodiscard]] bool IsOwn(std::string_view name) const;
};

// kInvalidArgument: `directory` holds no database, or another library's (ForeignError), or files of several databases
// of Amethyst's and no manifest that says which is the directory's.
[[nodiscard]] Result<Census> TakeCensus(io::FileSystem& files, const std::string& directory);

// Whose files are proven: a database's own, and tables of those that it is a copy of.
struct Owner {
  base::Uid database_uid;
  std::vector<base::Uid> ancestors{};

  [[nodiscard]] bool Has(tree::FileType type, const base::Uid& uid) const;
};

// Whether the file of a name of ours is proven to belong to the database, by itself; `what` says what else it is.
[[nodiscard]] bool IsProven(io::FileSystem& files, const std::string& path, const tree::ParsedFileName& name,
                            const Owner& owner, std::string* what);

}  // namespace amethyst::catalog
