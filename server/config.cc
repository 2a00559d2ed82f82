#include "server/config.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <span>

#include "base/error.h"
#include "server/commands/numbers.h"
#include "server/commands/pattern.h"
#include "server/output_limits.h"
#include "server/resp/request_parser.h"

namespace amethyst::server {

namespace {

enum class Kind : uint8_t { kNumber, kBytes, kYesNo, kText, kChoice, kEvents, kSave, kOutputLimits, kPermissions };

// The letters of notify-keyspace-events in the order in which Redis shows them; A stands for all from g to d.
constexpr std::string_view kEventLetters = "g$lshzxetdKEmn";
constexpr std::string_view kEventsOfA = "g$lshzxetd";

}  // namespace

struct Config::Setting {
  std::string_view name;
  std::string_view preset;
  Kind kind;
  bool changes_live = true;
  int64_t smallest = 0;
  int64_t largest = INT64_MAX;
  std::string_view choices = "";  // Words between ", ".
  std::string_view other_name = "";

  static const Setting kAll[];
  static std::span<const Setting> All();
  static const Setting* Find(std::string_view name) {
    for (const Setting& setting : All()) {
      if (EqualsIgnoringCase(name, setting.name) ||
          (!setting.other_name.empty() && EqualsIgnoringCase(name, setting.other_name))) {
        return &setting;
      }
    }
    return nullptr;
  }
};

constinit const Config::Setting Config::Setting::kAll[] = {
    {"appendfsync", "everysec", Kind::kChoice, true, 0, 0, "everysec, always, no"},
    {"appendonly", "yes", Kind::kYesNo, true, 0, 0, "yes"},
    {"bind", "127.0.0.1", Kind::kText},
    {"client-output-buffer-limit", "", Kind::kOutputLimits},
    {"daemonize", "no", Kind::kYesNo, false, 0, 0, "no"},
    {"databases", "16", Kind::kNumber, false, 16, 16},
    {"dir", "", Kind::kText, false},
    {"hash-max-listpack-entries", "128", Kind::kNumber, true, 0, INT64_MAX, "", "hash-max-ziplist-entries"},
    {"hash-max-listpack-value", "64", Kind::kBytes, true, 0, INT64_MAX, "", "hash-max-ziplist-value"},
    {"hll-sparse-max-bytes", "3000", Kind::kBytes},
    {"http", "", Kind::kText, false},
    {"http-names", "", Kind::kText},
    {"latency-monitor-threshold", "0", Kind::kNumber},
    {"latency-tracking", "yes", Kind::kYesNo, true, 0, 0, "yes"},
    {"list-compress-depth", "0", Kind::kNumber, true, 0, INT32_MAX},
    {"list-max-listpack-size", "-2", Kind::kNumber, true, -5, INT32_MAX, "", "list-max-ziplist-size"},
    {"log-format", "text", Kind::kChoice, true, 0, 0, "text, json"},
    {"logfile", "", Kind::kText, false},
    {"loglevel", "notice", Kind::kChoice, true, 0, 0, "debug, verbose, notice, warning"},
    {"lua-time-limit", "5000", Kind::kNumber, true, 0, INT64_MAX, "", "busy-reply-threshold"},
    {"maxclients", "10000", Kind::kNumber, true, 1, UINT32_MAX},
    {"maxmemory", "0", Kind::kBytes},
    {"maxmemory-policy", "noeviction", Kind::kChoice, true, 0, 0, "noeviction"},
    {"notify-keyspace-events", "", Kind::kEvents},
    {"port", "6380", Kind::kNumber, true, 0, 65535},
    {"proto-max-bulk-len", "536870912", Kind::kBytes, true, 1 << 20},
    {"requirepass", "", Kind::kText},
    {"save", "", Kind::kSave},
    {"set-max-intset-entries", "512", Kind::kNumber},
    {"set-max-listpack-entries", "128", Kind::kNumber},
    {"set-max-listpack-value", "64", Kind::kBytes},
    {"slowlog-log-slower-than", "10000", Kind::kNumber, true, -1},
    {"slowlog-max-len", "128", Kind::kNumber},
    {"stream-node-max-bytes", "4096", Kind::kBytes},
    {"stream-node-max-entries", "100", Kind::kNumber},
    {"tcp-keepalive", "300", Kind::kNumber, true, 0, INT32_MAX},
    {"timeout", "0", Kind::kNumber, true, 0, INT32_MAX},
    {"tls-auth-clients", "yes", Kind::kChoice, true, 0, 0, "no, yes, optional"},
    {"tls-ca-cert-dir", "", Kind::kText},
    {"tls-ca-cert-file", "", Kind::kText},
    {"tls-cert-file", "", Kind::kText},
    {"tls-ciphers", "", Kind::kText},
    {"tls-ciphersuites", "", Kind::kText},
    {"tls-key-file", "", Kind::kText},
    {"tls-key-file-pass", "", Kind::kText},
    {"tls-port", "0", Kind::kNumber, true, 0, 65535},
    {"tls-prefer-server-ciphers", "no", Kind::kYesNo},
    {"tls-protocols", "", Kind::kText},
    {"tls-session-cache-size", "20480", Kind::kNumber, true, 0, INT32_MAX},
    {"tls-session-cache-timeout", "300", Kind::kNumber, true, 0, INT32_MAX},
    {"tls-session-caching", "yes", Kind::kYesNo},
    {"tracking-table-max-keys", "1000000", Kind::kNumber},
    {"unixsocket", "", Kind::kText, false},
    {"unixsocketperm", "0", Kind::kPermissions, false},
    {"zset-max-listpack-entries", "128", Kind::kNumber, true, 0, INT64_MAX, "", "zset-max-ziplist-entries"},
    {"zset-max-listpack-value", "64", Kind::kBytes, true, 0, INT64_MAX, "", "zset-max-ziplist-value"},
};

std::span<const Config::Setting> Config::Setting::All() { return kAll; }

namespace {

// As Redis shows it, or nullopt: there is a letter that it does not have.
std::optional<std::string> OrderedEvents(std::string_view letters) {
  std::string all(letters);
  if (all.find('A') != std::string::npos) all += kEventsOfA;
  for (const char letter : all) {
    if (letter != 'A' && kEventLetters.find(letter) == std::string_view::npos) return {};
  }
  const auto has = [&](char letter) { return all.find(letter) != std::string::npos; };
  std::string ordered;
  if (std::ranges::all_of(kEventsOfA, has)) {
    ordered = "A";
  } else {
    std::ranges::copy_if(kEventsOfA, std::back_inserter(ordered), has);
  }
  for (const char letter : std::string_view("nKEm")) {
    if (has(letter)) ordered.push_back(letter);
  }
  return ordered;
}

// Three octal digits at the most.
std::optional<uint32_t> ReadPermissions(std::string_view text) {
  constexpr uint32_t kMost = 0777;
  uint32_t permissions = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), permissions, 8);
  if (error != std::errc() || end != text.data() + text.size() || permissions > kMost) return {};
  return permissions;
}

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return text;
}

// Pairs of seconds and changes. They are kept for those who read them back: nothing is saved at such points.
bool AreSavePoints(std::string_view text) {
  std::vector<std::string> words;
  if (!SplitLine(text, &words) || words.size() % 2 != 0) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto number = ReadInteger(words[i]);
    if (!number || *number < (i % 2 == 0 ? 1 : 0)) return false;
  }
  return true;
}

bool IsOneOf(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    const size_t end = std::min(choices.find(", "), choices.size());
    if (EqualsIgnoringCase(word, choices.substr(0, end))) return true;
    choices.remove_prefix(std::min(end + 2, choices.size()));
  }
  return false;
}

}  // namespace

Config::Config() {
  for (const Setting& setting : Setting::All()) texts_.emplace(setting.name, setting.preset);
  texts_["client-output-buffer-limit"] = TextOf({});
  Apply();
}

std::vector<std::pair<std::string, std::string>> Config::Get(std::string_view pattern) const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const Setting& setting : Setting::All()) {
    const std::string& text = texts_.find(setting.name)->second;
    if (Matches(pattern, setting.name, true)) found.emplace_back(setting.name, text);
    if (!setting.other_name.empty() && Matches(pattern, setting.other_name, true)) {
      found.emplace_back(setting.other_name, text);
    }
  }
  return found;
}

std::string_view Config::Text(std::string_view name) const {
  const Setting* const setting = Setting::Find(name);
  return setting == nullptr ? std::string_view() : std::string_view(texts_.find(setting->name)->second);
}

std::string_view Config::CanonicalName(std::string_view name) {
  const Setting* const setting = Setting::Find(name);
  return setting == nullptr ? std::string_view() : setting->name;
}

Config::MemoryShares Config::memory_shares() const {
  constexpr size_t kSmallest = size_t{4} << 20;
  constexpr size_t kDefault = size_t{328} << 20;  // So that a string may have 64 MiB.
  const size_t all = values_.maxmemory == 0 ? kDefault : std::max(values_.maxmemory, kOutsideEngineBytes + kSmallest);
  const size_t shared = all - kOutsideEngineBytes;
  return {.engine_bytes = std::max(shared - shared / 8, kSmallest), .record_bytes = shared / 8};
}

// What is there already may be set again: tools write back all that CONFIG GET has told them.
Status Config::Check(const Change& change, bool at_start) const {
  const Setting& known = *Setting::Find(change.name);
  const std::string& text = texts_.find(known.name)->second;
  const auto& [name, value] = change;
  const auto failed = [&](std::string_view why) {
    return base::InvalidArgument("CONFIG SET failed (possibly related to argument '{}') - {}", name, why);
  };
  if (!known.changes_live && !at_start && value != text) {
    return failed(known.name == "dir" ? "can't set protected config" : "can't set immutable config");
  }
  switch (known.kind) {
    case Kind::kNumber:
    case Kind::kBytes: {
      const bool is_bytes = known.kind == Kind::kBytes;
      const auto number = is_bytes ? ReadBytes(value) : ReadInteger(value);
      if (!number) {
        return failed(is_bytes ? "argument must be a memory value" : "argument couldn't be parsed into an integer");
      }
      if (*number < known.smallest || *number > known.largest) {
        return base::InvalidArgument(
            "CONFIG SET failed (possibly related to argument '{}') - argument must be between {} and {} inclusive",
            name, known.smallest, known.largest);
      }
      return {};
    }
    case Kind::kYesNo:
      if (!IsOneOf("yes, no", value)) return failed("argument must be 'yes' or 'no'");
      if (known.choices.empty()) return {};
      [[fallthrough]];
    case Kind::kChoice:
      return IsOneOf(known.choices, value)
                 ? Status()
                 : base::InvalidArgument(
                       "CONFIG SET failed (possibly related to argument '{}') - argument(s) must be one of the "
                       "following: {}",
                       name, known.choices);
    case Kind::kEvents:
      return OrderedEvents(value) ? Status() : failed("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    case Kind::kPermissions:
      return ReadPermissions(value) ? Status() : failed("argument couldn't be parsed as an octal number");
    case Kind::kSave: return AreSavePoints(value) ? Status() : failed("Invalid save parameters");
    case Kind::kOutputLimits: {
      const auto limits = ReadOutputLimits(value, values_.output_limits);
      return limits ? Status() : failed(limits.error());
    }
    case Kind::kText: return {};
  }
  return {};
}

Status Config::Set(const std::vector<std::pair<std::string, std::string>>& changes, bool at_start) {
  // As Redis does: an unknown name is told of before a wrong value.
  for (const auto& [name, value] : changes) {
    if (Setting::Find(name) != nullptr) continue;
    return base::InvalidArgument("Unknown option or number of arguments for CONFIG SET - '{}'", name);
  }
  std::set<std::string_view> names;
  for (const auto& [name, value] : changes) {
    if (names.insert(Setting::Find(name)->name).second) continue;
    return base::InvalidArgument("CONFIG SET failed (possibly related to argument '{}') - duplicate parameter", name);
  }
  for (const auto& [name, value] : changes) AMETHYST_TRY(Check({name, value}, at_start));
  for (const auto& [name, value] : changes) {
    const Setting& setting = *Setting::Find(name);
    std::string text = value;
    if (setting.kind == Kind::kBytes) text = std::to_string(*ReadBytes(value));
    if (setting.kind == Kind::kOutputLimits) text = TextOf(*ReadOutputLimits(value, values_.output_limits));
    if (setting.kind == Kind::kEvents) text = *OrderedEvents(value);
    if (setting.kind == Kind::kChoice || setting.kind == Kind::kYesNo) {  // Readers compare with lower case.
      text = LowerCase(std::move(text));
    }
    texts_.insert_or_assign(std::string(setting.name), std::move(text));
  }
  Apply();
  return {};
}

void Config::Apply() {
  const auto text = [&](std::string_view name) -> const std::string& { return texts_.find(name)->second; };
  const auto number = [&](std::string_view name) { return *ReadInteger(text(name)); };
  const auto count = [&](std::string_view name) { return static_cast<uint64_t>(number(name)); };
  values_.hash = {count("hash-max-listpack-entries"), count("hash-max-listpack-value")};
  values_.sorted_set = {count("zset-max-listpack-entries"), count("zset-max-listpack-value")};
  values_.set = {count("set-max-listpack-entries"), count("set-max-listpack-value")};
  values_.set_integers_max = count("set-max-intset-entries");
  values_.hyperloglog_sparse_bytes_max = count("hll-sparse-max-bytes");
  values_.list_max_listpack_size = number("list-max-listpack-size");
  values_.stream_node_max_entries = count("stream-node-max-entries");
  values_.proto_max_bulk_len = count("proto-max-bulk-len");
  values_.timeout_s = count("timeout");
  values_.tcp_keepalive_s = count("tcp-keepalive");
  values_.maxclients = count("maxclients");
  values_.slowlog_log_slower_than_us = number("slowlog-log-slower-than");
  values_.slowlog_max_len = count("slowlog-max-len");
  values_.latency_monitor_threshold_ms = count("latency-monitor-threshold");
  values_.tracking_table_max_keys = count("tracking-table-max-keys");
  values_.busy_reply_threshold_ms = count("lua-time-limit");
  values_.maxmemory = count("maxmemory");
  values_.output_limits = *ReadOutputLimits(text("client-output-buffer-limit"), {});
  values_.port = count("port");
  values_.tls_port = count("tls-port");
  values_.unix_socket_mode = *ReadPermissions(text("unixsocketperm"));
  values_.requirepass = text("requirepass");
  values_.http_names = LowerCase(text("http-names"));
  values_.notify_keyspace_events = text("notify-keyspace-events");
  values_.appendfsync = text("appendfsync");
}

}  // namespace amethyst::server
