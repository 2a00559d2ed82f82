#include "server/net/asio_loop.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <asio.hpp>
#include <asio/ssl.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/error.h"
#include "net/acceptor.h"
#include "net/peer.h"
#include "server/net/tls_context.h"

namespace amethyst::server {

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr size_t kHandshakesMax = 1000;  // At once.
constexpr size_t kReaders = 16;

using TlsStream = asio::ssl::stream<net::Socket>;

net::ListenPlace PlaceOf(const std::string& name) {
  return {.name = name, .remedy = "--port, --unixsocket or --http names another one"};
}

}  // namespace

class AsioLoop::Implementation final : public Fetcher {
 public:
  explicit Implementation(Server& server) : server_(server) {
    server.SetFetcher(this);
    shared_.handshake_failed = [this](const std::string& peer, const std::error_code& error) {
      server_.log().Write(LogLevel::kVerbose, "tls-handshake-failed",
                          fmt::format("no TLS with {}: {}", peer, error.message()), {{"peer", peer}});
    };
  }
  ~Implementation() override {
    server_.SetFetcher(nullptr);
    shared_.CloseAll();
  }

  void Fetch(std::function<void()> read, std::function<void()> done) override {
    asio::post(readers_, [this, read = std::move(read), done = std::move(done)] {
      read();
      asio::post(shared_.io, done);
    });
  }

  Status Listen(const ListenAt& at);
  Status ListenHttp(net::HttpServer& http, const net::HttpAddress& at);
  Status ReadTls();
  void Run();
  // A turn while a script runs, of what has come meanwhile.
  void PollWhileBusy();
  void Stop() {
    asio::post(shared_.io, [this] { server_.AskToStop("the program asked for it"); });
  }

  // Those that it listens at.
  struct Ports {
    uint16_t redis = 0;
    uint16_t tls = 0;
    uint16_t http = 0;
  } ports{};

 private:
  enum class Kind : uint8_t { kPlain, kTls, kHttp };  // Of connections.
  template <typename Acceptor>
  struct Listener {
    Acceptor acceptor;
    Kind kind;
  };
  using TcpListener = Listener<net::TcpAcceptor>;
  using TcpListeners = std::vector<std::shared_ptr<TcpListener>>;
  using UnixListener = Listener<asio::local::stream_protocol::acceptor>;

  Status ListenBeside(const ListenAt& at);
  // Adds the listener at that address, the one that is there already or a new one, which accepts nothing yet.
  // `*bound`: the port, 0 for a free one; it is known then.
  Status AddTcp(const std::string& address, uint16_t* bound, TcpListeners* listeners);
  Result<std::shared_ptr<TcpListener>> OpenTcp(const asio::ip::tcp::endpoint& endpoint, const std::string& where);
  Status ListenUnix(const std::string& path, uint32_t mode);
  template <typename Acceptor>
  void Accept(const std::shared_ptr<Listener<Acceptor>>& listener);
  void StartPeer(net::Socket socket, Kind kind);
  template <typename Stream, typename Service, typename... Arguments>
  void StartPeerOf(Service& service, Arguments&&... arguments);
  // Goes on with connections that had to wait until a script ended.
  void ResumePaused();
  void EndTurn();
  void TellOfRefusal(const std::error_code& error);
  void WatchSignals();
  void ReadTlsAgain();
  void Tick();

  Server& server_;
  net::Peers shared_;
  asio::signal_set signals_{shared_.io};
  asio::signal_set hangups_{shared_.io};
  asio::steady_timer timer_{shared_.io};
  TcpListeners tcp_;
  std::shared_ptr<TcpListener> http_listener_;
  net::HttpServer* http_ = nullptr;
  std::shared_ptr<UnixListener> unix_;
  uint64_t told_of_refusal_us_ = 0;
  std::shared_ptr<asio::ssl::context> tls_;  // For new connections.
  asio::thread_pool readers_{kReaders};      // Ends first.
};

// An address that holds one of ours, as 0.0.0.0 holds 127.0.0.1, cannot be opened beside it: then the old ones go
// first, and come again where that does not help.
Status AsioLoop::Implementation::Listen(const ListenAt& at) {
  const Status listens = ListenBeside(at);
  std::error_code ignored;
  const bool ours_are_in_the_way = std::ranges::any_of(tcp_, [&](const auto& listener) {
    const uint16_t port = listener->acceptor.local_endpoint(ignored).port();
    return port == at.port || port == at.tls_port;
  });
  if (listens || listens.error().code() != ErrorCode::kBusy || !ours_are_in_the_way) return listens;
  std::vector<std::pair<asio::ip::tcp::endpoint, Kind>> before;
  for (const auto& listener : std::exchange(tcp_, {})) {
    before.emplace_back(listener->acceptor.local_endpoint(ignored), listener->kind);
    listener->acceptor.close();
  }
  if (ListenBeside(at)) return {};
  for (const auto& [endpoint, kind] : before) {
    auto listener = OpenTcp(endpoint, fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port()));
    if (!listener) {
      server_.log().Write(LogLevel::kWarning, "listen-failed", listener.error().message());
      continue;
    }
    (*listener)->kind = kind;
    Accept(tcp_.emplace_back(*std::move(listener)));
  }
  return listens;
}

// All that is new is opened before anything that is there goes.
Status AsioLoop::Implementation::ListenBeside(const ListenAt& at) {
  const bool is_plain = at.port != 0 || (at.unix_socket.empty() && at.tls_port == 0);
  Ports found{.redis = is_plain && at.port == 0 ? ports.redis : at.port, .tls = at.tls_port, .http = ports.http};
  std::shared_ptr<asio::ssl::context> tls;
  if (at.tls_port != 0) {
    AMETHYST_ASSIGN(tls, NewTlsContext(server_.config()));
  }
  TcpListeners plain;
  TcpListeners encrypted;
  for (const std::string& address : at.addresses) {
    if (is_plain) AMETHYST_TRY(AddTcp(address, &found.redis, &plain));
    if (at.tls_port != 0) AMETHYST_TRY(AddTcp(address, &found.tls, &encrypted));
  }
  if (unix_ == nullptr && !at.unix_socket.empty()) AMETHYST_TRY(ListenUnix(at.unix_socket, at.unix_socket_mode));
  ports = found;
  tls_ = std::move(tls);
  for (const auto& listener : plain) listener->kind = Kind::kPlain;
  for (const auto& listener : encrypted) listener->kind = Kind::kTls;
  plain.insert(plain.end(), encrypted.begin(), encrypted.end());
  const TcpListeners before = std::exchange(tcp_, std::move(plain));
  for (const auto& listener : before) {
    if (std::ranges::find(tcp_, listener) == tcp_.end()) listener->acceptor.close();
  }
  for (const auto& listener : tcp_) {
    if (std::ranges::find(before, listener) == before.end()) Accept(listener);
  }
  return {};
}

Status AsioLoop::Implementation::AddTcp(const std::string& address, uint16_t* bound, TcpListeners* listeners) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) return base::InvalidArgument("'{}' is no numeric IP address, as 127.0.0.1 and ::1 are", address);
  const asio::ip::tcp::endpoint endpoint(parsed, *bound);
  const auto known = std::ranges::find_if(
      tcp_, [&](const auto& listener) { return listener->acceptor.local_endpoint(error) == endpoint; });
  if (known != tcp_.end()) {
    listeners->push_back(*known);
    return {};
  }
  AMETHYST_ASSIGN(auto listener, OpenTcp(endpoint, fmt::format("{}:{}", address, *bound)));
  *bound = listener->acceptor.local_endpoint(error).port();
  listeners->push_back(std::move(listener));
  return {};
}

Status AsioLoop::Implementation::ListenHttp(net::HttpServer& http, const net::HttpAddress& at) {
  std::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(at.host, error), at.port);
  AMETHYST_ASSIGN(http_listener_, OpenTcp(endpoint, fmt::format("{}:{} for --http", at.host, at.port)));
  ports.http = http_listener_->acceptor.local_endpoint(error).port();
  http_ = &http;
  http_listener_->kind = Kind::kHttp;
  Accept(http_listener_);
  return {};
}

Result<std::shared_ptr<AsioLoop::Implementation::TcpListener>> AsioLoop::Implementation::OpenTcp(
    const asio::ip::tcp::endpoint& endpoint, const std::string& where) {
  AMETHYST_ASSIGN(net::TcpAcceptor acceptor, net::OpenTcp(shared_.io, endpoint, PlaceOf(where)));
  return std::make_shared<TcpListener>(std::move(acceptor), Kind::kPlain);
}

// A socket file that nobody listens at is what a killed server has left.
Status AsioLoop::Implementation::ListenUnix(const std::string& path, uint32_t mode) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return base::InvalidArgument("{}: the path of a socket has {} bytes at the most", path,
                                 sizeof(sockaddr_un::sun_path) - 1);
  }
  std::error_code error;
  const asio::local::stream_protocol::endpoint endpoint(path);
  asio::local::stream_protocol::socket probe(shared_.io);
  probe.connect(endpoint, error);
  struct stat left{};
  const bool is_socket = ::lstat(path.c_str(), &left) == 0 && S_ISSOCK(left.st_mode);
  if (error == asio::error::connection_refused && is_socket) ::unlink(path.c_str());
  auto listener = std::make_shared<UnixListener>(asio::local::stream_protocol::acceptor(shared_.io), Kind::kPlain);
  listener->acceptor.open(endpoint.protocol(), error);
  if (!error) listener->acceptor.bind(endpoint, error);
  if (!error && mode != 0 && ::chmod(path.c_str(), mode) != 0) error.assign(errno, std::system_category());
  if (!error) listener->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return net::ListenError(error, PlaceOf(path));
  shared_.unix_path = path;
  unix_ = std::move(listener);
  Accept(unix_);
  return {};
}

template <typename Acceptor>
void AsioLoop::Implementation::Accept(const std::shared_ptr<Listener<Acceptor>>& listener) {
  const auto take = [this, listener](net::Socket socket) { StartPeer(std::move(socket), listener->kind); };
  net::AcceptAll<Acceptor>({listener, &listener->acceptor}, take,
                           [this](const std::error_code& error) { TellOfRefusal(error); });
}

void AsioLoop::Implementation::StartPeer(net::Socket socket, Kind kind) {
  std::error_code ignored;  // Of a Unix socket, which knows no keepalive.
  socket.set_option(asio::socket_base::keep_alive(server_.config().values().tcp_keepalive_s > 0), ignored);
  switch (kind) {
    case Kind::kPlain: return StartPeerOf<net::Socket>(server_, std::move(socket));
    case Kind::kHttp: return StartPeerOf<net::Socket>(*http_, std::move(socket));
    case Kind::kTls:
      // Else it is closed: the clients ahead of it have ten seconds.
      if (shared_.handshakes < kHandshakesMax) StartPeerOf<TlsStream>(server_, std::move(socket), *tls_);
  }
}

// Mostly that there is no descriptor to be had. Told once a second at the most.
void AsioLoop::Implementation::TellOfRefusal(const std::error_code& error) {
  constexpr uint64_t kBetweenUs = 1'000'000;
  const uint64_t now_us = server_.MonotonicUs();
  if (told_of_refusal_us_ != 0 && now_us - told_of_refusal_us_ < kBetweenUs) return;
  told_of_refusal_us_ = now_us;
  server_.log().Write(
      LogLevel::kWarning, "accept-failed",
      fmt::format("connections have to wait: {}; `ulimit -n` bounds the descriptors of the process", error.message()));
}

template <typename Stream, typename Service, typename... Arguments>
void AsioLoop::Implementation::StartPeerOf(Service& service, Arguments&&... arguments) {
  const auto peer =
      std::make_shared<net::Peer<Service, Stream>>(shared_, service, std::forward<Arguments>(arguments)...);
  shared_.all.insert(peer);
  peer->Start();
}

Status AsioLoop::Implementation::ReadTls() {
  AMETHYST_ASSIGN(tls_, NewTlsContext(server_.config()));
  return {};
}

// Connections that are there keep what they have.
void AsioLoop::Implementation::ReadTlsAgain() {
  hangups_.async_wait([this](const std::error_code& error, int) {
    if (error) return;
    const Status read = tls_ == nullptr ? Status() : ReadTls();
    if (!read) {
      server_.log().Write(LogLevel::kWarning, "tls-reload-failed",
                          "the certificates stay as they were: " + read.error().message());
    } else if (tls_ != nullptr) {
      server_.log().Write(LogLevel::kNotice, "tls-reload", "has read the certificates anew");
    }
    ReadTlsAgain();
  });
}

void AsioLoop::Implementation::Tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    server_.Tick();
    if (http_ != nullptr) http_->Tick();
    Tick();
  });
}

void AsioLoop::Implementation::WatchSignals() {
  for (const int signal : {SIGINT, SIGTERM}) signals_.add(signal);
  signals_.async_wait([this](const std::error_code& error, int signal) {
    if (error) return;
    server_.AskToStop(signal == SIGINT ? "signal SIGINT" : "signal SIGTERM");
    std::error_code ignored;
    signals_.clear(ignored);  // The next one ends the process at once.
  });
  hangups_.add(SIGHUP);
  ReadTlsAgain();
}

void AsioLoop::Implementation::EndTurn() {
  server_.EndTurn();
  if (http_ != nullptr) http_->EndTurn();
}

// Not all that is ready, so that the script comes to its turn however much the others send.
void AsioLoop::Implementation::PollWhileBusy() {
  constexpr int kHandledAtOnce = 64;
  for (int i = 0; i < kHandledAtOnce && shared_.io.poll_one() > 0; ++i) {
  }
  EndTurn();
}

void AsioLoop::Implementation::ResumePaused() {
  for (const auto& resume : std::exchange(shared_.paused, {})) resume();
}

void AsioLoop::Implementation::Run() {
  WatchSignals();
  Tick();
  while (!server_.is_stopping()) {
    if (!server_.HasBacklog()) shared_.io.run_one();
    shared_.io.poll();
    if (!shared_.paused.empty()) ResumePaused();
    EndTurn();
  }
  ResumePaused();
  for (const auto& listener : tcp_) listener->acceptor.close();
  if (http_listener_ != nullptr) http_listener_->acceptor.close();
  if (unix_ != nullptr) unix_->acceptor.close();
  if (!shared_.unix_path.empty()) ::unlink(shared_.unix_path.c_str());
  std::error_code ignored;
  signals_.clear(ignored);  // One that comes while the database is closed ends the process.
  hangups_.cancel();
  timer_.cancel();
  readers_.stop();
  readers_.join();
}

AsioLoop::AsioLoop(Server& server) : implementation_(std::make_unique<Implementation>(server)) {
  server.SetPoll([this] { implementation_->PollWhileBusy(); });
}
AsioLoop::~AsioLoop() = default;

Status AsioLoop::Listen(const ListenAt& at) { return implementation_->Listen(at); }

Status AsioLoop::ListenHttp(net::HttpServer& http, const net::HttpAddress& at) {
  return implementation_->ListenHttp(http, at);
}

uint16_t AsioLoop::http_port() const { return implementation_->ports.http; }
uint16_t AsioLoop::port() const { return implementation_->ports.redis; }
void AsioLoop::Run() { implementation_->Run(); }
void AsioLoop::Stop() { implementation_->Stop(); }

}  // namespace amethyst::server
