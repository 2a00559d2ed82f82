// CONFIG: settings as Redis names them.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/commands/command.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

void ConfigGet(Call& call) {
  std::map<std::string, std::string> found;
  for (const std::string_view pattern : call.args.subspan(2)) {
    for (auto& [name, value] : call.config().Get(pattern)) found.emplace(name, std::move(value));
  }
  call.reply.Map(found.size());
  for (const auto& [name, value] : found) {
    call.reply.Bulk(name);
    call.reply.Bulk(value);
  }
}

// Settings that say where the server listens, with what certificates, and whether others may reach it.
bool IsOfListening(std::string_view name) {
  const std::string_view known = Config::CanonicalName(name);
  return known == "bind" || known == "port" || known == "requirepass" || known.starts_with("tls-");
}

// The first of them that is changed.
std::optional<std::string> ChangeOfListening(const Config& before, const Config& now,
                                             const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [name, value] : changes) {
    if (IsOfListening(name) && before.Text(name) != now.Text(name)) return name;
  }
  return std::nullopt;
}

void ConfigSet(Call& call) {
  if (call.size() % 2 != 0) return call.reply.Error(kSyntax);
  std::vector<std::pair<std::string, std::string>> changes;
  for (size_t i = 2; i < call.size(); i += 2) changes.emplace_back(call[i], call[i + 1]);
  const Config before = call.config();
  if (const Status set = call.server.config().Set(changes); !set) {
    return call.reply.Error("ERR " + set.error().message());
  }
  if (const Status applied = call.server.ApplySettings(); !applied) {
    call.server.config() = before;
    static_cast<void>(call.server.ApplySettings());  // It was so before.
    return call.reply.Error("ERR CONFIG SET failed - " + applied.error().ToString());
  }
  if (const auto changed = ChangeOfListening(before, call.config(), changes)) {
    if (const Status listens = call.server.Listen(); !listens) {
      call.server.config() = before;
      static_cast<void>(call.server.ApplySettings());
      return call.reply.Error(fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", *changed,
                                          listens.error().message()));
    }
  }
  call.reply.Ok();
}

void ConfigResetStat(Call& call) {
  call.server.counters() = {};
  call.server.command_counters().clear();
  call.reply.Ok();
}

void ConfigRewrite(Call& call) {
  if (call.config().file().empty()) return call.reply.Error("ERR The server is running without a config file");
  if (const Status rewritten = RewriteConfigFile(call.access.space().files(), call.config()); !rewritten) {
    const std::string error = rewritten.error().ToString();
    call.server.log().Write(LogLevel::kWarning, "rewrite-failed", "CONFIG REWRITE failed: " + error);
    return call.reply.Error("ERR Rewriting config file: " + error);
  }
  call.server.log().Write(LogLevel::kNotice, "rewrite", "CONFIG REWRITE has written " + call.config().file());
  call.reply.Ok();
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;
constexpr Command kConfigCommands[] = {
    {"config|get",
     -3,
     kFlags,
     {},
     "server",
     "2.0.0",
     "Returns the effective values of configuration parameters.",
     ConfigGet},
    {"config|resetstat", 2, kFlags, {}, "server", "2.0.0", "Resets the server's statistics.", ConfigResetStat},
    {"config|rewrite",
     2,
     kFlags,
     {},
     "server",
     "2.8.0",
     "Persists the effective configuration to file.",
     ConfigRewrite},
    {"config|set", -4, kFlags, {}, "server", "2.0.0", "Sets configuration parameters in-flight.", ConfigSet},
};

constexpr Command kCommands[] = {
    {"config",
     -2,
     0,
     {},
     "server",
     "2.0.0",
     "A container for server configuration commands.",
     nullptr,
     nullptr,
     kConfigCommands},
};

}  // namespace

std::span<const Command> ConfigCommands() { return kCommands; }

}  // namespace amethyst::server
