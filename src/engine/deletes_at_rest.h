// Deletes that stay in memory because writes have stopped.
//
// A flush would let compactions drop them together with what they delete. Without it a database that was emptied, or a
// queue that ran dry, keeps its dead entries in tables for as long as nobody writes.
#pragma once

#include <chrono>

#include "engine/view.h"
#include "key/types.h"

namespace amethyst::engine {

class DeletesAtRest {
 public:
  // Whether the memtable that fills holds a delete for every second entry in tables, or deletes a range. Any thread.
  [[nodiscard]] static bool Weigh(const View& view);
  // Whether they do, and nothing was written for a while before `now`. One thread at a time, again and again.
  [[nodiscard]] bool AreDue(const View& view, std::chrono::nanoseconds now);

 private:
  key::SequenceNumber last_{};         // Of the memtable when it was looked at,
  std::chrono::nanoseconds since_{0};  // the first time that it was this one.
};

}  // namespace amethyst::engine
