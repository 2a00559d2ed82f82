// Bytes of HTTP/1.x to requests, by Boost.Beast's parser.
//
// A request here has no body, so one is refused by what its head announces, before any of it is read. A head has
// 16 KiB at the most; the reader keeps no more than what it was given of the heads that are not yet taken.
// Thread safety: one thread, the loop's.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_request.h"
#include "net/http_response.h"

namespace amethyst::net {

class RequestReader {
 public:
  static constexpr size_t kHeadBytesMax = size_t{16} << 10;

  RequestReader();
  ~RequestReader();
  RequestReader(RequestReader&& other) noexcept;
  RequestReader& operator=(RequestReader&& other) noexcept;

  void Append(std::string_view bytes) { bytes_ += bytes; }
  // nullopt: more bytes are needed. Unexpected: the answer, behind which the connection has to close.
  using Outcome = std::expected<std::optional<HttpRequest>, HttpResponse>;
  [[nodiscard]] Outcome Next();
  [[nodiscard]] size_t waiting_bytes() const { return bytes_.size(); }
  // Some of a request is there, not all.
  [[nodiscard]] bool has_begun() const { return parser_ != nullptr || !bytes_.empty(); }

 private:
  struct Parser;

  std::string bytes_;
  size_t head_bytes_taken_ = 0;     // By the parser, of the request that has begun.
  std::unique_ptr<Parser> parser_;  // Of that request.
};

}  // namespace amethyst::net
