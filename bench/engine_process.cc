#include "bench/engine_process.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "bench/process_meter.h"
#include "bench/runner.h"

namespace amethyst::bench {
namespace {

using nlohmann::json;

bool SendLine(int socket, std::string line) {
  line += '\n';
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t n = send(socket, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

// Nothing if the other side is gone, or a signal came.
std::optional<std::string> ReceiveLine(int socket) {
  std::string line;
  while (line.empty() || line.back() != '\n') {
    char buffer[64 << 10];
    const ssize_t n = recv(socket, buffer, sizeof(buffer), 0);
    if (n <= 0) return std::nullopt;
    line.append(buffer, static_cast<size_t>(n));
  }
  line.pop_back();
  return line;
}

json Reply(const Result<Measurement>& measured) {
  if (!measured) return {{"error", measured.error().message()}, {"code", measured.error().code()}};
  return ToJson(*measured);
}

Result<json> Parse(const std::string& engine, const std::string& reply) {
  json parsed = json::parse(reply);
  if (!parsed.contains("error")) return parsed;
  return base::MakeError(parsed.at("code").get<ErrorCode>(), "{}: {}", engine, parsed.at("error").get<std::string>());
}

// The child's life: {"workload": name, "state": its number or null, "round": n} is answered by a measurement, {} by
// closing.
void Serve(Runner& runner, int socket) {
  while (const std::optional<std::string> line = ReceiveLine(socket)) {
    const json request = json::parse(*line);
    if (!request.contains("workload")) {
      const Status closed = runner.Close();
      SendLine(socket,
               closed ? "{}" : json({{"error", closed.error().message()}, {"code", closed.error().code()}}).dump());
      return;
    }
    const Workload* workload = FindWorkload(request.at("workload").get<std::string>());
    AMETHYST_ASSERT(workload != nullptr);
    const json& state = request.at("state");
    const auto measured = runner.Run(*workload, request.at("round").get<uint32_t>(),
                                     state.is_null() ? std::nullopt : std::optional(state.get<State>()));
    if (!SendLine(socket, Reply(measured).dump())) return;
  }
}

[[noreturn]] void RunChild(const Engine& engine, const StoreSettings& settings, const Load& load,
                           uint64_t memory_limit_bytes, int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_IGN);  // The parent sees to the end.
  std::string problem;
  if (memory_limit_bytes != 0 && !LimitMemory(memory_limit_bytes, &problem)) {
    ReceiveLine(socket);
    SendLine(socket, json({{"error", problem}, {"code", ErrorCode::kNotSupported}}).dump());
    _exit(1);
  }
  {
    Runner runner(engine, settings, load);
    Serve(runner, socket);
  }
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace

EngineProcess::EngineProcess(const Engine& engine, const StoreSettings& settings, const Load& load,
                             uint64_t memory_limit_bytes)
    : name_(engine.name) {
  int ends[2];
  AMETHYST_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  std::fflush(nullptr);
  child_ = fork();
  AMETHYST_ASSERT(child_ >= 0);
  if (child_ == 0) {
    close(ends[0]);
    RunChild(engine, settings, load, memory_limit_bytes, ends[1]);
  }
  close(ends[1]);
  socket_ = ends[0];
}

EngineProcess::~EngineProcess() {
  close(socket_);
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    RemoveMemoryLimit(child_);
  }
}

Result<std::string> EngineProcess::Ask(const std::string& line) {
  std::optional<std::string> reply;
  if (SendLine(socket_, line)) reply = ReceiveLine(socket_);
  if (reply) return *std::move(reply);
  kill(child_, SIGKILL);
  int status = 0;
  waitpid(child_, &status, 0);
  RemoveMemoryLimit(std::exchange(child_, -1));
  return base::MakeError(ErrorCode::kClosed, "{}: its process ended{}", name_,
                         WIFSIGNALED(status) ? fmt::format(" by signal {}", WTERMSIG(status)) : "");
}

Result<Measurement> EngineProcess::Run(const Step& step, uint32_t round) {
  json request = {{"workload", step.workload->name}, {"state", nullptr}, {"round", round}};
  if (step.state) request["state"] = *step.state;
  AMETHYST_ASSIGN(const std::string reply, Ask(request.dump()));
  AMETHYST_ASSIGN(const json parsed, Parse(name_, reply));
  return MeasurementFromJson(parsed);
}

Status EngineProcess::Finish() {
  AMETHYST_ASSIGN(const std::string reply, Ask("{}"));
  AMETHYST_ASSIGN(const json parsed, Parse(name_, reply));
  waitpid(child_, nullptr, 0);
  RemoveMemoryLimit(std::exchange(child_, -1));
  return {};
}

}  // namespace amethyst::bench
