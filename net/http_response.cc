#include "net/http_response.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace amethyst::net {

namespace {

std::string_view ReasonOf(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

// A page of this server runs its own scripts alone, talks to this server alone, and is shown in no other page's frame.
constexpr std::string_view kSafety =
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

}  // namespace

HttpResponse HttpResponse::Refusal(unsigned status, std::string_view why) {
  return {.status = status, .body = std::string(why) + "\n"};
}

std::string EncodeHead(const HttpResponse& response, const HttpHeadOptions& options) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(options.now).count();
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Type: {}\r\n", response.status,
                  ReasonOf(response.status), fmt::gmtime(seconds), response.content_type);
  const auto out = std::back_inserter(head);
  if (!options.is_stream) fmt::format_to(out, "Content-Length: {}\r\n", response.body.size());
  // What is shown changes with the server, and with the server's program.
  fmt::format_to(out, "Cache-Control: {}\r\n", options.is_stream ? "no-store" : "no-cache");
  fmt::format_to(out, "Connection: {}\r\n", options.keeps_alive ? "keep-alive" : "close");
  if (!response.allow.empty()) fmt::format_to(out, "Allow: {}\r\n", response.allow);
  if (response.status == 401) head += "WWW-Authenticate: Basic realm=\"amethystd\", charset=\"UTF-8\"\r\n";
  head += kSafety;
  head += "\r\n";
  return head;
}

std::string EncodeEvent(std::string_view name, std::string_view data, std::string_view id) {
  std::string event;
  if (!id.empty()) event += fmt::format("id: {}\n", id);
  event += fmt::format("event: {}\n", name);
  while (true) {
    const size_t end = std::min(data.find('\n'), data.size());
    event += fmt::format("data: {}\n", data.substr(0, end));
    if (end == data.size()) break;
    data.remove_prefix(end + 1);
  }
  return event + "\n";
}

}  // namespace amethyst::net
