// Covers: config, program
#include "cli/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

TEST(ParseConfig, TakesNamesOfOptionsAndTheirValues) {
  const auto lines = ParseConfig("f", "# comment\n\n  db = /srv/a b=c \r\njson=true\nread-only = false\nwait = 5");
  ASSERT_TRUE(lines) << lines.error();
  ASSERT_EQ(lines->size(), 3u);
  EXPECT_EQ((*lines)[0].option.text, "--db=/srv/a b=c");
  EXPECT_EQ((*lines)[0].number, 3u);
  EXPECT_EQ((*lines)[1].option.text, "--json");
  EXPECT_EQ((*lines)[2].option.text, "--wait=5");
}

TEST(ParseConfig, NamesFileAndLineOfWhatIsWrong) {
  EXPECT_EQ(ParseConfig("f", "\nmemroy = 1G").error(), "f:2: there is no memroy, did you mean memory?");
  EXPECT_THAT(ParseConfig("f", "help = true").error(), HasSubstr("f:1: there is no help"));
  EXPECT_EQ(ParseConfig("f", "json = yes").error(), "f:1: json is true or false, not yes");
  EXPECT_EQ(ParseConfig("f", "json").error(), "f:1: expected NAME = VALUE, found json");
  EXPECT_EQ(ParseConfig("f", "db =\n").error(), "f:1: db has no value");
}

class Config : public ShellTest {
 protected:
  Answer WithConfig(const std::string& text, const std::vector<std::string>& arguments) {
    std::ofstream(path_) << text;
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console(in, out, err);
    const ExitCode code = RunProgram(arguments, console, {}, path_);
    return {.code = code, .out = out.str(), .err = err.str()};
  }

  const std::string path_ = directory_.File("config");
};

TEST_F(Config, SetsWhatOptionsSetAndOptionsGoBeforeIt) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  const std::string config = "db = " + database_ + "\njson = true\n";
  EXPECT_EQ(WithConfig(config, {"get", "a"}).out, "{\"key\":\"a\",\"value\":\"1\"}\n");
  const std::string other = directory_.File("other");
  EXPECT_EQ(WithConfig(config, {"--db", other, "get", "a"}).code, ExitCode::kError) << "there is no such database";
  EXPECT_EQ(WithConfig(config + "read-only = true\n", {"put", "b", "2"}).code, ExitCode::kError);
  ::setenv("AMETHYST_DB", database_.c_str(), 1);
  EXPECT_EQ(WithConfig("db = " + other, {"get", "a"}).out, "1\n") << "the environment goes before the file";
  ::unsetenv("AMETHYST_DB");
}

TEST_F(Config, IsWrongByFileAndLineWhateverIsAskedFor) {
  const Answer bad = WithConfig("db = x\nmemory = lots\n", {"get", "a"});
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_THAT(bad.err, HasSubstr(path_ + ":2: --memory is a size as 64M or 2G, not lots"));
  EXPECT_THAT(WithConfig("wait = long", {"get", "a"}).err, HasSubstr(":1: --wait wants a number, not long"));
  EXPECT_THAT(WithConfig("color = red", {"get", "a"}).err, HasSubstr(":1: --color is auto, always or never, not red"));
  EXPECT_EQ(WithConfig("nonsense", {"--help"}).code, ExitCode::kOk) << "help is there all the same";
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console(in, out, err);
  EXPECT_EQ(RunProgram({"version"}, console, {}, directory_.File("missing")), ExitCode::kUsage);
  EXPECT_THAT(err.str(), HasSubstr("missing"));
}

}  // namespace
}  // namespace amethyst::cli
