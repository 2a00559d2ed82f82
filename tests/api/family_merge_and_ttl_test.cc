// What merges and expires in a family by settings of its own.
#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "api/family_fixture.h"
#include "base/coding.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"

namespace amethyst {
namespace {

using std::chrono::seconds;
using support::CodeOf;
using support::Text;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Number(int64_t number) {
  std::string bytes;
  base::AppendFixed(&bytes, static_cast<uint64_t>(number));
  return bytes;
}

// An operator that is not built in.
class Last final : public MergeOperator {
 public:
  explicit Last(std::string name = "last") : name_(std::move(name)) {}

  [[nodiscard]] std::string_view Name() const override { return name_; }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> /*base*/,
                           std::span<const std::string_view> operands,
                           std::optional<std::string>* result) const noexcept override {
    *result = std::string(operands.back());
    return true;
  }

 private:
  const std::string name_;
};

class FamilyMerge : public FamilyTest {
 protected:
  void Settle(const Family& family) {
    ASSERT_TRUE(db_->Flush());
    ASSERT_EQ(Text(family.CompactRange()), "");
  }
};

TEST_F(FamilyMerge, IsByTheOperatorOfTheFamily) {
  options_.families["default"].merge_operator = Append("+");
  Reopen();
  const Family counters = Make("counters", {.merge_operator = Int64Add()});
  const Family greatest = Make("greatest", {.merge_operator = Max()});
  const auto merge_all = [&](int64_t number, std::string_view text) {
    ASSERT_EQ(Text(counters.Merge("k", Number(number))), "");
    ASSERT_EQ(Text(greatest.Merge("k", text)), "");
    ASSERT_EQ(Text(db_->Merge("k", text)), "");
  };
  const auto expect = [&](int64_t number, std::string_view most, std::string_view joined) {
    EXPECT_EQ(ValueOf(counters, "k"), Number(number));
    EXPECT_EQ(ValueOf(greatest, "k"), most);
    EXPECT_EQ(db_->Get("k").value(), joined);
    Iterator walk = counters.NewIterator();
    walk.SeekToLast();
    ASSERT_TRUE(walk.Valid());
    EXPECT_EQ(walk.value(), Number(number));
  };
  merge_all(5, "b");
  merge_all(-7, "a");
  expect(-2, "b", "b+a");
  ASSERT_TRUE(db_->Flush());
  merge_all(40, "c");
  expect(38, "c", "b+a+c");
  for (const Family& family : {counters, greatest, Find("default")}) Settle(family);
  expect(38, "c", "b+a+c");
  options_.families.clear();
  Reopen();
  EXPECT_EQ(ValueOf(Find("counters"), "k"), Number(38)) << "the manifest names it, and it is built in";
  ASSERT_EQ(Text(Find("counters").Merge("k", Number(2))), "");
  EXPECT_EQ(ValueOf(Find("counters"), "k"), Number(40));
}

TEST_F(FamilyMerge, IsRefusedWithoutAnOperatorAndForAnOperandThatItDoesNotTake) {
  const Family plain = Make("plain");
  const Family counters = Make("counters", {.merge_operator = Int64Add()});
  const Status none = plain.Merge("k", "1");
  ASSERT_EQ(CodeOf(none), ErrorCode::kInvalidArgument);
  EXPECT_THAT(none.error().message(), HasSubstr("family plain has no merge operator"));
  EXPECT_THAT(counters.Merge("k", "1").error().message(), HasSubstr("int64.add"));
  WriteBatch batch;
  batch.Put(plain, "a", "1");
  batch.Merge(plain, "b", "2");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  EXPECT_THAT(KeysOf(plain), ElementsAre()) << "all or nothing";
  ASSERT_TRUE(db_->DropFamily(counters));
  ExpectDropped(counters.Merge("k", Number(1)));
  batch.Clear();
  batch.Merge(counters, "k", Number(1));
  ExpectDropped(db_->Write(batch));
}

TEST_F(FamilyMerge, NamesTheOperatorThatAnOpenDoesNotGive) {
  options_.families["log"].merge_operator = std::make_shared<Last>();
  {
    const Family made = Make("log", {.merge_operator = std::make_shared<Last>()});
    ASSERT_TRUE(made.Put("plain", "1"));
    ASSERT_TRUE(made.Put("merged", "base"));
    Settle(made);  // So that a flush finds no base, and keeps the operands.
    ASSERT_EQ(Text(made.Merge("merged", "2")), "");
    ASSERT_EQ(Text(made.Merge("merged", "3")), "");
  }
  options_.families.clear();
  Reopen();
  Family log = Find("log");
  EXPECT_EQ(ValueOf(log, "plain"), "1");
  const auto unknown = log.Get("merged");
  ASSERT_EQ(CodeOf(unknown), ErrorCode::kNotSupported);
  EXPECT_THAT(unknown.error().message(), HasSubstr("last"));
  EXPECT_EQ(CodeOf(log.Merge("merged", "4")), ErrorCode::kInvalidArgument);
  Settle(log);  // Carries operands over.

  db_.reset();
  options_.families["log"].merge_operator = std::make_shared<Last>("first");
  const auto refused = DB::Open(directory_.path(), options_);
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("family log has operands of merge operator last"));

  options_.families["log"].merge_operator = std::make_shared<Last>();
  Reopen();
  EXPECT_EQ(ValueOf(Find("log"), "merged"), "3");
}

// Made without one: the first operand notes the name of the one that an open gives.
TEST_F(FamilyMerge, ByAnOperatorThatALaterOpenGives) {
  ASSERT_TRUE(Make("notes").Put("k", "base"));
  options_.families["notes"].merge_operator = Append(",");
  Reopen();
  ASSERT_EQ(Text(Find("notes").Merge("k", "1")), "");
  WriteBatch batch;
  batch.Merge(Find("notes"), "k", "2");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  options_.families.clear();
  Reopen();
  EXPECT_EQ(ValueOf(Find("notes"), "k"), "base,1,2");
  ASSERT_TRUE(db_->RenameFamily(Find("notes"), "lines"));
  ASSERT_EQ(Text(Find("lines").Merge("k", "3")), "");
  Reopen();
  EXPECT_EQ(ValueOf(Find("lines"), "k"), "base,1,2,3") << "a new name changes nothing";
}

TEST_F(FamilyMerge, SurvivesRepairWithTtlAndSettings) {
  {
    const Family log = Make("log", {.merge_operator = std::make_shared<Last>(), .ttl = std::chrono::hours(1)});
    ASSERT_TRUE(log.Put("for ever", "1", {.expires_at = kNever}));
    ASSERT_TRUE(log.Merge("k", "2"));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(log.Merge("k", "3"));
  }
  ASSERT_TRUE(db_->Close());
  db_.reset();
  const support::TempDirectory to;
  const auto report = DB::Repair(directory_.path(), to.File("to"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->dropped, ElementsAre());
  options_.families["log"].merge_operator = std::make_shared<Last>();
  const auto saved = support::OpenOrFail(to.File("to"), options_);
  const Family log = saved->OpenFamily("log").value();
  EXPECT_EQ(ValueOf(log, "k"), "3");
  EXPECT_FALSE(log.GetPinned("for ever").value()->expires_at()) << "what never expired does not begin to";
  ASSERT_TRUE(log.Put("new", "4"));
  EXPECT_TRUE(log.GetPinned("new").value()->expires_at()) << "the ttl is there still";
}

class FamilyTtl : public testing::Test {
 protected:
  void Open() { db_ = support::OpenOrFail("/db", support::SmallOptions(), support::Over(environment_)); }
  std::string ValueOf(const Family& family, std::string_view key) {
    const auto value = family.Get(key);
    return value ? value->value_or("nothing") : value.error().ToString();
  }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  std::unique_ptr<DB> db_;
};

TEST_F(FamilyTtl, CountsForWhatSaysNothingOfItsOwn) {
  Open();
  const Family brief = db_->CreateFamily("brief", {.ttl = seconds(10)}).value();
  const Family lasting = db_->CreateFamily("lasting").value();
  ASSERT_TRUE(brief.Put("ttl", "1"));
  ASSERT_TRUE(brief.Put("own", "2", {.ttl = seconds(20)}));
  ASSERT_TRUE(brief.Put("never", "3", {.expires_at = kNever}));
  ASSERT_TRUE(lasting.Put("ttl", "4"));
  WriteBatch batch;
  batch.Put(brief, "batched", "5");
  batch.Put(brief, "batched own", "6", ExpiresAfter(seconds(20)));
  batch.Put(lasting, "batched", "7");
  batch.Put("batched", "8");
  batch.Delete(brief, "nothing");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ASSERT_TRUE(db_->Flush());
  environment_.clock().Advance(seconds(10));
  for (const auto* key : {"ttl", "batched"}) EXPECT_EQ(ValueOf(brief, key), "nothing") << key;
  EXPECT_EQ(ValueOf(brief, "own"), "2");
  EXPECT_EQ(ValueOf(brief, "batched own"), "6");
  environment_.clock().Advance(seconds(10));
  for (const auto* key : {"own", "batched own"}) EXPECT_EQ(ValueOf(brief, key), "nothing") << key;
  EXPECT_EQ(ValueOf(brief, "never"), "3");
  EXPECT_EQ(ValueOf(lasting, "ttl"), "4");
  EXPECT_EQ(ValueOf(lasting, "batched"), "7");
  EXPECT_EQ(db_->Get("batched").value(), "8");
}

TEST_F(FamilyTtl, IsKeptByTheManifestAndByANewName) {
  Open();
  ASSERT_TRUE(db_->CreateFamily("brief", {.ttl = seconds(10)}));
  for (const auto* name : {"brief", "short"}) {
    ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
    Open();
    const Family family = db_->OpenFamily("brief").value();
    if (name != family.name()) ASSERT_TRUE(db_->RenameFamily(family, name));
    ASSERT_TRUE(family.Put("k", "1"));
    EXPECT_EQ(ValueOf(family, "k"), "1");
    environment_.clock().Advance(seconds(10));
    EXPECT_EQ(ValueOf(family, "k"), "nothing") << name;
  }
}

TEST_F(FamilyTtl, OrAnOperatorOutOfRangeIsRefused) {
  Open();
  const auto negative = db_->CreateFamily("f", {.ttl = seconds(-1)});
  ASSERT_EQ(CodeOf(negative), ErrorCode::kInvalidArgument);
  EXPECT_THAT(negative.error().message(), HasSubstr("must not be negative"));
  for (const size_t bytes : {0, 256}) {
    const auto made = db_->CreateFamily("f", {.merge_operator = std::make_shared<Last>(std::string(bytes, 'n'))});
    EXPECT_EQ(CodeOf(made), ErrorCode::kInvalidArgument) << bytes;
  }
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default"));
  ASSERT_TRUE(db_->CreateFamily("f", {.ttl = std::chrono::milliseconds::max()}));
  EXPECT_EQ(CodeOf(db_->OpenFamily("f")->Put("k", "1")), ErrorCode::kInvalidArgument) << "ends after the year 9999";
}

}  // namespace
}  // namespace amethyst
