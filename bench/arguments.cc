#include "bench/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/runner.h"
#include "bench/stores.h"
#include "bench/workload.h"

namespace amethyst::bench {
namespace {

constexpr double kBytesPerMib = 1 << 20;
constexpr const char* kExamples = R"(Examples:
  amethyst_bench                                  fillrandom, overwrite, readrandom, ... on Amethyst
  amethyst_bench --list                           all workloads and engines
  amethyst_bench fillseq readrandom --keys 5M --threads 4
  amethyst_bench seek10 readseq --state live,settled              a database in use, and one at rest
  amethyst_bench fillrandom ycsba ycsbe seek10 --settle none      each finds what the one before has left
  amethyst_bench --engines amethyst,lmdb readzipf --seconds 30 --html page.html
  amethyst_bench --compare --quick                against RocksDB, in about five minutes
  amethyst_bench --compare --rounds 5 --json figures.json --html page.html
  amethyst_bench --compare --settings default --engines amethyst,rocksdb
  amethyst_bench mixed --mix read=70,update=20,scan=10 --distribution hotspot --threads 8
  amethyst_bench readrandom --rate 50k --seconds 60          open loop: latency from the intended start
  amethyst_bench --compare rangepair hotcounter fillttl familybatch      what goes beyond puts and gets
  amethyst_bench --compare txn2r2w txnscanzipf --threads 4                transactions, against both kinds of RocksDB's
  amethyst_bench readrandom --keys 20M --memory-mib 256 --memory-limit-mib 512    larger than memory

Every workload that needs data finds it loaded. Exit codes: 0 done, 1 an engine failed, 2 wrong arguments.)";

const std::vector<std::string> kUsual = {"fillrandom", "overwrite", "readrandom", "readmissing",
                                         "readzipf",   "seek10",    "readseq",    "ycsba"};
// Without "compact": what was written before it has settled, and so there is next to nothing left for it to do.
const std::vector<std::string> kAllCompared = {
    "fillrandom", "overwrite", "readrandom",  "readmissing", "readzipf",         "seek1", "seek10", "seek10keys",
    "seek100",    "readseq",   "readseqkeys", "readreverse", "readwhilewriting", "ycsba", "ycsbb",  "ycsbc",
    "ycsbd",      "ycsbe",     "ycsbf",       "queue"};
constexpr uint64_t kQuickKeys = 1'000'000;
constexpr double kQuickSeconds = 240;

// What is on the command line, before the parts are seen together.
struct Words {
  Plan plan;
  bool quick = false;
  bool list = false;
  bool defaults = false;
  double cache_mib = 256;
  double write_buffer_mib = 64;
  double memory_mib = 0;
  double memory_limit_mib = 0;
  std::string mix;
  std::vector<uint64_t> scan_steps;
};

template <typename E>
std::vector<std::pair<std::string, E>> Named(const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, E>> named;
  for (const std::string& name : names) named.emplace_back(name, static_cast<E>(named.size()));
  return named;
}

std::string Unknown(const std::string& name, const std::vector<std::string>& known) {
  return fmt::format("\"{}\" is none of {}", name, fmt::join(known, ", "));
}

template <typename E>
void AddChoice(CLI::App& app, const char* name, E* value, const char* help,
               const std::vector<std::pair<std::string, E>>& choices) {
  std::vector<std::string> names;
  std::string chosen;
  for (const auto& [choice, meaning] : choices) {
    names.push_back(choice);
    if (meaning == *value) chosen = choice;
  }
  app.add_option_function<std::string>(
         name,
         [=](const std::string& text) {
           const auto found = std::ranges::find(choices, text, &std::pair<std::string, E>::first);
           if (found == choices.end()) throw CLI::ValidationError(name, Unknown(text, names));
           *value = found->second;
         },
         fmt::format("{}: {} (default {})", help, fmt::join(names, ", "), chosen))
      ->type_name("NAME");
}

// "1500", "1.5k", "20M"; a problem is returned as text.
std::string ParseNumber(const std::string& text, double least, double most, double* number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, *number);
  const std::string_view unit(rest, end);
  constexpr std::string_view kUnits = "kMG";
  if (unit.size() == 1 && kUnits.find(unit) != std::string_view::npos) {
    *number *= std::pow(1000, static_cast<double>(kUnits.find(unit) + 1));
  } else if (!unit.empty() || error != std::errc()) {
    return fmt::format("\"{}\" is no number (1500, 1.5k, 20M)", text);
  }
  if (*number >= least && *number <= most) return {};
  return fmt::format("{} is not between {} and {}", text, least, most);
}

template <typename T>
void AddNumber(CLI::App& app, const char* name, T* value, const std::string& help, double least, double most) {
  app.add_option_function<std::string>(
         name,
         [=](const std::string& text) {
           double number = 0;
           const std::string problem = ParseNumber(text, least, most, &number);
           if (!problem.empty()) throw CLI::ValidationError(name, problem);
           *value = static_cast<T>(number);
         },
         fmt::format("{} (default {})", help, *value))
      ->type_name("N");
}

std::vector<State> ParseStates(const std::string& text) {
  std::vector<State> states;
  for (const std::string& name : CLI::detail::split(text, ',')) {
    const auto found = std::ranges::find(StateNames(), name);
    if (found == StateNames().end()) throw CLI::ValidationError("--state", Unknown(name, StateNames()));
    const auto state = static_cast<State>(found - StateNames().begin());
    if (std::ranges::find(states, state) == states.end()) states.push_back(state);
  }
  if (states.empty()) throw CLI::ValidationError("--state", Unknown("", StateNames()));
  return states;
}

void AddWhat(CLI::App& app, Words& words) {
  Plan& plan = words.plan;
  app.add_option("workloads", plan.workloads, "Workloads, in this order (see --list)");
  app.add_flag("--list", words.list, "List workloads and engines, and exit");
  app.add_option_function<std::string>(
         "--engines,--engine", [&plan](const std::string& names) { plan.engines = CLI::detail::split(names, ','); },
         "Engines, the first one compared to the others")
      ->type_name("A,B");
  app.add_flag("--compare", plan.compare, "Alternate engines for several rounds and print ratios");
  app.add_flag("--quick", words.quick, "With --compare: RocksDB alone, eight workloads, some five minutes");
  AddNumber<uint32_t>(app, "--rounds", &plan.rounds, "Rounds; with --compare 3", 1, 1000);
  AddNumber<double>(app, "--time-limit", &plan.time_limit_seconds, "Begin no new round after so many seconds", 0, 1e9);
  app.add_option("--json", plan.json_path, "Write all figures to this file")->type_name("FILE");
  app.add_option("--html", plan.html_path, "Write a page with plots to this file")->type_name("FILE");
  app.add_option("--dir", plan.settings.directory, "Where databases are made (default: the temporary directory)")
      ->type_name("DIRECTORY");
  app.add_flag("--keep", plan.keep_files, "Leave the databases there");
}

void AddLoad(CLI::App& app, Words& words) {
  Load& load = words.plan.load;
  app.option_defaults()->group("Load");
  AddNumber<uint64_t>(app, "--keys", &load.keys, "Keys in the database", 1, 1'000'000'000'000);
  AddNumber<uint64_t>(app, "--ops", &load.operations, "Operations, scaled by workload; 0: as many as keys", 0,
                      1'000'000'000'000);
  AddNumber<double>(app, "--seconds", &load.seconds, "End each workload after this time instead", 0, 1e9);
  AddNumber<double>(app, "--warmup", &load.warmup_seconds,
                    "Run a settled reading workload so many seconds before it is measured", 0, 1e9);
  AddNumber<uint32_t>(app, "--threads", &load.threads, "Client threads", 1, 512);
  AddNumber<double>(app, "--rate", &load.rate_per_second, "Operations a second, begun on time (open loop); 0: at once",
                    0, 1e12);
  AddNumber<double>(app, "--writer-rate", &load.writer_rate_per_second,
                    "Writes a second of the writer beside the readers (...whilewriting); 0: as --rate says", 0, 1e12);
  AddNumber<uint64_t>(app, "--seed", &load.seed, "Of all random choices", 0, 1'000'000'000'000);
  AddChoice<Durability>(
      app, "--durability", &load.durability, "Of writes",
      {{"sync", Durability::kSync}, {"buffered", Durability::kBuffered}, {"none", Durability::kNone}});
  AddChoice<Settle>(app, "--settle", &load.settle, "After writes wait for",
                    {{"none", Settle::kNone}, {"idle", Settle::kIdle}, {"flush", Settle::kFlush}});
  app.add_option_function<std::string>(
         "--state", [&words](const std::string& names) { words.plan.states = ParseStates(names); },
         "Workloads that only read find the database live (straight after ycsba, nothing flushed), settled, or are\n"
         "measured in both states: live, settled (default live; with --compare live,settled)")
      ->type_name("A,B");
  AddChoice(app, "--key-kind", &load.key_kind, "Keys", Named<KeyKind>(KeyKindNames()));
  AddNumber<size_t>(app, "--value-bytes", &load.values.bytes, "Size of a value, on average", 0, size_t{64} << 20);
  AddChoice(app, "--value-sizes", &load.values.sizes, "Sizes of values", Named<ValueSizes>(ValueSizesNames()));
  AddNumber<double>(app, "--compressed-share", &load.values.compressed_share,
                    "What compression leaves of a value; 1: all", 0.01, 1);
  app.add_option("--mix", words.mix,
                 "Of mixed: read, missing, update, insert, modify, delete, scan, scanreverse,\nmultiget, batch, "
                 "deleterange (default read=50,update=50)")
      ->type_name("A=N,B=N");
  AddChoice(app, "--distribution", &load.distribution, "Of the workload mixed", Named<Order>(OrderNames()));
  app.add_option("--scan-steps", words.scan_steps, "Of the workload mixed: least and most (default 1,100)")
      ->delimiter(',')
      ->expected(2)
      ->type_name("N,N");
  AddNumber<double>(app, "--zipf", &load.zipf_exponent, "Exponent of the Zipf distribution", 0.01, 0.9999);
  AddNumber<double>(app, "--hot-keys", &load.hot_keys_share, "Hotspot: this share of the keys", 0, 1);
  AddNumber<double>(app, "--hot-ops", &load.hot_operations_share, "is met by this share of the operations", 0, 1);
  AddNumber<uint64_t>(app, "--batch", &load.batch_entries, "Entries of a batch", 1, 1'000'000);
  AddNumber<uint64_t>(app, "--multiget", &load.multiget_keys, "Keys of a multiget", 1, 1'000'000);
  AddNumber<uint64_t>(app, "--queue-depth", &load.queue_depth, "Entries in a queue", 1, 1'000'000'000);
}

void AddDataModel(CLI::App& app, Words& words) {
  Load& load = words.plan.load;
  app.option_defaults()->group("Data model");
  AddNumber<uint64_t>(app, "--tombstones", &load.tombstones, "Range deletes (rangepair, rangereads)", 1, 10'000'000);
  AddNumber<uint64_t>(app, "--operands", &load.operands, "Merges into one key (hotcounter)", 1, 10'000'000);
  AddNumber<uint64_t>(app, "--families", &load.families, "Families (familycreate)", 1, 1'000'000);
  AddNumber<uint32_t>(app, "--ttl", &load.ttl_seconds, "Seconds until keys expire (expiredscan, expiryspace)", 1,
                      1'000'000);
}

void AddEngine(CLI::App& app, Words& words) {
  StoreSettings& settings = words.plan.settings;
  app.option_defaults()->group("Engine");
  AddChoice<bool>(app, "--settings", &words.defaults, "Settings", {{"tuned", false}, {"default", true}});
  AddNumber<double>(app, "--cache-mib", &words.cache_mib, "Cache", 1, 1 << 24);
  AddNumber<double>(app, "--write-buffer-mib", &words.write_buffer_mib, "Each of two write buffers", 1, 1 << 20);
  AddNumber<double>(app, "--memory-mib", &words.memory_mib, "All memory, instead: a write buffer gets an eighth", 4,
                    1 << 24);
  AddNumber<double>(app, "--memory-limit-mib", &words.memory_limit_mib,
                    "Limit each process to this, page cache included (a cgroup)", 16, 1 << 24);
  AddNumber<size_t>(app, "--block-bytes", &settings.block_bytes, "Block", 512, 1 << 20);
  AddChoice<Compression>(app, "--codec", &settings.compression, "Compression",
                         {{"none", Compression::kNone}, {"lz4", Compression::kLz4}, {"zstd", Compression::kZstd}});
  AddNumber<double>(app, "--filter-bits", &settings.filter_bits_per_key, "Bloom filter, bits a key; 0: none", 0, 64);
  AddNumber<uint32_t>(app, "--background-threads", &settings.background_threads, "For flush and compaction", 1, 256);
  app.add_flag("--statistics", settings.statistics, "Have RocksDB count hits, which costs it some speed");
}

Farewell Wrong(const std::string& problem) { return {2, fmt::format("amethyst_bench: {}\n", problem)}; }

std::string List() {
  std::string text = "Workloads (times N: so many operations for each of --ops):\n";
  for (const Workload& workload : Workloads()) {
    text += fmt::format("  {:17} {}", workload.name, workload.description);
    text += workload.scale == 1 ? "\n" : fmt::format(" (times {:g})\n", workload.scale);
  }
  text += "\nEngines of this build:\n";
  for (const Engine& engine : Engines()) text += fmt::format("  {:17} {}\n", engine.name, engine.version);
  return text;
}

// Whether a comparison takes the engine if none is named.
bool IsOfUse(const Engine& engine, const Plan& plan) {
  return !engine.only_for || std::ranges::any_of(plan.workloads, [&](const std::string& name) {
    const Workload* const workload = FindWorkload(name);
    return workload != nullptr && workload->Needs() == engine.only_for;
  });
}

// What was not given, and depends on what was.
void Complete(CLI::App& app, Words& words) {
  Plan& plan = words.plan;
  const auto given = [&](const char* name) { return app.count(name) != 0; };
  if (plan.workloads.empty()) plan.workloads = plan.compare && !words.quick ? kAllCompared : kUsual;
  if (plan.engines.empty()) {
    plan.engines = {"amethyst"};
    for (const Engine& engine : Engines()) {
      const bool peer = words.quick ? engine.name.starts_with("rocksdb") : engine.name != "null";
      const bool wanted = plan.compare && peer && IsOfUse(engine, plan);
      if (wanted && engine.name != "amethyst") plan.engines.push_back(engine.name);
    }
  }
  if (plan.compare && plan.load.settle != Settle::kNone && !given("--state")) {
    plan.states = {State::kLive, State::kSettled};
  }
  if (plan.compare && !given("--rounds")) plan.rounds = words.quick ? 5 : 3;
  if (plan.compare && !given("--keys")) plan.load.keys = words.quick ? kQuickKeys : 2'000'000;
  if (plan.compare && !given("--warmup")) plan.load.warmup_seconds = words.quick ? 0.5 : 1;
  if (words.quick && !given("--time-limit")) plan.time_limit_seconds = kQuickSeconds;
  if (plan.settings.directory.empty()) plan.settings.directory = std::filesystem::temp_directory_path().string();

  const double data_mib =
      static_cast<double>(plan.load.keys * (KeyMaker(plan.load.key_kind).bytes() + plan.load.values.bytes)) /
      kBytesPerMib;
  if (words.memory_mib > 0) {
    words.write_buffer_mib = words.memory_mib / 8;
    words.cache_mib = words.memory_mib - 2 * words.write_buffer_mib;
  } else if (words.quick && !given("--write-buffer-mib")) {
    words.write_buffer_mib = std::max(1.0, data_mib / 8);  // So that there are levels.
  }
  plan.settings.tuned = !words.defaults;
  plan.settings.cache_bytes = static_cast<size_t>(words.cache_mib * kBytesPerMib);
  plan.settings.write_buffer_bytes = static_cast<size_t>(words.write_buffer_mib * kBytesPerMib);
  plan.memory_limit_bytes = static_cast<uint64_t>(words.memory_limit_mib * kBytesPerMib);
}

// What is wrong with the parts seen together; empty if nothing is.
std::string Problem(const Words& words) {
  const Plan& plan = words.plan;
  std::vector<std::string> engines;
  for (const Engine& engine : Engines()) engines.push_back(engine.name);
  for (auto engine = plan.engines.begin(); engine != plan.engines.end(); ++engine) {
    if (std::ranges::find(engines, *engine) == engines.end()) return "engine " + Unknown(*engine, engines);
    if (std::find(plan.engines.begin(), engine, *engine) != engine)
      return fmt::format("engine {} is named twice", *engine);
  }
  for (const std::string& name : plan.workloads) {
    if (FindWorkload(name) == nullptr) return fmt::format("there is no workload \"{}\": see --list", name);
  }
  if (!KeyMaker(plan.load.key_kind).ordered()) {
    for (const std::string& name : plan.workloads) {
      if (Configure(*FindWorkload(name), plan.load).Needs() == Feature::kRangeDelete)
        return fmt::format("{} wants keys that sort as their numbers do: decimal, binary, prefix or time", name);
    }
  }
  if (words.quick && !plan.compare) return "--quick goes with --compare";
  if (plan.compare && plan.engines.size() < 2)
    return "--compare wants two engines, and this build or --engines has one";
  if (words.memory_mib > 0 && words.defaults) return "--memory-mib and --settings default exclude each other";
  if (plan.load.settle == Settle::kNone && std::ranges::find(plan.states, State::kSettled) != plan.states.end())
    return "--state settled and --settle none exclude each other";
  if (plan.load.scan_steps.least > plan.load.scan_steps.most) return "--scan-steps: the least is above the most";
  if (plan.load.values.bytes == 0 && plan.load.values.sizes != ValueSizes::kFixed)
    return "--value-bytes 0 goes with fixed sizes";
  return {};
}

}  // namespace

std::expected<Plan, Farewell> ParseArguments(const std::vector<std::string>& arguments) {
  Words words;
  CLI::App app("Loads Amethyst and other key-value stores with the same work, and reports what it takes.",
               "amethyst_bench");
  app.footer(kExamples);
  app.get_formatter()->column_width(28);
  AddWhat(app, words);
  AddLoad(app, words);
  AddDataModel(app, words);
  AddEngine(app, words);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Farewell{0, app.help()});
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Wrong(fmt::format("{}\nTry --help.", error.what())));
  }
  if (words.list) return std::unexpected(Farewell{0, List()});
  if (!words.mix.empty()) {
    auto mix = ParseMix(words.mix);
    if (!mix) return std::unexpected(Wrong(mix.error().message()));
    words.plan.load.mix = *std::move(mix);
  }
  if (!words.scan_steps.empty()) words.plan.load.scan_steps = {words.scan_steps[0], words.scan_steps[1]};
  Complete(app, words);
  if (const std::string problem = Problem(words); !problem.empty()) return std::unexpected(Wrong(problem));
  return words.plan;
}

}  // namespace amethyst::bench
