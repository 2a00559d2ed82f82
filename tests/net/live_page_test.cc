// The page of a database, live. Covers: live_page
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "amethyst/amethyst.h"
#include "io/system_environment.h"
#include "net/live_page.h"
#include "net/memory_connection.h"
#include "page/assets.h"
#include "support/temp_directory.h"

namespace amethyst::net {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What the test says of its database.
class TestSource final : public PageSource {
 public:
  std::expected<Read, HttpResponse> ReadKey(const HttpRequest& request) override {
    const auto key = request.Query("key");
    if (!key) return std::unexpected(HttpResponse::Refusal(400, "no key"));
    return Read{.family = key::kDefaultFamily, .key = std::string(*key), .answer = answer};
  }
  void Look() override { ++looks; }
  std::string ServerText() override { return text; }

  std::optional<page::EngineAnswer> answer;
  std::string text;
  int looks = 0;
};

class LivePageTest : public testing::Test {
 protected:
  LivePageTest() {
    auto source = std::make_unique<TestSource>();
    source_ = source.get();
    page_ = std::make_shared<LivePage>(*io::DefaultEnvironment(),
                                       page::Watcher::Settings{.directory = directory_.File("db")}, std::move(source),
                                       http_);
    page_->AddRoutes(page_);
  }
  std::unique_ptr<DB> Open() { return DB::Open(directory_.File("db"), {.create_if_missing = true}).value(); }
  std::string Get(const std::string& target) {
    MemoryConnection connection("127.0.0.1:1");
    HttpSession* const session = http_.Connect(connection);
    http_.Receive(*session, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http_.EndTurn();
    http_.Disconnect(*session);
    return connection.sent;
  }
  void Tick(int times) {
    for (int i = 0; i < times; ++i) http_.Tick();
  }

  support::TempDirectory directory_;
  ManualClock clock_;
  HttpServer http_{HttpGuard([] { return HttpAccess(); }, true), clock_};
  TestSource* source_ = nullptr;
  std::shared_ptr<LivePage> page_;
};

TEST_F(LivePageTest, ServesItsModules) {
  for (const page::Asset& asset : page::Assets()) {
    const std::string answer = Get(asset.name == "index.html" ? "/" : "/" + std::string(asset.name));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), EndsWith(asset.text))) << asset.name;
  }
}

TEST_F(LivePageTest, SendsASnapshotThenWhatChanges) {
  const auto db = Open();
  source_->text = R"({"keys":1})";
  MemoryConnection connection("127.0.0.1:1");
  HttpSession* const session = http_.Connect(connection);
  http_.Receive(*session, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(std::exchange(connection.sent, {}),
              AllOf(HasSubstr("event: server\ndata: {\"keys\":1}"), HasSubstr("event: snapshot"),
                    HasSubstr(R"("writer":"there")")));
  ASSERT_TRUE(db->Put("apple", "artichoke"));
  ASSERT_TRUE(db->Flush());
  Tick(9);
  EXPECT_EQ(connection.sent, "");
  Tick(1);
  EXPECT_THAT(std::exchange(connection.sent, {}), AllOf(HasSubstr("event: edit"), HasSubstr("event: metrics")));
  EXPECT_EQ(source_->looks, 2);
  http_.Disconnect(*session);
  EXPECT_THAT(Get("/history"), HasSubstr(R"("edits":[{"edit":1)"));
}

TEST_F(LivePageTest, WhatNobodyKnowsIsNotSent) {
  const auto db = Open();
  MemoryConnection connection("127.0.0.1:1");
  HttpSession* const session = http_.Connect(connection);
  http_.Receive(*session, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Tick(10);
  EXPECT_THAT(connection.sent, AllOf(HasSubstr("event: metrics"), Not(HasSubstr("event: server"))));
  http_.Disconnect(*session);
}

TEST_F(LivePageTest, ShowsWhereAKeyLivesByTheFilesAndByARead) {
  const auto db = Open();
  ASSERT_TRUE(db->Put("apple", "artichoke"));
  ASSERT_TRUE(db->Flush());
  EXPECT_THAT(Get("/lookup?key=apple"), AllOf(HasSubstr(R"("where":"table")"), Not(HasSubstr(R"("engine")"))));
  source_->answer = page::EngineAnswer{.value = "newer", .us = 1};
  EXPECT_THAT(Get("/lookup?key=apple"), AllOf(HasSubstr(R"("where":"memory")"), HasSubstr(R"("engine":{"us":1)")));
  EXPECT_THAT(Get("/lookup"), AllOf(StartsWith("HTTP/1.1 400"), EndsWith("no key\n")));
}

TEST_F(LivePageTest, ALookAtADirectoryWithoutADatabaseSaysSo) {
  const Status looked = page_->Look();
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(looked.error().message(), HasSubstr("there is no database here"));
}

}  // namespace
}  // namespace amethyst::net
