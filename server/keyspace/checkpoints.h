// SAVE and BGSAVE: copies of the database in its directory, under checkpoints/, named by their time. The last three
// stay.
//
// A copy shares its tables with the database by links, so it takes little time and space; see DB::Checkpoint.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <string>

#include "server/keyspace/layout.h"
#include "server/keyspace/space.h"

namespace amethyst::server {

class Checkpoints {
 public:
  // `space` outlives this.
  explicit Checkpoints(Space& space) : space_(space) {}

  // The server starts: until the first copy, this is the time of the last one, as in Redis.
  void NoteStart(TimeMs now_ms) { start_ms_ = last_ms_ = now_ms; }
  [[nodiscard]] TimeMs start_ms() const { return start_ms_; }
  // Makes a copy, then removes older ones. An error is that there is no new copy, or that an old one stays.
  [[nodiscard]] Status Make(TimeMs now_ms);
  [[nodiscard]] TimeMs last_ms() const { return last_ms_; }
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  [[nodiscard]] Status RemoveOld(const std::string& directory);
  [[nodiscard]] Status Remove(const std::string& copy);

  Space& space_;
  TimeMs start_ms_ = 0;
  TimeMs last_ms_ = 0;
  uint64_t count_ = 0;
  bool has_failed_ = false;  // The last call did.
};

}  // namespace amethyst::server
