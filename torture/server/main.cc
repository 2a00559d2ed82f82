// amethyst_server_torture: tries to break the promises of the server, in simulation. As amethyst_torture, it runs one
// suite from a seed and prints figures on its last line.
//
//   amethyst_server_torture --suite server-power --seed 1 --rounds 10
#include <memory>
#include <string>
#include <vector>

#include "torture/server/client_histories.h"
#include "torture/server/server_power_loss.h"
#include "torture/suites.h"

namespace amethyst::torture {
namespace {

Suite ServerPowerSuite() {
  const auto report = std::make_shared<ServerPowerLossReport>();
  return {.round =
              [report](uint64_t seed) {
                ServerPowerLoss({.seed = seed}).Run(report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {{"crash images", report->images},
                    {"distinct", report->distinct_images},
                    {"distinct with unsynced bytes", report->pending_images},
                    {"with more than was answered", report->ahead_images},
                    {"commands", report->commands},
                    {"transactions", report->transactions},
                    {"scripts", report->scripts},
                    {"refused", report->refused},
                    {"expired keys", report->expired_keys},
                    {"restarts", report->restarts},
                    {"flushes", report->flushes},
                    {"compactions", report->compactions}};
          }};
}

Suite ClientHistorySuite() {
  const auto report = std::make_shared<ClientHistoryReport>();
  return {.round =
              [report](uint64_t seed) {
                RunClientHistory({.seed = seed}, report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {{"operations", report->operations},     {"waits of blocking commands, by turns", report->blocked},
                    {"transactions", report->transactions}, {"given up by WATCH", report->given_up},
                    {"scripts", report->scripts},           {"put aside for the disk", report->fetches},
                    {"expired keys", report->expired_keys}, {"turns", report->turns}};
          }};
}

Suites AllSuites() {
  return {{"server-power", [](const auto&) { return ServerPowerSuite(); }},
          {"server-histories", [](const auto&) { return ClientHistorySuite(); }}};
}

}  // namespace
}  // namespace amethyst::torture

int main(int argc, char** argv) {
  return amethyst::torture::RunSuites(
      "Tries to break the promises of amethystd.\n\n"
      "  amethyst_server_torture --suite server-power --seed 1 --rounds 10",
      amethyst::torture::AllSuites(), argc, argv);
}
