// One connection of HTTP: what it has sent, and whether it listens to events.
// Thread safety: one thread, the loop's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/connection.h"
#include "net/request_reader.h"

namespace amethyst::net {

class EventChannel;

struct HttpSession {
  HttpSession(Connection& transport, uint64_t now_us) : connection(transport), waiting_since_us(now_us) {}
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  Connection& connection;
  RequestReader reader{};
  uint64_t waiting_since_us;        // For its next request, or for the rest of one that has begun.
  EventChannel* channel = nullptr;  // Its response is this channel's events, without an end.
  size_t unsent_bytes_max = 0;      // Of a listener: one that is further behind is dropped.
  size_t unsent_bytes = 0;          // When it was last looked at.
  uint64_t unsent_since_us = 0;     // And since when there has been no less.
  bool has_more = false;            // Requests wait until the answers before them are taken.
  bool is_closing = false;
};

}  // namespace amethyst::net
