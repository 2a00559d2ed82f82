// Looks at the pages of an LMDB file before LMDB does, which has no checksums, maps the file, and follows whatever
// numbers stand in it: out of the file, which ends the process, or round and round.
//
//   page    number u8 | u2 | kind u2 | lower u2 | upper u2 | places of nodes u2 ... up to lower | nodes from upper on
//   node    low u2 | high u2 | flags u2 | key bytes u2 | key | value    low and high: the value's bytes, or, together
//                                                                       with flags, the page below
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::cli {

// Before LMDB opens the data file: its two meta pages are sound. kInvalidArgument says what is not.
[[nodiscard]] Status CheckLmdbMetas(io::FileSystem& files, const std::string& data_file);
// While a transaction of that number holds its pages: all pages that a walk over the main database, and over those
// within it, will touch. Databases with several values for a key are left out: they are refused.
[[nodiscard]] Status CheckLmdbPages(io::FileSystem& files, const std::string& data_file, uint64_t transaction);

}  // namespace amethyst::cli
