// Clients of one server that send at once, in simulation; what they saw of each key must be linearizable.
//
// Bytes of six clients arrive in pieces and an order drawn from the seed, one to three requests ahead of the answers:
// commands on single keys, blocking ones, transactions, scripts, and writes on condition by WATCH. In between turns
// end, time passes and keys expire, background work runs. The database is closed and opened again and again, so that
// commands find their keys on the disk alone, are put aside, and run again when a drawn fetch is through. Everything
// follows from the seed. See linearizability.h.
// Thread safety: one history a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::torture {

struct ClientHistoryReport {
  std::string violation;  // Empty: none.
  uint64_t operations = 0;
  uint64_t blocked = 0;  // Of these, commands that had to wait.
  uint64_t transactions = 0;
  uint64_t given_up = 0;  // Of these, by WATCH.
  uint64_t scripts = 0;
  uint64_t fetches = 0;  // Commands that were put aside.
  uint64_t expired_keys = 0;
  uint64_t turns = 0;
};

struct ClientHistorySettings {
  uint64_t seed = 1;
  uint64_t opens = 24;   // The database is opened so many times,
  uint64_t steps = 250;  // and this happens in each.
};

// Runs one history and judges it, adding to `report`.
void RunClientHistory(const ClientHistorySettings& settings, ClientHistoryReport* report);

}  // namespace amethyst::torture
