// HTTP over sockets of this machine. Covers: http_loop, acceptor
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "net/http_loop.h"
#include "net/memory_connection.h"

namespace amethyst::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// All that a server of this machine sends until it closes.
std::string AskPort(uint16_t port, const std::string& request) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t count; (count = ::recv(descriptor, buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<size_t>(count));
  }
  ::close(descriptor);
  return answer;
}

class HttpLoopTest : public testing::Test {
 protected:
  ManualClock clock_;
  HttpServer http_{HttpGuard([] { return HttpAccess(); }, true), clock_};
};

TEST_F(HttpLoopTest, ServesUntilItIsToEnd) {
  http_.AddRoute("/", [](const HttpRequest&) { return HttpResponse{.body = std::string(3'000'000, 'b')}; });
  HttpLoop loop(http_);
  ASSERT_TRUE(loop.Listen({.host = "127.0.0.1", .port = 0}));
  ASSERT_NE(loop.address().port, 0);
  std::atomic<bool> ends = false;
  std::thread client([&] {
    const std::string answer =
        AskPort(loop.address().port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer.substr(0, 200), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_GT(answer.size(), 3'000'000u);
    EXPECT_THAT(AskPort(loop.address().port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
                StartsWith("HTTP/1.1 421"));
    ends = true;
  });
  loop.Run([&] { return ends.load(); });
  client.join();
  EXPECT_EQ(http_.counters().requests, 2u);
}

TEST_F(HttpLoopTest, ConnectionsAreClosedWithTheLoop) {
  http_.AddEvents("/events", [](const HttpRequest&) { return std::string(": here\n\n"); });
  std::thread client;
  {
    HttpLoop loop(http_);
    ASSERT_TRUE(loop.Listen({.host = "127.0.0.1", .port = 0}));
    client = std::thread([port = loop.address().port] {
      EXPECT_THAT(AskPort(port, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr(": here"));
    });
    loop.Run([&] { return http_.listener_count() == 1; });
  }
  client.join();
  EXPECT_EQ(http_.connection_count(), 0u);
}

TEST_F(HttpLoopTest, APortThatIsTakenIsBusy) {
  HttpLoop first(http_);
  HttpLoop second(http_);
  ASSERT_TRUE(first.Listen({.host = "127.0.0.1", .port = 0}));
  const Status listens = second.Listen(first.address());
  ASSERT_FALSE(listens);
  EXPECT_EQ(listens.error().code(), ErrorCode::kBusy);
  EXPECT_THAT(listens.error().message(), HasSubstr("is taken by another process; --http names another one"));
}

}  // namespace
}  // namespace amethyst::net
