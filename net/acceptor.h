// Listening sockets of a loop: opened with errors that say what to do, and accepted from until they are closed.
// Thread safety: one thread, the loop's.
#pragma once

#include <asio.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "amethyst/error.h"
#include "net/peer.h"

namespace amethyst::net {

using TcpAcceptor = asio::ip::tcp::acceptor;

// Where a socket shall listen, as messages name it, and the option that names another place.
struct ListenPlace {
  std::string name;
  std::string remedy;
};

// kBusy: another process listens there. kIo: something else.
[[nodiscard]] std::unexpected<Error> ListenError(const std::error_code& error, const ListenPlace& place);
// Listens; accepts nothing yet. The same errors.
[[nodiscard]] Result<TcpAcceptor> OpenTcp(asio::io_context& io, const asio::ip::tcp::endpoint& endpoint,
                                          const ListenPlace& place);

inline constexpr auto kAcceptAgain = std::chrono::milliseconds(100);

// Hands over each connection, until the acceptor is closed. `refused` is told why one cannot be had, mostly for lack of
// descriptors; it tries again after a tenth of a second.
template <typename Acceptor>
void AcceptAll(const std::shared_ptr<Acceptor>& acceptor, std::function<void(Socket)> take,
               std::function<void(const std::error_code&)> refused) {
  acceptor->async_accept([acceptor, take = std::move(take), refused = std::move(refused)](const std::error_code& error,
                                                                                          auto accepted) mutable {
    if (error == asio::error::operation_aborted || !acceptor->is_open()) return;
    if (error) {
      refused(error);
      auto pause = std::make_shared<asio::steady_timer>(acceptor->get_executor(), kAcceptAgain);
      pause->async_wait([pause, acceptor, take, refused](const std::error_code& failed) {
        if (!failed && acceptor->is_open()) AcceptAll(acceptor, take, refused);
      });
      return;
    }
    Socket socket(std::move(accepted));
    std::error_code ignored;
    socket.non_blocking(true, ignored);
    if (socket.local_endpoint(ignored).protocol().family() != AF_UNIX) {
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    take(std::move(socket));
    AcceptAll(acceptor, std::move(take), std::move(refused));
  });
}

}  // namespace amethyst::net
