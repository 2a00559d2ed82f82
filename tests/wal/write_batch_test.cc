#include "amethyst/write_batch.h"

#include <gtest/gtest.h>

#include "amethyst/options.h"

#include <string>

namespace amethyst {
namespace {

class Recorder final : public WriteBatch::Handler {
 public:
  void Put(std::string_view key, std::string_view value) override {
    text += "put(" + std::string(key) + "," + std::string(value) + ")";
  }
  void Delete(std::string_view key) override { text += "delete(" + std::string(key) + ")"; }
  std::string text;
};

std::string Text(const WriteBatch& batch) {
  Recorder recorder;
  EXPECT_TRUE(batch.Iterate(recorder));
  return recorder.text;
}

TEST(WriteBatch, IteratesItsOperationsInOrder) {
  WriteBatch batch;
  EXPECT_TRUE(batch.Empty());
  batch.Put("a", "1");
  batch.Delete("b");
  batch.Put("", "");
  EXPECT_EQ(Text(batch), "put(a,1)delete(b)put(,)");
  EXPECT_EQ(batch.Count(), 3u);
  EXPECT_EQ(batch.ByteSize(), batch.Representation().size());
  batch.Clear();
  EXPECT_TRUE(batch.Empty());
  EXPECT_EQ(Text(batch), "");
}

TEST(WriteBatch, AppendsOtherBatchesAndItself) {
  WriteBatch batch;
  batch.Put("a", "1");
  WriteBatch other;
  other.Delete("b");
  batch.Append(other);
  batch.Append(batch);
  EXPECT_EQ(Text(batch), "put(a,1)delete(b)put(a,1)delete(b)");
  EXPECT_EQ(batch.Count(), 4u);
}

TEST(WriteBatch, ComesBackFromItsRepresentationOrIsRefused) {
  WriteBatch batch;
  batch.Put("key", std::string(1000, 'v'));
  batch.Delete("other");
  const auto copy = WriteBatch::FromRepresentation(batch.Representation());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->Count(), 2u);
  EXPECT_EQ(Text(*copy), Text(batch));
  const std::string_view bytes = batch.Representation();
  EXPECT_EQ(WriteBatch::FromRepresentation(bytes.substr(0, bytes.size() - 1)).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(WriteBatch::FromRepresentation(std::string_view("\x00\x0f\x01k", 4)).error().code(),
            ErrorCode::kNotSupported)
      << "a kind that nobody knows";
}

// Tells operations and expiries in its own words.
class Teller final : public WriteBatch::Handler {
 public:
  void Put(std::string_view key, std::string_view value) override { Tell("put", key, value, {}); }
  void Delete(std::string_view key) override { Tell("delete", key, "", {}); }
  [[nodiscard]] Status PutExpiring(std::string_view key, std::string_view value, const Expiry& expiry) override {
    Tell("put", key, value, expiry);
    return {};
  }
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand) override {
    Tell("merge", key, operand, {});
    return {};
  }
  [[nodiscard]] Status MergeExpiring(std::string_view key, std::string_view operand, const Expiry& expiry) override {
    Tell("merge", key, operand, expiry);
    return {};
  }
  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  void Tell(std::string_view operation, std::string_view key, std::string_view value, const Expiry& expiry) {
    told_ += std::string(operation) + " " + std::string(key) + "=" + std::string(value);
    if (expiry.at)
      told_ += *expiry.at == kNever ? " never" : " at " + std::to_string(expiry.at->time_since_epoch().count());
    if (expiry.after.count() != 0) told_ += " after " + std::to_string(expiry.after.count());
    told_ += "\n";
  }

  std::string told_;
};

TEST(WriteBatch, TellsMergesAndExpiries) {
  WriteBatch batch;
  batch.Put("a", "1", ExpiresAfter(std::chrono::milliseconds(50)));
  batch.Put("b", "2", ExpiresAt(std::chrono::system_clock::time_point(std::chrono::milliseconds(3))));
  batch.Put("c", "3", ExpiresAt(kNever));
  batch.Put("d", "4", ExpiresAfter(std::chrono::milliseconds(0)));
  batch.Merge("e", "5");
  batch.Merge("f", "6", ExpiresAfter(std::chrono::milliseconds(7)));
  batch.Delete("g");
  EXPECT_TRUE(batch.HasTtl());
  Teller teller;
  ASSERT_TRUE(batch.Iterate(teller));
  EXPECT_EQ(teller.told(),
            "put a=1 after 50\nput b=2 at 3000000\nput c=3 never\nput d=4\nmerge e=5\nmerge f=6 after 7\ndelete g=\n");
  const auto again = WriteBatch::FromRepresentation(batch.Representation());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->HasTtl());
  EXPECT_EQ(again->Count(), 7u);
}

// An old handler never loses an entry silently.
TEST(WriteBatch, IsNotTakenApartByAHandlerThatKnowsLess) {
  class Old final : public WriteBatch::Handler {
   public:
    void Put(std::string_view /*key*/, std::string_view /*value*/) override {}
    void Delete(std::string_view /*key*/) override {}
  };
  WriteBatch merges;
  merges.Merge("a", "1");
  WriteBatch expiring;
  expiring.Put("a", "1", ExpiresAt(kNever));
  for (const WriteBatch& batch : {merges, expiring}) {
    Old old;
    const Status told = batch.Iterate(old);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code(), ErrorCode::kNotSupported);
  }
}

}  // namespace
}  // namespace amethyst
