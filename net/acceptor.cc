#include "net/acceptor.h"

#include "base/error.h"

namespace amethyst::net {

std::unexpected<Error> ListenError(const std::error_code& error, const ListenPlace& place) {
  if (error == asio::error::address_in_use) {
    return base::MakeError(ErrorCode::kBusy, "{} is taken by another process; {}", place.name, place.remedy);
  }
  return base::MakeError(ErrorCode::kIo, "cannot listen at {}: {}", place.name, error.message());
}

Result<TcpAcceptor> OpenTcp(asio::io_context& io, const asio::ip::tcp::endpoint& endpoint, const ListenPlace& place) {
  std::error_code error;
  TcpAcceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(error, place);
  return acceptor;
}

}  // namespace amethyst::net
