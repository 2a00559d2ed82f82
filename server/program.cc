#include "server/program.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "amethyst/version.h"
#include "base/error.h"
#include "io/system_environment.h"
#include "server/config.h"
#include "server/engine_counts.h"
#include "server/http/http_server.h"
#include "server/http/server_routes.h"
#include "server/net/asio_loop.h"
#include "server/net/descriptors.h"
#include "server/resp/request_parser.h"
#include "server/server.h"
#include "server/version.h"

namespace amethyst::server {

namespace {

constexpr int kEnded = 0;
constexpr int kUsage = 2;
constexpr int kFailed = 3;

constexpr std::string_view kHelp = R"(amethystd: a durable key-value store that speaks Redis's protocol

  amethystd [FILE] [--SETTING VALUE]...

FILE holds settings, one a line: a name and a value, as in redis.conf. Settings on the command line come after it and
win. `CONFIG GET *` lists all of them; these matter first:

  --dir DIRECTORY            where the data lies; created if it is not there (default: amethystd)
  --port PORT                default 6380; 0: none, which wants --unixsocket
  --bind "ADDRESS..."        default 127.0.0.1; others want --requirepass
  --unixsocket PATH          listen there as well
  --requirepass PASSWORD     what clients have to say to AUTH
  --appendfsync WHEN         always: no answer before it is on disk; everysec (default): a power failure takes the last
                             second at the most; no: the system decides. An end of the process alone loses nothing.
  --http HOST:PORT           pages and figures for browsers and Prometheus (default: none)
  --maxmemory BYTES          for all that the server keeps in memory, such as 1gb (default: 288mb)
  --help, --version

Examples:
  amethystd --dir data/amethystd
  amethystd --port 7000 --appendfsync always
  redis-cli -p 6380 set greeting hello
)";

using Settings = std::vector<std::pair<std::string, std::string>>;

// A line of a configuration file as words: the first one is the name, the rest are the value.
Result<Settings> ReadFile(const std::string& path) {
  AMETHYST_ASSIGN(const std::string text, io::ReadFile(io::DefaultEnvironment()->files(), path));
  std::istringstream lines(text);
  Settings settings;
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    std::vector<std::string> words;
    if (line.starts_with('#')) continue;
    if (!SplitLine(line, &words)) return base::InvalidArgument("{}, line {}: a quote is not closed", path, number);
    if (words.empty()) continue;
    if (words.size() == 1) return base::InvalidArgument("{}, line {}: {} has no value", path, number, words[0]);
    std::string value = words[1];
    for (size_t i = 2; i < words.size(); ++i) value += " " + words[i];
    settings.emplace_back(words[0], std::move(value));
  }
  return settings;
}

Result<Settings> ReadArguments(const std::vector<std::string>& arguments) {
  Settings settings;
  size_t i = 0;
  if (!arguments.empty() && !arguments[0].starts_with("--")) {
    AMETHYST_ASSIGN(settings, ReadFile(arguments[0]));
    i = 1;
  }
  for (; i < arguments.size(); i += 2) {
    if (!arguments[i].starts_with("--")) return base::InvalidArgument("'{}' is not understood", arguments[i]);
    if (i + 1 == arguments.size()) return base::InvalidArgument("{} wants a value", arguments[i]);
    settings.emplace_back(arguments[i].substr(2), arguments[i + 1]);
  }
  return settings;
}

// In Redis's words; a reader of --help has not sent a CONFIG SET.
std::string WithoutCommand(std::string message) {
  for (const std::string_view head : {"CONFIG SET failed (possibly related to argument ", " for CONFIG SET"}) {
    if (const size_t at = message.find(head); at != std::string::npos) message.erase(at, head.size());
  }
  return message;
}

Result<ListenAt> WhereToListen(const Config& config) {
  ListenAt at;
  at.port = static_cast<uint16_t>(config.values().port);
  at.unix_socket = config.Get("unixsocket").front().second;
  at.keepalive_s = static_cast<uint32_t>(std::stoul(config.Get("tcp-keepalive").front().second));
  if (!SplitLine(config.Get("bind").front().second, &at.addresses)) {
    return base::InvalidArgument("bind: a quote is not closed");
  }
  const auto is_public = [](const std::string& address) { return !IsLoopback(address); };
  if (const auto open = std::ranges::find_if(at.addresses, is_public);
      open != at.addresses.end() && config.values().requirepass.empty()) {
    return base::InvalidArgument("others can reach {}: give --requirepass, or listen at 127.0.0.1", *open);
  }
  if (at.port == 0 && at.unix_socket.empty()) return base::InvalidArgument("with port 0, --unixsocket must say where");
  return at;
}

// nullopt: nowhere.
Result<std::optional<HttpAddress>> WhereToServeHttp(const Config& config) {
  const std::string text = config.Get("http").front().second;
  if (text.empty()) return std::nullopt;
  AMETHYST_ASSIGN(HttpAddress at, ReadHttpAddress(text));
  if (!IsLoopback(at.host) && config.values().requirepass.empty()) {
    return base::InvalidArgument("others can reach {}: give --requirepass, or --http 127.0.0.1:{}", text, at.port);
  }
  return at;
}

Options EngineOptions(const Config& config) {
  Options options;
  options.memory_budget_bytes = config.memory_shares().engine_bytes;
  return options;
}

// Where the system allows fewer descriptors than clients and files may take, there are fewer clients.
void FitClients(Config* config, std::ostream& out) {
  constexpr uint64_t kForFiles = 256;
  const uint64_t descriptors = TakeAllDescriptors();
  const uint64_t wanted = config->values().maxclients;
  if (descriptors >= wanted + kForFiles) return;
  const uint64_t clients = std::max(descriptors / 2, descriptors - std::min(descriptors, kForFiles));
  static_cast<void>(config->Set({{"maxclients", std::to_string(clients)}}, true));
  fmt::print(out, "amethystd: the system allows {} descriptors (ulimit -n), so maxclients is {}, not {}\n", descriptors,
             clients, wanted);
}

std::string ShownAddress(const HttpAddress& at, uint16_t port) {
  return at.host.contains(':') ? fmt::format("[{}]:{}", at.host, port) : fmt::format("{}:{}", at.host, port);
}

std::filesystem::path DirectoryOf(const Config& config) {
  const std::string given = config.Get("dir").front().second;
  return given.empty() ? "amethystd" : given;
}

Status Serve(const Config& settings, std::ostream& out) {
  Config config = settings;
  FitClients(&config, out);
  AMETHYST_ASSIGN(const ListenAt at, WhereToListen(config));
  AMETHYST_ASSIGN(const auto http_at, WhereToServeHttp(config));
  const std::filesystem::path directory = DirectoryOf(config);
  const auto engine = std::make_shared<EngineCounts>();
  Components components;
  components.listener = engine;
  AMETHYST_ASSIGN(const auto space, Space::Open(directory, EngineOptions(config), std::move(components)));
  EngineClock clock(space->clock());
  {
    Server server(*space, config, clock);
    AMETHYST_TRY(server.LoadLibraries());
    HttpServer http(HttpGuard(config, http_at && IsLoopback(http_at->host)), clock);
    AddServerRoutes(server, *engine, http);
    AsioLoop loop(server);
    AMETHYST_TRY(loop.Listen(at));
    if (http_at) AMETHYST_TRY(loop.ListenHttp(http, *http_at));
    if (loop.port() != 0) {
      fmt::print(out, "amethystd: ready at {} port {}, data in {}\n", fmt::join(at.addresses, " "), loop.port(),
                 directory.string());
    }
    if (http_at)
      fmt::print(out, "amethystd: page and figures at http://{}/\n", ShownAddress(*http_at, loop.http_port()));
    if (!at.unix_socket.empty()) fmt::print(out, "amethystd: ready at {}\n", at.unix_socket);
    out.flush();
    loop.Run();
  }
  AMETHYST_TRY(space->Close());
  fmt::print(out, "amethystd: ended; all data is safe in {}\n", directory.string());
  return {};
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  if (std::ranges::find(arguments, "--help") != arguments.end() ||
      std::ranges::find(arguments, "-h") != arguments.end()) {
    out << kHelp;
    return kEnded;
  }
  if (std::ranges::find(arguments, "--version") != arguments.end()) {
    fmt::print(out, "amethystd {} (commands of Redis {})\n", AMETHYST_VERSION_STRING, kRedisVersion);
    return kEnded;
  }
  Config config;
  const auto settings = ReadArguments(arguments);
  const Status set = settings ? config.Set(*settings, true) : std::unexpected(settings.error());
  if (!set) {
    fmt::print(err, "amethystd: {}\n  amethystd --help shows how it is called\n",
               WithoutCommand(set.error().message()));
    return kUsage;
  }
  if (const Status served = Serve(config, out); !served) {
    fmt::print(err, "amethystd: {}\n", served.error().ToString());
    if (served.error().code() == ErrorCode::kCorruption) {
      fmt::print(err,
                 "  `amethyst --db {0} verify` lists all damage; `amethyst --db {0} repair NEW_DIRECTORY` saves what "
                 "can be read\n",
                 DirectoryOf(config).string());
    }
    return served.error().code() == ErrorCode::kInvalidArgument ? kUsage : kFailed;
  }
  return kEnded;
}

}  // namespace amethyst::server
