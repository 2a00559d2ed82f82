#include "net/request_reader.h"

#include <utility>  // Before Boost's headers, of which one leaves it out.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace amethyst::net {

namespace {

namespace http = boost::beast::http;

// nullopt: a "%" without two digits.
std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    uint8_t byte = 0;
    const char* const digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

// "/path?name=value&name=value". False: it is no such thing.
bool ReadTarget(std::string_view target, HttpRequest* request) {
  if (!target.starts_with('/')) return false;
  const size_t path_end = std::min(target.find('?'), target.size());
  auto path = Decode(target.substr(0, path_end), false);
  if (!path) return false;
  request->path = std::move(*path);
  target.remove_prefix(std::min(path_end + 1, target.size()));
  while (!target.empty()) {
    const size_t end = std::min(target.find('&'), target.size());
    const std::string_view pair = target.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = Decode(pair.substr(0, equals), true);
    auto value = Decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return false;
    request->query.emplace_back(std::move(*name), std::move(*value));
    target.remove_prefix(std::min(end + 1, target.size()));
  }
  return true;
}

HttpResponse RefusalOf(const boost::beast::error_code& error) {
  if (error == http::error::header_limit) return HttpResponse::Refusal(431, "The request's head is over 16 KiB.");
  if (error == http::error::bad_version) return HttpResponse::Refusal(505, "This server speaks HTTP/1.0 and HTTP/1.1.");
  return HttpResponse::Refusal(400, "This is no request of HTTP: " + error.message() + ".");
}

}  // namespace

struct RequestReader::Parser {
  Parser() {
    parser.header_limit(kHeadBytesMax);
    parser.body_limit(std::numeric_limits<uint64_t>::max());  // Any length is refused, once the method is known.
  }
  http::request_parser<http::empty_body> parser;

  [[nodiscard]] Outcome Take() const {
    const auto& message = parser.get();
    HttpRequest request;
    const auto text = [&](http::field field) {
      const auto value = message[field];
      return std::string(value.data(), value.size());
    };
    if (message.method() != http::verb::get && message.method() != http::verb::head) {
      HttpResponse refusal = HttpResponse::Refusal(405, "This server is read with GET and HEAD alone.");
      refusal.allow = "GET, HEAD";
      return std::unexpected(std::move(refusal));
    }
    if (parser.chunked() || parser.content_length().value_or(0) > 0)
      return std::unexpected(HttpResponse::Refusal(413, "A request has no body here."));
    if (message.count(http::field::host) != 1) {
      return std::unexpected(HttpResponse::Refusal(400, "A request has one header Host."));
    }
    request.is_head = message.method() == http::verb::head;
    request.keeps_alive = message.keep_alive();
    request.host = text(http::field::host);
    request.authorization = text(http::field::authorization);
    const auto last_event_id = message["Last-Event-ID"];
    request.last_event_id.assign(last_event_id.data(), last_event_id.size());
    const auto target = message.target();
    if (!ReadTarget({target.data(), target.size()}, &request)) {
      return std::unexpected(HttpResponse::Refusal(400, "The request's target is no path."));
    }
    return request;
  }
};

RequestReader::RequestReader() = default;
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&& other) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&& other) noexcept = default;

RequestReader::Outcome RequestReader::Next() {
  // Clients may send an empty line behind a request.
  size_t lines = 0;
  while (parser_ == nullptr && std::string_view(bytes_).substr(lines).starts_with("\r\n")) lines += 2;
  bytes_.erase(0, lines);
  if (bytes_.empty() || (parser_ == nullptr && bytes_ == "\r")) return std::nullopt;
  if (parser_ == nullptr) parser_ = std::make_unique<Parser>();
  boost::beast::error_code error;
  const size_t taken = parser_->parser.put(boost::asio::buffer(bytes_), error);
  bytes_.erase(0, taken);
  head_bytes_taken_ += taken;
  // The parser's own limit is one of each call: it forgets the lines that it has taken.
  const size_t head_bytes = head_bytes_taken_ + (error == http::error::need_more ? bytes_.size() : 0);
  if (head_bytes > kHeadBytesMax) error = http::error::header_limit;
  if (error == http::error::need_more) return std::nullopt;
  if (error) return std::unexpected(RefusalOf(error));
  Outcome outcome = parser_->Take();
  parser_.reset();
  head_bytes_taken_ = 0;
  return outcome;
}

}  // namespace amethyst::net
