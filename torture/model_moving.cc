// The part of a model program that moves data: tables that are taken in, copies, the change feed, a follower.
#include <fmt/format.h>

#include <limits>
#include <set>

#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

namespace {

// In one of so many steps of this kind the process dies.
constexpr uint64_t kDeathOneIn = 6;

Status Add(const ModelChange& change, TableWriter* table) {
  if (change.kind == ChangeKind::kDelete) return table->Delete(change.key);
  const bool is_put = change.kind == ChangeKind::kPut;
  if (change.expires_ms == kModelNeverMs) {
    return is_put ? table->Put(change.key, change.value) : table->Merge(change.key, change.value);
  }
  const Expiry at = ExpiresAt(MomentOf(change.expires_ms));
  return is_put ? table->Put(change.key, change.value, at) : table->Merge(change.key, change.value, at);
}

}  // namespace

// A table with keys, and now and then ranges, of the family. Its range deletes concern what is older than it alone.
bool ModelProgram::AddTable(const ModelFamily& family, std::vector<IngestedFile>* files, ModelWrite* write) {
  const std::string path = world_.Beside(fmt::format("table-{}-{}", report_.operations, files->size()));
  files->push_back({.path = path, .family = family.handle});
  TableWriterOptions options{.family = family.DrawOptions(random_), .environment = world_.environment()};
  options.family.ttl = {};  // It would count from the writer's clock, which the database's may be ahead of.
  Result<TableWriter> table = TableWriter::Create(path, options);
  if (!Ok(table ? Status() : std::unexpected(table.error()), "TableWriter::Create")) return false;
  Status written;
  if (random_.OneIn(4)) {
    const DrawnRange range = DrawRange(family, *write, false);
    written = table->DeleteRange(range.begin, range.end);
    write->changes.insert(write->changes.end(), range.changes.begin(), range.changes.end());
  }
  std::set<std::string, KeyLess> keys(KeyLess{family.comparator});
  for (uint64_t count = 1 + random_.Below(random_.OneIn(4) ? 400 : 40); count > 0; --count) {
    keys.insert(family.DrawKey(random_));
  }
  for (const std::string& key : keys) {
    ModelChange change{.kind = ChangeKind::kPut, .family = family.number, .key = key};
    const uint64_t kind = random_.Below(5);
    if (kind == 0) change.kind = ChangeKind::kDelete;
    if (kind == 1 && family.merges_with != ModelOperator::kNone) change.kind = ChangeKind::kMerge;
    if (change.kind != ChangeKind::kDelete) {
      change.value = change.kind == ChangeKind::kPut ? family.DrawValue(random_) : family.DrawOperand(random_);
      change.expires_ms = DrawExpiry().expires_ms;
      if (change.expires_ms != kModelNeverMs) report_.Count(ModelCounter::kExpiring);
    }
    if (written) written = Add(change, &*table);
    write->changes.push_back(std::move(change));
  }
  if (!Ok(written, "a call of TableWriter")) return false;
  const Result<TableSummary> finished = table->Finish();
  if (finished && finished->entries != keys.size()) Violation("a table has not as many entries as it was given");
  return Ok(finished ? Status() : std::unexpected(finished.error()), "TableWriter::Finish");
}

// One table; several of one family, the later ones newer; or of several families. Half of them replace a range.
void ModelProgram::Ingest() {
  if (!features_.ingests) return Get();
  static_cast<void>(Now(*db_));
  if (random_.OneIn(kDeathOneIn)) world_.ArmDeath(random_);
  const ModelFamily& family = families_.Draw(random_);
  IngestOptions options{.family = family.handle, .mode = static_cast<IngestMode>(random_.Below(3))};
  options.in_order = random_.OneIn(3);
  options.verify = random_.OneIn(3);
  ModelWrite write{.changes = {}, .durability = Durability::kSync, .is_ingested = true};
  if (random_.OneIn(2)) {
    DrawnRange range = DrawRange(family, write, false);
    options.replace = KeyRange{.begin = range.begin, .end = range.end};
    write.changes = std::move(range.changes);
  }
  std::vector<IngestedFile> files;
  bool made = AddTable(family, &files, &write);
  for (uint64_t more = options.in_order ? random_.Below(3) : 0; made && more > 0; --more) {
    made = AddTable(families_.Draw(random_), &files, &write);
  }
  if (made) {
    report_.Count(ModelCounter::kIngests);
    report_.Count(ModelCounter::kIngestedTables, files.size());
    if (options.replace) report_.Count(ModelCounter::kReplacingIngests);
    const std::string told = fmt::format("ingest {} tables, first into {}{}", files.size(), Show(family.name),
                                         options.replace ? ", and replace a range" : "");
    Write(std::move(write), told, [&](const WriteOptions& /*options*/) { return db_->Ingest(files, options); });
  }
  for (const IngestedFile& file : files) static_cast<void>(world_.Remove(file.path));
}

void ModelProgram::Copy() {
  if (!features_.copies) return Get();
  if (random_.OneIn(kDeathOneIn / 2)) world_.ArmDeath(random_);
  std::string wrong;
  Status done;
  switch (random_.Below(6)) {
    case 0:
    case 1:
      Tell("checkpoint, opened and compared");
      done = beside_.copies.TryCheckpoint(*db_, Moment(), &wrong);
      break;
    case 2:
    case 3:
      Tell("backup");
      done = beside_.copies.MakeBackup(*db_, Moment(), &wrong);
      break;
    case 4:
      Tell("restore of some backup");
      done = beside_.copies.TryRestore(random_, &wrong);
      break;
    default: Tell("prune"); done = beside_.copies.Prune(1 + random_.Below(3), &wrong);
  }
  if (!wrong.empty()) Violation(wrong);
  Ok(done, "a call on copies");
}

void ModelProgram::Feed() {
  if (!features_.feeds) return Get();
  if (random_.OneIn(4 * kDeathOneIn)) world_.ArmDeath(random_);
  if (!beside_.replica.has_begun()) return BeginFeed();
  if (random_.OneIn(4)) return CompareFeed();
  Tell("take some events");
  std::string wrong;
  Ok(beside_.replica.Consume(*db_, random_.Below(300), families_.all(), MayLoseFeed(), random_, &wrong), "feed");
  if (!wrong.empty()) Violation(wrong);
}

void ModelProgram::BeginFeed() {
  Tell("begin the feed");
  if (FlushAll()) Ok(beside_.replica.Begin(*db_, content_.now(), families_.all()), "cursor");
}

// Unlogged writes are told of once they are flushed, all others once they are durable.
void ModelProgram::CompareFeed() {
  Tell("take all events, and compare");
  if (content_.HasUnlogged() || random_.OneIn(2)) {
    if (!FlushAll()) return;
  } else {
    if (!Ok(db_->SyncWal(), "SyncWal")) return;
    content_.MarkDurable();
  }
  const uint64_t now_ms = Now(*db_);
  std::string wrong;
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  const Status taken = beside_.replica.Consume(*db_, kAll, families_.all(), MayLoseFeed(), random_, &wrong);
  if (!wrong.empty()) return Violation(wrong);
  if (!Ok(taken, "feed") || !beside_.replica.has_begun()) return;
  wrong = beside_.replica.Compare(content_.now(), now_ms, families_.all());
  if (!wrong.empty()) Violation("a replica of the feed differs: " + wrong);
}

void ModelProgram::Follow() {
  if (!features_.followers) return Get();
  Tell("a follower looks");
  const std::string wrong = beside_.follower.Look(content_, families_.all(), random_);
  if (!wrong.empty()) Violation("a follower: " + wrong);
}

}  // namespace amethyst::torture
