#include "page/look_up.h"

#include <gmock/gmock.h>

#include "page/page_fixture.h"

namespace amethyst::page {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LookUpTest : public PageTest {
 protected:
  // As a page asks beside the database.
  std::string Ask(const std::string& key, bool with_engine = true) {
    Watcher watcher = Watch();
    EXPECT_TRUE(watcher.Look());
    std::optional<EngineAnswer> answer;
    if (with_engine) answer = {.value = db_->Get(key).value(), .us = 1.5};
    return look_up_.Ask(watcher.state(), key::kDefaultFamily, key, answer);
  }

  LookUp look_up_{*environment_, path_};
};

TEST_F(LookUpTest, GoesFromTheNewestTableToTheOldest) {
  Fill(0, 100);
  ASSERT_TRUE(db_->CompactRange());
  Fill(50, 60);
  EXPECT_THAT(Ask("key1020"), AllOf(HasSubstr(R"("outcome":"found")"), HasSubstr(R"("where":"table")")));
  const std::string newer = Ask("key1055", false);
  EXPECT_THAT(newer, AllOf(HasSubstr(R"("level":0,)"), HasSubstr(R"("bytes":100)"), HasSubstr(R"("where":"table")")));
  EXPECT_THAT(newer, testing::Not(HasSubstr(R"("level":6)"))) << "the first that knows the key decides";
}

TEST_F(LookUpTest, SaysWhatOnlyMemoryKnows) {
  Fill(0, 100);
  ASSERT_TRUE(db_->Put("key1001", "another"));
  EXPECT_THAT(Ask("key1001"), HasSubstr(R"("where":"memory")"));
  ASSERT_TRUE(db_->Delete("key1002"));
  EXPECT_THAT(Ask("key1002"), HasSubstr(R"("where":"deleted in memory")"));
}

TEST_F(LookUpTest, EndsAtADelete) {
  Fill(0, 100);
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(db_->Delete("key1003"));
  Fill(4, 5);
  EXPECT_THAT(Ask("key1003"), AllOf(HasSubstr(R"("outcome":"deleted")"), HasSubstr(R"("where":"nowhere")")));
}

TEST_F(LookUpTest, KeepsTablesOpenAsLongAsTheyAreListed) {
  Fill(0, 100);
  const auto opens = HasSubstr("open_us");
  EXPECT_THAT(Ask("key1001"), opens);
  EXPECT_THAT(Ask("key1002"), testing::Not(opens));
  look_up_.CloseUnlisted({});
  EXPECT_THAT(Ask("key1003"), opens);
}

TEST_F(LookUpTest, LetsFiltersAnswerForAbsentKeys) {
  Fill(0, 100);
  EXPECT_THAT(Ask("key1050x"), AllOf(HasSubstr("filter says no"), HasSubstr(R"("where":"nowhere")")));
  EXPECT_THAT(Ask("z"), HasSubstr(R"("steps":[])"));
}

}  // namespace
}  // namespace amethyst::page
