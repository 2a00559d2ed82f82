#include "torture/server/client_histories.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/assert.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "net/memory_connection.h"
#include "server/config.h"
#include "server/keyspace/space.h"
#include "server/net/fetcher.h"
#include "server/request_words.h"
#include "server/server.h"
#include "simulation/serial_environment.h"
#include "torture/server/linearizability.h"

namespace amethyst::torture {

namespace {

using Words = std::vector<std::string>;
const std::string kHistoryDirectory = "/db";
constexpr size_t kHistoryClients = 6;
constexpr size_t kAheadMax = 3;
constexpr uint64_t kTimeStepMs = 10;  // Expiries fall between two moments, where no rounding matters.

// How many bytes the first reply takes; 0: it is not all there.
size_t ReplyBytes(std::string_view bytes) {
  const size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return 0;
  int64_t number = 0;
  std::from_chars(bytes.data() + 1, bytes.data() + end, number);
  size_t length = end + 2;
  if (bytes[0] == '$' && number >= 0) length += static_cast<size_t>(number) + 2;
  for (int64_t i = 0; bytes[0] == '*' && i < number; ++i) {
    const size_t element = length <= bytes.size() ? ReplyBytes(bytes.substr(length)) : 0;
    if (element == 0) return 0;
    length += element;
  }
  return length <= bytes.size() ? length : 0;
}

class HistoryClock final : public net::Clock {
 public:
  std::chrono::milliseconds WallTime() override { return std::chrono::milliseconds(now_ms); }
  std::chrono::microseconds Monotonic() override { return std::chrono::milliseconds(now_ms); }
  uint64_t now_ms = 1'700'000'000'000;
};

// Reads, and tells that it has read, when the history says so.
class DrawnFetcher final : public server::Fetcher {
 public:
  void Fetch(std::function<void()> read, std::function<void()> done) override {
    waiting_.push_back({.read = std::move(read), .done = std::move(done)});
    ++fetches;
  }
  [[nodiscard]] bool any() const { return !waiting_.empty(); }
  void Step(base::Random& random) {
    const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(random.Below(waiting_.size()));
    if (at->read) return std::exchange(at->read, nullptr)();
    const auto done = std::move(at->done);
    waiting_.erase(at);
    done();
  }
  uint64_t fetches = 0;

 private:
  struct Waiting {
    std::function<void()> read;
    std::function<void()> done;
  };
  std::deque<Waiting> waiting_;
};

// A client, and what it waits for.
struct HistoryClient {
  struct Asked {
    std::string key;
    KeyOperation operation;
    uint64_t replies = 1;  // The last is the answer.
    bool is_watch = false;
  };
  explicit HistoryClient(server::Server& server) : session(server.Connect(connection)) {}
  net::MemoryConnection connection{"127.0.0.1:1"};
  server::Session* const session;
  std::string outgoing;  // On its way.
  std::deque<Asked> asked;
  std::string watched;  // Its key; what was seen of it is in `seen`.
  std::string seen;
};

class History {
 public:
  History(const ClientHistorySettings& settings, ClientHistoryReport* report)
      : settings_(settings), report_(*report), random_(settings.seed) {}

  void Run() {
    auto files = std::make_shared<io::MemoryFileSystem>();
    AMETHYST_ASSERT(files->CreateDirectories(kHistoryDirectory).has_value());
    AMETHYST_ASSERT(config_.Set({{"appendfsync", random_.OneIn(2) ? "always" : "everysec"}}, true).has_value());
    const char* const entries = random_.OneIn(2) ? "1" : "128";
    AMETHYST_ASSERT(
        config_.Set({{"hash-max-listpack-entries", entries}, {"list-max-listpack-size", entries}}, true).has_value());
    for (uint64_t opens = 0; opens < settings_.opens && report_.violation.empty(); ++opens) RunOpen(files);
    for (const auto& [key, operations] : histories_) {
      report_.operations += operations.size();
      const std::string why = report_.violation.empty() ? WhyNotLinearizable(operations) : "";
      if (!why.empty()) Violation(fmt::format("key {}: {}", key, why));
    }
  }

 private:
  void Violation(const std::string& text) {
    if (report_.violation.empty()) report_.violation = fmt::format("seed {}: {}", settings_.seed, text);
  }

  void RunOpen(const std::shared_ptr<io::MemoryFileSystem>& files) {
    Components components;
    const auto environment = std::make_shared<simulation::SerialEnvironment>(files, random_());
    components.environment = environment;
    auto space = server::Space::Open(kHistoryDirectory, {}, std::move(components));
    if (!space) return Violation(space.error().ToString());
    server::Server server(**space, config_, clock_);
    server.SetFetcher(&fetcher_);
    for (auto& client : clients_) client = std::make_unique<HistoryClient>(server);
    if (histories_.empty()) NoteTime();
    for (uint64_t step = 0; step < settings_.steps; ++step) Step(server, *environment);
    Settle(server);
    report_.expired_keys += server.counters().expired_keys;
    report_.fetches += std::exchange(fetcher_.fetches, 0);
    for (auto& client : clients_) server.Disconnect(*client->session);
    if (!(*space)->Close()) Violation("it does not close");
  }

  void Step(server::Server& server, simulation::SerialEnvironment& environment) {
    HistoryClient& client = *clients_[random_.Below(kHistoryClients)];
    const uint64_t kind = random_.Below(100);
    if (kind < 30) {
      if (client.asked.size() < kAheadMax) Ask(client);
    } else if (kind < 75) {
      Arrive(server, client, random_.OneIn(3) ? client.outgoing.size() : random_.Below(20));
    } else if (kind < 87) {
      EndTurn(server);
    } else if (kind < 95) {
      if (fetcher_.any()) fetcher_.Step(random_);
    } else if (kind < 98) {
      PassTime(server);
    } else {
      static_cast<void>(environment.RunOneJob());
    }
    TakeAnswers();
  }

  // All is answered then.
  void Settle(server::Server& server) {
    constexpr int kTurnsMax = 1000;
    for (int turn = 0; turn < kTurnsMax; ++turn) {
      bool is_settled = true;
      for (auto& client : clients_) {
        Arrive(server, *client, client->outgoing.size());
        is_settled &= client->asked.empty();
      }
      if (is_settled) return;
      while (fetcher_.any()) fetcher_.Step(random_);
      EndTurn(server);
      if (turn % 4 == 3) PassTime(server);
      TakeAnswers();
    }
    Violation("a request is never answered");
  }

  static void Arrive(server::Server& server, HistoryClient& client, size_t bytes) {
    bytes = std::min(bytes, client.outgoing.size());
    if (bytes == 0) return;
    server.Receive(*client.session, client.outgoing.substr(0, bytes));
    client.outgoing.erase(0, bytes);
  }

  void EndTurn(server::Server& server) {
    report_.blocked += server.BlockedCount();
    ++report_.turns;
    server.EndTurn();
  }

  void PassTime(server::Server& server) {
    clock_.now_ms += kTimeStepMs * random_.Below(12);
    NoteTime();
    if (random_.OneIn(2)) server.Tick();  // Commands may be there first.
  }

  // It is that late for all keys.
  void NoteTime() {
    for (const char type : {'s', 'a', 'l', 'h'}) {
      for (int i = 0; i < 2; ++i) {
        const KeyCall call{.kind = KeyCall::Kind::kTime, .now_ms = clock_.now_ms};
        histories_[fmt::format("{}{}", type, i)].push_back(
            {.call = call, .called = ++moment_, .answered = moment_ + 1, .answer = {}});
        ++moment_;
      }
    }
  }

  void TakeAnswers() {
    for (auto& client : clients_) {
      std::string& bytes = client->connection.sent;
      while (const size_t length = ReplyBytes(bytes)) {
        const std::string reply = bytes.substr(0, length);
        bytes.erase(0, length);
        if (client->asked.empty()) return Violation("an answer that nobody asked for: " + reply);
        HistoryClient::Asked& asked = client->asked.front();
        if (--asked.replies > 0) continue;
        if (asked.is_watch) client->seen = reply;
        if (asked.operation.call.kind == KeyCall::Kind::kWatched && reply == "*-1\r\n") ++report_.given_up;
        asked.operation.answer = reply;
        asked.operation.answered = ++moment_;
        histories_[asked.key].push_back(std::move(asked.operation));
        client->asked.pop_front();
      }
    }
  }

  void Ask(HistoryClient& client) {
    if (!client.watched.empty()) return AskWatched(client);
    HistoryClient::Asked asked;
    asked.key = std::string(1, "salh"[random_.Below(4)]) + std::to_string(random_.Below(2));
    KeyCall& call = asked.operation.call;
    call.commands.push_back(Draw(asked.key));
    std::string bytes = server::Encode(call.commands[0]);
    const uint64_t kind = random_.Below(12);
    if (kind == 0 && asked.key[0] != 'l' && asked.key[0] != 'h') {
      client.watched = asked.key;
      call.commands = {{"get", asked.key}};
      bytes = server::Encode({"watch", asked.key}) + server::Encode(call.commands[0]);
      asked.replies = 2;
      asked.is_watch = true;
    } else if (kind < 3 && !call.commands[0][0].starts_with('b')) {
      call.kind = KeyCall::Kind::kWhole;
      while (call.commands.size() < 2) {
        Words second = Draw(asked.key);
        if (!second[0].starts_with('b')) call.commands.push_back(std::move(second));
      }
      bytes = kind == 1 ? Transaction(&asked) : Script(call.commands);
    }
    Send(client, std::move(asked), bytes);
  }

  // Writes on condition that nobody has written since, once it is known what was there.
  void AskWatched(HistoryClient& client) {
    if (!client.asked.empty()) return;
    HistoryClient::Asked asked;
    asked.key = std::exchange(client.watched, {});
    KeyCall& call = asked.operation.call;
    call.kind = KeyCall::Kind::kWatched;
    call.seen = client.seen;
    call.commands = {Draw(asked.key), {"get", asked.key}};
    const std::string bytes = Transaction(&asked);
    Send(client, std::move(asked), bytes);
  }

  void Send(HistoryClient& client, HistoryClient::Asked asked, const std::string& bytes) {
    asked.operation.called = ++moment_;
    client.asked.push_back(std::move(asked));
    client.outgoing += bytes;
  }

  std::string Transaction(HistoryClient::Asked* asked) {
    ++report_.transactions;
    std::string bytes = server::Encode({"multi"});
    for (const Words& words : asked->operation.call.commands) bytes += server::Encode(words);
    asked->replies = asked->operation.call.commands.size() + 2;
    return bytes + server::Encode({"exec"});
  }

  std::string Script(const std::vector<Words>& commands) {
    ++report_.scripts;
    const auto call = [](const Words& words) {
      std::string text = "redis.call(";
      for (size_t i = 0; i < words.size(); ++i) text += (i > 0 ? ",'" : "'") + words[i] + "'";
      return text + ")";
    };
    return server::Encode(
        {"eval", "local a = " + call(commands[0]) + " return {a, " + call(commands[1]) + "}", "1", commands[0][1]});
  }

  Words Draw(const std::string& key) {
    const std::string number = std::to_string(random_.Below(1000));
    const std::string milliseconds = std::to_string(kTimeStepMs * random_.Below(40) + kTimeStepMs / 2);
    const uint64_t kind = random_.Below(10);
    if (kind == 0) return {"pexpire", key, milliseconds};
    if (kind == 1) return {"del", key};
    switch (key[0]) {
      case 's':
        if (kind < 4) return {"get", key};
        if (kind < 7) return {"incr", key};
        if (kind == 7) return {"set", key, number, "px", milliseconds};
        return kind == 8 ? Words{"getset", key, number} : Words{"getdel", key};
      case 'a':
        if (kind < 4) return {"get", key};
        if (kind < 7) return {"append", key, "." + number};
        return kind == 7 ? Words{"set", key, number, "nx"} : Words{"set", key, number};
      case 'l':
        if (kind < 4) return {"blpop", key, fmt::format("0.{}", 1 + random_.Below(5))};
        if (kind == 4) return {"brpop", key, "0.3"};
        if (kind < 7) return {"rpush", key, number, number + "+"};
        if (kind == 7) return {"lpush", key, number};
        return kind == 8 ? Words{"lpop", key} : Words{"lrange", key, "0", "-1"};
      default: {
        const std::string field = "f" + std::to_string(random_.Below(3));
        if (kind < 4) return {"hget", key, field};
        if (kind < 7) return {"hincrby", key, field, "3"};
        return kind < 9 ? Words{"hset", key, field, number} : Words{"hdel", key, field};
      }
    }
  }

  const ClientHistorySettings settings_;
  ClientHistoryReport& report_;
  base::Random random_;
  server::Config config_;
  HistoryClock clock_;
  DrawnFetcher fetcher_;
  std::array<std::unique_ptr<HistoryClient>, kHistoryClients> clients_;
  uint64_t moment_ = 0;
  std::map<std::string, std::vector<KeyOperation>> histories_;
};

}  // namespace

void RunClientHistory(const ClientHistorySettings& settings, ClientHistoryReport* report) {
  History(settings, report).Run();
}

}  // namespace amethyst::torture
