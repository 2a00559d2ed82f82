// Covers: shell, session
#include "cli/program.h"

#include <gmock/gmock.h>

#include "amethyst/version.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using Program = ShellTest;

TEST_F(Program, HelpAndVersionNeedNoDatabase) {
  EXPECT_THAT(Run({"--help"}).out, HasSubstr("usage: amethyst [OPTION...] [COMMAND [ARGUMENT...]]"));
  EXPECT_EQ(Run({"-h"}).out, Run({"--help"}).out);
  EXPECT_EQ(Run({"--version"}).out, "amethyst " AMETHYST_VERSION_STRING "\n");
  EXPECT_EQ(Run({"--json", "version"}).out, "{\"version\":\"" AMETHYST_VERSION_STRING "\"}\n");
}

TEST_F(Program, WhatOthersCallACommandIsUnderstoodAsAQuestionForOurs) {
  EXPECT_THAT(Amethyst({"insert", "a", "1"}).err, HasSubstr("did you mean put?"));
  EXPECT_THAT(Amethyst({"ls"}).err, HasSubstr("did you mean scan?"));
  EXPECT_THAT(Amethyst({"keys"}).err, HasSubstr("did you mean scan?"));
  EXPECT_THAT(Run({"some/where", "get", "a"}).err, HasSubstr("--db some/where"));
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_THAT(Run({database_, "get", "a"}).err, HasSubstr("--db " + database_));
}

TEST_F(Program, UnknownOptionsAndCommandsSuggestTheNearest) {
  const Answer option = Run({"--jsno", "version"});
  EXPECT_EQ(option.code, ExitCode::kUsage);
  EXPECT_THAT(option.err, HasSubstr("did you mean --json?"));
  const Answer command = Run({"pt", "a", "b"});
  EXPECT_EQ(command.code, ExitCode::kUsage);
  EXPECT_THAT(command.err, HasSubstr("did you mean put?"));
  EXPECT_EQ(Run({"--db"}).code, ExitCode::kUsage);
  EXPECT_EQ(Run({"--db", "", "count"}).code, ExitCode::kUsage);
  EXPECT_EQ(Run({"--color", "pink", "version"}).code, ExitCode::kUsage);
}

TEST_F(Program, AnOptionOfTheProgramMayEqualItsValue) {
  EXPECT_EQ(Run({"--db=" + database_, "put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Run({"--db", database_, "--read-only", "get", "a"}).out, "1\n");
}

TEST_F(Program, LinesNameTheirNumberAndTheWorstExitCodeWins) {
  const Answer answer = Pipe("# a comment\nput a 1\nget b\nfrob\nget a\n");
  EXPECT_EQ(answer.code, ExitCode::kUsage);
  EXPECT_EQ(answer.out, "1\n");
  EXPECT_THAT(answer.err, HasSubstr("amethyst: line 4: unknown command frob"));
  EXPECT_EQ(Pipe("get a\nget b\n").code, ExitCode::kNotFound);
  EXPECT_EQ(Pipe("").code, ExitCode::kOk);
  EXPECT_EQ(Pipe("put \"a\n").code, ExitCode::kUsage);
}

TEST_F(Program, QuitEndsTheLines) {
  EXPECT_EQ(Pipe("put a 1\nquit\nfrob\n").code, ExitCode::kOk);
  EXPECT_EQ(Pipe("exit\nfrob\n").code, ExitCode::kOk);
}

TEST_F(Program, ErrorsAreJsonWhereAsked) {
  EXPECT_EQ(Run({"--json", "get"}).err,
            "{\"error\":{\"code\":\"Usage\",\"message\":\"get: arguments are missing\",\"hint\":\"usage: get KEY "
            "[--raw] [--output FILE] [--as TYPE] [--hex] [--escapes]\"}}\n");
  const Answer lines = Run({"--json", "--db", database_}, "frob\n");
  EXPECT_THAT(lines.err, HasSubstr("\"line\":1}"));
}

TEST_F(Program, ColoursComeOnlyWhenAskedWithoutATerminal) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\n");
  EXPECT_EQ(Amethyst({"--color", "always", "scan"}).out, "\033[36ma\033[0m\t1\n");
}

TEST_F(Program, ReadsThenWritesThenReadsInOneSession) {
  const Answer answer = Pipe("put a 1\n");
  ASSERT_EQ(answer.code, ExitCode::kOk);
  EXPECT_EQ(Pipe("get a\nput a 2\nget a\nverify\nput a 3\nget a\n").out.substr(0, 4), "1\n2\n");
  EXPECT_EQ(Amethyst({"get", "a"}).out, "3\n");
}

TEST_F(Program, AnInterruptStopsTheLines) {
  std::istringstream in("put a 1\nput b 2\n");
  std::ostringstream out;
  std::ostringstream err;
  Console console(in, out, err);
  class InterruptAtFirstRead final : public std::stringbuf {
   public:
    InterruptAtFirstRead(const std::string& text, std::atomic<bool>& flag) : std::stringbuf(text), flag_(flag) {}
    int underflow() override {
      flag_ = true;
      return std::stringbuf::underflow();
    }

   private:
    std::atomic<bool>& flag_;
  };
  InterruptAtFirstRead data("a\t1\nb\t2\n", console.interrupted);
  in.std::ios::rdbuf(&data);
  EXPECT_EQ(RunProgram({"--db", database_, "import"}, console), ExitCode::kInterrupted);
  EXPECT_THAT(err.str(), HasSubstr("interrupted"));
}

}  // namespace
}  // namespace amethyst::cli
