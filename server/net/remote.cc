#include "server/net/remote.h"

#include <asio.hpp>

namespace amethyst::server {

namespace {

constexpr size_t kLineBytesMax = size_t{64} << 10;

// A socket whose operations end with an error once they have taken too long.
class TimedSocket {
 public:
  explicit TimedSocket(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // `start` begins an operation, which ends with a call of what it is given.
  template <typename Start>
  [[nodiscard]] bool Run(Start start) {
    std::error_code outcome = asio::error::timed_out;
    start([&outcome](const std::error_code& error, const auto&) { outcome = error; });
    io_.restart();
    io_.run_for(timeout_);
    if (!io_.stopped()) {
      std::error_code ignored;
      socket_.close(ignored);
      io_.run();
      outcome = asio::error::timed_out;
    }
    return !outcome;
  }
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] asio::ip::tcp::socket& socket() { return socket_; }

 private:
  const std::chrono::milliseconds timeout_;
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
};

}  // namespace

RemoteAnswers CallOverTcp(const RemoteAddress& at, std::string_view requests, size_t request_count) {
  using Failure = RemoteAnswers::Failure;
  TimedSocket remote(at.timeout);
  std::error_code error;
  const auto places = asio::ip::tcp::resolver(remote.io()).resolve(at.host, at.port, error);
  if (error || !remote.Run([&](auto done) { asio::async_connect(remote.socket(), places, done); })) {
    return {.failure = Failure::kConnect};
  }
  const auto send = [&](auto done) { asio::async_write(remote.socket(), asio::buffer(requests), done); };
  if (!remote.Run(send)) return {.failure = Failure::kWrite};
  RemoteAnswers answers;
  std::string buffer;
  while (answers.lines.size() < request_count) {
    const auto receive = [&](auto done) {
      asio::async_read_until(remote.socket(), asio::dynamic_buffer(buffer, kLineBytesMax), "\r\n", done);
    };
    if (!remote.Run(receive)) {
      answers.failure = Failure::kRead;
      break;
    }
    const size_t end = buffer.find("\r\n");
    answers.lines.push_back(buffer.substr(0, end));
    buffer.erase(0, end + 2);
  }
  return answers;
}

}  // namespace amethyst::server
