// One connection of a loop to a service, over a plain stream or one with TLS: the same code, with what differs chosen
// when it is compiled. A service is told of connections (Connect, Disconnect) and bytes (Receive); it may say that it
// is in the midst of a session's command (IsRunning), and be told that a client says no more (EndInput).
//
// Plain, it holds no buffer while it is idle. With TLS it has one for a record, as encrypted bytes cannot be looked at
// before they are taken. Thread safety: one thread, the loop's.
#pragma once

#include <fmt/format.h>

#include <array>
#include <asio.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/connection.h"

namespace amethyst::net {

using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;

inline constexpr size_t kReadBytes = size_t{256} << 10;
inline constexpr size_t kUnsentBytesMax = size_t{1} << 20;
inline constexpr size_t kTlsReadBytes = size_t{16} << 10;  // As much as a record has.
inline constexpr auto kHandshakeMax = std::chrono::seconds(10);

// What all connections of a loop share.
struct Peers {
  asio::io_context io{1};
  std::set<std::shared_ptr<Connection>> all{};
  std::string unix_path{};
  size_t handshakes = 0;                        // That go on.
  std::vector<std::function<void()>> paused{};  // What goes on once the script that runs has ended.
  // Told whose handshake has failed, and why.
  std::function<void(const std::string& peer, const std::error_code& error)> handshake_failed{};
  std::array<char, kReadBytes> read_buffer{};  // A turn within a turn reads into it as well: Receive keeps the bytes.

  // Before the loop goes: its handlers keep connections alive.
  void CloseAll() {
    for (const auto& peer : std::set(all)) peer->Close();
    io.restart();
    io.poll();
  }
};

inline std::string NameOf(const Protocol::endpoint& endpoint, const std::string& unix_path) {
  if (endpoint.protocol().family() == AF_UNIX) return unix_path + ":0";
  asio::ip::tcp::endpoint tcp;
  if (endpoint.size() > tcp.capacity()) return "?:0";
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  const std::string address = tcp.address().to_string();
  return tcp.address().is_v6() ? fmt::format("[{}]:{}", address, tcp.port())
                               : fmt::format("{}:{}", address, tcp.port());
}

// One connection. Its handlers keep it alive; it is closed once, and the service is told then, from the loop and never
// from within one of the service's own calls.
template <typename Service, typename Stream>
class Peer final : public Connection, public std::enable_shared_from_this<Peer<Service, Stream>> {
 public:
  static constexpr bool kIsPlain = std::is_same_v<Stream, Socket>;

  template <typename... Arguments>
  Peer(Peers& loop, Service& service, Socket socket, Arguments&... tls)
      : loop_(loop), service_(service), stream_(std::move(socket), tls...), extra_(loop.io) {
    std::error_code ignored;
    peer_ = NameOf(stream_.lowest_layer().remote_endpoint(ignored), loop.unix_path);
    local_ = NameOf(stream_.lowest_layer().local_endpoint(ignored), loop.unix_path);
  }

  void Start() {
    if constexpr (kIsPlain) {
      Connect();
    } else {
      ShakeHands();
    }
  }

  void Send(std::string bytes) override {
    if (is_closed_) return;
    if (unsent_bytes() > 0) {
      if (sent_ > unsent_.size() / 2) {  // A client that is always a little behind must not keep all that it was sent.
        unsent_.erase(0, sent_);
        sent_ = 0;
      }
      unsent_.append(bytes);
      return;
    }
    unsent_ = std::move(bytes);
    sent_ = 0;
    WriteSome();
  }
  size_t unsent_bytes() const override { return unsent_.size() - sent_ + extra_.sending.size(); }
  void CloseWhenSent() override {
    closes_when_sent_ = true;
    if (unsent_bytes() == 0) Close();
  }
  void Close() override {
    if (std::exchange(is_closed_, true)) return;
    asio::post(loop_.io, [self = this->shared_from_this()]() { self->End(); });
  }
  std::string peer() const override { return peer_; }
  std::string local() const override { return local_; }

 private:
  // What TLS needs beside: bytes as they were decrypted, and those that are being encrypted, which must not move.
  struct TlsExtra {
    explicit TlsExtra(asio::io_context& io) : timer(io) {}
    asio::steady_timer timer;  // Of the handshake.
    std::string sending;
    std::array<char, kTlsReadBytes> received;
  };
  struct NoExtra {
    explicit NoExtra(asio::io_context&) {}
    static constexpr std::string_view sending{};
  };

  void Connect() {
    session_ = service_.Connect(*this);
    if (session_ != nullptr) WaitForBytes();
  }

  // The service is in the midst of a command of this connection, which must not go nor say more until that has ended.
  bool PauseWhileRunning() {
    if constexpr (requires { service_.IsRunning(*session_); }) {
      if (session_ == nullptr || !service_.IsRunning(*session_)) return false;
      loop_.paused.push_back([self = this->shared_from_this()] { self->Resume(); });
      return true;
    }
    return false;
  }
  // The script that it waited for has ended.
  void Resume() {
    if (is_closed_) return End();
    WaitForBytes();
  }

  void End() {
    if (PauseWhileRunning()) return;
    std::error_code ignored;
    if constexpr (!kIsPlain) {
      extra_.timer.cancel();
      if (extra_.sending.empty()) stream_.shutdown(ignored);  // It does not wait for the other side's word.
    }
    stream_.lowest_layer().shutdown(Socket::shutdown_both, ignored);
    stream_.lowest_layer().close(ignored);
    if (session_ != nullptr) service_.Disconnect(*std::exchange(session_, nullptr));
    loop_.all.erase(this->shared_from_this());
  }

  void ShakeHands() {
    ++loop_.handshakes;
    extra_.timer.expires_after(kHandshakeMax);
    extra_.timer.async_wait([self = this->shared_from_this()](const std::error_code& error) {
      if (!error) self->stream_.lowest_layer().cancel();
    });
    stream_.async_handshake(Stream::server, [self = this->shared_from_this()](const std::error_code& error) {
      --self->loop_.handshakes;
      self->extra_.timer.cancel();
      if (!error && !self->is_closed_) return self->Connect();
      self->loop_.handshake_failed(self->peer_, error);
      self->Close();
    });
  }

  void WaitForBytes() {
    if (std::exchange(is_reading_, true)) return;
    if constexpr (kIsPlain) {
      stream_.async_wait(Socket::wait_read, [self = this->shared_from_this()](const std::error_code& error) {
        self->is_reading_ = false;
        if (!error) self->Read();
      });
    } else {
      stream_.async_read_some(asio::buffer(extra_.received),
                              [self = this->shared_from_this()](const std::error_code& error, size_t bytes) {
                                self->is_reading_ = false;
                                if (error) return self->Close();
                                self->Decrypted(bytes);
                              });
    }
  }

  void Read() {
    if (is_closed_ || closes_when_sent_ || PauseWhileRunning()) return;
    std::error_code error;
    const size_t bytes = stream_.read_some(asio::buffer(loop_.read_buffer), error);
    if (error == asio::error::eof) return EndInput();
    if (error && error != asio::error::would_block) return Close();
    Received({loop_.read_buffer.data(), bytes});
  }

  // The client says no more, and may read on.
  void EndInput() {
    if constexpr (requires { service_.EndInput(*session_); }) {
      service_.EndInput(*session_);
    } else {
      Close();
    }
  }

  void Received(std::string_view bytes) {
    if (is_closed_ || closes_when_sent_) return;
    if (!bytes.empty()) service_.Receive(*session_, bytes);
    if (unsent_bytes() < kUnsentBytesMax) WaitForBytes();
  }

  void Decrypted(size_t bytes) {
    if (is_closed_) return;
    if constexpr (requires { service_.IsRunning(*session_); }) {
      if (service_.IsRunning(*session_)) {
        is_reading_ = true;  // The bytes are still to be taken.
        return loop_.paused.push_back([self = this->shared_from_this(), bytes] {
          self->is_reading_ = false;
          self->Decrypted(bytes);
        });
      }
    }
    Received({extra_.received.data(), bytes});
  }

  void WriteSome() {
    if constexpr (kIsPlain) {
      WritePlain();
    } else {
      WriteTls();
    }
  }

  // What the socket does not take at once waits until it takes more.
  void WritePlain() {
    std::error_code error;
    while (unsent_bytes() > 0 && !error) {
      sent_ += stream_.write_some(asio::buffer(unsent_.data() + sent_, unsent_bytes()), error);
    }
    if (error && error != asio::error::would_block) return Close();
    if (unsent_bytes() == 0) return Sent();
    stream_.async_wait(Socket::wait_write, [self = this->shared_from_this()](const std::error_code& failed) {
      if (!failed && !self->is_closed_) self->WriteSome();
    });
  }

  void WriteTls() {
    extra_.sending = std::exchange(unsent_, {});
    asio::async_write(stream_, asio::buffer(extra_.sending),
                      [self = this->shared_from_this()](const std::error_code& failed, size_t) {
                        std::string().swap(self->extra_.sending);
                        if (failed) return self->Close();
                        if (self->is_closed_) return;
                        if (self->unsent_.empty()) return self->Sent();
                        self->WriteSome();
                      });
  }

  void Sent() {
    std::string().swap(unsent_);  // An idle connection keeps nothing.
    sent_ = 0;
    if (closes_when_sent_) return Close();
    if (session_ != nullptr) WaitForBytes();
  }

  Peers& loop_;
  Service& service_;
  Stream stream_;
  // The service's, until it is told that this is closed.
  decltype(std::declval<Service&>().Connect(std::declval<Connection&>())) session_ = nullptr;
  std::string peer_;
  std::string local_;
  std::string unsent_;
  size_t sent_ = 0;  // Of unsent_.
  bool is_reading_ = false;
  bool closes_when_sent_ = false;
  bool is_closed_ = false;
  [[no_unique_address]] std::conditional_t<kIsPlain, NoExtra, TlsExtra> extra_;
};

}  // namespace amethyst::net
