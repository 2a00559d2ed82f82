#include "net/http_loop.h"

#include <fmt/format.h>

#include <asio.hpp>
#include <chrono>
#include <utility>

#include "net/acceptor.h"
#include "net/peer.h"

namespace amethyst::net {

class HttpLoop::Implementation {
 public:
  explicit Implementation(HttpServer& http) : http_(http) {}
  ~Implementation() { shared_.CloseAll(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  Status Listen(const HttpAddress& at) {
    std::error_code error;
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(at.host, error), at.port);
    auto opened = OpenTcp(shared_.io, endpoint,
                          {.name = fmt::format("{}:{}", at.host, at.port), .remedy = "--http names another one"});
    if (!opened) return std::unexpected(opened.error());
    acceptor_ = std::make_shared<TcpAcceptor>(*std::move(opened));
    address_ = {.host = at.host, .port = acceptor_->local_endpoint(error).port()};
    const auto start = [this](Socket socket) {
      const auto peer = std::make_shared<Peer<HttpServer, Socket>>(shared_, http_, std::move(socket));
      shared_.all.insert(peer);
      peer->Start();
    };
    AcceptAll(acceptor_, start, [](const std::error_code&) {});  // The browser's connection waits until one can be had.
    return {};
  }

  void Run(const std::function<bool()>& ends) {
    Tick();
    while (!ends()) {
      shared_.io.run_one();
      shared_.io.poll();
      http_.EndTurn();
    }
    acceptor_->close();
    timer_.cancel();
  }

  [[nodiscard]] const HttpAddress& address() const { return address_; }

 private:
  void Tick() {
    timer_.expires_after(std::chrono::milliseconds(100));
    timer_.async_wait([this](const std::error_code& error) {
      if (error) return;
      http_.Tick();
      Tick();
    });
  }

  HttpServer& http_;
  Peers shared_;
  asio::steady_timer timer_{shared_.io};
  std::shared_ptr<TcpAcceptor> acceptor_;
  HttpAddress address_;
};

HttpLoop::HttpLoop(HttpServer& http) : implementation_(std::make_unique<Implementation>(http)) {}
HttpLoop::~HttpLoop() = default;
Status HttpLoop::Listen(const HttpAddress& at) { return implementation_->Listen(at); }
const HttpAddress& HttpLoop::address() const { return implementation_->address(); }
void HttpLoop::Run(const std::function<bool()>& ends) { implementation_->Run(ends); }

}  // namespace amethyst::net
