// Names what else than a database of Amethyst's lies at a path: the one place that knows other libraries' files.
//
// Goes by content (magic numbers, the comparator in a manifest, a version in a file of options) and by names only where
// a library's file has no other mark. Costs nothing where CURRENT is Amethyst's own. Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::catalog {

struct Foreign {
  std::string_view library;        // "RocksDB".
  std::string version;             // Of the library that wrote it last; empty: it does not say.
  std::string_view import_option;  // Of `amethyst import`; empty if it has no such option.

  // "a RocksDB database, 9.7.4".
  [[nodiscard]] std::string Name() const;
};

// nullopt: nothing that is known, or a database of Amethyst's. What cannot be read is not recognised.
[[nodiscard]] std::optional<Foreign> RecognizeForeign(io::FileSystem& files, const std::string& path);
// kInvalidArgument, with the command that brings the entries over.
[[nodiscard]] std::unexpected<Error> ForeignError(const std::string& path, const Foreign& foreign);
// ForeignError if there is something foreign.
[[nodiscard]] Status CheckNotForeign(io::FileSystem& files, const std::string& path);

// The library whose table ends in `tail`, its last 8 bytes; empty: none that is known.
[[nodiscard]] std::string_view LibraryOfTable(std::string_view tail);

}  // namespace amethyst::catalog
