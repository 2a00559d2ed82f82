// A program as any that uses LevelDB: `show` prints what it sees, `open` whether it can, `time N` measures. See
// compare.py.
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

namespace {

std::unique_ptr<leveldb::DB> Open(const std::string& directory, const leveldb::Options& options) {
  leveldb::DB* database = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, directory, &database);
  if (!status.ok()) std::printf("open: %s\n", status.ToString().c_str());
  return std::unique_ptr<leveldb::DB>(database);
}

void ShowAll(leveldb::DB& database, const leveldb::ReadOptions& options, const char* title) {
  std::printf("%s:", title);
  const std::unique_ptr<leveldb::Iterator> it(database.NewIterator(options));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    std::printf(" %s=%s", it->key().ToString().c_str(), it->value().ToString().c_str());
  }
  std::printf(" (%s)\n", it->status().ToString().c_str());
}

class Printer final : public leveldb::WriteBatch::Handler {
 public:
  void Put(const leveldb::Slice& key, const leveldb::Slice& value) override {
    std::printf("  put %s %s\n", key.ToString().c_str(), value.ToString().c_str());
  }
  void Delete(const leveldb::Slice& key) override { std::printf("  delete %s\n", key.ToString().c_str()); }
};

void ShowBatch(leveldb::DB& database) {
  leveldb::WriteBatch batch;
  batch.Put("apple", "artichoke");
  batch.Put("banana", "beetroot");
  batch.Put("melon", "marrow");
  batch.Delete("banana");
  leveldb::WriteBatch more;
  more.Put("quince", std::string(300, 'q'));
  batch.Append(more);
  std::printf("batch of %zu bytes\n", batch.ApproximateSize());
  Printer printer;
  std::printf("%s\n", batch.Iterate(&printer).ToString().c_str());
  std::printf("write: %s\n", database.Write({}, &batch).ToString().c_str());
}

void ShowReads(leveldb::DB& database) {
  for (const char* key : {"apple", "banana", ""}) {
    std::string value = "untouched";
    const leveldb::Status status = database.Get({}, key, &value);
    std::printf("get '%s': %s '%s'\n", key, status.ToString().c_str(), value.c_str());
  }
  const std::unique_ptr<leveldb::Iterator> it(database.NewIterator({}));
  for (const char* key : {"a", "apple", "apples", "z"}) {
    it->Seek(key);
    std::printf("seek %s: %s", key, it->Valid() ? it->key().ToString().c_str() : "end");
    if (it->Valid()) it->Prev();
    std::printf(", before it %s\n", it->Valid() ? it->key().ToString().c_str() : "nothing");
  }
}

void Show(const std::string& directory) {
  leveldb::Options options;
  Open(directory, options);
  options.create_if_missing = true;
  const std::unique_ptr<const leveldb::FilterPolicy> bloom(leveldb::NewBloomFilterPolicy(10));
  options.filter_policy = bloom.get();
  {
    const std::unique_ptr<leveldb::DB> database = Open(directory, options);
    ShowBatch(*database);
    const leveldb::Snapshot* const snapshot = database->GetSnapshot();
    leveldb::WriteOptions sync;
    sync.sync = true;
    std::printf("put: %s\n", database->Put(sync, "zucchini", "").ToString().c_str());
    std::printf("delete: %s\n", database->Delete({}, "melon").ToString().c_str());
    leveldb::ReadOptions then;
    then.snapshot = snapshot;
    ShowAll(*database, then, "as of the snapshot");
    database->ReleaseSnapshot(snapshot);
    database->CompactRange(nullptr, nullptr);
    ShowAll(*database, {}, "now");
    ShowReads(*database);
    std::string text;
    for (const char* name : {"leveldb.num-files-at-level7", "leveldb.unknown", "other"}) {
      std::printf("property %s: %d\n", name, database->GetProperty(name, &text));
    }
  }
  ShowAll(*Open(directory, options), {}, "opened again");
  std::printf("repair: %s\n", leveldb::RepairDB(directory, options).ToString().c_str());
  ShowAll(*Open(directory, options), {}, "repaired");
  std::string filter;
  const leveldb::Slice keys[] = {"a", "bcd", "efghi", "\xff\xfe"};
  bloom->CreateFilter(keys, 4, &filter);
  std::printf("%s:", bloom->Name());
  for (const char byte : filter) std::printf(" %02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  std::printf("\ndestroy: %s\n", leveldb::DestroyDB(directory, options).ToString().c_str());
}

void TryToOpen(const std::string& directory) {
  leveldb::Options options;
  options.create_if_missing = true;
  leveldb::DB* database = nullptr;
  std::printf("%s\n", leveldb::DB::Open(options, directory, &database).ToString().c_str());
  delete database;
}

std::string KeyOf(uint64_t number) {
  char key[24];
  std::snprintf(key, sizeof(key), "%016llu", static_cast<unsigned long long>(number));
  return key;
}

uint64_t NextRandom(uint64_t* state) {  // xorshift
  *state ^= *state << 13;
  *state ^= *state >> 7;
  return *state ^= *state << 17;
}

void Measure(const char* what, const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%s\t%.6f\n", what, seconds.count());
}

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s went wrong\n", what);
  std::exit(1);
}

void Time(const std::string& directory, uint64_t entries) {
  leveldb::Options options;
  options.create_if_missing = true;
  const std::unique_ptr<leveldb::DB> database = Open(directory, options);
  uint64_t state = 42;
  std::string value(100, 'v');
  Measure("fill, random", [&] {
    for (uint64_t i = 0; i < entries; ++i) {
      value.replace(0, 16, KeyOf(NextRandom(&state)).substr(0, 16));
      Check(database->Put({}, KeyOf(NextRandom(&state) % entries), value).ok(), "put");
    }
  });
  Measure("fill, batches of 100", [&] {
    leveldb::WriteBatch batch;
    for (uint64_t i = 0; i < entries; ++i) {
      batch.Put(KeyOf(i), value);
      if (i % 100 != 99) continue;
      Check(database->Write({}, &batch).ok(), "write");
      batch.Clear();
    }
    Check(database->Write({}, &batch).ok(), "write");
  });
  Measure("read, random", [&] {
    std::string read;
    for (uint64_t i = 0; i < entries; ++i) {
      Check(database->Get({}, KeyOf(NextRandom(&state) % entries), &read).ok() && read.size() == 100, "get");
    }
  });
  const auto scan = [&](bool forward) {
    const std::unique_ptr<leveldb::Iterator> it(database->NewIterator({}));
    uint64_t bytes = 0;
    uint64_t count = 0;
    for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); forward ? it->Next() : it->Prev()) {
      bytes += it->key().size() + static_cast<unsigned char>(it->value()[99]);
      ++count;
    }
    Check(count == entries && bytes > 0 && it->status().ok(), "scan");
  };
  Measure("scan, the first", [&] { scan(true); });
  for (const bool forward : {true, false}) {
    Measure(forward ? "scan, ten times" : "scan backwards, ten times", [&] {
      for (int i = 0; i < 10; ++i) scan(forward);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : "";
  const std::string command = argc > 2 ? argv[2] : "";
  if (command == "show" && argc == 3) return Show(directory), 0;
  if (command == "open" && argc == 3) return TryToOpen(directory), 0;
  if (command == "time" && argc == 4) return Time(directory, std::strtoull(argv[3], nullptr, 10)), 0;
  std::fprintf(stderr, "usage: leveldb_program DIRECTORY show | open | time ENTRIES\n");
  return 2;
}
