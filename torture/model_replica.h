// A consumer of a model program's change feed, under a named cursor: it applies all events to a content of its own,
// which has to equal the database's whenever both are compared, over restarts, crashes and losses of power.
//
// Events of unlogged writes and of ingested tables do not say what was written: of those the program tells. Thread
// safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"
#include "torture/model_families.h"
#include "torture/model_report.h"

namespace amethyst::torture {

class ModelReplica {
 public:
  explicit ModelReplica(ModelReport& report) : report_(report) {}

  [[nodiscard]] bool has_begun() const { return has_begun_; }
  // Makes the cursor anew, at a moment when the database holds `content`, all of it in tables.
  [[nodiscard]] Status Begin(DB& db, ModelState content, const std::vector<ModelFamily>& families);
  // What follows is not known to it: it begins anew.
  void Forget();
  // The database is to be closed, or has died; it may have lost the cursor for lack of room for its log, or writes that
  // went past the log, of which events may have told.
  void LeaveDatabase(bool may_lose_cursor, bool may_lose_unlogged);

  // An acknowledged write whose events tell nothing of what it wrote, and its last sequence number.
  void NoteUntold(uint64_t sequence, const ModelWrite& write) {
    if (has_begun_) untold_[sequence] = write;
  }
  // A family was made, renamed or dropped by a call that failed: its event may be missing.
  void DoubtNames() { are_names_known_ = false; }

  // Takes up to so many events. `may_be_lost`: the cursor may be. What must not be is told in `wrong`.
  [[nodiscard]] Status Consume(DB& db, uint64_t events_max, const std::vector<ModelFamily>& families, bool may_be_lost,
                               base::Random& random, std::string* wrong);
  // "", or how it differs from `state`, after it has taken all events.
  [[nodiscard]] std::string Compare(const ModelState& state, uint64_t now_ms, const std::vector<ModelFamily>& families);
  // Of a copy of the database, which knows neither its cursor nor its position. "", or what is wrong.
  [[nodiscard]] std::string CheckForeign(DB& copy) const;

 private:
  using FamiliesById = std::map<uint32_t, const ModelFamily*>;

  [[nodiscard]] Status OpenFeed(DB& db);
  [[nodiscard]] Status Next(const FamiliesById& families, bool* ended, std::string* wrong);
  [[nodiscard]] std::string Apply(const FeedEvent& event, const FamiliesById& families);
  [[nodiscard]] std::string ApplyUntold(const FeedEvent& event, const FamiliesById& families);
  void ApplyEntry(const FeedEntry& entry, const ModelFamily& family);
  [[nodiscard]] FamilyContent& ContentOf(const ModelFamily& family);

  ModelReport& report_;
  bool has_begun_ = false;
  bool may_be_lost_ = false;  // Since the cursor was made.
  ModelState content_;
  std::map<uint32_t, std::string> names_;  // Of families, by their ids, as events told.
  bool are_names_known_ = false;
  uint64_t sequence_ = 0;                   // All events up to that number were applied.
  std::optional<FeedPosition> position_{};  // Behind them.
  std::optional<Feed> feed_{};
  bool may_repeat_ = false;                // The feed was opened at the cursor, which may be behind.
  std::map<uint64_t, ModelWrite> untold_;  // By their last sequence number.
};

}  // namespace amethyst::torture
