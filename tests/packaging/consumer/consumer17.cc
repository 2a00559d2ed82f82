// What a program in C++17 does with the header over the C interface; with exceptions, or, built without, by status.
#include <amethyst/cpp17.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace cpp17 = amethyst::cpp17;

namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "expected: %s\n", what);
  std::exit(1);
}

void ByStatus(const std::string& path) {
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, cpp17::Options().Set(AMETHYST_OPTION_BLOCK_BYTES, 7), &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT && !status.message.empty(), "a bad setting refused, with a reason");
  db.Put("a", "1", cpp17::Durability::kSync, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "no database, no write");
  db = cpp17::Database::Open(path + std::string(1, '\0') + "x", {}, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "a zero in a path refused");

  db = cpp17::Database::Open(path, {}, &status);
  Require(status.ok(), "open");
  cpp17::WriteBatch batch;
  batch.Put("a", "1");
  batch.Put(std::string_view("b\0", 2), "");
  batch.Delete("c");
  Require(batch.count() == 3, "three operations");
  db.Write(batch, cpp17::Durability::kSync, &status);
  Require(status.ok(), "write");
  const cpp17::Snapshot before = db.NewSnapshot(&status);
  db.Put("a", "2", cpp17::Durability::kBuffered, &status);
  cpp17::ReadOptions then;
  then.snapshot = &before;
  Require(db.Get("a", {}, &status) == "2" && db.Get("a", then, &status) == "1", "now and then");
  Require(!db.Get("c", {}, &status) && status.ok(), "an absent key is no failure");
  Require(db.Get(std::string_view("b\0", 2), {}, &status) == "", "an empty value is a value");
  Require(db.GetPinned("a", {}, &status)->value() == "2", "pinned");
  const auto several = db.MultiGet({"a", "c"}, {}, &status);
  Require(several.size() == 2 && several[0] == "2" && !several[1], "several keys");

  cpp17::Iterator it = db.NewIterator({}, &status);
  std::string walked;
  for (it.SeekToFirst(); it.Valid(); it.Next()) walked += it.key();
  Require(it.status().ok() && walked == std::string_view("ab\0", 3), "a walk");
  it.SeekForPrev("az");
  Require(it.Valid() && it.value() == "2", "backwards");
  cpp17::EntryView room[8];
  walked.clear();
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    const size_t count = it.NextBatch(room, 8);
    for (size_t i = 0; i < count; ++i) walked += room[i].key();
  }
  Require(it.status().ok() && walked == std::string_view("ab\0", 3), "a walk by batches");
  it.SeekToLast();
  Require(it.PrevBatch(room, 8, 0) == 1 && room[0].value().empty(), "a batch backwards");
  cpp17::ReadOptions empty_bound;
  empty_bound.upper_bound = std::string_view();
  cpp17::Iterator none = db.NewIterator(empty_bound, &status);
  none.SeekToFirst();
  Require(!none.Valid() && none.status().ok(), "nothing is below the empty key");
  db.Close(&status);
  Require(status.ok(), "close");
  it.SeekToFirst();
  Require(it.status().code == AMETHYST_CLOSED, "an iterator outlives its database, and says so");
}

std::string KeysOf(const cpp17::Database& db) {
  cpp17::Status status;
  std::string keys;
  cpp17::Iterator it = db.NewIterator({}, &status);
  for (it.SeekToFirst(); it.Valid(); it.Next()) keys += it.key();
  Require(status.ok() && it.status().ok(), "a walk to its end");
  return keys;
}

void DeletesOfRanges(const std::string& path) {
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  const auto buffered = cpp17::Durability::kBuffered;
  for (const char* key : {"b", "c", "d", "e", "f", "g", "h"}) db.Put(key, "v", buffered, &status);
  db.DeleteRange("c", "d", buffered, &status);
  Require(status.ok() && KeysOf(db) == "bdefgh", "a range, without its end");
  db.DeleteRange("h", std::nullopt, cpp17::Durability::kSync, &status);
  db.DeleteRange(std::nullopt, "c", buffered, &status);
  Require(status.ok() && KeysOf(db) == "defg", "ranges open on one side");
  db.DeleteRange(std::nullopt, std::string_view(), buffered, &status);
  Require(status.ok() && KeysOf(db) == "defg", "nothing comes before the empty key, which is a bound");
  db.DeleteRange("e", "d", buffered, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT && !status.message.empty(), "a range the wrong way round refused");
  db.DeletePrefix("d", buffered, &status);
  Require(status.ok() && KeysOf(db) == "efg", "a prefix");

  cpp17::WriteBatch batch;
  batch.DeleteRange("f", std::nullopt);
  batch.Put("fa", "v");
  batch.DeletePrefix("e");
  Require(batch.status().ok() && batch.count() == 3, "three operations");
  db.Write(batch, buffered, &status);
  Require(status.ok() && db.Get("fa", {}, &status) == "v" && !db.Get("f", {}, &status), "in the order of the batch");
  Require(KeysOf(db) == "fa", "a batch");
  db.DeletePrefix({}, buffered, &status);
  Require(status.ok() && KeysOf(db).empty(), "all keys begin with the empty prefix");
  db.Close(&status);
}

void Copies(const std::string& path) {
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  db.Put("k", "before", cpp17::Durability::kBuffered, &status);
  db.Checkpoint(path + ".copy", &status);
  Require(status.ok(), "a checkpoint");
  db.Put("k", "after", cpp17::Durability::kBuffered, &status);
  Require(cpp17::Database::Open(path + ".copy", {}, &status).Get("k", {}, &status) == "before", "as of the call");
  db.Checkpoint(path + ".copy", &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "a path that is taken refused");
  db.Checkpoint(std::string("a\0b", 3), &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "a zero in its path refused");
}

void Followers(const std::string& path) {
  const auto buffered = cpp17::Durability::kBuffered;
  cpp17::Status status;
  cpp17::Database none = cpp17::Database::OpenFollower(path, {}, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT && none.db() == nullptr, "a follower of no database refused");
  cpp17::Database writer = cpp17::Database::Open(path, {}, &status);
  writer.Put("k", "old", buffered, &status);
  cpp17::FollowerOptions options;
  options.options.Set(AMETHYST_OPTION_MEMORY_BUDGET_BYTES, 16 << 20);
  options.refresh_interval = std::chrono::milliseconds(0);
  options.grace = std::chrono::minutes(5);
  cpp17::Database follower = cpp17::Database::OpenFollower(path, options, &status);
  Require(status.ok(), "a follower beside its writer");
  writer.Put("k", "new", buffered, &status);
  Require(follower.Get("k", {}, &status) == "old", "it looks in Refresh alone");
  follower.Refresh(&status);
  Require(status.ok() && follower.Get("k", {}, &status) == "new" && KeysOf(follower) == "k",
          "what the writer has done");
  follower.Put("k", "x", buffered, &status);
  Require(status.code == AMETHYST_NOT_SUPPORTED && !status.message.empty(), "a write refused, with a reason");
  writer.Refresh(&status);
  Require(status.ok(), "nothing to do");
  cpp17::Database::OpenFollower(std::string("a\0b", 3), {}, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "a zero in its path refused");
}

void Ingests(const std::string& path) {
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  cpp17::Family family = db.CreateFamily("f", {}, &status);
  family.Put("a", "old", cpp17::Durability::kBuffered, &status);
  family.Put("z", "old", cpp17::Durability::kBuffered, &status);
  const std::string file = path + ".table";
  cpp17::TableWriter table = cpp17::TableWriter::Create(file, {}, &status);
  table.Put("b", "1", &status);
  table.PutExpiring("c", "2", cpp17::Expiry::Never(), &status);
  table.Delete("d", &status);
  Require(status.ok(), "entries that ascend");
  table.Put("a", "3", &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT && !status.message.empty(), "a key that does not refused");
  table.DeleteRange("x", std::nullopt, &status);
  Require(table.Finish(&status) == 3 && status.ok(), "three entries");
  cpp17::IngestOptions options;
  options.mode = cpp17::IngestOptions::Mode::kMove;
  options.verify = true;
  options.replace = cpp17::IngestOptions::Range{std::nullopt, "b"};
  family.Ingest({file}, options, &status);
  Require(status.ok() && !family.Get("a", {}, &status) && family.Get("b", {}, &status) == "1", "replaced, taken in");
  Require(!family.Get("z", {}, &status) && !db.Get("b", {}, &status) && status.ok(), "in the family alone");
  db.Ingest({file}, {}, &status);
  Require(!status.ok(), "a file that has moved refused");
  db.Ingest({std::string("a\0b", 3)}, {}, &status);
  Require(status.code == AMETHYST_INVALID_ARGUMENT, "a zero in its path refused");
  {
    cpp17::TableWriter::Create(file, {}, &status).Put("a", "1", &status);
  }
  cpp17::TableWriter::Create(file, {}, &status);
  Require(status.ok(), "a table that was not finished leaves no file");
}

void Families(const std::string& path) {
  const auto buffered = cpp17::Durability::kBuffered;
  cpp17::Status status;
  cpp17::Family outlives;
  {
    cpp17::Database db =
        cpp17::Database::Open(path, cpp17::Options().SetMergeOperator("max").SetTtl(std::chrono::hours(1)), &status);
    cpp17::FamilyOptions options;
    options.merge_operator = "append:,";
    options.compression = AMETHYST_COMPRESSION_ZSTD;
    cpp17::Family lists = db.CreateFamily("lists", options, &status);
    Require(status.ok() && lists.Name(&status) == "lists", "a family");
    db.Put("k", "of the database", buffered, &status);
    lists.Merge("k", "a", buffered, &status);
    db.Merge("max", "b", buffered, &status);

    cpp17::WriteBatch batch;
    batch.SetFamily(lists);
    batch.Merge("k", "b");
    batch.MergeExpiring("k", "gone", cpp17::Expiry::At({}));
    batch.PutExpiring("gone", "1", cpp17::Expiry::At({}));
    batch.SetFamily(db);
    batch.PutExpiring("stays", "1", cpp17::Expiry::Never());
    db.Write(batch, cpp17::Durability::kSync, &status);
    Require(status.ok() && lists.Get("k", {}, &status) == "a,b" && !lists.Get("gone", {}, &status),
            "a batch over families");
    Require(db.Get("k", {}, &status) == "of the database" && db.Get("stays", {}, &status) == "1", "each has its keys");
    lists.PutExpiring("k", "soon", cpp17::Expiry::After(std::chrono::milliseconds(-1)), buffered, &status);
    Require(status.code == AMETHYST_INVALID_ARGUMENT, "a negative ttl refused");
    lists.PutExpiring("hour", "1", cpp17::Expiry::After(std::chrono::hours(1)), buffered, &status);
    Require(status.ok() && lists.Get("hour", {}, &status) == "1", "an hour is not over");

    cpp17::Database other = cpp17::Database::Open(path + ".other", {}, &status);
    other.Write(batch, buffered, &status);
    Require(status.code == AMETHYST_INVALID_ARGUMENT, "a batch of another database's families refused");
    batch.SetFamily(other.CreateFamily("lists", {}, &status));
    Require(batch.status().code == AMETHYST_INVALID_ARGUMENT, "families of two databases refused");

    for (const std::string& name :
         {std::string(), std::string(256, 'n'), std::string("a\0b", 3), std::string("lists")}) {
      const cpp17::Family none = db.CreateFamily(name, {}, &status);
      Require(status.code == AMETHYST_INVALID_ARGUMENT && none.db() == nullptr, "a name that cannot be refused");
    }
    Require(lists.MergeOperator(&status) == "append:," && lists.Ttl(&status).count() == 0, "its settings");
    Require(db.Ttl(&status) == std::chrono::hours(1), "a ttl of the database's");
    Require(lists.FamilyStatsJson(&status).rfind("{\"tables\":", 0) == 0, "what it has in tables");
    Require(other.MergeOperator(&status).empty() && status.ok(), "no operator");
    lists.Rename("lines", &status);
    Require(db.FamilyNames(&status) == std::vector<std::string>{"default", "lines"}, "the names");
    outlives = db.OpenFamily("lines", &status);
    Require(outlives.Get("k", {}, &status) == "a,b", "the same family");
    cpp17::Family dropped = db.CreateFamily("dropped", {}, &status);
    dropped.Drop(&status);
    Require(status.ok(), "a drop");
    dropped.Put("k", "v", buffered, &status);
    Require(status.code == AMETHYST_INVALID_ARGUMENT, "a dropped family refused");
  }
  outlives.Put("k", "v", buffered, &status);
  Require(status.code == AMETHYST_CLOSED, "a family outlives its database, and says so");
}

void Transactions(const std::string& path) {
  const auto buffered = cpp17::Durability::kBuffered;
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  cpp17::FamilyOptions options;
  options.merge_operator = "append:,";
  cpp17::Family lists = db.CreateFamily("lists", options, &status);
  db.Put("a", "1", buffered, &status);
  db.Put("x", "1", buffered, &status);
  {
    cpp17::Transaction t = db.Begin(cpp17::Isolation::kSerializable, &status);
    t.Put("b", *t.Get("a", {}, &status) + "2", &status);
    t.Delete("a", &status);
    t.DeleteRange("x", "y", &status);
    t.Merge(lists, "k", "tea", &status);
    t.SetSavepoint(&status);
    t.Merge(lists, "k", "cake", &status);
    Require(t.Get(lists, "k", {}, &status) == "tea,cake", "its own writes");
    t.RollbackToSavepoint(&status);
    const auto several = t.MultiGet({"a", "b"}, {}, &status);
    Require(status.ok() && !several[0] && several[1] == "12", "several keys of a transaction");
    {
      cpp17::Iterator it = t.NewIterator(lists, {}, &status);
      it.SeekToFirst();
      Require(it.Valid() && it.value() == "tea", "a walk of a family");
    }
    Require(!db.Get("b", {}, &status), "held back");
    t.Commit(cpp17::Durability::kSync, &status);
    Require(status.ok() && t.HasEnded() && db.Get("b", {}, &status) == "12" && KeysOf(db) == "b", "a commit");
    t.Put("b", "3", &status);
    Require(status.code == AMETHYST_INVALID_ARGUMENT, "a transaction that has ended refused");
  }
  cpp17::Transaction late = db.Begin(cpp17::Isolation::kSnapshot, &status);
  Require(late.GetForUpdate("b", {}, &status) == "12", "read for update");
  late.Put(lists, "k", "gone", &status);
  db.Put("b", "4", buffered, &status);
  late.Commit(buffered, &status);
  Require(status.code == AMETHYST_CONFLICT && lists.Get("k", {}, &status) == "tea", "a conflict");
  db.Begin(cpp17::Isolation::kSerializable, &status).Put("b", "never", &status);

  int runs = 0;
  const auto twice = [&](cpp17::Transaction& t) {
    cpp17::Status inside;
    t.Put("c", *t.Get("b", {}, &inside), &inside);
    if (++runs == 1) db.Put("b", "5", buffered, &inside);
    return inside;
  };
  db.Transact(twice, cpp17::Durability::kSync, &status);
  Require(status.ok() && runs == 2 && db.Get("c", {}, &status) == "5", "run again after a conflict");
  db.Transact([](cpp17::Transaction&) { return cpp17::Status{AMETHYST_IO, "no"}; }, buffered, &status);
  Require(status.code == AMETHYST_IO && status.message == "no", "a failure of the work");
}

// From the eighth conflict on it goes ahead of the other: without that, until the other is through.
void SlowWorkInAStorm(const std::string& path) {
  const auto buffered = cpp17::Durability::kBuffered;
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  int runs = 0;
  std::atomic<bool> done{false};
  const auto add = [](cpp17::Transaction& t, std::chrono::milliseconds pause) {
    cpp17::Status inside;
    const std::string n = t.Get("n", {}, &inside).value_or("");
    std::this_thread::sleep_for(pause);
    t.Put("n", n == "1" ? "2" : "1", &inside);
    return inside;
  };
  std::thread storm([&] {
    cpp17::Status other;
    for (int i = 0; i < 1'000'000 && !done; ++i) {
      db.Transact([&](cpp17::Transaction& t) { return add(t, std::chrono::milliseconds(0)); }, buffered, &other);
    }
  });
  const auto slow = [&](cpp17::Transaction& t) {
    if (++runs == 100) done = true;
    return add(t, std::chrono::milliseconds(20));
  };
  db.Transact(slow, buffered, &status);
  done = true;
  storm.join();
  Require(status.ok() && runs < 50, "slow work comes through a storm");
}

void ConditionalWrites(const std::string& path) {
  const auto buffered = cpp17::Durability::kBuffered;
  cpp17::Status status;
  cpp17::Database db = cpp17::Database::Open(path, {}, &status);
  const cpp17::Expiry hour = cpp17::Expiry::After(std::chrono::hours(1));
  Require(!db.PutIfAbsent("k", "1", hour, buffered, &status) && status.ok(), "put where there was nothing");
  Require(db.PutIfAbsent("k", "2", hour, buffered, &status) == "1", "what is there stays");
  Require(db.CompareAndSet("k", "1", "", hour, buffered, &status) == "1", "set what was as expected");
  Require(db.CompareAndSet("k", std::nullopt, "3", hour, buffered, &status) == "", "an empty value is a value");
  Require(db.DeleteIfEqual("k", "3", buffered, &status) == "" && db.Get("k", {}, &status) == "", "not equal");
  Require(db.CompareAndSet("k", std::string_view(), std::nullopt, hour, buffered, &status) == "", "deleted");
  Require(!db.Get("k", {}, &status) && status.ok(), "nothing is there");
  Require(db.Increment("n", 5, buffered, &status) == 5 && db.Increment("n", -7, buffered, &status) == -2, "counted");
}

#if defined(__cpp_exceptions)
void ByExceptions(const std::string& path) {
  cpp17::Database db = cpp17::Database::Open(path, cpp17::Options().SetFilterFalsePositiveRate(0.1));
  Require(db.Get("a") == "2", "what was written");
  Require(db.StatsJson().front() == '{', "statistics as an object");
  db.Delete("a", cpp17::Durability::kSync);
  db.Flush();
  db.CompactRange();
  Require(!db.Get("a"), "what was deleted");
  Require(!db.PutIfAbsent("a", "1") && db.CompareAndSet("a", "1", "2") == "1" && db.Increment("n", 1) == 1,
          "conditions");
  db.Transact([](cpp17::Transaction& t) {
    t.Put("b", *t.Get("a"));
    return cpp17::Status();
  });
  Require(db.Get("b") == "2", "a transaction");
  try {
    cpp17::Database::Open(path);
    Require(false, "a second owner refused");
  } catch (const cpp17::Error& error) {
    Require(error.code() == AMETHYST_BUSY && *error.what() != 0, "busy, with a reason");
  }
  db.Close();
  cpp17::Database::Destroy(path);
}
#endif

}  // namespace

int main(int, char** arguments) {
  ByStatus(arguments[1]);
  DeletesOfRanges(std::string(arguments[1]) + ".ranges");
  Ingests(std::string(arguments[1]) + ".ingests");
  Families(std::string(arguments[1]) + ".families");
  Copies(std::string(arguments[1]) + ".copies");
  Followers(std::string(arguments[1]) + ".followers");
  Transactions(std::string(arguments[1]) + ".transactions");
  SlowWorkInAStorm(std::string(arguments[1]) + ".storm");
  ConditionalWrites(std::string(arguments[1]) + ".conditional");
#if defined(__cpp_exceptions)
  ByExceptions(arguments[1]);
#endif
  std::puts("C++17");
  return 0;
}
