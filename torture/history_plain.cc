// The part of a history that happens outside of transactions.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "torture/histories.h"
#include "torture/model_choices.h"

namespace amethyst::torture {

void History::Outside(Client& client) {
  const uint64_t kind = random_.Below(20);
  if (kind < 16) return Begin(client);
  if (kind == 16) return PlainSnapshot(client);
  kind == 17 ? PlainCondition() : PlainWrite();
}

void History::PlainWrite() {
  const std::string name = NewName();
  WriteBatch batch;
  HistoryOps ops;
  std::vector<HistoryFootprint> footprints;
  for (uint64_t writes = 1 + random_.Below(3); writes > 0; --writes) {
    const HistoryWrite write = draws_->Write(random_, fmt::format("{}w{}", name, ++names_));
    if (!Ok(EnterInto(batch, *disk_.lists, families_, write), "a batch")) return;
    write.AddTo(families_, NowMs(), &ops);
    footprints.push_back(write.FootprintIn(families_));
    Tell(
        fmt::format("{} writes to {} of family {}", name,
                    write.range ? "a range" : Show(std::string_view(families_[write.key.family].keys[write.key.place])),
                    write.key.family));
  }
  if (!Ok(disk_.db->Write(batch, {.durability = DrawDurability(random_)}), "Write")) return;
  report_.Count(HistoryCounter::kPlainWrites);
  NoteWrite(name, ops, footprints, {}, graph_.commits());
}

// An integer is added to, or a text put where there is none, or exchanged for what is there.
void History::PlainCondition() {
  const HistoryKey key = draws_->Key(random_);
  const std::string& at = families_[key.family].keys[key.place];
  const std::string name = NewName();
  const std::optional<std::string> before = Shown(families_, *content_, nullptr, key, NowMs());
  HistoryWrite write{.key = key, .kind = ChangeKind::kPut, .value = draws_->Value(random_, key.family, name)};
  Tell(fmt::format("{} writes to {} of family {} on a condition", name, Show(std::string_view(at)), key.family));
  bool writes = true;
  if (key.family == 0) {
    int64_t delta = 0, number = 0;
    std::memcpy(&delta, write.value.data(), sizeof delta);
    if (before) std::memcpy(&number, before->data(), sizeof number);
    const Result<int64_t> sum = disk_.db->Increment(at, delta);
    if (!sum) return Violation("Increment failed: " + sum.error().ToString());
    if (*sum != number + delta) Violation(fmt::format("Increment comes to {}, not {}", *sum, number + delta));
    std::memcpy(write.value.data(), &*sum, sizeof *sum);
  } else {
    const bool if_absent = random_.OneIn(2);
    writes = !if_absent || !before;
    const auto found =
        if_absent ? disk_.lists->PutIfAbsent(at, write.value) : disk_.lists->CompareAndSet(at, before, write.value);
    CheckShown("what a conditional write found", key, found, before);
  }
  std::vector<HistoryGraph::Read> reads = {{.key = key, .value = before}};
  if (!report_.violation.empty()) return;
  report_.Count(HistoryCounter::kPlainWrites);
  HistoryOps ops;
  if (writes) write.AddTo(families_, NowMs(), &ops);
  if (writes) return NoteWrite(name, ops, {write.FootprintIn(families_)}, std::move(reads), graph_.commits());
  graph_.Add({.name = name, .commits_before_begin = graph_.commits(), .writes = false}, {}, std::move(reads));
}

void History::PlainSnapshot(Client& client) {
  if (!client.pinned) {
    Tell("take a snapshot");
    client.pinned.emplace(Pinned{.snapshot = disk_.db->GetSnapshot(), .moment = Now()});
    return;
  }
  const HistoryKey key = draws_->Key(random_);
  const std::string& at = families_[key.family].keys[key.place];
  const ReadOptions options{.snapshot = &client.pinned->snapshot};
  const auto found = key.family == 0 ? disk_.db->Get(at, options) : disk_.lists->Get(at, options);
  const HistoryMoment& moment = client.pinned->moment;
  CheckShown("read by a snapshot", key, found, Shown(families_, *moment.content, nullptr, key, moment.now_ms));
  if (random_.OneIn(3)) client.pinned.reset();
}

void History::CheckContent(const char* what) {
  for (size_t family = 0; family < kHistoryFamilies; ++family) {
    for (size_t place = 0; place < families_[family].keys.size(); ++place) {
      const std::string& at = families_[family].keys[place];
      const auto found = family == 0 ? disk_.db->Get(at) : disk_.lists->Get(at);
      CheckShown(what, {family, place}, found, Shown(families_, *content_, nullptr, {family, place}, NowMs()));
    }
  }
}

}  // namespace amethyst::torture
