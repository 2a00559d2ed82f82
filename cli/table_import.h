// import --as-table: sorted records, written as one table that the database takes in as one write.
//
// All of the source is there afterwards, or nothing of it. Thread safety: one thread.
#pragma once

#include "cli/import.h"

namespace amethyst::cli {

// `family`: the invocation's, open. A record that does not follow the one before it ends the import.
[[nodiscard]] Result<ExitCode> ImportAsTable(const Invocation& invocation, const Family& family,
                                             const Import::Source& source);

}  // namespace amethyst::cli
