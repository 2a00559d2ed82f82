// A server on real sockets. Covers: asio_loop, descriptors, program, connection, main
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "server/net/asio_loop.h"
#include "server/program.h"
#include "server/server_fixture.h"
#include "support/temp_directory.h"

namespace amethyst::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A client's end of a Unix socket.
class SocketClient {
 public:
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

 private:
  const int descriptor_;
};

class AsioLoopTest : public testing::Test {
 protected:
  AsioLoopTest() {
    EXPECT_TRUE(loop_.Listen({.unix_socket = path_}));
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~AsioLoopTest() override {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

  support::TempDirectory directory_;
  const std::string path_ = directory_.File("socket");
  Config config_;
  std::unique_ptr<Space> space_ = std::move(*Space::Open(directory_.File("db"), {}));
  EngineClock clock_{space_->clock()};
  Server server_{*space_, config_, clock_};
  AsioLoop loop_{server_};
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

TEST_F(AsioLoopTest, ClosesAfterAnErrorOfTheProtocolAndAfterQuit) {
  const SocketClient bad(path_);
  bad.Send("*1\r\nx\r\n");
  EXPECT_EQ(bad.Read(1000), "-ERR Protocol error: expected '$', got 'x'\r\n");
  const SocketClient leaves(path_);
  leaves.Send("quit\r\nping\r\n");
  EXPECT_EQ(leaves.Read(1000), "+OK\r\n");
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
              AllOf(HasSubstr("3: amethystd: Corruption"), HasSubstr("verify` lists all damage")));
}

}  // namespace
}  // namespace amethyst::server
