// The part of a history that takes a transaction's steps.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "torture/histories.h"
#include "torture/model_choices.h"

namespace amethyst::torture {

namespace {

std::string Told(const HistoryRange& range) {
  const auto bound = [](const std::optional<std::string>& of) {
    return of ? Show(std::string_view(*of)) : std::string("the end");
  };
  return fmt::format("{} to {}", bound(range.begin), bound(range.end));
}

}  // namespace

void History::CheckShown(const char* what, const HistoryKey& key, const Result<std::optional<std::string>>& found,
                         const std::optional<std::string>& expected) {
  const auto show = [](const std::optional<std::string>& value) {
    return value ? Show(std::string_view(*value)) : std::string("nothing");
  };
  report_.Count(HistoryCounter::kReads);
  const std::string& name = families_[key.family].keys[key.place];
  if (!found)
    return Violation(fmt::format("{} of {} failed: {}", what, Show(std::string_view(name)), found.error().ToString()));
  Tell(fmt::format("{} {} of family {}: {}", what, Show(std::string_view(name)), key.family, show(*found)));
  if (*found == expected) return;
  Violation(fmt::format("{} of {} of family {} shows {}, not {}", what, Show(std::string_view(name)), key.family,
                        show(*found), show(expected)));
}

void History::Begin(Client& client) {
  const bool snapshot = random_.Below(4) < traits_.snapshots_in_4;
  const Isolation isolation = snapshot ? Isolation::kSnapshot : Isolation::kSerializable;
  HistoryTransaction known(NewName(), isolation, Now());
  Tell(fmt::format("{} begins{}", known.name(), snapshot ? " as kSnapshot" : ""));
  client.open.emplace(Open{.transaction = disk_.db->Begin({.isolation = isolation}), .known = std::move(known)});
}

void History::StepWithin(Client& client) {
  Open& open = *client.open;
  const uint64_t kind = random_.Below(100);
  if (tell_) Tell(open.known.name() + ":");
  if (kind < 24) return Get(open);
  if (kind < 30) return MultiGet(open);
  if (kind < 48) return Walk(open);
  if (kind < 72) return Write(open);
  if (kind < 78) return Savepoint(open);
  if (kind < 98) return Commit(client);
  Tell("roll back");
  Ok(open.transaction.Rollback(), "Rollback");
  report_.Count(HistoryCounter::kTransactions);
  report_.Count(HistoryCounter::kRolledBack);
  client.open.reset();
}

void History::Get(Open& open) {
  const HistoryKey key = draws_->Key(random_);
  const std::string& name = families_[key.family].keys[key.place];
  const bool for_update = random_.OneIn(4);
  Result<std::optional<std::string>> found = std::nullopt;
  if (for_update) {
    found = key.family == 0 ? open.transaction.GetForUpdate(name) : open.transaction.GetForUpdate(*disk_.lists, name);
  } else {
    found = key.family == 0 ? open.transaction.Get(name) : open.transaction.Get(*disk_.lists, name);
  }
  const HistoryOpsPtr& own = open.known.own();
  CheckShown(for_update ? "read for update" : "read", key, found, open.known.Shows(families_, own, key));
  open.known.AddRead(families_, {.family = key.family, .range = RangeOf(name), .is_point = true, .own = own},
                     for_update || open.known.isolation() == Isolation::kSerializable);
}

void History::MultiGet(Open& open) {
  const size_t family = random_.Below(kHistoryFamilies);
  std::vector<HistoryKey> keys(1 + random_.Below(4));
  std::vector<std::string_view> names;
  for (HistoryKey& key : keys) {
    key = {.family = family, .place = random_.Below(families_[family].keys.size())};
    names.push_back(families_[family].keys[key.place]);
  }
  const auto found = family == 0 ? open.transaction.MultiGet(names) : open.transaction.MultiGet(*disk_.lists, names);
  const HistoryOpsPtr& own = open.known.own();
  for (size_t i = 0; i < keys.size(); ++i) {
    CheckShown("read of several", keys[i], found[i], open.known.Shows(families_, own, keys[i]));
    open.known.AddRead(families_,
                       {.family = family, .range = RangeOf(std::string(names[i])), .is_point = true, .own = own},
                       open.known.isolation() == Isolation::kSerializable);
  }
}

void History::StartWalk(Open& open) {
  EndWalk(open);
  const size_t number = random_.Below(kHistoryFamilies);
  const HistoryFamily& family = families_[number];
  HistoryWalk::Sees sees{.family = &family, .bounds = {}, .entries = {}};
  if (random_.OneIn(2)) sees.bounds = draws_->Range(random_, number);
  open.walk_family = number;
  open.walk_own = open.known.own();
  for (size_t place = 0; place < family.keys.size(); ++place) {
    if (!family.Holds(sees.bounds, family.keys[place])) continue;
    auto value = open.known.Shows(families_, open.walk_own, {number, place});
    if (value) sees.entries.emplace_back(family.keys[place], std::move(*value));
  }
  Tell(fmt::format("a new iterator of family {} from {}", number, Told(sees.bounds)));
  ReadOptions options;
  if (sees.bounds.begin) options.lower_bound = *sees.bounds.begin;
  if (sees.bounds.end) options.upper_bound = *sees.bounds.end;
  open.walk.emplace(
      number == 0 ? open.transaction.NewIterator(options) : open.transaction.NewIterator(*disk_.lists, options),
      std::move(sees));
}

// What the iterator has seen since its last seek counts.
void History::EndWalk(Open& open) {
  if (!open.walk || !open.walk->seen()) return;
  report_.Count(HistoryCounter::kWalks);
  open.known.AddRead(families_,
                     {.family = open.walk_family, .range = *open.walk->seen(), .is_point = false, .own = open.walk_own},
                     open.known.isolation() == Isolation::kSerializable);
}

void History::Walk(Open& open) {
  if (!open.walk || random_.OneIn(3)) StartWalk(open);
  std::string wrong;
  if (!open.walk->valid() || random_.OneIn(2)) {
    EndWalk(open);
    const bool forward = !random_.OneIn(3);
    std::optional<std::string> target;
    if (!random_.OneIn(4)) target = draws_->Bound(random_, open.walk_family);
    Tell(fmt::format("seek {} from {}", forward ? "forward" : "back",
                     target ? Show(std::string_view(*target)) : "the end"));
    wrong = open.walk->Seek(target, forward);
  }
  bool forward = random_.OneIn(2);
  for (uint64_t moves = random_.Below(6); moves > 0 && wrong.empty() && open.walk->valid(); --moves) {
    if (random_.OneIn(6)) forward = !forward;
    Tell(forward ? "next" : "previous");
    wrong = open.walk->Move(forward);
  }
  if (!wrong.empty()) Violation(wrong);
}

void History::Write(Open& open) {
  const HistoryWrite write = draws_->Write(random_, fmt::format("{}w{}", open.known.name(), ++names_));
  const std::string& name = families_[write.key.family].keys[write.key.place];
  constexpr const char* kKinds[] = {"put", "delete", "merge"};
  Tell(write.range ? fmt::format("delete {} of family {}", Told(*write.range), write.key.family)
                   : fmt::format("{} {} of family {} {} for {} ms", kKinds[static_cast<size_t>(write.kind)],
                                 Show(std::string_view(name)), write.key.family, Show(std::string_view(write.value)),
                                 write.ttl.count()));
  const uint32_t before = open.transaction.Count();
  const uint64_t now_ms = NowMs();
  if (!Ok(EnterInto(open.transaction, *disk_.lists, families_, write), "a write")) return;
  if (open.transaction.Count() == before) {
    const bool is_empty = write.range && write.range->begin && write.range->begin == write.range->end;
    if (!is_empty) Violation("a write was not entered");
    return;
  }
  HistoryOps ops = *open.known.own();
  write.AddTo(families_, now_ms, &ops);
  open.known.Write(std::move(ops), write.FootprintIn(families_));
}

void History::Savepoint(Open& open) {
  if (random_.OneIn(2)) {
    Tell("set a savepoint");
    Ok(open.transaction.SetSavepoint(), "SetSavepoint");
    return open.known.SetSavepoint();
  }
  Tell("roll back to the savepoint");
  const bool there_is_one = open.known.RollBack();
  const Status done = open.transaction.RollbackToSavepoint();
  if (done.has_value() != there_is_one) Violation("a savepoint was missed, or came up");
}

void History::Commit(Client& client) {
  Open& open = *client.open;
  if (open.walk && random_.OneIn(4)) {
    EndWalk(open);
    open.walk.reset();
  } else if (open.walk) {
    EndWalk(open);  // It goes on living.
  }
  const uint32_t count = open.transaction.Count();
  if (count != open.known.footprints().size()) {
    return Violation(fmt::format("{} writes are held back, not {}", count, open.known.footprints().size()));
  }
  const uint64_t before_ms = NowMs();
  const Status done = open.transaction.Commit({.durability = DrawDurability(random_)});
  Tell("commit: " + (done ? std::string("done") : done.error().ToString()));
  report_.Count(HistoryCounter::kTransactions);
  Judge(open, done, count > 0, before_ms);
  if (open.walk && open.walk->valid()) {
    if (const std::string wrong = open.walk->Move(random_.OneIn(2)); !wrong.empty()) Violation(wrong);
  }
  client.open.reset();
}

void History::Judge(const Open& open, const Status& done, bool writes, uint64_t before_ms) {
  const HistoryTransaction& known = open.known;
  if (!done && (done.error().code() != ErrorCode::kConflict || !writes)) {
    return Violation(fmt::format("the commit of {} failed: {}", known.name(), done.error().ToString()));
  }
  if (!writes) {
    report_.Count(HistoryCounter::kReadOnly);
    graph_.Add({.name = known.name(), .commits_before_begin = known.begin().commits, .writes = false}, {},
               known.observed());
    return;
  }
  // The commit was at some moment within the call, which may take time: a write that is held back sleeps.
  const std::string changed = known.Changed(families_, *content_, done ? before_ms : NowMs());
  if (!done) {
    report_.Count(HistoryCounter::kConflicts);
    if (changed.empty()) CountConflict(open);
    return;
  }
  report_.Count(HistoryCounter::kCommitted);
  if (!changed.empty()) return Violation(fmt::format("{} was committed, and {}", known.name(), changed));
  NoteWrite(known.name(), *known.own(), known.footprints(), known.observed(), known.begin().commits);
}

void History::CountConflict(const Open& open) {
  switch (open.known.Excuse(families_, footprints_, traits_.long_keys, traits_.expiries)) {
    case FalseConflict::kNone: return;
    case FalseConflict::kInRange: return report_.Count(HistoryCounter::kFalseInRange);
    case FalseConflict::kOwnWrite: return report_.Count(HistoryCounter::kFalseOwnWrite);
    case FalseConflict::kExpired: return report_.Count(HistoryCounter::kFalseExpired);
    case FalseConflict::kWrittenKey: return report_.Count(HistoryCounter::kFalseWrittenKey);
    case FalseConflict::kCoarse: return report_.Count(HistoryCounter::kFalseCoarse);
    case FalseConflict::kPoint:
      return Violation(open.known.name() + " was refused, and no key that it read has changed");
    case FalseConflict::kUntouched: return Violation(open.known.name() + " was refused, and nobody wrote what it read");
  }
}

}  // namespace amethyst::torture
