// Tests of collections that look at the entries of the engine as well. Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "server/server_fixture.h"

namespace amethyst::server {

class MembersTest : public ServerTest {
 protected:
  // What is stored in a family.
  size_t EntriesOf(Part part) {
    size_t count = 0;
    Iterator entries = space_->family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
  // Of the registry of exploded collections.
  size_t RegisteredIds() {
    size_t count = 0;
    Iterator entries = space_->family(Part::kSys).NewIterator({.lower_bound = "x", .upper_bound = "y"});
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
  std::string Encoding(const std::string& key) { return Send({"object", "encoding", key}); }
  // A new hash with fields m0 to m(count - 1).
  void Fill(const std::string& key, int count) {
    std::vector<std::string> words = {"hset", key};
    for (int i = 0; i < count; ++i) words.insert(words.end(), {"m" + std::to_string(i), "v"});
    EXPECT_EQ(Send(words), std::to_string(count));
  }
};

}  // namespace amethyst::server
