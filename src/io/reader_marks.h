// Marks that readers of a directory hold while another process writes it: each says which files must stay.
//
// A mark is a number, its place. One who holds it needs no right to write, and nobody ever waits for a mark: a writer
// asks before it removes files. The kernel takes the marks of a process back when it ends, however that happens. A
// child that was forked shares those of its parent: they go with the last of the two. Thread safety: any thread at
// once.
#pragma once

#include <cstdint>

#include "amethyst/error.h"

namespace amethyst::io {

class ReaderMarks {
 public:
  // Places are below this.
  static constexpr uint64_t kPlaceMax = (uint64_t{1} << 63) - 1;

  virtual ~ReaderMarks() = default;  // Lets go of all.
  // Once for each call of LetGo that is to come.
  [[nodiscard]] virtual Status Hold(uint64_t place) = 0;
  virtual void LetGo(uint64_t place) noexcept = 0;
  // Whether others hold any in [begin, end).
  [[nodiscard]] virtual bool AreHeld(uint64_t begin, uint64_t end) = 0;
};

}  // namespace amethyst::io
