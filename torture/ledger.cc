#include "torture/ledger.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"

namespace amethyst::torture {

namespace {

using nlohmann::ordered_json;

// The members of an entry, by Total.
constexpr std::array<const char*, 3> kTotalNames = {"counts", "greatest", "least"};

uint64_t Add(Total total, uint64_t one, uint64_t other) {
  switch (total) {
    case Total::kSum: return one + other;
    case Total::kGreatest: return std::max(one, other);
    case Total::kLeast: return std::min(one, other);
  }
  std::unreachable();
}

ordered_json ToJson(const LedgerEntry& entry) {
  std::map<Total, ordered_json> figures;
  for (const Figure& figure : entry.figures) figures[figure.total][figure.name] = figure.value;
  ordered_json json = {{"commit", entry.commit},
                       {"suite", entry.suite},
                       {"first_seed", entry.first_seed},
                       {"rounds", entry.rounds},
                       {"seconds", entry.seconds}};
  json["counts"] = ordered_json::object();
  for (const auto& [total, of_total] : figures) json[kTotalNames[static_cast<size_t>(total)]] = of_total;
  json["violations"] = entry.violations;
  return json;
}

LedgerEntry FromJson(const ordered_json& json) {
  LedgerEntry entry{.commit = json.at("commit"),
                    .suite = json.at("suite"),
                    .first_seed = json.at("first_seed"),
                    .rounds = json.at("rounds"),
                    .seconds = json.at("seconds"),
                    .figures = {},
                    .violations = json.at("violations")};
  static_cast<void>(json.at("counts"));
  for (size_t total = 0; total < kTotalNames.size(); ++total) {
    const ordered_json figures = json.value(kTotalNames[total], ordered_json::object());
    for (const auto& [name, value] : figures.items()) {
      entry.figures.push_back({name, value, static_cast<Total>(total)});
    }
  }
  return entry;
}

void AddTo(std::vector<Figure>* totals, const Figure& figure) {
  const auto found = std::ranges::find(*totals, figure.name, &Figure::name);
  if (found == totals->end()) {
    totals->push_back(figure);
  } else {
    found->value = Add(figure.total, found->value, figure.value);
  }
}

}  // namespace

Status Ledger::Append(const LedgerEntry& entry) const {
  std::ofstream file(path_, std::ios::app);
  file << ToJson(entry).dump() << '\n';
  file.flush();
  if (!file) return base::MakeError(ErrorCode::kIo, "{}: the ledger cannot be written", path_);
  return {};
}

Result<std::vector<LedgerEntry>> Ledger::Read() const {
  std::vector<LedgerEntry> entries;
  std::ifstream file(path_);
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      entries.push_back(FromJson(ordered_json::parse(line)));
    } catch (const ordered_json::exception& error) {
      return base::Corruption("{}, line {}: expected an entry of the ledger: {}", path_, number, error.what());
    }
  }
  return entries;
}

Result<uint64_t> Ledger::NextSeed(const std::string& suite) const {
  AMETHYST_ASSIGN(const std::vector<LedgerEntry> entries, Read());
  uint64_t next = 1;
  for (const LedgerEntry& entry : entries) {
    if (entry.suite == suite) next = std::max(next, entry.first_seed + entry.rounds);
  }
  return next;
}

Result<std::string> Ledger::Totals() const {
  AMETHYST_ASSIGN(const std::vector<LedgerEntry> entries, Read());
  struct OfSuite {
    uint64_t runs = 0, seconds = 0, violations = 0;
    std::vector<Figure> figures;
    std::set<std::string> commits;
  };
  std::map<std::string, OfSuite> totals;
  for (const LedgerEntry& entry : entries) {
    OfSuite& total = totals[entry.suite];
    ++total.runs;
    total.seconds += entry.seconds;
    total.violations += entry.violations;
    total.commits.insert(entry.commit);
    AddTo(&total.figures, {"seeds", entry.rounds});
    for (const Figure& figure : entry.figures) AddTo(&total.figures, figure);
  }
  std::string table = "| suite | runs | commits | hours | figures | violations |\n|---|---|---|---|---|---|\n";
  for (const auto& [suite, total] : totals) {
    table += fmt::format("| `{}` | {} | {} | {:.1f} | {} | {} |\n", suite, total.runs, total.commits.size(),
                         static_cast<double>(total.seconds) / 3600, Describe(total.figures), total.violations);
  }
  return table;
}

std::string Describe(const std::vector<Figure>& figures) {
  std::string text;
  for (const Figure& figure : figures) {
    if (!text.empty()) text += ", ";
    text += figure.total == Total::kSum ? fmt::format("{} {}", figure.value, figure.name)
                                        : fmt::format("{} {}", figure.name, figure.value);
  }
  return text;
}

}  // namespace amethyst::torture
