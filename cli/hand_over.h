// Hands the files of a store of backups to a tool of the user's, such as rclone, which stores them elsewhere.
//
// Only what a backup is made of is handed over: of each backup its tables, then its list. So what the tool has stored
// is whole backups at any time, and is a store once it is back in a directory. The system's shell runs the command once
// for each file, with the file's path as $1 and its name within the store as $2; the tool has stored it if it ends with
// 0.
//
// What was handed over is noted in the store, in a file for each command, so each file is handed over once. A run that
// ended early goes on where it stopped: a file that was stored and not noted any more comes again. Thread safety: one
// thread; the store is shared with readers meanwhile.
#pragma once

#include <cstdint>
#include <string>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "io/file_system.h"

namespace amethyst::cli {

struct HandedOver {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// kIo: the command failed, and with what; what it stored before is noted. kClosed: `goes_on` was false. kBusy: the
// store is being changed. kCorruption: the list of a backup is damaged.
[[nodiscard]] Result<HandedOver> HandOver(io::FileSystem& files, const std::string& store, const std::string& command,
                                          base::FunctionRef<bool()> goes_on);

}  // namespace amethyst::cli
