#include "amethyst/write_batch.h"

#include <gtest/gtest.h>

#include "amethyst/options.h"
#include "key/expiry.h"
#include "wal/batch_encoding.h"

#include <functional>
#include <string>
#include <tuple>
#include <utility>

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

// Tells range deletes, and entries of families by their ids.
class RangeTeller final : public WriteBatch::Handler {
 public:
  void Put(std::string_view key, std::string_view /*value*/) override { told_ += "put " + std::string(key) + "\n"; }
  void Delete(std::string_view key) override { told_ += "delete " + std::string(key) + "\n"; }
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin,
                                   std::optional<std::string_view> end) override {
    return DeleteRangeIn(0, begin, end);
  }
  [[nodiscard]] Status DeleteRangeIn(uint32_t family_id, std::optional<std::string_view> begin,
                                     std::optional<std::string_view> end) override {
    if (begin == "refused") return std::unexpected(Error(ErrorCode::kBusy, "refused"));
    told_ += std::to_string(family_id) + ": " + std::string(begin.value_or("open")) + " to " +
             std::string(end.value_or("open")) + "\n";
    return {};
  }
  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  std::string told_;
};

TEST(WriteBatch, TellsRangeDeletes) {
  WriteBatch batch;
  batch.Put("before", "");
  batch.DeleteRange("a", "b");
  batch.DeleteRange(std::nullopt, "b");
  batch.DeleteRange("a", std::nullopt);
  batch.DeleteRange(std::nullopt, std::nullopt);
  batch.DeletePrefix("p\xff");
  batch.DeletePrefix("\xff\xff");
  batch.DeletePrefix("");
  batch.Delete("behind");
  const std::string told =
      "put before\n0: a to b\n0: open to b\n0: a to open\n0: open to open\n0: p\xff to q\n0: \xff\xff to open\n"
      "0: open to open\ndelete behind\n";
  const auto again = WriteBatch::FromRepresentation(batch.Representation());
  ASSERT_TRUE(again);
  for (const WriteBatch& one : {batch, *again}) {
    RangeTeller teller;
    ASSERT_TRUE(one.Iterate(teller));
    EXPECT_EQ(teller.told(), told);
    EXPECT_EQ(one.Count(), 9u);
  }
}

TEST(WriteBatch, TakesNoRangeWithoutAKey) {
  WriteBatch batch;
  batch.DeleteRange("a", "a");
  batch.DeleteRange("", "");
  EXPECT_TRUE(batch.Empty());
  EXPECT_EQ(batch.Count(), 0u);
  batch.DeleteRange("b", "a");
  EXPECT_EQ(batch.Count(), 1u) << "whether it ends before it begins is for the family's order to say";
}

TEST(WriteBatch, RemembersWhichFamiliesItDeletesPrefixesOf) {
  WriteBatch batch;
  batch.DeletePrefix("a");
  WriteBatch other;
  other.DeletePrefix("b");
  batch.Append(other);
  batch.Append(batch);
  EXPECT_EQ(batch.PrefixFamilies(), std::vector<uint32_t>({0, 0, 0, 0}));
  EXPECT_EQ(batch.Count(), 4u);
  batch.Clear();
  EXPECT_TRUE(batch.PrefixFamilies().empty());
}

TEST(WriteBatch, StopsWhereAHandlerRefusesARangeDelete) {
  WriteBatch batch;
  batch.DeleteRange("refused", "z");
  batch.Put("behind", "");
  RangeTeller teller;
  const Status told = batch.Iterate(teller);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code(), ErrorCode::kBusy);
  EXPECT_EQ(teller.told(), "");
}

// Of one that is in a family, too.
TEST(WriteBatch, HasRangeDeletesOfFamiliesRefusedByAHandlerThatKnowsLess) {
  class OnlyOfTheDefault final : public WriteBatch::Handler {
   public:
    void Put(std::string_view /*key*/, std::string_view /*value*/) override {}
    void Delete(std::string_view /*key*/) override {}
    [[nodiscard]] Status DeleteRange(std::optional<std::string_view> /*begin*/,
                                     std::optional<std::string_view> /*end*/) override {
      return {};
    }
  };
  const auto batch = WriteBatch::FromRepresentation(std::string_view("\x07\x03\x00\x00", 4));
  ASSERT_TRUE(batch);
  OnlyOfTheDefault handler;
  const Status told = batch->Iterate(handler);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code(), ErrorCode::kNotSupported);
  RangeTeller teller;
  ASSERT_TRUE(batch->Iterate(teller));
  EXPECT_EQ(teller.told(), "7: open to open\n");
}

// A handler from before there was anything but puts and deletes.
class Old final : public WriteBatch::Handler {
 public:
  void Put(std::string_view /*key*/, std::string_view /*value*/) override {}
  void Delete(std::string_view /*key*/) override {}
};

// An old handler never loses an entry silently.
TEST(WriteBatch, IsNotTakenApartByAHandlerThatKnowsLess) {
  const Expiry soon = ExpiresAfter(std::chrono::seconds(1));
  const std::pair<std::string, std::function<void(WriteBatch&)>> unknown[] = {
      {"merges", [](WriteBatch& batch) { batch.Merge("a", "1"); }},
      {"merges that expire", [&](WriteBatch& batch) { batch.Merge("a", "1", soon); }},
      {"puts that expire", [](WriteBatch& batch) { batch.Put("a", "1", ExpiresAt(kNever)); }},
      {"range deletes", [](WriteBatch& batch) { batch.DeleteRange("a", "b"); }},
  };
  for (const auto& [name, add] : unknown) {
    WriteBatch batch;
    add(batch);
    Old old;
    const Status told = batch.Iterate(old);
    ASSERT_FALSE(told) << name;
    EXPECT_EQ(told.error().code(), ErrorCode::kNotSupported);
    EXPECT_EQ(told.error().message(), "the handler of a batch does not know " + name);
  }
}

// Nor one of a family: the message names the family and the operation.
TEST(WriteBatch, NamesTheFamilyWhoseEntryAHandlerDoesNotKnow) {
  std::string range;
  key::AppendRange(&range, {.begin = "a", .end = "b"});
  std::string expiring;
  key::AppendExpiring(&expiring, key::AsTtl(50), "1");
  const std::tuple<key::EntryKind, std::string, std::string> entries[] = {
      {key::EntryKind::kPut, "1", "put into"},
      {key::EntryKind::kDelete, "", "delete from"},
      {key::EntryKind::kRangeDelete, range, "range delete from"},
      {key::EntryKind::kOperand, "1", "merge into"},
      {key::EntryKind::kExpiringPut, expiring, "put that expires into"},
      {key::EntryKind::kExpiringOperand, expiring, "merge that expires into"},
  };
  for (const auto& [kind, value, operation] : entries) {
    std::string bytes;
    wal::AppendBatchEntry(
        &bytes, {.family = 7, .kind = kind, .key = kind == key::EntryKind::kRangeDelete ? "" : "k", .value = value});
    const auto batch = WriteBatch::FromRepresentation(bytes);
    ASSERT_TRUE(batch) << operation;
    EXPECT_TRUE(batch->HasFamilies());
    Old old;
    const Status told = batch->Iterate(old);
    ASSERT_FALSE(told) << operation;
    EXPECT_EQ(told.error().code(), ErrorCode::kNotSupported);
    EXPECT_EQ(told.error().message(), "batch: the handler takes no " + operation + " family 7");
  }
}

}  // namespace
}  // namespace amethyst
