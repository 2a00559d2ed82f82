// Replies that list a whole collection. What goes beyond a megabyte is written in later turns, as the client takes it:
// so a reply of any length takes little memory, and nobody waits for it. It shows the moment at which the command ran.
//
// A walk has Valid and Next, and StandsAlone: that it may outlive the command. It is on the heap because what it has
// given to the engine must not move. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "server/commands/command.h"

namespace amethyst::server {

// Calls show(reply, walk) for each entry. How many there are has been said.
template <typename Walk, typename Show>
void ReplyWithAll(Call& call, std::unique_ptr<Walk> walk, Show show) {
  for (; walk->Valid(); walk->Next()) {
    if (call.is_long() && walk->StandsAlone()) {
      return call.WriteLater([walk = std::move(walk), show](Reply& reply) {
        if (!walk->Valid()) return false;
        show(reply, *walk);
        walk->Next();
        return true;
      });
    }
    show(call.reply, *walk);
  }
}

// The same where only a walk tells how many there are: begin(count) says it. open() makes the walk; a long reply takes
// two, one to count and one to show.
template <typename Open, typename Begin, typename Show>
void CountAndReplyWithAll(Call& call, Open open, Begin begin, Show show) {
  const size_t mark = call.reply.Mark();
  size_t count = 0;
  bool is_long = false;
  for (const auto walk = open(); walk->Valid(); walk->Next(), ++count) {
    is_long = is_long || (call.is_long() && walk->StandsAlone());
    if (!is_long) show(call.reply, *walk);
  }
  const std::string entries = call.reply.TakeFrom(mark);
  begin(count);
  if (is_long) return ReplyWithAll(call, open(), show);
  call.reply.Raw(entries);
}

}  // namespace amethyst::server
