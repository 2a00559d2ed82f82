// What a page is told of a database that changes. Covers: watcher, state_json
#include "page/watcher.h"

#include <gmock/gmock.h>

#include "page/page_fixture.h"

namespace amethyst::page {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using WatcherTest = PageTest;

TEST_F(WatcherTest, TellsOfEachEditOnce) {
  Fill(0, 100);
  Watcher watcher = Watch();
  ASSERT_TRUE(watcher.Look());
  EXPECT_THAT(watcher.Snapshot().data, AllOf(HasSubstr(R"("from":"key1000","to":"key1099")"), HasSubstr(R"("edit":)")));
  Fill(100, 200);
  auto messages = watcher.Look();
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 2u);
  EXPECT_EQ(messages->front().name, "edit");
  EXPECT_THAT(messages->front().data, HasSubstr(R"("removed":[],"added":[{"number":)"));
  EXPECT_EQ(messages->back().name, "metrics");
  messages = watcher.Look();
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->size(), 1u);
}

TEST_F(WatcherTest, TellsWhatACompactionTookAndMade) {
  Fill(0, 100);
  Fill(50, 150);
  Watcher watcher = Watch();
  ASSERT_TRUE(watcher.Look());
  ASSERT_TRUE(db_->CompactRange());
  const auto messages = watcher.Look();
  ASSERT_TRUE(messages);
  ASSERT_GE(messages->size(), 2u);
  EXPECT_THAT(messages->front().data, Not(HasSubstr(R"("removed":[],)")));
  EXPECT_THAT(watcher.HistoryText(), HasSubstr(R"("edits":[{"edit":)"));
}

TEST_F(WatcherTest, GoesOnWhenTheWriterBeginsAnotherManifest) {
  Fill(0, 100);
  Watcher watcher = Watch();
  ASSERT_TRUE(watcher.Look());
  Reopen();
  auto messages = watcher.Look();
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->size(), 1u) << "the tables are the same";
  Fill(100, 200);
  Reopen();
  messages = watcher.Look();
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->size(), 2u) << "one edit brings what is different";
}

TEST_F(WatcherTest, SaysWhetherAProcessWrites) {
  Fill(0, 10);
  Watcher watcher = Watch();
  ASSERT_TRUE(watcher.Look());
  EXPECT_THAT(watcher.Snapshot().data, HasSubstr(R"("writer":"there")"));
  ASSERT_TRUE(db_->Close());
  ASSERT_TRUE(watcher.Look());
  EXPECT_THAT(watcher.Snapshot().data, HasSubstr(R"("writer":"gone")"));
  EXPECT_THAT(watcher.ReportText(), HasSubstr(R"("history":{"tables":[)"));
}

TEST_F(WatcherTest, DropsAFamilyWithItsTables) {
  Family users = db_->CreateFamily("users").value();
  ASSERT_TRUE(users.Put("alice", "1"));
  ASSERT_TRUE(db_->Flush());
  Watcher watcher = Watch();
  ASSERT_TRUE(watcher.Look());
  EXPECT_THAT(watcher.Snapshot().data, HasSubstr(R"("name":"users")"));
  ASSERT_TRUE(db_->DropFamily(users));
  const auto messages = watcher.LookAtEdits();
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_THAT(messages->front().data, Not(HasSubstr(R"("removed":[])")));
}

TEST_F(WatcherTest, SaysWhereThereIsNoDatabase) {
  Watcher watcher(*environment_, {.directory = directory_.File("absent")});
  const auto messages = watcher.Look();
  ASSERT_FALSE(messages);
  EXPECT_EQ(messages.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(messages.error().message(), HasSubstr("there is no database here"));
}

}  // namespace
}  // namespace amethyst::page
