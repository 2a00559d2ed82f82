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
#include "server/net/peer.h"
#include "server/net/tls_context.h"

namespace amethyst::server {

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);  // Where there is no descriptor to be had.
constexpr size_t kHandshakesMax = 1000;                        // At once.
constexpr size_t kReaders = 16;

std::unexpected<Error> ListenError(const std::error_code& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return base::MakeError(ErrorCode::kBusy,
                           "{} is taken by another process; --port, --unixsocket or --http names another one", where);
  }
  return base::MakeError(ErrorCode::kIo, "cannot listen at {}: {}", where, error.message());
}

}  // namespace

class AsioLoop::Implementation final : public Fetcher {
 public:
  explicit Implementation(Server& server) : shared_{.server = server}, timer_(shared_.io) { server.SetFetcher(this); }
  ~Implementation() override {
    shared_.server.SetFetcher(nullptr);
    CloseConnections();
  }

  void Fetch(std::function<void()> read, std::function<void()> done) override {
    asio::post(readers_, [this, read = std::move(read), done = std::move(done)] {
      read();
      asio::post(shared_.io, done);
    });
  }

  Status Listen(const ListenAt& at);
  Status ListenHttp(HttpServer& http, const HttpAddress& at);
  Status ReadTls();
  void Run();
  // A turn while a script runs, of what has come meanwhile.
  void PollWhileBusy();
  void Stop() {
    asio::post(shared_.io, [this] { shared_.server.AskToStop("the program asked for it"); });
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
  using TcpListener = Listener<asio::ip::tcp::acceptor>;
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
  template <typename Acceptor>
  void Accepted(const std::shared_ptr<Listener<Acceptor>>& listener, const std::error_code& error, Socket socket);
  void StartPeer(Socket socket, Kind kind);
  template <typename Stream, typename Service, typename... Arguments>
  void StartPeerOf(Service& service, Arguments&&... arguments);
  // Goes on with connections that had to wait until a script ended.
  void ResumePaused();
  void EndTurn();
  void CloseConnections();
  void TellOfRefusal(const std::error_code& error);
  void WatchSignals();
  void ReadTlsAgain();
  void Tick();

  Peers shared_;
  asio::signal_set signals_{shared_.io};
  asio::signal_set hangups_{shared_.io};
  asio::steady_timer timer_;
  TcpListeners tcp_;
  std::shared_ptr<TcpListener> http_listener_;
  HttpServer* http_ = nullptr;
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
      shared_.server.log().Write(LogLevel::kWarning, "listen-failed", listener.error().message());
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
    AMETHYST_ASSIGN(tls, NewTlsContext(shared_.server.config()));
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

Status AsioLoop::Implementation::ListenHttp(HttpServer& http, const HttpAddress& at) {
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
  std::error_code error;
  auto listener = std::make_shared<TcpListener>(asio::ip::tcp::acceptor(shared_.io), Kind::kPlain);
  asio::ip::tcp::acceptor& acceptor = listener->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(error, where);
  return listener;
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
  if (error) return ListenError(error, path);
  shared_.unix_path = path;
  unix_ = std::move(listener);
  Accept(unix_);
  return {};
}

template <typename Acceptor>
void AsioLoop::Implementation::Accept(const std::shared_ptr<Listener<Acceptor>>& listener) {
  listener->acceptor.async_accept([this, listener](const std::error_code& error, auto socket) {
    Accepted(listener, error, Socket(std::move(socket)));
  });
}

template <typename Acceptor>
void AsioLoop::Implementation::Accepted(const std::shared_ptr<Listener<Acceptor>>& listener,
                                        const std::error_code& error, Socket socket) {
  if (error == asio::error::operation_aborted || !listener->acceptor.is_open()) return;
  if (error) {
    TellOfRefusal(error);
    auto pause = std::make_shared<asio::steady_timer>(shared_.io, kAcceptAgain);
    pause->async_wait([this, listener, pause](const std::error_code& failed) {
      if (!failed && listener->acceptor.is_open()) Accept(listener);
    });
    return;
  }
  std::error_code ignored;
  socket.non_blocking(true, ignored);
  if (socket.local_endpoint(ignored).protocol().family() != AF_UNIX) {
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(shared_.server.config().values().tcp_keepalive_s > 0), ignored);
  }
  StartPeer(std::move(socket), listener->kind);
  Accept(listener);
}

void AsioLoop::Implementation::StartPeer(Socket socket, Kind kind) {
  switch (kind) {
    case Kind::kPlain: return StartPeerOf<Socket>(shared_.server, std::move(socket));
    case Kind::kHttp: return StartPeerOf<Socket>(*http_, std::move(socket));
    case Kind::kTls:
      // Else it is closed: the clients ahead of it have ten seconds.
      if (shared_.handshakes < kHandshakesMax) StartPeerOf<TlsStream>(shared_.server, std::move(socket), *tls_);
  }
}

// Mostly that there is no descriptor to be had. Told once a second at the most.
void AsioLoop::Implementation::TellOfRefusal(const std::error_code& error) {
  constexpr uint64_t kBetweenUs = 1'000'000;
  const uint64_t now_us = shared_.server.MonotonicUs();
  if (told_of_refusal_us_ != 0 && now_us - told_of_refusal_us_ < kBetweenUs) return;
  told_of_refusal_us_ = now_us;
  shared_.server.log().Write(
      LogLevel::kWarning, "accept-failed",
      fmt::format("connections have to wait: {}; `ulimit -n` bounds the descriptors of the process", error.message()));
}

template <typename Stream, typename Service, typename... Arguments>
void AsioLoop::Implementation::StartPeerOf(Service& service, Arguments&&... arguments) {
  const auto peer = std::make_shared<Peer<Service, Stream>>(shared_, service, std::forward<Arguments>(arguments)...);
  shared_.all.insert(peer);
  peer->Start();
}

Status AsioLoop::Implementation::ReadTls() {
  AMETHYST_ASSIGN(tls_, NewTlsContext(shared_.server.config()));
  return {};
}

// Connections that are there keep what they have.
void AsioLoop::Implementation::ReadTlsAgain() {
  hangups_.async_wait([this](const std::error_code& error, int) {
    if (error) return;
    const Status read = tls_ == nullptr ? Status() : ReadTls();
    if (!read) {
      shared_.server.log().Write(LogLevel::kWarning, "tls-reload-failed",
                                 "the certificates stay as they were: " + read.error().message());
    } else if (tls_ != nullptr) {
      shared_.server.log().Write(LogLevel::kNotice, "tls-reload", "has read the certificates anew");
    }
    ReadTlsAgain();
  });
}

void AsioLoop::Implementation::Tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    shared_.server.Tick();
    if (http_ != nullptr) http_->Tick();
    Tick();
  });
}

void AsioLoop::Implementation::WatchSignals() {
  for (const int signal : {SIGINT, SIGTERM}) signals_.add(signal);
  signals_.async_wait([this](const std::error_code& error, int signal) {
    if (error) return;
    shared_.server.AskToStop(signal == SIGINT ? "signal SIGINT" : "signal SIGTERM");
    std::error_code ignored;
    signals_.clear(ignored);  // The next one ends the process at once.
  });
  hangups_.add(SIGHUP);
  ReadTlsAgain();
}

void AsioLoop::Implementation::EndTurn() {
  shared_.server.EndTurn();
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
  while (!shared_.server.is_stopping()) {
    if (!shared_.server.HasBacklog()) shared_.io.run_one();
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

void AsioLoop::Implementation::CloseConnections() {
  for (const auto& peer : std::set(shared_.all)) peer->Close();
  shared_.io.restart();
  shared_.io.poll();
}

AsioLoop::AsioLoop(Server& server) : implementation_(std::make_unique<Implementation>(server)) {
  server.SetPoll([this] { implementation_->PollWhileBusy(); });
}
AsioLoop::~AsioLoop() = default;

Status AsioLoop::Listen(const ListenAt& at) { return implementation_->Listen(at); }

Status AsioLoop::ListenHttp(HttpServer& http, const HttpAddress& at) { return implementation_->ListenHttp(http, at); }

uint16_t AsioLoop::http_port() const { return implementation_->ports.http; }
uint16_t AsioLoop::port() const { return implementation_->ports.redis; }
void AsioLoop::Run() { implementation_->Run(); }
void AsioLoop::Stop() { implementation_->Stop(); }

}  // namespace amethyst::server
