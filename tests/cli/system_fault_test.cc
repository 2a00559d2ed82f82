// The program while the operating system refuses it: system calls made to fail one after the other, no descriptors, no
// memory. Whatever it says, what it acknowledged is there afterwards. Covers: main
#include <gmock/gmock.h>

#include <string>

#include "base/sanitizer.h"
#include "cli/process_fixture.h"

namespace amethyst::cli {
namespace {

class SystemFault : public Process {
 protected:
  // Puts a key for each of the first calls of `fault`, "syscall:error=NAME", which fails in that run; then looks.
  ProcessResult PutWhileFailing(const std::string& fault, int calls) {
    return Bash(
        "amethyst put first 1 || exit 9; : > acked; for k in $(seq " + std::to_string(calls) +
        "); do strace -f -o /dev/null -e inject=" + fault +
        ":when=$k \"$AMETHYST\" put key$k value$k > /dev/null 2>&1; status=$?; "
        "[ $status = 0 ] && echo key$k >> acked; [ $status -ge 128 ] && echo \"call $k: a crash, $status\"; "
        "done; amethyst get first > /dev/null || echo 'the first is lost'; "
        "while read -r key; do [ \"$(amethyst get $key)\" = value${key#key} ] || echo \"$key is lost\"; done < acked; "
        "amethyst verify > said 2>&1 || cat said");
  }

  void SetUp() override {
    // Its runtime makes the same calls: one that cannot write what it found tries for ever.
    if (AMETHYST_ADDRESS_SANITIZER) GTEST_SKIP() << "calls of the sanitizer would fail, too";
    if (Bash("strace -o /dev/null true").status != 0) GTEST_SKIP() << "strace is missing, or may not trace here";
  }
};

class EachCallFails : public SystemFault, public testing::WithParamInterface<const char*> {};

TEST_P(EachCallFails, AndNothingAcknowledgedIsLost) {
  const ProcessResult result = PutWhileFailing(GetParam(), 6);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "");
}
INSTANTIATE_TEST_SUITE_P(Call, EachCallFails,
                         testing::Values("fdatasync:error=EIO", "fsync:error=EIO", "pwrite64:error=ENOSPC",
                                         "write:error=ENOSPC", "fallocate:error=ENOSPC", "ftruncate:error=EIO",
                                         "renameat:error=EIO", "unlinkat:error=EIO", "pread64:error=EIO",
                                         "openat:error=EMFILE", "fcntl:error=ENOLCK", "flock:error=ENOLCK"));

TEST_F(SystemFault, AnInterruptedCallIsMadeAgain) {
  for (const std::string call : {"pwrite64", "fallocate", "ftruncate"}) {
    EXPECT_EQ(PutWhileFailing(call + ":error=EINTR", 3).out, "");
    EXPECT_EQ(Bash("wc -l < acked; rm acked").out, "3\n") << call;
  }
}

TEST_F(Process, WithFewDescriptorsItWorksOrSaysSo) {
  EXPECT_EQ(Bash("amethyst seed 2000 2> /dev/null; amethyst count > all; (ulimit -n 24; amethyst count > few 2>&1); "
                 "cmp all few")
                .status,
            0);
  const ProcessResult none =
      Bash("(ulimit -n 5; amethyst put a 1) > said 2>&1; echo $?; amethyst verify > /dev/null; echo $?");
  // The sanitizer's own start needs descriptors, and ends the program with 1 without.
  const char* const codes = AMETHYST_ADDRESS_SANITIZER ? "(0|1|3|127)\n0\n" : "(0|3|127)\n0\n";
  EXPECT_THAT(none.out, testing::MatchesRegex(codes));
}

TEST_F(Process, WithLittleMemoryItLosesNothing) {
  const ProcessResult result = Bash(
      "amethyst put first 1; for kib in 60000 120000 250000 400000; do (ulimit -v $kib; \"$AMETHYST\" put key$kib 1) > "
      "/dev/null "
      "2>&1 && [ \"$(amethyst get key$kib)\" != 1 ] && echo \"key$kib is lost\"; done; amethyst get first; amethyst "
      "verify > "
      "/dev/null; "
      "echo $?");
  EXPECT_EQ(result.out, "1\n0\n");
}

TEST_F(Process, APathThroughALinkIsTheSameDatabase) {
  const ProcessResult result = Bash(
      "amethyst put a 1; ln -s data link; amethyst --db link/amethyst get a; mkfifo lines; (amethyst < lines > said) & "
      "exec 3> lines; "
      "printf 'put c 3\\nget a\\n' >&3; until grep -q 1 said; do :; done; amethyst --db link/amethyst put b 2 > "
      "refused 2>&1; echo "
      "$?; "
      "exec 3>&-; wait; grep -c '^amethyst: .* has it open' refused");
  EXPECT_EQ(result.out, "1\n3\n1\n");
}

}  // namespace
}  // namespace amethyst::cli
