// An engine in a process of its own, which runs workloads when told to.
//
// So memory, CPU and bytes written are counted for one engine alone, engines can alternate workload by workload while
// each keeps its database open, and an engine that crashes takes only itself down. The child speaks JSON lines over a
// socket. Thread safety: one thread; no other thread may exist when one is made, for it forks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "amethyst/error.h"
#include "bench/load.h"
#include "bench/measurement.h"
#include "bench/plan.h"
#include "bench/stores.h"

namespace amethyst::bench {

class EngineProcess {
 public:
  // `memory_limit_bytes` 0: none.
  EngineProcess(const Engine& engine, const StoreSettings& settings, const Load& load, uint64_t memory_limit_bytes);
  // Ends the process, by force if it did not finish.
  ~EngineProcess();
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  Result<Measurement> Run(const Step& step, uint32_t round);
  // Closes the database and ends the process.
  Status Finish();

 private:
  Result<std::string> Ask(const std::string& line);

  std::string name_;
  pid_t child_ = -1;
  int socket_ = -1;
};

}  // namespace amethyst::bench
