#include "bench/json_report.h"

#include <nlohmann/json.hpp>

#include "bench/stores.h"
#include "bench/text_report.h"

namespace amethyst::bench {
namespace {

using nlohmann::json;

json SpreadToJson(const Spread& spread) {
  return {{"median", spread.median}, {"least", spread.least}, {"most", spread.most}};
}

json ComparisonToJson(const Comparison& comparison) {
  json out = {{"reference", comparison.reference},
              {"workloads", json::array()},
              {"figures", json::array()},
              {"peers", json::array()}};
  for (const Row& row : comparison.rows) {
    json cells = json::array();
    for (const Cell& cell : row.cells) {
      cells.push_back({{"engine", cell.engine}});
      for (const State state : {State::kLive, State::kSettled}) {
        const std::optional<Rate>& rate = cell.In(state);
        if (!rate) continue;
        json& out_rate = cells.back()[StateName(state)];
        out_rate["operations_per_second"] = SpreadToJson(rate->per_second);
        if (rate->ratio) out_rate["ratio"] = SpreadToJson(*rate->ratio);
      }
    }
    out["workloads"].push_back({{"workload", row.workload}, {"writes", row.writes}, {"engines", cells}});
  }
  for (const FigureRow& row : comparison.figures) {
    json cells = json::array();
    for (const FigureCell& cell : row.cells) {
      cells.push_back({{"engine", cell.engine}, {"value", SpreadToJson(cell.value)}});
      if (cell.ratio) cells.back()["ratio"] = SpreadToJson(*cell.ratio);
    }
    out["figures"].push_back({{"workload", row.workload}, {"figure", row.name}, {"engines", cells}});
  }
  for (const Verdict& verdict : comparison.verdicts) {
    out["peers"].push_back({{"engine", verdict.peer},
                            {"geometric_mean", verdict.geometric_mean},
                            {"live_geometric_mean", verdict.live_geometric_mean},
                            {"settled_geometric_mean", verdict.settled_geometric_mean},
                            {"worst_workload", verdict.worst_workload},
                            {"worst_ratio", verdict.worst_ratio}});
  }
  return out;
}

}  // namespace

std::string JsonReport(const Plan& plan, const std::vector<Measurement>& measurements, const Comparison& comparison) {
  json engines = json::object();
  for (const std::string& name : plan.engines) {
    if (const Engine* engine = FindEngine(name)) engines[name] = engine->version;
  }
  json out = {{"description", DescribePlan(plan)},
              {"engines", engines},
              {"tuned", plan.settings.tuned},
              {"keys", plan.load.keys},
              {"threads", plan.load.threads},
              {"seed", plan.load.seed},
              {"value_bytes", plan.load.values.bytes},
              {"cache_bytes", plan.settings.cache_bytes},
              {"write_buffer_bytes", plan.settings.write_buffer_bytes},
              {"left_out", json::array()},
              {"measurements", json::array()},
              {"comparison", ComparisonToJson(comparison)}};
  for (const auto& [engine, workload] : WhoIsLeftOut(plan)) {
    out["left_out"].push_back({{"engine", engine}, {"workload", workload}});
  }
  for (const Measurement& measurement : measurements) out["measurements"].push_back(ToJson(measurement));
  return out.dump(1) + "\n";
}

}  // namespace amethyst::bench
