#include "server/net/asio_loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <asio.hpp>
#include <chrono>
#include <csignal>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace amethyst::server {

namespace {

using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);  // Where there is no descriptor to be had.
constexpr size_t kReaders = 16;
constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kUnsentBytesMax = size_t{1} << 20;

std::string NameOf(const Protocol::endpoint& endpoint, const std::string& unix_path) {
  if (endpoint.protocol().family() == AF_UNIX) return unix_path + ":0";
  asio::ip::tcp::endpoint tcp;
  if (endpoint.size() > tcp.capacity()) return "?:0";
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  const std::string address = tcp.address().to_string();
  return tcp.address().is_v6() ? fmt::format("[{}]:{}", address, tcp.port())
                               : fmt::format("{}:{}", address, tcp.port());
}

std::unexpected<Error> ListenError(const std::error_code& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return base::MakeError(ErrorCode::kBusy,
                           "{} is taken by another process; --port, --unixsocket or --http names another one", where);
  }
  return base::MakeError(ErrorCode::kIo, "cannot listen at {}: {}", where, error.message());
}

}  // namespace

bool IsLoopback(const std::string& address) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

class AsioLoop::Implementation final : public Fetcher {
 public:
  explicit Implementation(Server& server) : server_(server), signals_(io_), timer_(io_) { server_.SetFetcher(this); }
  ~Implementation() override { server_.SetFetcher(nullptr); }

  void Fetch(std::function<void()> read, std::function<void()> done) override {
    asio::post(readers_, [this, read = std::move(read), done = std::move(done)] {
      read();
      asio::post(io_, done);
    });
  }

  Status ListenTcp(const std::string& address, uint16_t port);
  Status ListenHttp(HttpServer& http, const HttpAddress& at);
  Status ListenUnix(const std::string& path);
  void Run();
  // A turn while a script runs, of what has come meanwhile.
  void PollWhileBusy();
  void Stop() {
    asio::post(io_, [this] { server_.AskToStop(); });
  }

  // Those that it listens at.
  struct Ports {
    uint16_t redis = 0;
    uint16_t http = 0;
  } ports{};
  uint32_t keepalive_s = 0;

 private:
  using TcpAcceptor = asio::ip::tcp::acceptor;
  template <typename Service>
  class Peer;
  // Goes on with connections that had to wait until a script ended.
  void ResumePaused();
  Result<std::unique_ptr<TcpAcceptor>> OpenTcp(const asio::ip::tcp::endpoint& endpoint, const std::string& where);
  template <typename Acceptor, typename Service>
  void Accept(Acceptor& acceptor, Service& service);
  template <typename Acceptor, typename Service>
  void Accepted(Acceptor& acceptor, Service& service, const std::error_code& error, Socket socket);
  // Taking connections begins to fail, or to succeed again.
  void TellOfAccepting(const std::error_code& error);
  void Tick();

  Server& server_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<TcpAcceptor>> tcp_;
  HttpServer* http_ = nullptr;
  std::unique_ptr<asio::local::stream_protocol::acceptor> unix_;
  std::string unix_path_;
  std::array<char, kReadBytes> read_buffer_;  // A turn within a turn reads into it as well: Receive keeps the bytes.
  std::set<std::shared_ptr<Connection>> peers_;
  std::vector<std::function<void()>> paused_;
  bool cannot_accept_ = false;
  asio::thread_pool readers_{kReaders};  // Ends first.
};

// One connection. Its handlers keep it alive; it is closed once, and the server is told then, from the loop and never
// from within one of the server's own calls. The service is the server, or that of HTTP.
template <typename Service>
class AsioLoop::Implementation::Peer final : public Connection, public std::enable_shared_from_this<Peer<Service>> {
 public:
  Peer(Implementation& loop, Service& service, Socket socket)
      : loop_(loop), service_(service), socket_(std::move(socket)) {
    std::error_code ignored;
    peer_ = NameOf(socket_.remote_endpoint(ignored), loop.unix_path_);
    local_ = NameOf(socket_.local_endpoint(ignored), loop.unix_path_);
  }

  void Start() {
    session_ = service_.Connect(*this);
    if (session_ != nullptr) WaitForBytes();
  }

  void Send(std::string bytes) override {
    if (is_closed_) return;
    if (unsent_bytes() > 0) {
      unsent_.append(bytes);
      return;
    }
    unsent_ = std::move(bytes);
    sent_ = 0;
    WriteSome();
  }
  size_t unsent_bytes() const override { return unsent_.size() - sent_; }
  void CloseWhenSent() override {
    closes_when_sent_ = true;
    if (unsent_bytes() == 0) Close();
  }
  void Close() override {
    if (std::exchange(is_closed_, true)) return;
    asio::post(loop_.io_, [self = this->shared_from_this()] { self->End(); });
  }
  // The script that it waited for has ended.
  void Resume() {
    if (is_closed_) return End();
    WaitForBytes();
  }
  std::string peer() const override { return peer_; }
  std::string local() const override { return local_; }

 private:
  // The server is in the midst of a command of this connection, which must not go nor say more until that has ended.
  bool PauseWhileRunning() {
    if constexpr (std::is_same_v<Service, Server>) {
      if (session_ == nullptr || !service_.IsRunning(*session_)) return false;
      loop_.paused_.push_back([self = this->shared_from_this()] { self->Resume(); });
      return true;
    }
    return false;
  }

  void End() {
    if (PauseWhileRunning()) return;
    std::error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
    if (session_ != nullptr) service_.Disconnect(*std::exchange(session_, nullptr));
    loop_.peers_.erase(this->shared_from_this());
  }

  void WaitForBytes() {
    if (std::exchange(is_reading_, true)) return;
    socket_.async_wait(Socket::wait_read, [self = this->shared_from_this()](const std::error_code& error) {
      self->is_reading_ = false;
      if (!error) self->Read();
    });
  }

  void Read() {
    if (is_closed_ || closes_when_sent_ || PauseWhileRunning()) return;
    std::error_code error;
    const size_t bytes = socket_.read_some(asio::buffer(loop_.read_buffer_), error);
    if constexpr (requires { service_.EndInput(*session_); }) {
      if (error == asio::error::eof) return service_.EndInput(*session_);
    }
    if (error && error != asio::error::would_block) return Close();
    if (bytes > 0) service_.Receive(*session_, std::string_view(loop_.read_buffer_.data(), bytes));
    if (unsent_bytes() < kUnsentBytesMax) WaitForBytes();
  }

  // What the socket does not take at once waits until it takes more.
  void WriteSome() {
    std::error_code error;
    while (unsent_bytes() > 0 && !error) {
      sent_ += socket_.write_some(asio::buffer(unsent_.data() + sent_, unsent_bytes()), error);
    }
    if (error && error != asio::error::would_block) return Close();
    if (unsent_bytes() == 0) {
      unsent_.clear();
      sent_ = 0;
      if (closes_when_sent_) return Close();
      if (session_ != nullptr) WaitForBytes();
      return;
    }
    socket_.async_wait(Socket::wait_write, [self = this->shared_from_this()](const std::error_code& failed) {
      if (!failed && !self->is_closed_) self->WriteSome();
    });
  }

  Implementation& loop_;
  Service& service_;
  Socket socket_;
  decltype(std::declval<Service&>().Connect(std::declval<Connection&>())) session_ =
      nullptr;  // The server's, until it is told that this is closed.
  std::string peer_;
  std::string local_;
  std::string unsent_;
  size_t sent_ = 0;  // Of unsent_.
  bool is_reading_ = false;
  bool closes_when_sent_ = false;
  bool is_closed_ = false;
};

Status AsioLoop::Implementation::ListenTcp(const std::string& address, uint16_t wanted) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) return base::InvalidArgument("'{}' is no numeric IP address, as 127.0.0.1 and ::1 are", address);
  const asio::ip::tcp::endpoint endpoint(parsed, ports.redis != 0 ? ports.redis : wanted);
  AMETHYST_ASSIGN(auto acceptor, OpenTcp(endpoint, fmt::format("{}:{}", address, endpoint.port())));
  ports.redis = acceptor->local_endpoint(error).port();
  tcp_.push_back(std::move(acceptor));
  Accept(*tcp_.back(), server_);
  return {};
}

Status AsioLoop::Implementation::ListenHttp(HttpServer& http, const HttpAddress& at) {
  std::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(at.host, error), at.port);
  AMETHYST_ASSIGN(auto acceptor, OpenTcp(endpoint, fmt::format("{}:{} for --http", at.host, at.port)));
  ports.http = acceptor->local_endpoint(error).port();
  http_ = &http;
  tcp_.push_back(std::move(acceptor));
  Accept(*tcp_.back(), http);
  return {};
}

Result<std::unique_ptr<asio::ip::tcp::acceptor>> AsioLoop::Implementation::OpenTcp(
    const asio::ip::tcp::endpoint& endpoint, const std::string& where) {
  std::error_code error;
  auto acceptor = std::make_unique<TcpAcceptor>(io_);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(error, where);
  return acceptor;
}

// A socket file that nobody listens at is what a killed server has left.
Status AsioLoop::Implementation::ListenUnix(const std::string& path) {
  std::error_code error;
  const asio::local::stream_protocol::endpoint endpoint(path);
  asio::local::stream_protocol::socket probe(io_);
  probe.connect(endpoint, error);
  if (error == asio::error::connection_refused) ::unlink(path.c_str());
  unix_ = std::make_unique<asio::local::stream_protocol::acceptor>(io_);
  unix_->open(endpoint.protocol(), error);
  if (!error) unix_->bind(endpoint, error);
  if (!error) unix_->listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(error, path);
  unix_path_ = path;
  Accept(*unix_, server_);
  return {};
}

template <typename Acceptor, typename Service>
void AsioLoop::Implementation::Accept(Acceptor& acceptor, Service& service) {
  acceptor.async_accept([this, &acceptor, &service](const std::error_code& error, auto socket) {
    Accepted(acceptor, service, error, Socket(std::move(socket)));
  });
}

void AsioLoop::Implementation::TellOfAccepting(const std::error_code& error) {
  if (error) {
    fmt::print(stderr,
               "amethystd: no connection can be taken: {}; `ulimit -n` bounds the descriptors of the process; trying "
               "again ten times a second\n",
               error.message());
  } else {
    fmt::print(stderr, "amethystd: connections are taken again\n");
  }
}

template <typename Acceptor, typename Service>
void AsioLoop::Implementation::Accepted(Acceptor& acceptor, Service& service, const std::error_code& error,
                                        Socket socket) {
  if (error == asio::error::operation_aborted) return;
  if (std::exchange(cannot_accept_, static_cast<bool>(error)) != static_cast<bool>(error)) TellOfAccepting(error);
  if (error) {
    auto pause = std::make_shared<asio::steady_timer>(io_, kAcceptAgain);
    pause->async_wait([this, &acceptor, &service, pause](const std::error_code& failed) {
      if (!failed) Accept(acceptor, service);
    });
    return;
  }
  std::error_code ignored;
  socket.non_blocking(true, ignored);
  if (socket.local_endpoint(ignored).protocol().family() != AF_UNIX) {
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(keepalive_s > 0), ignored);
  }
  const auto peer = std::make_shared<Peer<Service>>(*this, service, std::move(socket));
  peers_.insert(peer);
  peer->Start();
  Accept(acceptor, service);
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

// Not all that is ready, so that the script comes to its turn however much the others send.
void AsioLoop::Implementation::PollWhileBusy() {
  constexpr int kHandledAtOnce = 64;
  for (int i = 0; i < kHandledAtOnce && io_.poll_one() > 0; ++i) {
  }
  server_.EndTurn();
  if (http_ != nullptr) http_->EndTurn();
}

void AsioLoop::Implementation::ResumePaused() {
  for (const auto& resume : std::exchange(paused_, {})) resume();
}

void AsioLoop::Implementation::Run() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const std::error_code& error, int) {
    if (!error) server_.AskToStop();
  });
  Tick();
  while (!server_.is_stopping()) {
    if (!server_.HasBacklog()) io_.run_one();
    io_.poll();
    server_.EndTurn();
    if (http_ != nullptr) http_->EndTurn();
    if (!paused_.empty()) ResumePaused();
  }
  ResumePaused();
  for (const auto& acceptor : tcp_) acceptor->close();
  if (unix_ != nullptr) unix_->close();
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  for (const auto& peer : std::set(peers_)) peer->CloseWhenSent();
  signals_.cancel();
  timer_.cancel();
  for (const auto& peer : std::set(peers_)) peer->Close();
  io_.restart();
  io_.poll();
}

AsioLoop::AsioLoop(Server& server) : implementation_(std::make_unique<Implementation>(server)) {
  server.SetPoll([this] { implementation_->PollWhileBusy(); });
}
AsioLoop::~AsioLoop() = default;

Status AsioLoop::Listen(const ListenAt& at) {
  implementation_->keepalive_s = at.keepalive_s;
  if (at.port != 0 || at.unix_socket.empty()) {
    for (const std::string& address : at.addresses) AMETHYST_TRY(implementation_->ListenTcp(address, at.port));
  }
  if (!at.unix_socket.empty()) AMETHYST_TRY(implementation_->ListenUnix(at.unix_socket));
  return {};
}

Status AsioLoop::ListenHttp(HttpServer& http, const HttpAddress& at) { return implementation_->ListenHttp(http, at); }

uint16_t AsioLoop::http_port() const { return implementation_->ports.http; }
uint16_t AsioLoop::port() const { return implementation_->ports.redis; }
void AsioLoop::Run() { implementation_->Run(); }
void AsioLoop::Stop() { implementation_->Stop(); }

}  // namespace amethyst::server
