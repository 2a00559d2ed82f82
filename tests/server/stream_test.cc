// Covers: stream, stream_group, stream_group_walks
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "server/members_fixture.h"

namespace amethyst::server {
namespace {

// The entries of a stream s, and of its group g the consumers of pending entries.
class StreamModel : public MembersTest {
 protected:
  static std::string Joined(const std::map<uint64_t, std::string>& entries) {
    std::string text;
    for (const auto& [id, value] : entries) {
      text += (text.empty() ? "" : ", ") + ("[\"" + std::to_string(id) + "-0\", [\"f\", \"" + value + "\"]]");
    }
    return "[" + text + "]";
  }

  void Add(const std::string& value) {
    last_ += 1 + random_.Below(2);
    entries_[last_] = value;
    ASSERT_EQ(Send({"xadd", "s", std::to_string(last_), "f", value}), "\"" + std::to_string(last_) + "-0\"");
  }

  void Trim() {
    const uint64_t kept = 5 + random_.Below(20);
    if (random_.OneIn(2)) {
      const size_t before = entries_.size();
      while (entries_.size() > kept) entries_.erase(entries_.begin());
      ASSERT_EQ(Send({"xtrim", "s", "maxlen", std::to_string(kept)}), std::to_string(before - entries_.size()));
      return;
    }
    const std::string removed = Send({"xtrim", "s", "maxlen", "~", std::to_string(kept)});
    for (uint64_t i = 0; i < std::stoull(removed); ++i) entries_.erase(entries_.begin());
    ASSERT_TRUE(removed == "0" || entries_.size() >= kept);
  }

  void Read(const std::string& consumer) {
    std::map<uint64_t, std::string> news(entries_.upper_bound(delivered_), entries_.end());
    while (news.size() > 3) news.erase(std::prev(news.end()));
    ASSERT_EQ(Send({"xreadgroup", "group", "g", consumer, "count", "3", "streams", "s", ">"}),
              news.empty() ? "(nil array)" : "[[\"s\", " + Joined(news) + "]]");
    for (const auto& entry : news) pending_[delivered_ = entry.first] = consumer;
  }

  // An entry that was deleted is not pending any more once a consumer has claimed it.
  void Claim(uint64_t id, const std::string& consumer) {
    const auto at = pending_.find(id);
    const bool is_claimed = at != pending_.end() && entries_.contains(id);
    ASSERT_EQ(Send({"xclaim", "s", "g", consumer, "0", std::to_string(id), "justid"}),
              is_claimed ? "[\"" + std::to_string(id) + "-0\"]" : "[]");
    if (is_claimed) {
      at->second = consumer;
    } else if (at != pending_.end()) {
      pending_.erase(at);
    }
  }

  void Compare() {
    ASSERT_EQ(Line("xrange s - +"), Joined(entries_));
    const std::string before = "[[\"name\", \"g\", \"consumers\", ";
    const std::string groups = Line("xinfo groups s");
    ASSERT_EQ(groups.substr(0, before.size()), before);
    ASSERT_EQ(EntriesOf(Part::kData),
              entries_.size() + 2 * pending_.size() + 1 + std::stoull(groups.substr(before.size())))
        << "entries, two of each that is pending, the group and its consumers";
    const std::string summary = Line("xpending s g");
    ASSERT_EQ(summary.substr(0, summary.find(',')), "[" + std::to_string(pending_.size()));
  }

  base::Random random_{11};
  std::map<uint64_t, std::string> entries_;
  std::map<uint64_t, std::string> pending_;
  uint64_t last_ = 0;
  uint64_t delivered_ = 0;
};

TEST_F(StreamModel, IsAMapOfTheLibraryWhateverHappens) {
  Configure("stream-node-max-entries", "7");
  ASSERT_EQ(Line("xgroup create s g 0 mkstream"), "OK");
  for (int step = 0; step < 1500; ++step) {
    const uint64_t id = random_.Below(last_ + 2);
    const std::string consumer = random_.OneIn(2) ? "ann" : "bob";
    switch (random_.Below(9)) {
      case 0:
      case 1:
      case 2: Add(std::to_string(step)); break;
      case 3: ASSERT_EQ(Send({"xdel", "s", std::to_string(id)}), std::to_string(entries_.erase(id))); break;
      case 4: Trim(); break;
      case 5: Read(consumer); break;
      case 6: ASSERT_EQ(Send({"xack", "s", "g", std::to_string(id)}), std::to_string(pending_.erase(id))); break;
      case 7: Claim(id, consumer); break;
      default:
        if (random_.OneIn(20)) Restart();
    }
    ASSERT_FALSE(HasFatalFailure()) << "in step " << step;
    ASSERT_EQ(Line("xlen s"), std::to_string(entries_.size()));
    if (step % 10 == 0) Compare();
  }
  ASSERT_EQ(Line("del s"), "1");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(RegisteredIds(), 0u);
}

}  // namespace
}  // namespace amethyst::server
