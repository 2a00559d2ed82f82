#include "amethyst/write_batch.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace amethyst
