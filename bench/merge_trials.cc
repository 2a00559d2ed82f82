#include <fmt/format.h>

#include <cstring>

#include "bench/trials.h"

namespace amethyst::bench {
namespace {

constexpr uint64_t kHotKeys = 8;  // Of which each has a first get.

}  // namespace

Status RunHotCounter(TrialRun& run) {
  const uint64_t operands = run.load().operands;
  constexpr uint64_t kOne = 1;
  const std::string_view one(reinterpret_cast<const char*>(&kOne), sizeof(kOne));
  for (const Merging merging : {Merging::kBuiltIn, Merging::kUser}) {
    const char* const name = merging == Merging::kBuiltIn ? "built-in" : "user's";
    StoreSettings settings = run.SettingsOf(name);
    settings.merging = merging;
    AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(settings));
    std::unique_ptr<Session> session = store->NewSession(run.load().durability);
    std::vector<double> merges_us;
    std::vector<double> gets_us;
    for (uint64_t hot = 0; hot < kHotKeys; ++hot) {
      const std::string key = run.Key(hot);
      for (uint64_t i = 0; i < operands; ++i) {
        AMETHYST_ASSIGN(const uint64_t took_ns, run.Operation([&] { return session->Merge(key, one); }));
        merges_us.push_back(1e-3 * static_cast<double>(took_ns));
      }
    }
    for (uint64_t hot = 0; hot < kHotKeys; ++hot) {
      const std::string key = run.Key(hot);
      const uint64_t begin_ns = NowNs();
      AMETHYST_ASSIGN(const std::optional<std::string_view> value, session->Get(key));
      gets_us.push_back(1e-3 * static_cast<double>(NowNs() - begin_ns));
      AMETHYST_TRY(run.Expect(
          value && value->size() == sizeof(operands) && std::memcmp(value->data(), &operands, sizeof(operands)) == 0,
          "a counter is not the sum of its operands"));
    }
    run.Report(fmt::format("merge, {}, us", name), MedianOf(std::move(merges_us)));
    run.Report(fmt::format("first get, {}, us", name), MedianOf(std::move(gets_us)));
    session.reset();
    AMETHYST_TRY(store->Close());
  }
  return {};
}

}  // namespace amethyst::bench
