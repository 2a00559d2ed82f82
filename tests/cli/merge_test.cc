// Merges and counters, in the default family. Covers: merge_commands, value_notation, program, report_error
#include <gmock/gmock.h>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

class Merges : public ShellTest {
 protected:
  // amethyst --merge OPERATOR ARGUMENT...
  Answer With(const std::string& merge_operator, std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--merge", merge_operator});
    return Amethyst(arguments, input);
  }
};

TEST_F(Merges, ACounterPrintsWhatItIs) {
  EXPECT_EQ(With("int64.add", {"incr", "hits"}).out, "1\n");
  EXPECT_EQ(Amethyst({"incr", "hits", "41"}).out, "42\n") << "the operator is kept from the first operand on";
  EXPECT_EQ(Amethyst({"incr", "hits", "-50"}).out, "-8\n");
  EXPECT_EQ(Amethyst({"incr", "hits", "0"}).out, "-8\n");
  EXPECT_EQ(Amethyst({"incr", "--json", "hits"}).out, "{\"key\":\"hits\",\"value\":-7}\n");
  EXPECT_EQ(Amethyst({"get", "--as", "int64", "hits"}).out, "-7\n");
  EXPECT_EQ(Amethyst({"incr", "--hex", "68697473"}).out, "-6\n");
}

TEST_F(Merges, CountersAreShownAsNumbersWhereAsked) {
  ASSERT_EQ(With("uint64.add", {}, "incr a 5\nput b text\nmerge --as int64 c -1\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--as", "int64"}).out, "a\t5\nb\ttext\nc\t-1\n");
  EXPECT_EQ(Amethyst({"scan", "--as", "uint64", "--json"}).out,
            "{\"key\":\"a\",\"value\":5}\n{\"key\":\"b\",\"value\":\"text\"}\n"
            "{\"key\":\"c\",\"value\":18446744073709551615}\n");
  EXPECT_EQ(Amethyst({"get", "--as", "uint64", "c"}).out, "18446744073709551615\n");
  EXPECT_EQ(Amethyst({"get", "--json", "--as", "int64", "a"}).out, "{\"key\":\"a\",\"value\":5}\n");
  EXPECT_EQ(Amethyst({"incr", "--as", "uint64", "c", "18446744073709551615"}).out, "18446744073709551614\n");
  EXPECT_EQ(Amethyst({"get", "--as", "int32", "a"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"scan", "--as", "number"}).code, ExitCode::kUsage);
}

TEST_F(Merges, OperandsAreWhatTheOperatorMakesOfThem) {
  EXPECT_EQ(With("append:,", {}, "merge tags red\nmerge tags blue\nget tags\n").out, "red,blue\n");
  EXPECT_EQ(Amethyst({"merge", "tags", "green"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "tags"}).out, "red,blue,green\n");
  const std::string other = directory_.File("other");
  EXPECT_EQ(Run({"--db", other, "--merge", "max"}, "merge k 5\nmerge k 7\nmerge k 6\nget k\n").out, "7\n");
}

TEST_F(Merges, NumbersThatAreNoneAreRefused) {
  ASSERT_EQ(With("int64.add", {"incr", "hits"}).out, "1\n");
  for (const std::string number : {"one", "1.5", "", "9223372036854775808", "1 "}) {
    const Answer answer = Amethyst({"incr", "hits", number});
    EXPECT_EQ(answer.code, ExitCode::kUsage) << number;
    EXPECT_THAT(answer.err, HasSubstr("is no int64")) << number;
  }
  EXPECT_THAT(Amethyst({"incr", "--as", "uint64", "hits", "-1"}).err, HasSubstr("-1 is no uint64"));
  EXPECT_EQ(Amethyst({"merge", "--as", "int64", "hits", "x"}).code, ExitCode::kUsage);
  const Answer text = Amethyst({"merge", "hits", "five"});
  EXPECT_EQ(text.code, ExitCode::kError);
  EXPECT_THAT(text.err, HasSubstr("merge operator int64.add takes 8"));
  EXPECT_EQ(Amethyst({"get", "--as", "int64", "hits"}).out, "1\n");
}

TEST_F(Merges, AValueThatIsNoCounterStaysReadable) {
  ASSERT_EQ(With("int64.add", {}, "incr hits\nput name ada\n").code, ExitCode::kOk);
  const Answer answer = Amethyst({"incr", "name"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("name is no counter: its value has 3 bytes, where a number has 8"));
  EXPECT_EQ(Amethyst({"get", "name"}).out, "ada\n");
}

TEST_F(Merges, WithoutAnOperatorTheErrorSaysHowToGetOne) {
  for (const std::string command : {"merge", "incr"}) {
    const Answer answer = Amethyst({command, "k", "1"});
    EXPECT_EQ(answer.code, ExitCode::kError) << command;
    EXPECT_THAT(answer.err, HasSubstr("family default has no merge operator"));
    EXPECT_THAT(answer.err, HasSubstr("`amethyst [--family NAME] --merge OPERATOR merge ...` gives it one"));
    EXPECT_THAT(answer.err, HasSubstr("`family create NAME --merge OPERATOR`"));
  }
  ASSERT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk);
  const Answer other = Amethyst({"--family", "users", "merge", "k", "1"});
  EXPECT_EQ(other.code, ExitCode::kError);
  EXPECT_THAT(other.err, HasSubstr("`family create NAME --merge OPERATOR` makes a family with one"));
}

TEST_F(Merges, AnOperatorIsOneOfThoseThereAreAndTheOneThatIsKept) {
  for (const std::string name : {"", "int64", "append:", "INT64.ADD", "plus"}) {
    const Answer answer = With(name, {"count"});
    EXPECT_EQ(answer.code, ExitCode::kUsage) << name;
    EXPECT_THAT(answer.err,
                HasSubstr("--merge is int64.add, uint64.add, bit.or, max, min, append or append:SEPARATOR"));
  }
  ASSERT_EQ(With("int64.add", {"incr", "hits"}).out, "1\n");
  const Answer other = With("max", {"get", "hits"});
  EXPECT_EQ(other.code, ExitCode::kError);
  EXPECT_THAT(other.err, HasSubstr("has operands of merge operator int64.add; it cannot be opened with max"));
  EXPECT_EQ(With("int64.add", {"incr", "hits"}).out, "2\n");
}

TEST_F(Merges, OperandsExpire) {
  ASSERT_EQ(With("append:,", {}, "merge tags a\nmerge --expires-at 2000-01-01 tags b\nmerge --ttl 1000d tags c\n").code,
            ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "tags"}).out, "a,c\n");
  EXPECT_EQ(Amethyst({"merge", "--ttl", "never", "tags", "d"}).code, ExitCode::kUsage);
}

TEST_F(Merges, LinesOfABatchMerge) {
  EXPECT_EQ(
      With("append:,", {"batch"}, "merge tags a\nput tags b\nmerge tags c\nmerge tags d --expires-at 2000-01-01\n")
          .code,
      ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "tags"}).out, "b,c\n");
  const Answer bad = Amethyst({"batch"}, "merge tags\nmerge a b c\n");
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_THAT(bad.err, HasSubstr("merge KEY OPERAND, or end; found merge tags"));
}

TEST_F(Merges, ReadOnlySessionsDoNotMerge) {
  ASSERT_EQ(With("int64.add", {"incr", "hits"}).out, "1\n");
  for (const std::string command : {"merge", "incr"}) {
    EXPECT_THAT(Amethyst({"--read-only", command, "hits", "1"}).err, HasSubstr("--read-only was given")) << command;
  }
  EXPECT_EQ(Amethyst({"--read-only", "get", "--as", "int64", "hits"}).out, "1\n");
}

}  // namespace
}  // namespace amethyst::cli
