// Which keys commands ask for most of late, from one command in about 128.
//
// A command that is not looked at costs a subtraction. Of the others, the keys are counted by Metwally's space-saving
// sketch (Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005): a fixed number of counters,
// where a new key takes over the smallest one, so no key that is asked for often is missed, and what a key may owe to
// those before it is known. All counts are halved every ten seconds, so what was hot is forgotten. The keys that were
// read last stand for where reads go. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "server/keyspace/access.h"

namespace amethyst::server {

class HotKeys {
 public:
  static constexpr uint64_t kOneIn = 128;
  static constexpr size_t kCounters = 64;
  static constexpr size_t kReadsKept = 256;
  struct Found {
    KeyName key;
    double share;  // Of the accesses of late, at least.
  };

  // One more command; true: its keys are to be noted. Which, is drawn, so that no rhythm of the clients evades it.
  [[nodiscard]] bool IsDrawn() {
    if (--until_next_ != 0) return false;
    until_next_ = 1 + random_.Below(2 * kOneIn - 1);
    return true;
  }
  void Note(const KeyName& key, bool is_read, TimeMs now_ms);

  // The hottest keys, the first one first: `most` of them at the most. A key whose accesses may all be those of others
  // is left out.
  [[nodiscard]] std::vector<Found> Hottest(size_t most) const;
  // From 0 to 255, with the logarithm of the accesses of late, as OBJECT FREQ has it.
  [[nodiscard]] uint8_t FrequencyOf(const KeyName& key) const;
  // Where the last reads lay in family `keys`, in its order: each stands for as many of them.
  [[nodiscard]] std::vector<std::string> Reads() const;

 private:
  static constexpr size_t kKeyBytesMax = 1024;  // Longer keys are not kept here.
  static constexpr TimeMs kHalvedEveryMs = 10'000;
  struct Counter {
    KeyName key;
    uint64_t hash = 0;
    uint64_t count = 0;
    uint64_t owed = 0;  // So much of it may be of other keys.
  };

  [[nodiscard]] static uint64_t HashOf(const KeyName& key);
  void Halve(TimeMs now_ms);

  base::Random random_{1};
  uint64_t until_next_ = kOneIn;
  std::vector<Counter> counters_;
  uint64_t total_ = 0;
  TimeMs halved_ms_ = 0;
  std::vector<std::string> reads_;
  size_t next_read_ = 0;
};

}  // namespace amethyst::server
