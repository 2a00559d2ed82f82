// The server's settings: names and values as Redis has them, where it has them.
//
// Each setting has its default, a check, and whether CONFIG SET may change it. Those that commands ask for all the time
// are numbers beside their text. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/error.h"
#include "server/output_limits.h"

namespace amethyst::server {

class Config {
 public:
  Config();

  // A collection stays in its key's own value up to these sizes.
  struct InlineLimits {
    uint64_t entries_max = 128;
    uint64_t value_bytes_max = 64;
  };
  struct Values {
    InlineLimits hash{};
    InlineLimits sorted_set{};
    InlineLimits set{};  // Of set-max-listpack-entries; set-max-intset-entries names the encoding alone.
    uint64_t set_integers_max = 512;
    uint64_t hyperloglog_sparse_bytes_max = 3000;
    int64_t list_max_listpack_size = -2;
    uint64_t stream_node_max_entries = 100;
    uint64_t proto_max_bulk_len = uint64_t{512} << 20;
    uint64_t timeout_s = 0;
    uint64_t tcp_keepalive_s = 300;
    uint64_t maxclients = 10000;
    OutputLimits output_limits{};
    int64_t slowlog_log_slower_than_us = 10000;
    uint64_t slowlog_max_len = 128;
    uint64_t latency_monitor_threshold_ms = 0;
    uint64_t tracking_table_max_keys = 1'000'000;
    uint64_t busy_reply_threshold_ms = 5000;  // 0: nobody is told so, however long a script runs.
    uint64_t maxmemory = 0;
    uint64_t port = 6380;
    uint64_t tls_port = 0;
    uint32_t unix_socket_mode = 0;
    std::string requirepass;
    std::string http_names;              // Between spaces, in lower case.
    std::string notify_keyspace_events;  // In Redis's own order of letters.
    std::string appendfsync = "everysec";
    bool active_expire = true;
  };
  [[nodiscard]] const Values& values() const { return values_; }
  // Of maxmemory, for connections and scripts.
  static constexpr size_t kOutsideEngineBytes = size_t{32} << 20;
  // How maxmemory is shared out: 32 MiB are for connections, and of the rest an eighth is for the records of keys that
  // are asked for most.
  struct MemoryShares {
    size_t engine_bytes;
    size_t record_bytes;
  };
  [[nodiscard]] MemoryShares memory_shares() const;

  // Of names that match one of the patterns, sorted.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const;
  // The value of one setting; empty where there is no such setting.
  [[nodiscard]] std::string_view Text(std::string_view name) const;
  // The name that CONFIG GET shows first, of a name in any case or an older name; empty: there is no such setting.
  [[nodiscard]] static std::string_view CanonicalName(std::string_view name);
  // The path of the settings file: CONFIG REWRITE writes it. Empty where there is no file.
  [[nodiscard]] const std::string& file() const { return file_; }
  void SetFile(std::string path) { file_ = std::move(path); }
  // All of them or none. The error's message is Redis's, without its code.
  [[nodiscard]] Status Set(const std::vector<std::pair<std::string, std::string>>& changes, bool at_start = false);

 private:
  struct Setting;

  struct Change {
    std::string_view name;
    std::string_view value;
  };
  [[nodiscard]] Status Check(const Change& change, bool at_start) const;
  void Apply();

  std::map<std::string, std::string, std::less<>> texts_;
  Values values_;
  std::string file_;
};

}  // namespace amethyst::server
