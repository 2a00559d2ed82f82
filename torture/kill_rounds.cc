#include "torture/kill_rounds.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/assert.h"
#include "base/random.h"

namespace amethyst::torture {

namespace {

constexpr uint64_t kThreads = 4;
constexpr uint64_t kSlots = 300;  // Keys of one thread; its n-th write goes to slot n % kSlots.

// What a child tells of one acknowledged write. Small enough for a pipe to take it whole.
struct Acknowledgement {
  uint64_t thread;
  uint64_t number;
};

// The last number of each thread.
using Numbers = std::array<uint64_t, kThreads>;

std::string LeftKey(uint64_t thread, uint64_t slot) { return fmt::format("left/{}/{:04}", thread, slot); }
std::string RightKey(uint64_t thread, uint64_t slot) { return fmt::format("right/{}/{:04}", thread, slot); }
std::string NewestKey(uint64_t thread) { return fmt::format("newest/{}", thread); }
std::string CountKey(uint64_t thread) { return fmt::format("count/{}", thread); }  // Each batch adds one.
// Each batch deletes all of these of its thread, and puts one.
std::string LastPrefix(uint64_t thread) { return fmt::format("last/{}/", thread); }
std::string ExpiringKey(uint64_t thread) { return fmt::format("expiring/{}", thread); }
std::string ExpiredKey(uint64_t thread) { return fmt::format("expired/{}", thread); }
// The right half of a batch is in a family of its own.
const char* const kRightFamily = "right";
std::string BytesOf(uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }
std::string ValueOf(uint64_t number) { return fmt::format("{:012}", number) + std::string(number % 400, 'v'); }

// A table of each family is taken in by one call, and both say which call.
const char* const kIngestedKey = "ingested";
std::string CopyOf(const std::string& path) { return path + "-copy"; }
std::string StoreOf(const std::string& path) { return path + "-store"; }

Options OptionsOf(base::Random& random) {
  Options options;
  options.memory_budget_bytes = size_t{8} << 20;
  options.write_buffer_bytes = size_t{64 << 10} << random.Below(5);
  options.sync_interval_ms = random.OneIn(2) ? 5 : 1000;
  options.families["default"].merge_operator = Uint64Add();
  return options;
}

// --- The child ---

// Never returns.
class Child {
 public:
  Child(const std::string& path, uint64_t seed, const Numbers& last, int pipe)
      : path_(path), seed_(seed), last_(last), pipe_(pipe) {
    base::Random random(seed);
    auto opened = DB::Open(path, OptionsOf(random));
    if (!opened) End("open", opened.error());
    db_ = std::move(*opened);
    auto right = db_->OpenFamily(kRightFamily);
    if (!right) right = db_->CreateFamily(kRightFamily);
    if (!right) End("family", right.error());
    right_ = std::move(*right);
  }

  [[noreturn]] void Run() {
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < kThreads; ++thread) threads.emplace_back([this, thread] { Write(thread); });
    base::Random random(seed_ + kThreads);
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + random.Below(30)));
      if (const Status done = Maintain(random); !done) End("maintenance", done.error());
    }
  }

 private:
  Status Maintain(base::Random& random) {
    switch (random.Below(6)) {
      case 0: return db_->Flush();
      case 1: return db_->CompactRange();
      case 2: return Ingest(random());
      case 3: std::filesystem::remove_all(CopyOf(path_)); return db_->Checkpoint(CopyOf(path_));
      default: {
        Result<BackupStore> store = BackupStore::Open(StoreOf(path_));
        if (!store) return std::unexpected(store.error());
        const Result<uint64_t> id = store->Create(*db_);
        if (!id) return std::unexpected(id.error());
        const auto pruned = store->Prune(2);
        return pruned ? Status() : std::unexpected(pruned.error());
      }
    }
  }
  Status Ingest(uint64_t number) {
    std::vector<IngestedFile> files = {{.path = path_ + "-table1"}, {.path = path_ + "-table2", .family = right_}};
    for (const IngestedFile& file : files) {
      std::filesystem::remove(file.path);
      TableWriterOptions options;
      if (!file.family) options.family.merge_operator = Uint64Add();
      Result<TableWriter> table = TableWriter::Create(file.path, options);
      if (!table) return std::unexpected(table.error());
      if (const Status put = table->Put(kIngestedKey, std::to_string(number)); !put) return put;
      if (const auto finished = table->Finish(); !finished) return std::unexpected(finished.error());
    }
    return db_->Ingest(files);
  }

  void Write(uint64_t thread) {
    base::Random random(seed_ + thread);
    for (uint64_t number = last_[thread] + 1;; ++number) {
      WriteBatch batch;
      batch.Put(LeftKey(thread, number % kSlots), ValueOf(number));
      batch.Put(NewestKey(thread), ValueOf(number));
      batch.Put(*right_, RightKey(thread, number % kSlots), ValueOf(number));
      batch.Merge(CountKey(thread), BytesOf(1));
      batch.DeletePrefix(LastPrefix(thread));
      batch.Put(LastPrefix(thread) + std::to_string(number), ValueOf(number));
      batch.Put(ExpiringKey(thread), ValueOf(number), ExpiresAfter(std::chrono::hours(24)));
      batch.Put(ExpiredKey(thread), ValueOf(number),
                ExpiresAt(std::chrono::system_clock::time_point() + std::chrono::seconds(1)));
      const auto durability = random.OneIn(30) ? Durability::kSync : Durability::kBuffered;
      if (const Status written = db_->Write(batch, {.durability = durability}); !written) End("write", written.error());
      const Acknowledgement acknowledgement{.thread = thread, .number = number};
      if (write(pipe_, &acknowledgement, sizeof acknowledgement) != sizeof acknowledgement) _exit(2);
    }
  }

  [[noreturn]] static void End(const char* what, const Error& error) {
    fmt::print(stderr, "child: {} failed: {}\n", what, error.ToString());
    _exit(1);
  }

  const std::string path_;
  const uint64_t seed_;
  const Numbers last_;
  const int pipe_;
  std::unique_ptr<DB> db_;
  std::optional<Family> right_;
};

// --- The parent ---

class Parent {
 public:
  explicit Parent(const KillSettings& settings) : settings_(settings), random_(settings.seed) {}

  KillReport Run() {
    for (; report_.rounds < settings_.rounds && report_.violation.empty(); ++report_.rounds) {
      const uint64_t before = report_.acknowledged;
      RunAndKillChild();
      if (report_.violation.empty()) OpenAndCheck(report_.acknowledged > before);
      if (report_.violation.empty()) CheckCopies();
    }
    if (report_.violation.empty()) {
      for (const std::string& path :
           {CopyOf(settings_.path), CopyOf(settings_.path) + ".unfinished", StoreOf(settings_.path),
            settings_.path + "-table1", settings_.path + "-table2"}) {
        std::filesystem::remove_all(path);
      }
    }
    return report_;
  }

 private:
  void Violation(const std::string& text) {
    if (report_.violation.empty()) {
      report_.violation = fmt::format("seed {}, round {}: {}", settings_.seed, report_.rounds, text);
    }
  }

  void RunAndKillChild() {
    int ends[2];
    AMETHYST_ASSERT(pipe(ends) == 0);
    const uint64_t seed = random_();
    const pid_t child = fork();
    AMETHYST_ASSERT(child >= 0);
    if (child == 0) {
      close(ends[0]);
      Child(settings_.path, seed, last_, ends[1]).Run();
    }
    close(ends[1]);
    // Of rounds that are killed before the first acknowledgement, some hit recovery.
    std::thread killer([&, patience = std::chrono::microseconds(random_.OneIn(10) ? random_.Below(20'000) : 0),
                        work = std::chrono::microseconds(random_.Below(60'000))] {
      const auto start = std::chrono::steady_clock::now();
      while (patience.count() != 0 ? std::chrono::steady_clock::now() - start < patience : !begun_.load()) {
        if (ended_.load()) return;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      if (patience.count() == 0) std::this_thread::sleep_for(work);
      kill(child, SIGKILL);
    });
    ReadAcknowledgements(ends[0]);
    killer.join();
    begun_.store(false);
    ended_.store(false);
    close(ends[0]);
    int status = 0;
    AMETHYST_ASSERT(waitpid(child, &status, 0) == child);
    if (!WIFSIGNALED(status)) Violation(fmt::format("the child ended by itself, status {}", status));
  }

  // Until the child is dead.
  void ReadAcknowledgements(int pipe) {
    Acknowledgement acknowledgement;
    while (read(pipe, &acknowledgement, sizeof acknowledgement) == sizeof acknowledgement) {
      last_[acknowledgement.thread] = acknowledgement.number;
      ++report_.acknowledged;
      begun_.store(true);
    }
    ended_.store(true);
  }

  void OpenAndCheck(bool has_acknowledged) {
    Options options = OptionsOf(random_);
    options.read_only = report_.rounds % 2 == 1;
    auto opened = DB::Open(settings_.path, options);
    if (!opened) {
      // Killed before there was a database.
      if (report_.acknowledged == 0 && opened.error().code() == ErrorCode::kInvalidArgument) return;
      return Violation("open failed: " + opened.error().ToString());
    }
    DB& db = **opened;
    const Stats stats = db.GetStats();
    report_.recovered += stats.wal_batches_recovered;
    report_.torn_tails += stats.wal_torn_tails;
    if (has_acknowledged && stats.wal_batches_recovered > kThreads) ++report_.counted_rounds;
    std::map<std::string, std::string> content;
    Iterator it = db.NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next()) content.emplace(it.key(), it.value());
    if (!it.status()) return Violation("scan failed: " + it.status().error().ToString());
    if (const auto right = db.OpenFamily(kRightFamily)) {  // Else it was killed before there was one.
      Iterator in_right = right->NewIterator();
      for (in_right.SeekToFirst(); in_right.Valid(); in_right.Next()) content.emplace(in_right.key(), in_right.value());
      if (!in_right.status()) return Violation("scan failed: " + in_right.status().error().ToString());
    }
    CheckIngested(db, content);
    for (uint64_t thread = 0; thread < kThreads; ++thread) CheckThread(content, thread);
    if (!content.empty()) Violation("a key that nobody wrote: " + content.begin()->first);
    if (const Status closed = db.Close(); !closed) Violation("close failed: " + closed.error().ToString());
  }

  // Both tables of an ingest are there, or none. Takes the key out of `content`.
  void CheckIngested(DB& db, std::map<std::string, std::string>& content) {
    content.erase(kIngestedKey);
    const auto right = db.OpenFamily(kRightFamily);
    if (!right) return;
    const auto in_default = db.Get(kIngestedKey), in_right = right->Get(kIngestedKey);
    if (!in_default || !in_right || *in_default != *in_right) Violation("half an ingest");
  }

  // What there is of copies is whole, and shows whole batches. A checkpoint that was being removed is no database.
  void CheckCopies() {
    if (std::filesystem::exists(CopyOf(settings_.path))) CheckCopy(CopyOf(settings_.path), true);
    Result<BackupStore> store = BackupStore::Open(StoreOf(settings_.path));
    const auto listed = store ? store->List() : std::unexpected(store.error());
    if (!listed || listed->empty()) return;  // Killed before there was one.
    for (const BackupInfo& backup : *listed) {
      if (const Status whole = store->Verify(backup.id); !whole)
        return Violation("a backup: " + whole.error().ToString());
    }
    const std::string restored = settings_.path + "-restored";
    const Status done = store->Restore(listed->back().id, restored);
    if (!done) return Violation("a backup is not restored: " + done.error().ToString());
    CheckCopy(restored, false);
    std::filesystem::remove_all(restored);
  }
  void CheckCopy(const std::string& path, bool may_be_in_part) {
    const auto opened = DB::Open(path, OptionsOf(random_));
    if (!opened) return may_be_in_part ? void() : Violation(path + " does not open: " + opened.error().ToString());
    const auto right = (*opened)->OpenFamily(kRightFamily);
    if (!right) return Violation(path + " lacks a family");
    for (uint64_t thread = 0; thread < kThreads; ++thread) {
      const auto newest = (*opened)->Get(NewestKey(thread)), count = (*opened)->Get(CountKey(thread));
      if (!newest || !count) return Violation(path + " cannot be read");
      const uint64_t number = *newest ? std::stoull((*newest)->substr(0, 12)) : 0;
      const auto half = right->Get(RightKey(thread, number % kSlots));
      const bool whole = number == 0 ? !*count : *count == BytesOf(number) && half && *half == ValueOf(number);
      if (!whole) return Violation(fmt::format("{}: half a batch {} of thread {}", path, number, thread));
    }
    ++report_.copies_checked;
  }

  // Checks what is there of one thread's writes, and takes it out of `content`.
  void CheckThread(std::map<std::string, std::string>& content, uint64_t thread) {
    const auto take = [&content](const std::string& key) {
      const auto node = content.extract(key);
      return node.empty() ? std::string() : node.mapped();
    };
    const uint64_t acknowledged = last_[thread];
    uint64_t newest = 0;
    for (uint64_t slot = 0; slot < kSlots; ++slot) {
      const std::string left = take(LeftKey(thread, slot)), right = take(RightKey(thread, slot));
      if (left != right) return Violation(fmt::format("half a batch in slot {} of thread {}", slot, thread));
      const uint64_t number = left.empty() ? 0 : std::stoull(left.substr(0, 12));
      // The last number up to `acknowledged` that goes to this slot.
      const uint64_t behind = (acknowledged + kSlots - slot) % kSlots;
      const uint64_t expected = acknowledged > behind ? acknowledged - behind : 0;
      if (number < expected) {
        return Violation(fmt::format("thread {}: write {} was acknowledged, found {}", thread, expected, number));
      }
      // One write more may have been made and not told of.
      if (number > acknowledged + 1 || (number > 0 && (number % kSlots != slot || left != ValueOf(number)))) {
        return Violation(fmt::format("thread {}: found {} in slot {}, which was never written", thread, number, slot));
      }
      newest = std::max(newest, number);
    }
    const std::string expected = newest == 0 ? "" : ValueOf(newest);
    const bool told = take(NewestKey(thread)) == expected && take(ExpiringKey(thread)) == expected &&
                      take(LastPrefix(thread) + std::to_string(newest)) == expected &&
                      take(CountKey(thread)) == (newest == 0 ? "" : BytesOf(newest));
    if (!told) {
      return Violation(fmt::format("thread {}: the newest write is {}, its batch says otherwise", thread, newest));
    }
    last_[thread] = newest;
  }

  const KillSettings settings_;
  base::Random random_;
  Numbers last_{};
  std::atomic<bool> begun_{false};  // The child has acknowledged a write; stored by the reader, loaded by the killer.
  std::atomic<bool> ended_{false};  // The pipe is closed: the child is dead. As begun_.
  KillReport report_;
};

}  // namespace

KillReport KillRounds(const KillSettings& settings) { return Parent(settings).Run(); }

}  // namespace amethyst::torture
