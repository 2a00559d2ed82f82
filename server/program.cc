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
#include "io/output_target.h"
#include "io/system_environment.h"
#include "net/http_server.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/engine_counts.h"
#include "server/engine_log.h"
#include "server/http/server_routes.h"
#include "server/import.h"
#include "server/log.h"
#include "server/net/asio_loop.h"
#include "server/net/descriptors.h"
#include "server/net/supervisor.h"
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
  amethystd import FILE.rdb [--dir DIRECTORY] [--merge] [--json]

FILE holds settings, one a line: a name and a value, as in redis.conf. Settings on the command line come after it and
win. `CONFIG GET *` lists all of them; these matter first:

  --dir DIRECTORY            where the data lies; created if it is not there (default: amethystd)
  --port PORT                default 6380; 0: none, which wants --unixsocket
  --bind "ADDRESS..."        default 127.0.0.1; others want --requirepass
  --tls-port PORT            listen there with TLS; wants --tls-cert-file and --tls-key-file, and --tls-ca-cert-file or
                             --tls-auth-clients no. SIGHUP reads their files anew
  --unixsocket PATH          listen there as well; --unixsocketperm 770 says who may connect
  --requirepass PASSWORD     what clients have to say to AUTH
  --appendfsync WHEN         always: no answer before it is on disk; everysec (default): a power failure takes the last
                             second at the most; no: the system decides. An end of the process alone loses nothing.
  --http HOST:PORT           pages and figures for browsers and Prometheus (default: none)
  --maxmemory BYTES          for all that the server keeps in memory, such as 1gb (default: 328mb)
  --logfile PATH             append log lines there, not to standard output; it may be moved away at any time
  --log-format FORMAT        text (default) or json; --loglevel debug, verbose, notice (default) or warning
  --help, --version

Examples:
  amethystd --dir data/amethystd
  amethystd --port 7000 --appendfsync always
  redis-cli -p 6380 set greeting hello

`import` makes a database of a file that Redis wrote (SAVE, up to version 7.0). DIRECTORY must be empty or not there;
with --merge the keys come into the database there, which no server may have open. A damaged file imports nothing.

SIGTERM and SIGINT end it cleanly; a second one ends it at once, which loses nothing that was answered. Exit status: 0
after a clean end, 2 for wrong arguments or settings, 3 for what went wrong later, 128 + n after a second signal n.
)";

// "--name value" from the argument `i` on.
Status ReadSettings(const std::vector<std::string>& arguments, size_t i, Config* config) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (; i < arguments.size(); i += 2) {
    if (!arguments[i].starts_with("--")) return base::InvalidArgument("'{}' is not understood", arguments[i]);
    if (i + 1 == arguments.size()) return base::InvalidArgument("{} wants a value", arguments[i]);
    settings.emplace_back(arguments[i].substr(2), arguments[i + 1]);
  }
  const Status set = config->Set(settings, true);
  return set ? set : base::InvalidArgument("{}", WithoutCommand(set.error().message()));
}

// The file comes first, so that what the command line says wins.
Status ReadArguments(const std::vector<std::string>& arguments, Config* config) {
  if (arguments.empty() || arguments[0].starts_with("--")) return ReadSettings(arguments, 0, config);
  AMETHYST_TRY(ReadConfigFile(io::DefaultEnvironment()->files(), arguments[0], config));
  config->SetFile(arguments[0]);
  return ReadSettings(arguments, 1, config);
}

Result<ListenAt> WhereToListen(const Config& config) {
  ListenAt at;
  at.port = static_cast<uint16_t>(config.values().port);
  at.tls_port = static_cast<uint16_t>(config.values().tls_port);
  at.unix_socket = config.Text("unixsocket");
  at.unix_socket_mode = config.values().unix_socket_mode;
  if (!SplitLine(config.Text("bind"), &at.addresses)) {
    return base::InvalidArgument("bind: a quote is not closed");
  }
  const auto is_public = [](const std::string& address) { return !net::IsLoopback(address); };
  // A certificate says who a client is as well as a password does.
  const bool wants_certificates = at.port == 0 && at.tls_port != 0 && config.Text("tls-auth-clients") == "yes";
  if (const auto open = std::ranges::find_if(at.addresses, is_public);
      open != at.addresses.end() && config.values().requirepass.empty() && !wants_certificates) {
    return base::InvalidArgument("others can reach {}: give --requirepass, or listen at 127.0.0.1", *open);
  }
  if (at.port == at.tls_port && at.port != 0) return base::InvalidArgument("port and tls-port must not be the same");
  for (size_t i = 0; i < at.addresses.size(); ++i) {
    if (std::ranges::count(at.addresses, at.addresses[i]) > 1) {
      return base::InvalidArgument("bind names {} twice", at.addresses[i]);
    }
  }
  if (at.port == 0 && at.tls_port == 0 && at.unix_socket.empty()) {
    return base::InvalidArgument("with port 0, --unixsocket or --tls-port must say where");
  }
  return at;
}

// nullopt: nowhere.
Result<std::optional<net::HttpAddress>> WhereToServeHttp(const Config& config) {
  const std::string text(config.Text("http"));
  if (text.empty()) return std::nullopt;
  AMETHYST_ASSIGN(net::HttpAddress at, net::ReadHttpAddress(text));
  if (!net::IsLoopback(at.host) && config.values().requirepass.empty()) {
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
void FitClients(Config* config, Log& log) {
  constexpr uint64_t kForFiles = 256;
  const uint64_t descriptors = TakeAllDescriptors();
  const uint64_t wanted = config->values().maxclients;
  if (descriptors >= wanted + kForFiles) return;
  const uint64_t clients = std::max(descriptors / 2, descriptors - std::min(descriptors, kForFiles));
  static_cast<void>(config->Set({{"maxclients", std::to_string(clients)}}, true));
  log.Write(LogLevel::kWarning, "few-descriptors",
            fmt::format("the system allows {} descriptors (ulimit -n), so maxclients is {}, not {}", descriptors,
                        clients, wanted),
            {{"descriptors", static_cast<int64_t>(descriptors)}});
}

std::filesystem::path DirectoryOf(const Config& config) {
  const std::string_view given = config.Text("dir");
  return given.empty() ? "amethystd" : given;
}

// Each line opens the file anew, as Redis does: a log that was moved away gets no more of them.
Log::Sink SinkOf(const Config& config, std::ostream& out) {
  const std::string path(config.Text("logfile"));
  if (path.empty()) {
    return [&out](std::string_view line) { out << line << std::flush; };
  }
  // The last one stays open, for when there are no descriptors left.
  return [path, last = std::make_shared<std::unique_ptr<io::WritableFile>>()](std::string_view line) {
    if (auto file = io::OpenToAppend(path)) *last = std::move(*file);
    if (*last != nullptr) static_cast<void>((*last)->Append(line));  // There is nowhere else to tell it.
  };
}

void LogReady(const ListenAt& at, uint16_t port, Log& log) {
  if (port != 0) {
    log.Write(LogLevel::kNotice, "ready", fmt::format("ready at {} port {}", fmt::join(at.addresses, " "), port),
              {{"port", port}});
  }
  if (at.tls_port != 0) {
    log.Write(LogLevel::kNotice, "ready",
              fmt::format("ready at {} port {} with TLS", fmt::join(at.addresses, " "), at.tls_port),
              {{"tls_port", at.tls_port}});
  }
  if (!at.unix_socket.empty()) {
    log.Write(LogLevel::kNotice, "ready", fmt::format("ready at {}", at.unix_socket), {{"unixsocket", at.unix_socket}});
  }
}

// The engine tells one listener: it is counted, and told to the log.
class EngineEvents final : public Listener {
 public:
  EngineEvents(std::shared_ptr<EngineCounts> counts, Log& log) : counts_(std::move(counts)), log_(log) {}
  void OnEvent(const Event& event) override {
    counts_->OnEvent(event);
    log_.OnEvent(event);
  }

 private:
  const std::shared_ptr<EngineCounts> counts_;
  EngineLog log_;
};

Result<std::unique_ptr<Space>> OpenSpace(const Config& config, const std::shared_ptr<EngineCounts>& counts, Log& log) {
  const std::string directory = DirectoryOf(config).string();
  io::Clock& clock = io::DefaultEnvironment()->clock();
  const auto begin = clock.Monotonic();
  Components components;
  components.listener = std::make_shared<EngineEvents>(counts, log);
  AMETHYST_ASSIGN(auto space, Space::Open(directory, EngineOptions(config), std::move(components)));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.Monotonic() - begin);
  int64_t keys = 0;
  for (uint16_t stored = 0; stored < kDatabases; ++stored) keys += space->KeyCount(stored);
  log.Write(LogLevel::kNotice, "opened", fmt::format("opened {} with {} keys in {} ms", directory, keys, took.count()),
            {{"directory", directory}, {"keys", keys}, {"took_ms", took.count()}});
  return space;
}

Status Serve(const Config& settings, Log& log) {
  Config config = settings;
  AMETHYST_ASSIGN(const ListenAt at, WhereToListen(config));
  AMETHYST_ASSIGN(const auto http_at, WhereToServeHttp(config));
  log.Write(LogLevel::kNotice, "start",
            fmt::format("amethystd {} starts; it answers as Redis {} does", AMETHYST_VERSION_STRING, kRedisVersion),
            {{"version", AMETHYST_VERSION_STRING}, {"redis_version", kRedisVersion}});
  FitClients(&config, log);
  const auto engine = std::make_shared<EngineCounts>();
  AMETHYST_ASSIGN(const auto space, OpenSpace(config, engine, log));
  net::EngineClock clock(space->clock());
  {
    Server server(*space, config, clock);
    server.SetLog(log);
    AMETHYST_TRY(server.LoadLibraries());
    net::HttpServer http(
        net::HttpGuard([&config] { return HttpAccessOf(config); }, http_at && net::IsLoopback(http_at->host)), clock);
    AddServerRoutes(server, *engine, http);
    AsioLoop loop(server);
    AMETHYST_TRY(loop.Listen(at));
    server.SetCallRemote(CallOverTcp);
    server.SetListen([&]() -> Status {
      AMETHYST_ASSIGN(const ListenAt anew, WhereToListen(config));
      AMETHYST_TRY(loop.Listen(anew));
      LogReady(anew, loop.port(), log);
      return {};
    });
    if (http_at) AMETHYST_TRY(loop.ListenHttp(http, *http_at));
    LogReady(at, loop.port(), log);
    if (http_at) {
      const std::string url = net::UrlOf({.host = http_at->host, .port = loop.http_port()});
      log.Write(LogLevel::kNotice, "ready", "page and figures at " + url, {{"http", url}});
    }
    TellSupervisor("READY=1");
    loop.Run();
    TellSupervisor("STOPPING=1");
    log.Write(LogLevel::kNotice, "stop", "stops: " + server.stop_reason(), {{"reason", server.stop_reason()}});
    AMETHYST_TRY(space->Close());
    log.Write(LogLevel::kNotice, "ended", fmt::format("ended; all data is safe in {}", DirectoryOf(config).string()));
  }
  return {};
}

int TellError(const Error& error, std::ostream& err) {
  fmt::print(err, "amethystd: {}\n", error.ToString());
  return error.code() == ErrorCode::kInvalidArgument ? kUsage : kFailed;
}

int RunImport(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, bool err_is_terminal) {
  ImportOrder order;
  order.merges = std::erase(arguments, "--merge") > 0;
  order.is_json = std::erase(arguments, "--json") > 0;
  order.shows_progress = err_is_terminal && !order.is_json;
  Config config;
  const bool has_file = arguments.size() > 1 && !arguments[1].starts_with("--");
  const Status read = has_file ? ReadSettings(arguments, 2, &config) : base::InvalidArgument("import wants a FILE");
  if (!read) {
    fmt::print(err, "amethystd: {}\n  amethystd --help shows how it is called\n", read.error().message());
    return kUsage;
  }
  order.file = arguments[1];
  order.directory = DirectoryOf(config).string();
  const Status imported = Import(order, config, out, err);
  return imported ? kEnded : TellError(imported.error(), err);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, bool err_is_terminal) {
  if (std::ranges::find(arguments, "--help") != arguments.end() ||
      std::ranges::find(arguments, "-h") != arguments.end()) {
    out << kHelp;
    return kEnded;
  }
  if (std::ranges::find(arguments, "--version") != arguments.end()) {
    fmt::print(out, "amethystd {} (commands of Redis {})\n", AMETHYST_VERSION_STRING, kRedisVersion);
    return kEnded;
  }
  if (!arguments.empty() && arguments[0] == "import") return RunImport(arguments, out, err, err_is_terminal);
  Config config;
  if (const Status read = ReadArguments(arguments, &config); !read) {
    fmt::print(err, "amethystd: {}\n  amethystd --help shows how it is called\n", read.error().message());
    return kUsage;
  }
  if (const std::string logfile(config.Text("logfile")); !logfile.empty()) {
    if (const auto opened = io::OpenToAppend(logfile); !opened) {
      fmt::print(err, "amethystd: --logfile: {}\n", opened.error().ToString());
      return kUsage;
    }
  }
  Log log(io::DefaultEnvironment()->clock(), SinkOf(config, out));
  log.Configure(config.Text("loglevel"), config.Text("log-format"));
  if (const Status served = Serve(config, log); !served) {
    if (!config.Text("logfile").empty()) log.Write(LogLevel::kWarning, "failed", served.error().ToString());
    const int code = TellError(served.error(), err);
    if (served.error().code() == ErrorCode::kCorruption) {
      fmt::print(err,
                 "  `amethyst --db {0} verify` lists all damage; `amethyst --db {0} repair NEW_DIRECTORY` saves what "
                 "can be read\n",
                 DirectoryOf(config).string());
    }
    return code;
  }
  return kEnded;
}

}  // namespace amethyst::server
