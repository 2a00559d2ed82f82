// The families of a model program: their settings, which are drawn when they are made, and their handles.
//
// The program's own list, the default first, then in the order of their making. A call to make, drop or rename one that
// failed leaves a doubt, which the next open decides. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"
#include "torture/model_time.h"

namespace amethyst::torture {

// What a program draws; each is left out of about half of the programs, so that the ways of those who do without are
// gone as well.
struct ModelFeatures {
  bool merges = false;
  bool expiries = false;
  bool families = false;
  bool filters = false;
  bool ingests = false;
  bool copies = false;
  bool feeds = false;
  bool followers = false;
  bool unlogged = false;  // Writes that go past the log.

  [[nodiscard]] static ModelFeatures Draw(base::Random& random);
};

struct ModelFamily {
  uint32_t number = 0;  // Of its content; 0: the default.
  std::string name = "default";
  const Comparator* comparator = BytewiseComparator();
  ModelOperator merges_with = ModelOperator::kNone;
  uint64_t key_style = 0;
  uint64_t key_count = 0;
  uint64_t ttl_ms = 0;
  bool is_filtered = false;        // At some opens.
  bool knows_operator = false;     // The database has noted its name.
  std::optional<Family> handle{};  // Of the database that is open; nullopt for the default.

  [[nodiscard]] FamilyContent Empty() const;
  [[nodiscard]] std::string DrawKey(base::Random& random) const;
  // A value that its operator mostly takes.
  [[nodiscard]] std::string DrawValue(base::Random& random) const;
  [[nodiscard]] std::string DrawOperand(base::Random& random) const;
  // What it is made with.
  [[nodiscard]] FamilyOptions DrawOptions(base::Random& random) const;
};

// A change of the list whose call failed: it may have come about.
enum class FamilyChange : uint8_t { kMade, kDropped, kRenamed };
struct FamilyDoubt {
  FamilyChange change{};
  std::string name;  // That is there if it did; of a drop: if it did not.
  ModelFamily family;
};

class ModelFamilies {
 public:
  // The default one, of so many keys.
  ModelFamilies(base::Random& random, const ModelFeatures& features, uint64_t key_count);

  [[nodiscard]] const std::vector<ModelFamily>& all() const { return all_; }
  [[nodiscard]] ModelFamily& front() { return all_.front(); }
  [[nodiscard]] const ModelFamily& Of(uint32_t number) const;
  [[nodiscard]] std::vector<std::string> Names() const;
  // The default one, or with as much chance one of the others.
  [[nodiscard]] const ModelFamily& Draw(base::Random& random) const;
  // There is one beside the default.
  [[nodiscard]] const ModelFamily& DrawOther(base::Random& random) const;
  // One that is not there, for Add; a name that is not taken.
  [[nodiscard]] ModelFamily DrawNew(base::Random& random, const ModelFeatures& features, uint64_t ttl_ms);
  [[nodiscard]] std::string DrawName(base::Random& random) const;

  void Add(ModelFamily family) { all_.push_back(std::move(family)); }
  void Drop(uint32_t number);
  void Rename(uint32_t number, const std::string& name);
  void Doubt(FamilyDoubt doubt) { doubt_ = std::move(doubt); }
  [[nodiscard]] std::optional<FamilyDoubt> TakeDoubt() { return std::exchange(doubt_, std::nullopt); }
  // Of the database that has been opened; before it is closed they go.
  [[nodiscard]] Status OpenHandles(DB& db);
  void LeaveHandles();

  // The database knows the operator of its family from now on.
  void NoteOperator(uint32_t number);
  // What has to be given at an open, and now and then what need not.
  void AddTo(Options* options, base::Random& random) const;

 private:
  std::vector<ModelFamily> all_;
  uint32_t last_number_ = 0;
  std::optional<FamilyDoubt> doubt_;
};

}  // namespace amethyst::torture
