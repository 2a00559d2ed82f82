// Simulated loss of power at every I/O operation of a server that answers under `appendfsync always`.
//
// Three clients send drawn commands in turns: plain ones, transactions, scripts, over all types of data; keys expire,
// background work runs, the server restarts. All of it happens on one thread over a traced file system. Then, at every
// point of the trace and under every model, the image that a power loss leaves is opened. The oracle: it opens; its
// content is the one after some command that had begun by then, so that commands, transactions and scripts are whole or
// absent and in their order; no command is missing whose answer had been given to its connection before that point; and
// the counts of keys are right. Everything follows from the seed, except ids that are drawn afresh by the engine.
// Thread safety: one suite a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amethyst/options.h"
#include "base/function_ref.h"
#include "base/random.h"
#include "net/connection.h"
#include "server/config.h"
#include "server/keyspace/space.h"
#include "server/server.h"
#include "simulation/serial_environment.h"
#include "torture/crash_state.h"
#include "torture/server/drawn_commands.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

struct ServerPowerLossReport {
  std::string violation;         // Empty: none.
  uint64_t images = 0;           // Judged.
  uint64_t distinct_images = 0;  // Of these, opened: the others have the bytes of one that was opened before.
  uint64_t pending_images = 0;   // Of these, with unsynced bytes on the disk, or without some.
  uint64_t ahead_images = 0;     // Of images, those that held more than what had been answered.
  uint64_t commands = 0;         // Sent; a transaction and a script count as one.
  uint64_t transactions = 0;
  uint64_t scripts = 0;
  uint64_t refused = 0;       // Of commands, those that were answered with an error.
  uint64_t expired_keys = 0;  // By the server itself.
  uint64_t restarts = 0;
  uint64_t flushes = 0;
  uint64_t compactions = 0;
};

class ServerPowerLoss {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t turns = 60;
    uint64_t point_one_in = 1;  // How many points of the trace are judged.
  };
  explicit ServerPowerLoss(const Settings& settings);
  ~ServerPowerLoss();

  // Runs one workload and judges its crash images, adding to `report`; stops at the first violation.
  void Run(ServerPowerLossReport* report);

 private:
  class Client;
  struct Running;
  // What leads from one content to the next: a request, or a tick. Its content may be there from `begins_at` on.
  struct Step {
    size_t begins_at;  // The trace had that size.
    uint64_t state;
  };
  // From that size of the trace on, all steps up to `step` had been answered.
  struct Answered {
    size_t trace_size;
    size_t step;
  };
  struct Stretch {
    size_t begin;
    size_t end;
  };

  void RunWorkload();
  [[nodiscard]] bool Open();
  void Close();
  void Turn();
  void SendDrawn(Client& client);
  void Send(Client& client, std::string_view bytes);
  void PassTime();
  enum class Syncs : uint8_t { kNothing, kAtTheEnd };
  // One step, and what it has led to.
  void Do(base::FunctionRef<void()> step, Syncs syncs = Syncs::kNothing);
  void NoteStep(size_t begins_at);
  void NoteAnswer();
  void CheckAllPoints();
  // What the image holds. 0, and a violation: it cannot be read.
  [[nodiscard]] uint64_t StateOfImage(const CrashImage& image);
  void Judge(size_t point, uint64_t state, uint64_t model);
  void Violation(const std::string& text);

  const Settings settings_;
  base::Random random_;
  DrawnCommands drawn_;
  Options options_;
  server::Config config_;
  std::shared_ptr<TraceFileSystem> files_;
  std::shared_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<Running> running_;
  std::vector<Step> steps_;  // [0]: the empty database.
  std::vector<Answered> answered_;
  std::vector<Stretch> unknown_;                 // Of the trace: images from within are not judged.
  std::optional<size_t> unknown_since_;          // The stretch that has begun.
  std::unordered_map<uint64_t, uint64_t> seen_;  // What images hold, by their fingerprints.
  ServerPowerLossReport* report_ = nullptr;
};

}  // namespace amethyst::torture
