// Power cuts on a real ext4: the image under a mounted file system, copied while a process writes into it, is what a
// disk would hold if the power failed at that moment.
//
// A forked child writes numbered batches, kSync and kBuffered mixed, and tells each that is durable through a pipe. At
// random moments it is stopped, the image is copied, and it goes on. The copy is mounted, so that ext4 replays its
// journal, and opened: what it holds must be the content after some batch, no older than the last that was told of.
// Thread safety: the calling process must have no other threads while it runs, for it forks.
#pragma once

#include <cstdint>
#include <string>

namespace amethyst::torture {

struct PowerCutSettings {
  uint64_t seed = 1;
  uint64_t cuts = 20;
  std::string directory;  // Empty, on any file system.
};

struct PowerCutReport {
  std::string violation;  // Empty: none.
  std::string skipped;    // Why there was nothing to run on; empty: there was.
  uint64_t cuts = 0;
  uint64_t durable = 0;  // Batches that were told of, up to the last cut.
  uint64_t lost = 0;     // Batches that were made and, as they may, did not survive a cut.
};

[[nodiscard]] PowerCutReport PowerCuts(const PowerCutSettings& settings);

}  // namespace amethyst::torture
