// Covers: list
#include <deque>

#include "base/random.h"
#include "server/server_fixture.h"
#include "server/types/list.h"

namespace amethyst::server {
namespace {

class ListTest : public ServerTest {
 protected:
  [[nodiscard]] uint64_t EntriesOf(Part part) {
    uint64_t count = 0;
    Iterator entries = space_->family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
  [[nodiscard]] bool IsExploded(std::string_view name) {
    server_->access().Begin(0, server_->NowMs());
    return StoredKey(server_->access(), name).record().is_exploded;
  }
};

std::string ShownList(const std::deque<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) text += (text.size() > 1 ? ", \"" : "\"") + element + "\"";
  return text + "]";
}

TEST_F(ListTest, LeavesItsKeyAtTheLimits) {
  EXPECT_EQ(Send({"rpush", "bytes", std::string(508, 'x')}), "1");
  EXPECT_FALSE(IsExploded("bytes"));
  EXPECT_EQ(Line("rpush bytes y"), "2");
  EXPECT_TRUE(IsExploded("bytes"));
  Configure("list-max-listpack-size", "3");
  EXPECT_EQ(Line("rpush count 1 2 3"), "3");
  EXPECT_FALSE(IsExploded("count"));
  EXPECT_EQ(EntriesOf(Part::kData), 2U);
  EXPECT_EQ(Line("linsert count before 2 x"), "4");
  EXPECT_TRUE(IsExploded("count"));
  EXPECT_EQ(Line("ltrim count 0 0"), "OK");
  EXPECT_TRUE(IsExploded("count")) << "it does not go back";
  EXPECT_EQ(Send({"rpush", "set", "1"}), "1");
  EXPECT_EQ(Send({"lset", "set", "0", std::string(600, 'x')}), "OK");
  EXPECT_TRUE(IsExploded("set"));
}

TEST_F(ListTest, LeavesNothingBehind) {
  Configure("list-max-listpack-size", "1");
  EXPECT_EQ(Line("rpush deleted 1 2 3"), "3");
  EXPECT_EQ(Line("rpush emptied 1 2 3"), "3");
  EXPECT_EQ(Line("rpush trimmed 1 2 3"), "3");
  EXPECT_EQ(Line("rpush overwritten 1 2 3"), "3");
  EXPECT_EQ(Line("rpush removed 1 1 1"), "3");
  EXPECT_EQ(EntriesOf(Part::kData), 15U);
  EXPECT_EQ(Line("del deleted"), "1");
  EXPECT_EQ(Line("lpop emptied 3"), R"(["1", "2", "3"])");
  EXPECT_EQ(Line("ltrim trimmed 5 6"), "OK");
  EXPECT_EQ(Line("set overwritten x"), "OK");
  EXPECT_EQ(Line("lrem removed 0 1"), "3");
  EXPECT_EQ(EntriesOf(Part::kData), 0U);
}

TEST_F(ListTest, FindsRoomBetweenNeighboursHoweverOften) {
  Configure("list-max-listpack-size", "1");
  EXPECT_EQ(Line("rpush l a z"), "2");
  std::deque<std::string> model = {"a", "z"};
  for (int i = 0; i < 50; ++i) {  // A step halves twenty times.
    const std::string element = "e" + std::to_string(i);
    EXPECT_EQ(Send({"linsert", "l", "before", "z", element}), std::to_string(i + 3));
    model.insert(model.end() - 1, element);
  }
  EXPECT_EQ(Line("lrange l 0 -1"), ShownList(model));
  for (int i = 0; i < 50; ++i) {
    const std::string element = "f" + std::to_string(i);
    EXPECT_EQ(Send({"linsert", "l", "after", "a", element}), std::to_string(i + 53));
    model.insert(model.begin() + 1, element);
  }
  EXPECT_EQ(Line("lrange l 0 -1"), ShownList(model));
  EXPECT_EQ(EntriesOf(Part::kData), model.size());
}

// One drawn operation on a list and on the model.
class ListModel {
 public:
  explicit ListModel(uint64_t seed) : random_(seed) {}

  [[nodiscard]] const std::deque<std::string>& elements() const { return elements_; }

  // The request, and the reply that it must have; "": any.
  std::pair<std::vector<std::string>, std::string> Draw() {
    const std::string element = std::to_string(random_.Below(8));
    const bool front = random_.OneIn(2);
    switch (random_.Below(elements_.size() > 30 ? 8 : 6)) {
      case 0:
      case 1: {
        elements_.insert(front ? elements_.begin() : elements_.end(), element);
        return {{front ? "lpush" : "rpush", "l", element}, std::to_string(elements_.size())};
      }
      case 2: return Insert(element, front);
      case 3: return Remove(element, front);
      case 4: return SetOrShow(element, front);
      case 5:
      case 6: return Pop(front);
      default: return Trim();
    }
  }

 private:
  using Drawn = std::pair<std::vector<std::string>, std::string>;

  Drawn Insert(const std::string& pivot, bool before) {
    const std::vector<std::string> request = {"linsert", "l", before ? "before" : "after", pivot, "new"};
    const auto at = std::ranges::find(elements_, pivot);
    if (elements_.empty()) return {request, "0"};
    if (at == elements_.end()) return {request, "-1"};
    elements_.insert(before ? at : at + 1, "new");
    return {request, std::to_string(elements_.size())};
  }
  Drawn Remove(const std::string& element, bool from_front) {
    const auto most = static_cast<int>(random_.Below(3));
    int removed = 0;
    const auto goes = [&](const std::string& each) { return each == element && (most == 0 || removed < most); };
    if (!from_front && most > 0) std::ranges::reverse(elements_);
    std::erase_if(elements_, [&](const std::string& each) { return goes(each) && ++removed > 0; });
    if (!from_front && most > 0) std::ranges::reverse(elements_);
    return {{"lrem", "l", std::to_string(from_front ? most : -most), element}, std::to_string(removed)};
  }
  Drawn SetOrShow(const std::string& element, bool sets) {
    if (elements_.empty()) return {{"llen", "l"}, "0"};
    const uint64_t index = random_.Below(elements_.size());
    if (!sets) return {{"lindex", "l", std::to_string(index)}, "\"" + elements_[index] + "\""};
    elements_[index] = element;
    return {{"lset", "l", std::to_string(index), element}, "OK"};
  }
  Drawn Pop(bool front) {
    if (elements_.empty()) return {{"lpop", "l"}, "(nil)"};
    const std::string element = front ? elements_.front() : elements_.back();
    elements_.erase(front ? elements_.begin() : elements_.end() - 1);
    return {{front ? "lpop" : "rpop", "l"}, "\"" + element + "\""};
  }
  Drawn Trim() {
    const uint64_t first = random_.Below(5);
    const uint64_t last = elements_.size() - 1 - random_.Below(5);
    elements_ = {elements_.begin() + static_cast<std::ptrdiff_t>(first),
                 elements_.begin() + static_cast<std::ptrdiff_t>(last + 1)};
    return {{"ltrim", "l", std::to_string(first), std::to_string(last)}, "OK"};
  }

  base::Random random_;
  std::deque<std::string> elements_;
};

TEST_F(ListTest, BehavesAsADequeInBothEncodings) {
  for (const char* const limit : {"-2", "4", "1"}) {
    Configure("list-max-listpack-size", limit);
    EXPECT_EQ(Line("flushall"), "OK");
    ListModel model(7);
    for (int i = 0; i < 3000; ++i) {
      const auto [request, reply] = model.Draw();
      ASSERT_EQ(Send(request), reply) << request[0] << " at step " << i << " with limit " << limit;
      if (i % 50 == 0) {
        ASSERT_EQ(Line("lrange l 0 -1"), ShownList(model.elements()));
      }
      if (i % 500 == 499) Restart();
    }
  }
}

}  // namespace
}  // namespace amethyst::server
