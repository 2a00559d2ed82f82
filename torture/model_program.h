// Random programs over the whole public API, checked step by step against std::map.
//
// One seed draws the options, the keys and every operation, so a failure is reproduced by its seed. Reopening is part
// of the program. Thread safety: one program a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"

namespace amethyst::torture {

struct ModelSettings {
  uint64_t seed = 1;
  uint64_t operations = 10'000;
  std::string path;
  std::shared_ptr<io::Environment> environment;  // nullptr: the operating system's.
  uint64_t key_count = 3000;
};

struct ModelReport {
  std::string violation;  // Empty: none. Else what was expected and found, and the step.
  uint64_t operations = 0;
  uint64_t writes = 0;
  uint64_t reopens = 0;
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t deepest_level = 0;
};

class ModelProgram {
 public:
  explicit ModelProgram(const ModelSettings& settings);
  [[nodiscard]] ModelReport Run();

 private:
  using Map = std::map<std::string, std::string>;
  struct Pinned {
    Snapshot snapshot;
    Map content;
  };
  // An iterator that lives over many steps, over the content of its making.
  struct Walk {
    Iterator iterator;
    Map content;
    std::optional<std::string> lower, upper;
    std::optional<std::string> at;  // The key it is on; nullopt: not valid.
  };

  void Step();
  bool Open();
  void Reopen();
  void Put();
  void Delete();
  void WriteBatchOf(uint64_t count);
  void Get();
  void MultiGet();
  void StepWalk();
  void TakeSnapshot();
  void Maintain();
  void CheckAll();
  void CountShape();

  [[nodiscard]] std::string RandomKey();
  [[nodiscard]] std::string RandomValue();
  [[nodiscard]] WriteOptions RandomWriteOptions();
  // The content that a read sees, and the options that make it see that.
  [[nodiscard]] const Map& RandomRead(ReadOptions* options);
  [[nodiscard]] Walk NewWalk();
  void CheckWalk(Walk& walk, Map::const_iterator expected, bool at_end, const char* move);
  bool Ok(const Status& status, const char* what);
  void Violation(std::string text);

  const ModelSettings settings_;
  base::Random random_;
  Options options_;
  uint32_t key_style_ = 0;
  std::unique_ptr<DB> db_;
  Map content_;
  std::vector<Pinned> pinned_;
  std::vector<Walk> walks_;
  ModelReport report_;
};

}  // namespace amethyst::torture
