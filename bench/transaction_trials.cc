#include <algorithm>
#include <array>

#include "bench/trials.h"

namespace amethyst::bench {
namespace {

constexpr uint64_t kTurnsOfTransactions = 200;
constexpr uint64_t kTurnsOfWalks = 11;
constexpr uint64_t kEntriesForOneOfTheBatch = 50;

// How many entries a walk shows.
Result<uint64_t> WalkOver(Cursor& cursor) {
  uint64_t entries = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    entries += cursor.key().empty() || cursor.value().empty() ? 0 : 1;
  }
  AMETHYST_TRY(cursor.status());
  return entries;
}

}  // namespace

Status RunTransactionCost(TrialRun& run) {
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(run.SettingsOf("cost")));
  const uint64_t keys = run.load().keys;
  AMETHYST_TRY(run.Put(*store, keys));
  AMETHYST_TRY(TrialRun::Settle(*store));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  std::array<std::string, 2> names;
  std::array<KeyValue, 2> entries;
  const auto draw = [&] {
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] = run.Key(run.random().Below(keys));
      entries[i] = {names[i], run.Value()};
    }
  };
  const auto transact = [&]() -> Status {
    draw();
    AMETHYST_ASSIGN(Transaction* const transaction, session->Begin());
    for (const std::string& name : names) {
      AMETHYST_ASSIGN(const std::optional<std::string_view> value, transaction->Get(name));
      AMETHYST_TRY(run.Expect(value.has_value(), "a transaction does not find a key"));
    }
    for (const KeyValue& entry : entries) AMETHYST_TRY(transaction->Put(entry.key, entry.value));
    return transaction->Commit();
  };
  const auto do_plainly = [&]() -> Status {
    draw();
    for (const std::string& name : names) {
      AMETHYST_ASSIGN(const std::optional<std::string_view> value, session->Get(name));
      AMETHYST_TRY(run.Expect(value.has_value(), "a key is gone"));
    }
    return session->PutBatch(entries);
  };
  const uint64_t calls = std::max<uint64_t>(1, run.Operations(0.2) / kTurnsOfTransactions);
  AMETHYST_ASSIGN(const double ratio, RatioOf(kTurnsOfTransactions, calls, transact, do_plainly));
  run.Report("transaction : plain", ratio);
  for (uint64_t i = 0; i < calls; ++i) AMETHYST_TRY(run.Operation(transact));
  session.reset();
  return store->Close();
}

Status RunBatchWalk(TrialRun& run) {
  AMETHYST_ASSIGN(const std::unique_ptr<Store> store, run.Open(run.SettingsOf("walk")));
  const uint64_t keys = run.Operations(0.5);
  AMETHYST_TRY(run.Put(*store, keys));
  AMETHYST_TRY(TrialRun::Settle(*store));
  std::unique_ptr<Session> session = store->NewSession(run.load().durability);
  for (uint64_t number = 0; number < keys; number += kEntriesForOneOfTheBatch) {
    const std::string key = run.Key(number);
    const KeyValue entry{key, run.Value()};
    AMETHYST_TRY(session->Index({&entry, 1}));
  }
  const auto walk = [&](Cursor& cursor) -> Status {
    AMETHYST_ASSIGN(const uint64_t entries, WalkOver(cursor));
    return run.Expect(entries == keys, "a walk shows other keys than those that are there");
  };
  const auto walk_plainly = [&] { return walk(*session->NewCursor()); };
  const auto walk_indexed = [&]() -> Status {
    AMETHYST_ASSIGN(const std::unique_ptr<Cursor> cursor, session->NewIndexedCursor());
    return walk(*cursor);
  };
  AMETHYST_TRY(walk_plainly());  // The first one fills the cache.
  AMETHYST_ASSIGN(const double ratio, RatioOf(kTurnsOfWalks, 1, walk_indexed, walk_plainly));
  run.Report("walk, with : without", ratio);
  for (uint64_t i = 0; i < kTurnsOfWalks; ++i) AMETHYST_TRY(run.Operation(walk_indexed));
  session.reset();
  return store->Close();
}

}  // namespace amethyst::bench
