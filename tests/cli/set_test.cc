// Settings of the database that the shell has open. Covers: set_command, session
#include <gmock/gmock.h>

#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class SetShell : public ShellTest {
 protected:
  SetShell() { EXPECT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk); }
};

TEST_F(SetShell, ChangesASettingForTheSession) {
  const Answer answer = Pipe(
      "set background_threads 3\nset memory_budget_bytes 512M\nset compression zstd\nset sync_interval_ms 10\n"
      "watch\nset\n");
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("background_threads\t3\n"));  // Though watch closed the database.
  EXPECT_THAT(answer.out, HasSubstr("memory_budget_bytes\t536870912\n"));
  EXPECT_THAT(answer.out, HasSubstr("compression\tzstd\n"));
  EXPECT_THAT(answer.out, HasSubstr("sync_interval_ms\t10\n"));
  EXPECT_THAT(Amethyst({"set", "--json"}).out, HasSubstr(R"("compression":"lz4")"));
}

TEST_F(SetShell, KeepsThoseOfAFamily) {
  ASSERT_EQ(Amethyst({"family", "create", "f"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"set", "--family", "f", "ttl", "30m"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"set", "--family", "f", "compression", "none"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "f", "put", "k", "v"}).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"--family", "f", "expiry", "k"}).out, HasSubstr("29m"));
  EXPECT_EQ(Amethyst({"set", "--family", "f", "ttl", "0"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "f", "put", "k", "v"}).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"--family", "f", "expiry", "k"}).out, Not(HasSubstr("m")));
}

TEST_F(SetShell, SaysWhatIsWrong) {
  const auto is_usage = [this](const std::vector<std::string>& arguments, const std::string& message) {
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kUsage);
    EXPECT_THAT(answer.err, HasSubstr(message));
  };
  is_usage({"set", "a"}, "`put KEY VALUE` writes a key");
  is_usage({"set", "a", "1"}, "there is no setting a");
  is_usage({"set", "background_threads", "many"}, "background_threads is not many");
  is_usage({"set", "background_threads", "99"}, "at most 64");
  is_usage({"set", "compression", "zip"}, "compression is not zip");
  is_usage({"set", "ttl", "soon"}, "ttl:");
  is_usage({"set", "--family", "none", "ttl", "1h"}, "there is no family");
  ASSERT_EQ(Amethyst({"family", "create", "f"}).code, ExitCode::kOk);
  is_usage({"set", "--family", "f", "max_open_files", "20"}, "a family has compression and ttl");
}

}  // namespace
}  // namespace amethyst::cli
