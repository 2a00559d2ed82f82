#include "torture/server/server_power_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/memory_file_system.h"
#include "net/memory_connection.h"
#include "server/request_words.h"

namespace amethyst::torture {

namespace {

using server::Part;
using server::Space;

const std::string kDatabase = "/db";
constexpr size_t kClients = 3;

// All that commands can see, as one number: what the keyspace's families hold, and libraries, and what numbers of
// databases mean; the ids that are free, and the counts of a clean close, apart. The counts in memory are checked where
// they are of what is written.
Result<uint64_t> StateOf(Space& space, bool counts_are_written = true) {
  uint64_t state = 0;
  std::string entry;
  int64_t keys = 0;
  for (const Part part : {Part::kKeys, Part::kData, Part::kOrder, Part::kTtl, Part::kSys}) {
    Iterator entries = space.family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) {
      const std::string_view key = entries.key();
      if (part == Part::kSys && (key.starts_with('i') || key.starts_with('n'))) continue;
      if (part == Part::kKeys) ++keys;
      entry = fmt::format("{}:{}:{}", static_cast<int>(part), key.size(), key);
      entry += entries.value();
      state = state * 0x9e3779b97f4a7c15u + base::Hash64(entry);
    }
    AMETHYST_TRY(entries.status());
  }
  int64_t counted = 0;
  for (uint16_t stored = 0; stored < server::kDatabases; ++stored) counted += space.KeyCount(stored);
  if (counted == keys || !counts_are_written) return state;
  return std::unexpected(Error(ErrorCode::kCorruption, fmt::format("it counts {} keys of {}", counted, keys)));
}

Components Over(const std::shared_ptr<simulation::SerialEnvironment>& environment) {
  Components components;
  components.environment = environment;
  return components;
}

}  // namespace

// Tells of the moment at which the server gives an answer away: from then on nothing can take it back.
class ServerPowerLoss::Client final : public net::MemoryConnection {
 public:
  Client(ServerPowerLoss& suite, server::Server& server)
      : net::MemoryConnection("127.0.0.1:1"), suite_(suite), server_(server), session_(server.Connect(*this)) {}
  ~Client() override { server_.Disconnect(*session_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Receive(std::string_view bytes) { server_.Receive(*session_, bytes); }
  void Send(std::string) override { suite_.NoteAnswer(); }

 private:
  ServerPowerLoss& suite_;
  server::Server& server_;
  server::Session* const session_;
};

struct ServerPowerLoss::Running {
  Running(ServerPowerLoss& suite, std::unique_ptr<Space> opened)
      : space(std::move(opened)), clock(suite.environment_->clock()), server(*space, suite.config_, clock) {
    for (auto& client : clients) client = std::make_unique<Client>(suite, server);
  }
  const std::unique_ptr<Space> space;
  net::EngineClock clock;
  server::Server server;
  std::array<std::unique_ptr<Client>, kClients> clients;
};

ServerPowerLoss::ServerPowerLoss(const Settings& settings)
    : settings_(settings), random_(settings.seed), drawn_(random_) {}
ServerPowerLoss::~ServerPowerLoss() = default;

void ServerPowerLoss::Violation(const std::string& text) {
  if (report_->violation.empty()) report_->violation = fmt::format("seed {}: {}", settings_.seed, text);
}

void ServerPowerLoss::Run(ServerPowerLossReport* report) {
  report_ = report;
  RunWorkload();
  if (report_->violation.empty()) CheckAllPoints();
}

bool ServerPowerLoss::Open() {
  auto space = Space::Open(kDatabase, options_, Over(environment_));
  if (!space) {
    Violation("the workload could not open: " + space.error().ToString());
    return false;
  }
  running_ = std::make_unique<Running>(*this, std::move(*space));
  if (const Status loaded = running_->server.LoadLibraries(); !loaded) Violation(loaded.error().ToString());
  return true;
}

void ServerPowerLoss::Close() {
  for (auto& client : running_->clients) client.reset();
  report_->expired_keys += running_->server.counters().expired_keys;
  report_->refused += running_->server.counters().errors;
  const Stats stats = running_->space->db().GetStats();
  report_->flushes += stats.flushes;
  report_->compactions += stats.compactions + stats.trivial_moves;
  if (const Status closed = running_->space->Close(); !closed) Violation("it does not close");
  running_.reset();
}

void ServerPowerLoss::RunWorkload() {
  options_.memory_budget_bytes = size_t{8} << 20;
  options_.write_buffer_bytes = size_t{64} << 10;
  const bool is_exploded_early = settings_.seed % 2 == 0;
  AMETHYST_ASSERT(config_.Set({{"appendfsync", "always"}}, true).has_value());
  for (const char* const setting :
       {"hash-max-listpack-entries", "zset-max-listpack-entries", "set-max-listpack-entries"}) {
    AMETHYST_ASSERT(!is_exploded_early || config_.Set({{setting, "3"}}, true).has_value());
  }
  AMETHYST_ASSERT(!is_exploded_early || config_.Set({{"list-max-listpack-size", "3"}}, true).has_value());
  auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(kDatabase).has_value());
  files_ = std::make_shared<TraceFileSystem>(memory);
  environment_ = std::make_shared<simulation::SerialEnvironment>(files_, settings_.seed);
  if (!Open()) return;
  NoteStep(files_->trace().size());
  Send(*running_->clients[0], server::Encode(DrawnCommands::LoadLibrary()));
  Do([this] { running_->server.EndTurn(); }, Syncs::kAtTheEnd);
  for (uint64_t turn = 0; turn < settings_.turns && report_->violation.empty(); ++turn) {
    Turn();
    if (!random_.OneIn(40)) continue;
    ++report_->restarts;
    Close();
    if (!Open()) return;
  }
  Close();
}

void ServerPowerLoss::Turn() {
  for (auto& client : running_->clients) {
    for (uint64_t requests = random_.Below(4); requests > 0; --requests) SendDrawn(*client);
  }
  Do([this] { running_->server.EndTurn(); }, Syncs::kAtTheEnd);
  if (random_.OneIn(3)) PassTime();
  for (uint64_t jobs = random_.Below(3); jobs > 0 && environment_->RunOneJob(); --jobs) {
  }
}

void ServerPowerLoss::SendDrawn(Client& client) {
  const uint64_t kind = random_.Below(10);
  // Transactions and scripts have what is pending written first.
  if (kind <= 1 && random_.OneIn(2)) Do([this] { running_->server.access().Flush(); });
  if (kind == 0) {
    ++report_->transactions;
    std::string bytes = server::Encode({"multi"});
    for (uint64_t commands = 1 + random_.Below(4); commands > 0; --commands) bytes += server::Encode(drawn_.Draw());
    return Send(client, bytes + server::Encode({"exec"}));
  }
  if (kind == 1) ++report_->scripts;
  Send(client, server::Encode(kind == 1 ? drawn_.DrawScript() : drawn_.Draw()));
}

void ServerPowerLoss::Send(Client& client, std::string_view bytes) {
  ++report_->commands;
  Do([&] { client.Receive(bytes); });
}

void ServerPowerLoss::PassTime() {
  environment_->clock().Advance(std::chrono::milliseconds(random_.Below(900)));
  Do([this] { running_->server.Tick(); }, Syncs::kAtTheEnd);
}

// A step may write two batches: a tick commits expiries and then the sweep, and a command may write pending batches
// before its own. The suite does not know the content between the two, so it judges no image until both are synced.
void ServerPowerLoss::Do(base::FunctionRef<void()> step, Syncs syncs) {
  const size_t before = files_->trace().size();
  step();
  const auto& operations = files_->trace().operations();
  const auto writes = std::count_if(operations.begin() + static_cast<std::ptrdiff_t>(before), operations.end(),
                                    [](const TraceOperation& each) {
                                      return each.kind == TraceOperation::Kind::kWrite && each.path.ends_with(".wal");
                                    });
  NoteStep(before);
  if (writes > 1 && !unknown_since_) unknown_since_ = before;
  if (syncs == Syncs::kNothing || !unknown_since_) return;
  unknown_.push_back({.begin = *std::exchange(unknown_since_, {}), .end = operations.size()});
}

void ServerPowerLoss::NoteStep(size_t begins_at) {
  const Result<uint64_t> state = StateOf(*running_->space, !running_->server.access().HasPending());
  if (!state) return Violation("the workload: " + state.error().ToString());
  steps_.push_back({.begins_at = begins_at, .state = *state});
}

// All that the turn has written is there by then: the step that is under way leads to it.
void ServerPowerLoss::NoteAnswer() {
  answered_.push_back({.trace_size = files_->trace().size(), .step = steps_.size()});
}

void ServerPowerLoss::CheckAllPoints() {
  const std::vector<TraceOperation>& operations = files_->trace().operations();
  CrashState state;
  auto unknown = unknown_.begin();
  for (size_t point = 0; point <= operations.size() && report_->violation.empty(); ++point) {
    if (point > 0) state.Apply(operations[point - 1]);
    while (unknown != unknown_.end() && unknown->end <= point) ++unknown;
    const bool is_known = unknown == unknown_.end() || point <= unknown->begin;
    if (point < steps_.front().begins_at || !is_known || !random_.OneIn(settings_.point_one_in)) continue;
    for (uint64_t model = 0; model < kPowerLossModels && report_->violation.empty(); ++model) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(model), random_);
      const auto [seen, is_new] = seen_.try_emplace(image.Fingerprint(), 0);
      if (is_new) {
        seen->second = StateOfImage(image);
        ++report_->distinct_images;
        if (model != 0 && state.HasPending()) ++report_->pending_images;
      }
      ++report_->images;
      Judge(point, seen->second, model);
    }
  }
}

uint64_t ServerPowerLoss::StateOfImage(const CrashImage& image) {
  auto environment = std::make_shared<simulation::SerialEnvironment>(image.Make(kDatabase), settings_.seed);
  const auto space = Space::Open(kDatabase, options_, Over(environment));
  if (!space) {
    Violation("an image does not open: " + space.error().ToString());
    return 0;
  }
  const Result<uint64_t> state = StateOf(**space);
  if (!state) Violation("an image: " + state.error().ToString());
  return state.value_or(0);
}

void ServerPowerLoss::Judge(size_t point, uint64_t state, uint64_t model) {
  size_t answered = 0;
  for (const Answered& each : answered_) {
    if (each.trace_size > point) break;
    answered = each.step;
  }
  const auto first = steps_.begin() + static_cast<std::ptrdiff_t>(answered);
  const auto end = std::find_if(first + 1, steps_.end(), [&](const Step& step) { return step.begins_at > point; });
  const auto found = std::find_if(first, end, [&](const Step& step) { return step.state == state; });
  if (found == end) {
    return Violation(
        fmt::format("at operation {} of {}, model {}: {} of {} steps had been answered, {} had begun; "
                    "the content is that after none between",
                    point, files_->trace().size(), model, answered, steps_.size() - 1, end - steps_.begin() - 1));
  }
  if (found != first) ++report_->ahead_images;
}

}  // namespace amethyst::torture
