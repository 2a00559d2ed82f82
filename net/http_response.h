// A response of HTTP, and its bytes. Thread safety: values and pure functions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace amethyst::net {

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::string allow{};  // Of 405: the methods that would do.

  // A refusal says why, in one line.
  [[nodiscard]] static HttpResponse Refusal(unsigned status, std::string_view why);
};

struct HttpHeadOptions {
  std::chrono::milliseconds now{};
  bool keeps_alive = false;
  bool is_stream = false;  // Its body has no end, so its length is left out.
};
// All that stands before the body.
[[nodiscard]] std::string EncodeHead(const HttpResponse& response, const HttpHeadOptions& options);

// One server-sent event; data may have several lines. The id is left out where it is empty.
[[nodiscard]] std::string EncodeEvent(std::string_view name, std::string_view data, std::string_view id = "");

}  // namespace amethyst::net
