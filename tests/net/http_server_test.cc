// HTTP in memory. Covers: http_server, http_session, http_request, http_response, request_reader, event_channel
#include <gmock/gmock.h>

#include "net/http_server.h"
#include "net/memory_connection.h"
#include "net/request_reader.h"

namespace amethyst::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  // A client's end: bytes in, bytes out.
  struct Browser {
    explicit Browser(HttpServerTest& fixture) : test(fixture), connection("127.0.0.1:5000") {
      session = test.http_.Connect(connection);
    }
    ~Browser() { Leave(); }
    void Leave() {
      if (session != nullptr) test.http_.Disconnect(*std::exchange(session, nullptr));
    }
    std::string operator()(std::string_view bytes) {
      if (session != nullptr && !connection.is_closed) test.http_.Receive(*session, bytes);
      test.http_.EndTurn();
      return std::exchange(connection.sent, {});
    }
    std::string Received() { return std::exchange(connection.sent, {}); }
    HttpServerTest& test;
    MemoryConnection connection;
    HttpSession* session;
  };

  HttpServerTest() {
    http_.AddRoute("/", [](const HttpRequest& request) {
      return HttpResponse{.body = "key=" + std::string(request.Query("key").value_or("none")) + "\n"};
    });
    http_.AddRoute("/big", [](const HttpRequest&) { return HttpResponse{.body = std::string(100'000, 'b')}; });
  }
  static std::string Get(std::string_view target, std::string_view headers = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost:6381\r\n" + std::string(headers) + "\r\n";
  }
  void Pass(std::chrono::milliseconds time) {
    clock_.Advance(time);
    http_.Tick();
  }

  ManualClock clock_;
  HttpServer http_{HttpGuard([] { return HttpAccess(); }, true), clock_};
};

TEST_F(HttpServerTest, AnswersAGetAndKeepsTheConnection) {
  Browser browser(*this);
  const std::string answer = browser(Get("/?key=a%20b%2Bc+d"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 12\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: default-src 'self'"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nkey=a b+c d\n"));
  EXPECT_FALSE(browser.connection.is_closed);
  EXPECT_THAT(browser(Get("/", "Connection: close\r\n")), EndsWith("key=none\n"));
  EXPECT_TRUE(browser.connection.is_closed);
}

TEST_F(HttpServerTest, AHeadIsAnsweredWithoutItsBody) {
  Browser browser(*this);
  const std::string answer = browser("HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, TheSameForAnyPieces) {
  const std::string requests = "\r\n" + Get("/?key=1") + "\r\n" + Get("/nowhere") + Get("/?key=2");
  Browser whole(*this);
  const std::string expected = whole(requests);
  EXPECT_THAT(expected, HasSubstr("There is nothing at this path."));
  Browser single(*this);
  std::string answer;
  for (const char byte : requests) answer += single({&byte, 1});
  EXPECT_EQ(answer, expected);
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequestAndCloses) {
  const std::string host = "Host: localhost\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {"*1\r\n$4\r\nping\r\n", "400"},
      {std::string("\x16\x03\x01\0\xa5\x01", 6), "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + "Bad Header: x\r\n\r\n", "400"},
      {"GET http://localhost/ HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /%0 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
      {"POST / HTTP/1.1\r\n" + host + "\r\n", "405"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "405"},
      {"BREW / HTTP/1.1\r\n" + host + "\r\n", "405"},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "413"},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
  };
  for (const auto& [request, status] : cases) {
    Browser browser(*this);
    EXPECT_THAT(browser(request), StartsWith("HTTP/1.1 " + status)) << request;
    EXPECT_TRUE(browser.connection.is_closed) << request;
  }
}

TEST_F(HttpServerTest, AHeadWithoutAnEndIsRefusedAt16KiB) {
  const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
  const std::pair<std::string, std::string> cases[] = {{"GET /", std::string(1000, 'a')},
                                                       {"GET / HTTP/1.1\r\n", line},
                                                       {"GET / HTTP/1.1\r\n", "X:y\r\n"},
                                                       {"GET / HTTP/1.1\r\nX: ", std::string(1000, 'a')}};
  for (const auto& [start, more] : cases) {
    Browser browser(*this);
    std::string answer = browser(start);
    size_t given = 0;
    for (; answer.empty() && given < 100'000; given += more.size()) answer = browser(more);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 431")) << start;
    EXPECT_LE(given, RequestReader::kHeadBytesMax + more.size()) << start;
  }
}

TEST_F(HttpServerTest, ManyRequestsAtOnceAreAnsweredAsTheAnswersAreTaken) {
  Browser browser(*this);
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += Get("/big");
  browser.connection.unsent = 64 << 10;
  EXPECT_EQ(browser(requests), "");
  browser.connection.unsent = 0;
  EXPECT_GT(browser("").size(), 100u * 100'000);
}

TEST_F(HttpServerTest, WhoSendsMoreAndTakesNothingIsDropped) {
  Browser browser(*this);
  browser.connection.unsent = 64 << 10;
  for (int i = 0; i < 20'000; ++i) browser(Get("/big"));
  EXPECT_TRUE(browser.connection.is_closed);
  EXPECT_EQ(http_.counters().dropped_connections, 1u);
}

TEST_F(HttpServerTest, ClientsThatTakeNothingHoldABoundedAmountTogether) {
  Browser lazy(*this);
  lazy(Get("/"));
  lazy.connection.unsent = HttpServer::kUnsentBytesMax;
  Browser other(*this);
  EXPECT_THAT(other(Get("/")), StartsWith("HTTP/1.1 200"));
  lazy.connection.unsent += 1;
  EXPECT_EQ(other(Get("/")), "");
  EXPECT_TRUE(other.connection.is_closed);
  EXPECT_EQ(http_.unsent_bytes(), HttpServer::kUnsentBytesMax + 1);
}

TEST_F(HttpServerTest, SlowAndIdleClientsAreDropped) {
  Browser half(*this);
  half("GET / HT");
  Browser idle(*this);
  idle(Get("/"));
  Browser stalled(*this);
  stalled(Get("/"));
  stalled.connection.unsent = 1000;
  for (int s = 0; s <= 10; ++s) {
    half("x");
    Pass(std::chrono::seconds(1));
  }
  EXPECT_TRUE(half.connection.is_closed);
  Pass(std::chrono::seconds(21));
  EXPECT_TRUE(stalled.connection.is_closed);
  EXPECT_FALSE(idle.connection.is_closed);
  Pass(std::chrono::seconds(30));
  EXPECT_TRUE(idle.connection.is_closed);
}

TEST_F(HttpServerTest, OneConnectionTooManyTakesThePlaceOfTheLongestIdle) {
  std::vector<std::unique_ptr<Browser>> browsers;
  for (size_t i = 0; i < HttpServer::kConnectionsMax; ++i) {
    browsers.push_back(std::make_unique<Browser>(*this));
    clock_.Advance(std::chrono::milliseconds(1));
  }
  (*browsers[0])(Get("/"));
  Browser next(*this);
  EXPECT_THAT(next(Get("/")), StartsWith("HTTP/1.1 200"));
  EXPECT_FALSE(browsers[0]->connection.is_closed);
  EXPECT_TRUE(browsers[1]->connection.is_closed);
  browsers[1]->Leave();
  for (const auto& browser : browsers) browser->connection.unsent = 1;
  next.connection.unsent = 1;
  Browser refused(*this);
  EXPECT_EQ(refused.session, nullptr);
  EXPECT_TRUE(refused.connection.is_closed);
}

TEST_F(HttpServerTest, AListenerGetsTheSnapshotAndThenTheNews) {
  EventChannel& channel = http_.AddEvents(
      "/events", [](const HttpRequest& request) { return EncodeEvent("snapshot", "after " + request.last_event_id); });
  Browser browser(*this);
  const std::string head = browser(Get("/events", "Last-Event-ID: 7\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(head, EndsWith("\r\n\r\nevent: snapshot\ndata: after 7\n\n"));
  EXPECT_EQ(channel.listener_count(), 1u);
  channel.Publish("edit", "two\nlines", "8");
  EXPECT_EQ(browser.Received(), "id: 8\nevent: edit\ndata: two\ndata: lines\n\n");
  Pass(std::chrono::seconds(100));
  EXPECT_EQ(browser.Received(), ":\n\n") << "an idle listener stays";
  EXPECT_EQ(browser(Get("/")), "");
  browser.Leave();
  EXPECT_EQ(channel.listener_count(), 0u);
  channel.Publish("edit", "nobody");
}

TEST_F(HttpServerTest, AListenerThatDoesNotReadIsDropped) {
  EventChannel& channel =
      http_.AddEvents("/events", [](const HttpRequest&) { return EncodeEvent("snapshot", std::string(1000, 's')); });
  Browser lazy(*this);
  lazy(Get("/events"));
  Browser other(*this);
  other(Get("/events"));
  lazy.connection.unsent = EventChannel::kBehindBytesMax;
  channel.Publish("edit", std::string(500, 'e'));
  EXPECT_FALSE(lazy.connection.is_closed) << "as long as the snapshot's bytes are among them";
  channel.Publish("edit", std::string(1500, 'e'));
  EXPECT_TRUE(lazy.connection.is_closed);
  EXPECT_FALSE(other.connection.is_closed);
  EXPECT_EQ(channel.listener_count(), 1u);
}

TEST_F(HttpServerTest, OneListenerTooManyIsClosedWithoutAStatus) {
  http_.AddEvents("/events", [](const HttpRequest&) { return std::string(); });
  std::vector<std::unique_ptr<Browser>> browsers;
  for (size_t i = 0; i <= HttpServer::kListenersMax; ++i) {
    browsers.push_back(std::make_unique<Browser>(*this));
    const std::string answer = (*browsers.back())(Get("/events"));
    EXPECT_EQ(answer.empty(), i == HttpServer::kListenersMax);
  }
  EXPECT_TRUE(browsers.back()->connection.is_closed);
  EXPECT_EQ(http_.listener_count(), HttpServer::kListenersMax);
}

TEST_F(HttpServerTest, TickersRunAtEachTick) {
  int ticks = 0;
  http_.AddTicker([&] { ++ticks; });
  Pass(std::chrono::milliseconds(100));
  Pass(std::chrono::milliseconds(100));
  EXPECT_EQ(ticks, 2);
}

}  // namespace
}  // namespace amethyst::net
