// Tells the log what the engine does in the background: its errors, writes that it slows down, and how its work goes.
// Thread safety: any thread.
#pragma once

#include "amethyst/listener.h"
#include "server/log.h"

namespace amethyst::server {

class EngineLog final : public Listener {
 public:
  // `log` outlives this.
  explicit EngineLog(Log& log) : log_(log) {}
  void OnEvent(const Event& event) override;

 private:
  Log& log_;
};

}  // namespace amethyst::server
