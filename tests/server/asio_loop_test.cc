// A server on real sockets. Covers: asio_loop, descriptors, program, connection, main
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "server/http/server_routes.h"
#include "server/net/asio_loop.h"
#include "server/program.h"
#include "server/server_fixture.h"
#include "support/temp_directory.h"

namespace amethyst::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A client's end of a Unix socket, or of a port of this machine.
class SocketClient {
 public:
  explicit SocketClient(uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  explicit SocketClient(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~SocketClient() { close(descriptor_); }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  void Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // That many bytes, or fewer if the server closes before.
  [[nodiscard]] std::string Read(size_t bytes) const {
    std::string text(bytes, '\0');
    size_t got = 0;
    while (got < bytes) {
      const ssize_t more = recv(descriptor_, text.data() + got, bytes - got, 0);
      if (more <= 0) break;
      got += static_cast<size_t>(more);
    }
    text.resize(got);
    return text;
  }
  // Without its end.
  [[nodiscard]] std::string ReadLine() const {
    std::string line;
    while (!line.ends_with("\r\n")) {
      const std::string more = Read(1);
      if (more.empty()) return line;
      line += more;
    }
    return line.substr(0, line.size() - 2);
  }
  // The first line of the reply.
  [[nodiscard]] std::string Ask(const std::vector<std::string>& words) const {
    Send(Encode(words));
    return ReadLine();
  }

 private:
  const int descriptor_;
};

class AsioLoopTest : public testing::Test {
 protected:
  AsioLoopTest() {
    EXPECT_TRUE(loop_->Listen({.unix_socket = path_}));
    http_.AddRoute("/", [](const net::HttpRequest&) { return net::HttpResponse{.body = "hello\n"}; });
    net::EventChannel& channel =
        http_.AddEvents("/events", [](const net::HttpRequest&) { return net::EncodeEvent("snapshot", "0"); });
    http_.AddTicker([&channel] { channel.Publish("news", "1"); });
    EXPECT_TRUE(loop_->ListenHttp(http_, {.host = "127.0.0.1"}));
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~AsioLoopTest() override {
    if (!thread_.joinable()) return;
    loop_->Stop();
    thread_.join();
  }

  support::TempDirectory directory_;
  const std::string path_ = directory_.File("socket");
  Config config_;
  std::unique_ptr<Space> space_ = std::move(*Space::Open(directory_.File("db"), {}));
  net::EngineClock clock_{space_->clock()};
  Server server_{*space_, config_, clock_};
  net::HttpServer http_{net::HttpGuard([this] { return HttpAccessOf(config_); }, true), clock_};
  std::optional<AsioLoop> loop_{std::in_place, server_};
  std::thread thread_;
};

TEST_F(AsioLoopTest, AnswersInOrderWhateverThePieces) {
  const SocketClient client(path_);
  std::string requests;
  std::string replies;
  for (int i = 0; i < 2000; ++i) {
    requests += Encode({"echo", std::string(static_cast<size_t>(i), 'x')});
    replies += "$" + std::to_string(i) + "\r\n" + std::string(static_cast<size_t>(i), 'x') + "\r\n";
  }
  std::thread sender([&] { client.Send(requests); });
  EXPECT_EQ(client.Read(replies.size()), replies);
  sender.join();
}

TEST_F(AsioLoopTest, AClientThatReadsNothingHoldsNobodyUp) {
  const SocketClient lazy(path_);
  const SocketClient other(path_);
  other.Send(Encode({"set", "big", std::string(1 << 20, 'v')}));
  EXPECT_EQ(other.Read(5), "+OK\r\n");
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += Encode({"get", "big"});
  lazy.Send(requests);
  other.Send(Encode({"ping"}));
  EXPECT_EQ(other.Read(7), "+PONG\r\n");
  const size_t one = (1 << 20) + std::string("$1048576\r\n\r\n").size();
  EXPECT_EQ(lazy.Read(200 * one).size(), 200 * one) << "and it gets all once it reads";
}

TEST_F(AsioLoopTest, ServesOthersWhileAScriptIsBusy) {
  const SocketClient other(path_);
  EXPECT_EQ(other.Ask({"config", "set", "busy-reply-threshold", "1"}), "+OK");
  const SocketClient runs(path_);
  runs.Send(Encode({"eval", "while true do end", "0"}) + Encode({"ping"}));
  while (other.Ask({"ping"}) == "+PONG") {
  }
  EXPECT_EQ(other.Ask({"script", "kill"}), "+OK");
  EXPECT_THAT(runs.ReadLine(), testing::StartsWith("-ERR Script killed by user"));
  EXPECT_EQ(runs.ReadLine(), "+PONG");
  {  // One that leaves while its script runs is let go once that has ended.
    const SocketClient leaves(path_);
    leaves.Send(Encode({"eval", "while true do end", "0"}));
    while (other.Ask({"ping"}) == "+PONG") {
    }
  }
  EXPECT_EQ(other.Ask({"script", "kill"}), "+OK");
  EXPECT_EQ(other.Ask({"ping"}), "+PONG");
}

// A server that is told to end does not wait for a script.
TEST_F(AsioLoopTest, EndsABusyScriptWhenItIsStopped) {
  const SocketClient other(path_);
  EXPECT_EQ(other.Ask({"config", "set", "busy-reply-threshold", "1"}), "+OK");
  const SocketClient runs(path_);
  runs.Send(Encode({"eval", "redis.call('set', 'a', 1) while true do end", "0"}));
  while (other.Ask({"ping"}) == "+PONG") {
  }
  loop_->Stop();
  thread_.join();
}

TEST_F(AsioLoopTest, ClosesAfterAnErrorOfTheProtocolAndAfterQuit) {
  const SocketClient bad(path_);
  bad.Send("*1\r\nx\r\n");
  EXPECT_EQ(bad.Read(1000), "-ERR Protocol error: expected '$', got 'x'\r\n");
  const SocketClient leaves(path_);
  leaves.Send("quit\r\nping\r\n");
  EXPECT_EQ(leaves.Read(1000), "+OK\r\n");
}

TEST_F(AsioLoopTest, ServesHttpBesideRedis) {
  const SocketClient browser(loop_->http_port());
  browser.Send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string answer = browser.Read(10'000);
  EXPECT_THAT(answer, AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("\r\n\r\nhello\n")));
  const SocketClient client(path_);
  client.Send(Encode({"ping"}));
  EXPECT_EQ(client.Read(7), "+PONG\r\n");
}

TEST_F(AsioLoopTest, EventsGoOnUntilTheServerEnds) {
  const SocketClient listener(loop_->http_port());
  listener.Send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string got;
  while (!got.ends_with("event: news\ndata: 1\n\n")) {
    const std::string byte = listener.Read(1);
    ASSERT_FALSE(byte.empty()) << got;
    got += byte;
  }
  EXPECT_THAT(got, HasSubstr("\r\n\r\nevent: snapshot\ndata: 0\n\nevent: news"));
  const SocketClient half(loop_->http_port());
  half.Send("GET / HT");
  loop_->Stop();
  thread_.join();
  loop_.reset();
  EXPECT_EQ(half.Read(1), "");
}

TEST_F(AsioLoopTest, SaysThatAPlaceIsTaken) {
  AsioLoop first(server_);
  ASSERT_TRUE(first.Listen({.addresses = {"127.0.0.1"}}));
  AsioLoop loop(server_);
  const Status listening = loop.Listen({.addresses = {"127.0.0.1"}, .port = first.port()});
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code(), ErrorCode::kBusy);
  EXPECT_FALSE(loop.Listen({.addresses = {"localhost"}, .port = 1}));
}

TEST(ServerProgram, SaysWhatIsWrongWithItsArguments) {
  const support::TempDirectory directory;
  const auto run = [](const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunProgram(arguments, out, err);
    return std::to_string(code) + ": " + out.str() + err.str();
  };
  EXPECT_THAT(run({"--help"}), HasSubstr("0: amethystd: a durable"));
  EXPECT_THAT(run({"--version"}), HasSubstr("commands of Redis 7.0.15"));
  EXPECT_THAT(run({"--porto", "1"}), HasSubstr("2: amethystd: Unknown option"));
  EXPECT_THAT(run({"--port"}), HasSubstr("2: amethystd: --port wants a value"));
  EXPECT_THAT(run({"--port", "x"}), HasSubstr("'port'"));
  EXPECT_THAT(run({"--bind", "0.0.0.0", "--dir", directory.File("db")}), HasSubstr("give --requirepass"));
  EXPECT_THAT(run({"--http", "0.0.0.0:6381", "--dir", directory.File("db")}),
              HasSubstr("others can reach 0.0.0.0:6381"));
  EXPECT_THAT(run({"--http", "6381", "--dir", directory.File("db")}), HasSubstr("'6381' is no address and port"));
  EXPECT_THAT(run({"--bind", "here", "--requirepass", "x", "--dir", directory.File("db")}),
              HasSubstr("'here' is no numeric IP address"));
  EXPECT_THAT(run({directory.File("none.conf")}), HasSubstr("none.conf"));
  std::ofstream(directory.File("a.conf")) << "# mine\nport \"63\n";
  EXPECT_THAT(run({directory.File("a.conf")}), HasSubstr("line 2: a quote is not closed"));
  // A table whose bytes have changed.
  const std::string database = directory.File("damaged");
  {
    const auto space = Space::Open(database, {});
    ASSERT_TRUE(space && (*space)->Close());
  }
  for (const auto& entry : std::filesystem::directory_iterator(database)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream table(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(100).write("garbage", 7);
  }
  EXPECT_THAT(run({"--dir", database, "--port", "0", "--unixsocket", directory.File("s")}),
              AllOf(HasSubstr("3: "), HasSubstr("\namethystd: Corruption"), HasSubstr("verify` lists all damage")));
}

}  // namespace
}  // namespace amethyst::server
