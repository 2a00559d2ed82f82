// A server in memory: clients that send words and get replies as text, and a clock that the test turns.
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/components.h"
#include "net/connection.h"
#include "net/memory_connection.h"
#include "server/config.h"
#include "server/keyspace/space.h"
#include "server/request_words.h"
#include "server/server.h"

namespace amethyst::server {

// A reply as redis-cli shows it, on one line: `"a"`, `(nil)`, `3`, `OK`, `(error) ERR no`, `["a", 3]`, `{"f": "v"}`,
// `("m")` for a set, `>["message", "c", "m"]`. Takes the reply off the front; "" where there is none.
std::string TakeReply(std::string* bytes);

class ServerTest : public testing::Test {
 protected:
  // One client of the server.
  class Client {
   public:
    Client(ServerTest& test, std::string peer);
    ~Client();
    // Sends one request and returns its reply, or all that came, one after the other with a space between.
    std::string operator()(const std::vector<std::string>& words);
    // The same of a line, cut at spaces: Line("set a 1").
    std::string Line(std::string_view line);
    std::string Raw(std::string_view bytes);
    // What has come since.
    std::string Received();
    // The same as it went over the wire.
    std::string TakeSent() { return std::exchange(connection_.sent, {}); }

    [[nodiscard]] bool is_closed() const { return connection_.is_closed; }
    // It has not read that many bytes.
    void LeaveUnread(size_t bytes) { connection_.unsent = bytes; }
    [[nodiscard]] Session& session() { return *session_; }

   private:
    ServerTest& test_;
    net::MemoryConnection connection_;
    Session* session_;
  };

  ServerTest() { Open(); }
  void Open();
  // Closes and opens the database again, as a restart does; clients must be gone.
  void Restart();
  // The process dies: nothing is kept at the end.
  void Crash();
  std::string Line(std::string_view line) { return client_->Line(line); }
  std::string Send(const std::vector<std::string>& words) { return (*client_)(words); }
  // Runs the same commands with collections inline and exploded.
  void Configure(const std::string& name, const std::string& value) { ASSERT_TRUE(config_.Set({{name, value}}, true)); }
  // Until the test ends, each look at the clock takes ten milliseconds, and `meanwhile` is called whenever a busy
  // script lets others have a turn.
  void WhileBusy(std::function<void()> meanwhile) {
    clock_.look = std::chrono::milliseconds(10);
    server_->SetPoll(std::move(meanwhile));
  }
  // Time passes, and the server's tick comes.
  void Pass(std::chrono::milliseconds time) {
    clock_.Advance(time);
    server_->Tick();
  }

  std::shared_ptr<io::Environment> environment_ = NewInMemoryEnvironment();
  net::ManualClock clock_;
  Config config_;
  std::unique_ptr<Space> space_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

}  // namespace amethyst::server
