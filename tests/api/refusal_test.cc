// What the system refuses, memory, threads or the size of a file, is an error of the call, and nothing worse.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <new>
#include <string>

#include "amethyst/c.h"
#include "base/sanitizer.h"
#include "support/database.h"
#include "support/refusals.h"
#include "support/temp_directory.h"

using amethyst::support::Refusals;
using amethyst::support::Refused;

#define AMETHYST_HOOKS (!AMETHYST_THREAD_SANITIZER && !AMETHYST_ADDRESS_SANITIZER)  // Which have hooks of their own.

#if AMETHYST_HOOKS

extern "C" void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  if (Refusals::Refuses(Refused::kMap)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, bytes, protection, flags, file, offset));
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
  if (Refusals::Refuses(Refused::kThread)) return EAGAIN;
  using Function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, run, argument);
}

[[gnu::noinline]] void* operator new(size_t bytes) {
  void* const memory = Refusals::Refuses(Refused::kAllocation) ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(size_t bytes, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  void* const memory =
      Refusals::Refuses(Refused::kAllocation) ? nullptr : std::aligned_alloc(unit, (bytes + unit) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

#endif

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;

// What `run` returns in a child of its own, whose limits are its own too; -1 if a signal ended it.
template <typename Run>
int InChild(Run run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// One life of a database under a refusal. What it acknowledges is in the model; what it refuses may be there or not.
class Life {
 public:
  explicit Life(const std::string& path) : path_(path) { Refusals::ExemptThisThread(); }

  // Begins where another database was killed in the midst of its life: it has tables, and a log to replay.
  void BeginWith(const std::filesystem::path& killed) {
    std::filesystem::copy(killed, path_, std::filesystem::copy_options::recursive);
    for (uint64_t i = 0; i < kWrites / 2; ++i) acknowledged_[KeyOf(i)] = ValueOf(i);
  }

  // Lives half of it, and leaves no time to close: for a process that is about to end.
  bool RunToBeKilled() {
    auto opened = DB::Open(path_, options_);
    for (uint64_t i = 0; opened && i < kWrites / 2; ++i) Write(**opened, i);
    static_cast<void>(opened->release());
    return acknowledged_.size() == kWrites / 2;
  }

  void Run() {
    auto opened = Refusals::Library([&] { return DB::Open(path_, options_); });
    if (!opened) return Note(std::unexpected(opened.error()));
    DB& db = **opened;
    for (uint64_t i = 0; i < kWrites; ++i) Write(db, i);
    Read(db);
    Note(Refusals::Library([&] { return db.Flush(); }));
    Note(Refusals::Library([&] { return db.CompactRange(std::nullopt, std::nullopt); }));
    Read(db);
    Note(Refusals::Library([&] { return db.Close(); }));
    Refusals::Library([&] { opened->reset(); });
  }

  // After the refusals: all is there, and the database works.
  void Check() const {
    const auto db = OpenOrFail(path_.string());
    ASSERT_NE(db, nullptr);
    const std::map<std::string, std::string> content = ContentOf(*db);
    for (const auto& [key, value] : acknowledged_) {
      const auto found = content.find(key);
      ASSERT_TRUE(found != content.end() && found->second == value) << key;
    }
    EXPECT_EQ(Text(db->Put("after", "all")), "");
    EXPECT_EQ(Text(db->CompactRange(std::nullopt, std::nullopt)), "");
    EXPECT_EQ(Text(db->Close()), "");
  }

 private:
  static constexpr uint64_t kWrites = 1200;

  static std::string KeyOf(uint64_t i) { return Key(i * 7919 % kWrites); }
  static std::string ValueOf(uint64_t i) { return std::string(100 + i % 200, static_cast<char>('a' + i % 26)); }

  void Write(DB& db, uint64_t i) {
    const std::string key = KeyOf(i);
    const std::string value = ValueOf(i);
    const WriteOptions options{.durability = i % 100 == 0 ? Durability::kSync : Durability::kBuffered};
    const Status written = Refusals::Library([&] { return db.Put(key, value, options); });
    Note(written);
    if (written) acknowledged_[key] = value;
  }

  // Right or an error.
  void Read(DB& db) {
    std::string value;
    for (const auto& [key, expected] : acknowledged_) {
      const Result<bool> found = Refusals::Library([&] { return db.GetInto(key, &value); });
      if (!found) {
        Note(std::unexpected(found.error()));
      } else {
        EXPECT_TRUE(*found && value == expected) << key;
      }
    }
    size_t count = 0;
    Iterator walk = Refusals::Library([&] { return db.NewIterator(); });
    for (Refusals::Library([&] { walk.SeekToFirst(); }); walk.Valid(); Refusals::Library([&] { walk.Next(); })) ++count;
    const Status walked = Refusals::Library([&] { return walk.status(); });
    Note(walked);
    EXPECT_TRUE(!walked || count >= acknowledged_.size());
  }

  // kIo: refused between a change of CURRENT and its sync, after which no more is written.
  void Note(const Status& status) {
    EXPECT_TRUE(status || status.error().code() == ErrorCode::kOutOfMemory || status.error().code() == ErrorCode::kIo)
        << Text(status);
  }

  const std::filesystem::path path_;
  const Options options_ = SmallOptions();
  std::map<std::string, std::string> acknowledged_;
};

// Refuses the k-th, for k = 1 and then for each next k, which is larger by 1 or by the factor `growth`, until there is
// no k-th. Each time in a new database, or in a copy of one that was killed.
void Sweep(Refused kind, bool for_good, double growth, const std::filesystem::path& killed) {
  uint64_t lives = 0;
  for (uint64_t k = 1, reached = 1; reached != 0;
       k = std::max(k + 1, static_cast<uint64_t>(static_cast<double>(k) * growth))) {
    SCOPED_TRACE(k);
    const TempDirectory directory;
    Life life(directory.path() + "/db");
    if (!killed.empty()) life.BeginWith(killed);
    Refusals::Arm(kind, k, for_good);
    life.Run();
    reached = Refusals::Disarm() ? 1 : 0;
    life.Check();
    ++lives;
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(lives, 4);
}

void Sweep(Refused kind, bool for_good, double growth) {
  if (!AMETHYST_HOOKS) GTEST_SKIP() << "the sanitizer has hooks of its own";
  Sweep(kind, for_good, growth, {});
  const TempDirectory killed;
  ASSERT_EQ(InChild([&] { return Life(killed.path() + "/db").RunToBeKilled() ? 0 : 1; }), 0);
  Sweep(kind, for_good, growth, killed.path() + "/db");
}

TEST(Refusal, EachMapOnce) { Sweep(Refused::kMap, false, 1); }
TEST(Refusal, EveryMapFromOneOn) { Sweep(Refused::kMap, true, 1); }
TEST(Refusal, EachThreadOnce) { Sweep(Refused::kThread, false, 1); }
TEST(Refusal, EveryThreadFromOneOn) { Sweep(Refused::kThread, true, 1); }
TEST(Refusal, AnAllocationOnce) { Sweep(Refused::kAllocation, false, 1.15); }

TEST(Refusal, EachAllocationOfAnOpenAndACloseOnce) {
  if (!AMETHYST_HOOKS) GTEST_SKIP() << "the sanitizer has hooks of its own";
  Refusals::ExemptThisThread();
  uint64_t lives = 0;
  for (bool reached = true; reached && !testing::Test::HasFailure(); ++lives) {
    SCOPED_TRACE(lives);
    const TempDirectory directory;
    const std::filesystem::path path = directory.path();
    const Options options = SmallOptions();
    Refusals::Arm(Refused::kAllocation, lives + 1, false);
    const ErrorCode code = Refusals::Library([&] {
      const auto db = DB::Open(path, options);
      return db ? ErrorCode::kOutOfMemory : db.error().code();
    });
    reached = Refusals::Disarm();
    EXPECT_TRUE(code == ErrorCode::kOutOfMemory || code == ErrorCode::kIo);
    EXPECT_NE(OpenOrFail(directory.path()), nullptr);
  }
  EXPECT_GT(lives, 50);
}

TEST(Refusal, EveryAllocationFromOneOn) { Sweep(Refused::kAllocation, true, 1.15); }

TEST(Refusal, AFileSizeLimitIsLackOfSpaceAndNoSignal) {
  const TempDirectory directory;
  EXPECT_EQ(InChild([&] {
              Options options = SmallOptions();
              options.compression = Compression::kNone;
              auto db = OpenOrFail(directory.path(), options);
              if (db == nullptr || !db->Put("a", "1", {.durability = Durability::kSync})) return 1;
              rlimit limit{};
              getrlimit(RLIMIT_FSIZE, &limit);
              rlimit small = limit;
              small.rlim_cur = 4096;
              setrlimit(RLIMIT_FSIZE, &small);
              for (uint64_t i = 0; i < 2000; ++i) (void)db->Put(Key(i), std::string(500, 'v'));
              if (CodeOf(db->Flush()) != ErrorCode::kNoSpace) return 2;
              std::string value;
              if (!db->GetInto("a", &value).value_or(false)) return 3;
              setrlimit(RLIMIT_FSIZE, &limit);
              if (!db->Flush()) return 4;
              if (!db->Put("b", "2")) return 5;
              return db->Close() ? 0 : 6;
            }),
            0);
}

TEST(Refusal, OpensUnderAFileSizeLimitWithAnErrorOrNot) {
  const TempDirectory directory;
  EXPECT_EQ(InChild([&] {
              const rlimit small{4096, 4096};
              setrlimit(RLIMIT_FSIZE, &small);
              auto db = DB::Open(directory.path(), SmallOptions());
              if (!db) return db.error().code() == ErrorCode::kNoSpace ? 0 : 1;
              return CodeOf((*db)->Put("a", "1")) == ErrorCode::kNoSpace ? 0 : 2;
            }),
            0);
}

TEST(Refusal, CSaysThatMemoryRanOut) {
  if (AMETHYST_THREAD_SANITIZER || AMETHYST_ADDRESS_SANITIZER) GTEST_SKIP() << "a sanitizer needs address space";
  for (const size_t mib : {1, 8, 24, 64, 160}) {
    const TempDirectory directory;
    EXPECT_EQ(InChild([&] {
                rlimit used{};
                std::FILE* const statm = std::fopen("/proc/self/statm", "r");
                unsigned long pages = 0;
                if (statm == nullptr || std::fscanf(statm, "%lu", &pages) != 1) return 1;
                std::fclose(statm);
                used.rlim_cur = used.rlim_max = pages * 4096 + (mib << 20);
                setrlimit(RLIMIT_AS, &used);
                amethyst_db* db = nullptr;
                amethyst_code code = amethyst_open(directory.path().c_str(), nullptr, &db, nullptr);
                const std::string value(4096, 'v');
                for (int i = 0; i < 20'000 && code == AMETHYST_OK; ++i) {
                  char key[16];
                  const int size = std::snprintf(key, sizeof key, "k%d", i);
                  code = amethyst_put(db, key, static_cast<size_t>(size), value.data(), value.size(), AMETHYST_BUFFERED,
                                      nullptr);
                }
                return code == AMETHYST_OK || code == AMETHYST_OUT_OF_MEMORY ? 0 : 2;
              }),
              0)
        << mib << " MiB more";
  }
}

}  // namespace
}  // namespace amethyst
