// The workload of the suite: what it writes, and what of it the oracle is told.
#include "torture/transaction_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/order_checker.h"

namespace amethyst::torture {

namespace {

ModelWrite WriteOf(const HistoryFamilies& families, const HistoryOps& ops, Durability durability) {
  ModelWrite write{.changes = {}, .durability = durability};
  for (const auto& [key, of_key] : ops) {
    for (const HistoryOp& op : of_key) {
      write.changes.push_back({.kind = op.kind,
                               .family = static_cast<uint32_t>(key.family),
                               .key = families[key.family].keys[key.place],
                               .value = op.value,
                               .expires_ms = op.expires_ms});
    }
  }
  return write;
}

int64_t NumberIn(std::string_view bytes) {
  int64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

void TransactionLossSuite::Violation(const std::string& text) {
  if (report_->violation.empty()) report_->violation = fmt::format("seed {}: {}", settings_.seed, text);
}

void TransactionLossSuite::Run(TransactionLossReport* report) {
  report_ = report;
  RunWorkload();
  if (report_->violation.empty()) CheckAllPoints();
}

Options TransactionLossSuite::DrawOptions() {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 512;
  options.compression = static_cast<Compression>(random_.Below(3));
  options.background_threads = 2;
  AddTo(families_, &options);
  return options;
}

std::string TransactionLossSuite::OpenDisk(std::shared_ptr<io::FileSystem> files, uint64_t wall_ms, Disk* disk) const {
  disk->environment = std::make_shared<simulation::SerialEnvironment>(std::move(files), settings_.seed);
  simulation::ManualClock& clock = disk->environment->clock();
  const auto now_ms = static_cast<uint64_t>(clock.WallTime().count());
  clock.Advance(std::chrono::milliseconds(std::max(wall_ms, now_ms) - now_ms));
  Components components;
  components.environment = disk->environment;
  auto db = DB::Open(kLossDirectory, options_, std::move(components));
  if (!db) return "it does not open: " + db.error().ToString();
  disk->db = std::move(*db);
  const std::vector<std::string> names = disk->db->FamilyNames();
  const bool is_new = std::ranges::find(names, kHistoryLists) == names.end();
  auto lists =
      is_new ? disk->db->CreateFamily(kHistoryLists, OptionsOf(families_[1])) : disk->db->OpenFamily(kHistoryLists);
  if (!lists) return "a family does not open: " + lists.error().ToString();
  disk->lists = std::move(*lists);
  return {};
}

void TransactionLossSuite::RunWorkload() {
  families_ = DrawFamilies(random_, 8 + random_.Below(24), false);
  options_ = DrawOptions();
  auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(kLossDirectory).has_value());
  files_ = std::make_shared<TraceFileSystem>(memory);
  for (uint32_t number = 0; number < kHistoryFamilies; ++number) {
    const HistoryFamily& family = families_[number];
    content_.AddFamily(
        number, {.merges_with = family.merges_with, .cells = ModelCells(KeyLess{.comparator = family.comparator})});
  }
  files_->trace().NoteOpening();
  if (const std::string wrong = OpenDisk(files_, 0, &disk_); !wrong.empty()) return Violation("a new one: " + wrong);
  Note();
  if (settings_.seed % 3 == 0) {
    files_->trace().fail_sync = [this](const std::string& path) {
      if (failed_ || !FailsSync(settings_.seed, path, random_)) return false;
      failed_ = true;  // Whoever asked for the sync is told.
      ++report_->failed_syncs;
      return true;
    };
  }
  for (uint64_t step = 0; step < settings_.steps && report_->violation.empty(); ++step) {
    Step();
    if (failed_ && report_->violation.empty()) OpenAfterFailure();
  }
  if (report_->violation.empty()) CloseAndOpen();
  disk_ = {};
  files_->trace().fail_sync = nullptr;
  OrderChecker checker;
  for (const TraceOperation& operation : files_->trace().operations()) checker.Apply(operation);
  if (!checker.violation().empty()) Violation(checker.violation());
  report_->order_checks += checker.checks();
}

uint64_t TransactionLossSuite::NowMs() const {
  return static_cast<uint64_t>(disk_.environment->clock().WallTime().count());
}

void TransactionLossSuite::Note(bool within_commit) {
  bounds_.push_back(
      {.trace_size = files_->trace().size(), .content = content_, .wall_ms = NowMs(), .within_commit = within_commit});
}

void TransactionLossSuite::NoteAttempt(const ModelWrite& write) {
  Note(true);
  if (!write_failed_) bounds_.back().content.Fail(write);
}

void TransactionLossSuite::Conclude(const Status& done, ModelWrite write) {
  if (done) {
    const bool sync = write.durability == Durability::kSync;
    content_.Acknowledge(std::move(write));
    if (sync) files_->trace().NoteAcknowledged();
    return Note();
  }
  if (done.error().code() == ErrorCode::kConflict) {
    bounds_.pop_back();  // It may not be there at any time.
    ++report_->refused;
    return;
  }
  if (!failed_) return Violation("a write failed: " + done.error().ToString());
  if (write_failed_) return;  // Nothing is written behind that one.
  content_.Fail(std::move(write));
  write_failed_ = true;
}

template <typename T>
bool TransactionLossSuite::Ok(const Result<T>& result, const char* what) {
  if (!result && !failed_) Violation(fmt::format("{} failed: {}", what, result.error().ToString()));
  return result.has_value();
}

void TransactionLossSuite::OpenAgain() {
  const uint64_t wall_ms = NowMs();
  for (std::optional<Open>& client : clients_) client.reset();
  disk_ = {};
  files_->trace().NoteOpening();
  if (const std::string wrong = OpenDisk(files_, wall_ms, &disk_); !wrong.empty()) Violation("opened again: " + wrong);
}

void TransactionLossSuite::OpenAfterFailure() {
  static_cast<void>(disk_.db->Close());
  OpenAgain();
  if (!report_->violation.empty()) return;
  const std::string wrong = Settle(disk_, Loss::kProcess, &content_);
  if (!wrong.empty()) return Violation("opened again after a failed sync: " + wrong);
  failed_ = write_failed_ = false;
  files_->trace().fail_sync = nullptr;  // Once is enough.
  Note();
}

void TransactionLossSuite::CloseAndOpen() {
  if (!Ok(disk_.db->Close(), "Close")) return;
  content_.MarkFlushed();
  Note();
  for (std::optional<Open>& client : clients_) {
    if (!client || client->transaction.Count() == 0) continue;
    ++report_->transactions;
    ++report_->left_open;
    if (client->transaction.Commit({.durability = Durability::kSync})) Violation("a closed database took a commit");
  }
  OpenAgain();
}

void TransactionLossSuite::Maintain() {
  const uint64_t kind = random_.Below(16);
  if (kind < 4) {
    if (Ok(disk_.db->Flush(), "Flush")) content_.MarkFlushed();
  } else if (kind < 5) {
    if (Ok(disk_.db->CompactRange(), "CompactRange")) content_.MarkFlushed();
  } else if (kind < 6) {
    return CloseAndOpen();
  } else if (kind < 8) {
    if (Ok(disk_.db->SyncWal(), "SyncWal")) {
      content_.MarkDurable();
      files_->trace().NoteAcknowledged();
    }
  } else {
    disk_.environment->clock().Advance(std::chrono::milliseconds(1 + random_.Below(random_.OneIn(8) ? 70'000 : 300)));
    for (uint64_t jobs = random_.Below(4); jobs > 0 && disk_.environment->RunOneJob(); --jobs) {
    }
  }
  Note();
}

Durability TransactionLossSuite::DrawCommitDurability() {
  const uint64_t kind = random_.Below(8);
  return kind < 2 ? Durability::kSync : kind == 2 ? Durability::kNone : Durability::kBuffered;
}

template <typename Target>
void TransactionLossSuite::EnterSome(Target& target, uint64_t count, HistoryOps* ops) {
  const HistoryDraws draws(families_, settings_.seed % 2 == 0);
  while (count-- > 0) {
    const HistoryWrite write = draws.Write(random_, fmt::format("w{}", ++names_));
    if (Ok(EnterInto(target, *disk_.lists, families_, write), "a write")) write.AddTo(families_, NowMs(), ops);
  }
}

void TransactionLossSuite::Step() {
  if (random_.OneIn(6)) return Maintain();
  std::optional<Open>& client = clients_[random_.Below(clients_.size())];
  if (client) return StepWithin(client);
  const uint64_t kind = random_.Below(10);
  if (kind < 6) {
    const Isolation isolation = random_.OneIn(2) ? Isolation::kSerializable : Isolation::kSnapshot;
    client.emplace(Open{.transaction = disk_.db->Begin({.isolation = isolation})});
  } else if (kind == 6) {
    TransactCall();
  } else if (kind == 7) {
    WriteOnCondition();
  } else {
    kind == 8 ? WriteBatched(IndexedBatch(*disk_.db)) : WriteBatched(WriteBatch());
  }
}

void TransactionLossSuite::StepWithin(std::optional<Open>& client) {
  Open& open = *client;
  const uint64_t kind = random_.Below(20);
  if (kind < 4) {
    const HistoryFamily& family = families_[0];
    Ok(open.transaction.Get(family.keys[random_.Below(family.keys.size())]), "a read");
  } else if (kind < 12) {
    EnterSome(open.transaction, 1 + random_.Below(3), &open.own);
  } else if (kind < 14) {
    open.savepoints.push_back(open.own);
    Ok(open.transaction.SetSavepoint(), "SetSavepoint");
  } else if (kind < 16) {
    if (open.savepoints.empty()) return;
    open.own = std::move(open.savepoints.back());
    open.savepoints.pop_back();
    Ok(open.transaction.RollbackToSavepoint(), "RollbackToSavepoint");
  } else {
    ++report_->transactions;
    if (kind < 19) {
      Commit(open);
    } else {
      ++report_->left_open;
      if (random_.OneIn(2)) Ok(open.transaction.Rollback(), "Rollback");
    }
    client.reset();
  }
}

void TransactionLossSuite::Commit(Open& open) {
  const WriteOptions options{.durability = DrawCommitDurability()};
  if (open.transaction.Count() == 0) {
    Ok(open.transaction.Commit(options), "a commit of nothing");
    return;
  }
  ModelWrite write = WriteOf(families_, open.own, options.durability);
  NoteAttempt(write);
  const Status done = open.transaction.Commit(options);
  if (done) ++report_->committed;
  Conclude(done, std::move(write));
}

// In most of them another write comes between, so that the first attempt is refused.
void TransactionLossSuite::TransactCall() {
  const WriteOptions options{.durability = DrawCommitDurability()};
  const std::string& key = families_[0].keys[random_.Below(families_[0].keys.size())];
  ModelWrite write;
  uint64_t attempts = 0;
  const bool disturb = !random_.OneIn(3);
  const Status done = disk_.db->Transact(
      [&](Transaction& transaction) -> Status {
        if (attempts++ > 0) Conclude(base::MakeError(ErrorCode::kConflict, "the first attempt"), {});
        HistoryOps ops;
        Ok(transaction.Get(key), "a read");
        EnterSome(transaction, 1 + random_.Below(4), &ops);
        if (disturb && attempts == 1) PutBeside(key);
        write = WriteOf(families_, ops, options.durability);
        NoteAttempt(write);
        return {};
      },
      options);
  ++report_->transactions;
  if (done) ++report_->committed;
  Conclude(done, std::move(write));
}

void TransactionLossSuite::PutBeside(const std::string& key) {
  const HistoryDraws draws(families_, false);
  const Durability durability = DrawCommitDurability();
  const std::string value = draws.Value(random_, 0, "beside");
  ModelWrite write{.changes = {{.kind = ChangeKind::kPut, .family = 0, .key = key, .value = value}},
                   .durability = durability};
  NoteAttempt(write);
  Conclude(disk_.db->Put(key, value, {.durability = durability}), std::move(write));
  ++report_->other_writes;
}

template <typename Batch>
void TransactionLossSuite::WriteBatched(Batch batch) {
  const WriteOptions options{.durability = DrawCommitDurability()};
  HistoryOps ops;
  EnterSome(batch, 1 + random_.Below(4), &ops);
  if (ops.empty()) return;
  ModelWrite write = WriteOf(families_, ops, options.durability);
  NoteAttempt(write);
  Conclude(disk_.db->Write(batch, options), std::move(write));
  ++report_->other_writes;
}

// Adds to an integer, or puts, exchanges or deletes a text.
void TransactionLossSuite::WriteOnCondition() {
  const WriteOptions options{.durability = DrawCommitDurability()};
  const HistoryDraws draws(families_, false);
  const HistoryKey key = draws.Key(random_);
  const std::string& name = families_[key.family].keys[key.place];
  const uint64_t now_ms = NowMs();
  const auto there = content_.now().at(static_cast<uint32_t>(key.family)).At(name, now_ms);
  std::string value = draws.Value(random_, key.family, fmt::format("c{}", ++names_));
  const bool deletes = key.family == 1 && there && random_.OneIn(3);
  ModelChange change{.kind = deletes ? ChangeKind::kDelete : ChangeKind::kPut,
                     .family = static_cast<uint32_t>(key.family),
                     .key = name,
                     .value = value};
  if (key.family == 0 && there) {
    const int64_t sum = NumberIn(there->value) + NumberIn(value);
    change.value.assign(reinterpret_cast<const char*>(&sum), sizeof sum);
  }
  ModelWrite write{.changes = {std::move(change)}, .durability = options.durability};
  NoteAttempt(write);
  Status done;
  const auto take = [&done](const auto& result) { done = result ? Status() : std::unexpected(result.error()); };
  if (key.family == 0) {
    take(disk_.db->Increment(name, NumberIn(value), options));
  } else if (deletes) {
    take(disk_.lists->DeleteIfEqual(name, there->value, options));
  } else if (there) {
    take(disk_.lists->CompareAndSet(name, there->value, value, options));
  } else {
    take(disk_.lists->PutIfAbsent(name, value, options));
  }
  Conclude(done, std::move(write));
  ++report_->other_writes;
}

}  // namespace amethyst::torture
