// What `page` writes and serves. Covers: page_command, page_server
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/process_fixture.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using PageShell = ShellTest;

TEST_F(PageShell, WritesAReportToAFile) {
  Pipe("put apple artichoke\nflush\n");
  const std::string path = directory_.File("report.html");
  const Answer answer = Amethyst({"page", "--html", path});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("open it in a browser"));
  EXPECT_GT(std::filesystem::file_size(path), 10'000u);
}

TEST_F(PageShell, PrintsTheStateAsJson) {
  Pipe("put apple artichoke\nflush\n");
  const auto state = nlohmann::json::parse(Amethyst({"--json", "page"}).out);
  EXPECT_EQ(state["version"], 1);
  EXPECT_EQ(state["tables"][0]["from"], "apple");
  EXPECT_EQ(state["tables"][0]["level"], 0);
  EXPECT_EQ(state["families"][0]["name"], "default");
}

TEST_F(PageShell, WantsADatabase) {
  EXPECT_THAT(Amethyst({"page"}).err, HasSubstr("there is no database here"));
  EXPECT_THAT(Amethyst({"page", "--html", "-"}).err, HasSubstr("there is no database here"));
  EXPECT_FALSE(std::filesystem::exists(database_));
  const std::string foreign = directory_.File("notes");
  std::ofstream(foreign) << std::string("SQLite format 3\0", 16) << std::string(100, ' ');
  const Answer answer = Run({"page", foreign});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("SQLite"));
  EXPECT_EQ(answer.out, "");
}

TEST_F(PageShell, RefusesAddressesThatOthersCanReachAndSuchAsAreNone) {
  Pipe("put apple artichoke\n");
  for (const char* const address : {"0.0.0.0:8080", "192.168.1.7:8080", "[::]:8080"}) {
    const Answer answer = Amethyst({"page", "--http", address});
    EXPECT_EQ(answer.code, ExitCode::kUsage) << address;
    EXPECT_THAT(answer.err, AllOf(HasSubstr("others can reach"), HasSubstr("--http 127.0.0.1:8080"))) << address;
  }
  for (const char* const address : {"", "8080", "127.0.0.1", "localhost:99999", "example.org:80"}) {
    const Answer answer = Amethyst({"page", "--http", address});
    EXPECT_EQ(answer.code, ExitCode::kUsage) << address;
    EXPECT_THAT(answer.err, HasSubstr("is no address and port")) << address;
  }
  const Answer both = Amethyst({"page", "--http", "127.0.0.1:0", "--html", "-"});
  EXPECT_EQ(both.code, ExitCode::kUsage);
  EXPECT_THAT(both.err, HasSubstr("give one of them"));
}

// Lines of bash: $1 serves its page of data/amethyst, and `ask` sends one request to it.
constexpr const char* kServing =
    "serve() { \"$AMETHYST\" \"$@\" > said 2>&1 & page=$!; until grep -q 'http://' said; do "
    "kill -0 $page || return; done; port=$(grep -o '127.0.0.1:[0-9]*' said | cut -d: -f2); }; "
    "ask() { exec 5<>/dev/tcp/127.0.0.1/$port; "
    "printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' \"$1\" \"${2:-localhost}\" >&5; "
    "cat <&5; echo; }; ";

class PageProcess : public Process {
 protected:
  ProcessResult Serving(const std::string& line) { return Bash(kServing + line); }
};

TEST_F(PageProcess, IsServedBesideAWriterAndSeesWhatItHasNotFlushed) {
  const ProcessResult result = Serving(
      "amethyst put apple artichoke; amethyst flush; mkfifo lines; (exec \"$AMETHYST\" < lines > written) & exec 3> "
      "lines; "
      "echo 'put pear green' >&3; echo 'get pear' >&3; until grep -q green written; do :; done; "
      "serve page data/amethyst; cat said; ask '/lookup?key=pear&family=0'; ask '/lookup?key=apple&family=0'; "
      "echo 'put plum blue' >&3; echo 'get plum' >&3; until grep -q blue written; do :; done; ask '/lookup?key=plum'; "
      "ask '/lookup?key=a&family=7'; ask '/lookup?key=a&family=x'; ask /lookup; ask / evil.example; ask /; "
      "kill -INT $page; wait $page; echo ended with $?; exec 3>&-; wait");
  EXPECT_THAT(result.out, HasSubstr("the page is at http://127.0.0.1:"));
  EXPECT_THAT(result.out, Not(HasSubstr("no process has the database open")));
  EXPECT_THAT(result.out, HasSubstr(R"({"key":"pear","family":0,"steps":[],"engine":{"us":)"));
  EXPECT_THAT(result.out, HasSubstr(R"("outcome":"found")"));
  EXPECT_THAT(result.out, testing::ContainsRegex(R"("key":"plum".*"where":"memory")"));
  EXPECT_THAT(result.out, HasSubstr(R"({"key":"a","family":7,"steps":[],"where":"nowhere"})"));
  EXPECT_THAT(result.out, HasSubstr("family is a number"));
  EXPECT_THAT(result.out, HasSubstr("lookup wants key="));
  EXPECT_THAT(result.out, HasSubstr("HTTP/1.1 421 "));
  EXPECT_THAT(result.out, HasSubstr("Content-Security-Policy: default-src 'self'"));
  EXPECT_THAT(result.out, HasSubstr("<!doctype html>"));
  EXPECT_THAT(result.out, HasSubstr("ended with 130\n"));
}

TEST_F(PageProcess, WithoutAWriterItShowsTheFilesAndSaysSo) {
  const ProcessResult result = Serving(
      "amethyst put apple artichoke; amethyst flush; serve --json page --http 127.0.0.1:0; cat said; "
      "exec 6<>/dev/tcp/127.0.0.1/$port; printf 'GET /events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&6; "
      "until [[ $line == data:* ]]; do read -r line <&6; done; echo \"$line\"; kill -INT $page; wait $page; "
      "serve page; cat said; kill -INT $page; wait $page");
  EXPECT_THAT(result.out, AllOf(HasSubstr(R"({"http":"http://127.0.0.1:)"), HasSubstr(R"("writer":"gone"})")));
  EXPECT_THAT(result.out, HasSubstr(R"(data: {"version":1,"database":"data/amethyst")"));
  EXPECT_THAT(result.out, HasSubstr("No process has this database open"));
  EXPECT_THAT(result.out, HasSubstr("no process has the database open: the page shows what its files say"));
}

TEST_F(PageProcess, APortThatIsTakenIsNamed) {
  const ProcessResult result = Serving(
      "amethyst put apple artichoke; serve page; amethyst page --http 127.0.0.1:$port 2>&1; echo ended with $?; "
      "kill -INT $page; wait $page");
  EXPECT_THAT(result.out, HasSubstr("is taken by another process; --http names another one"));
  EXPECT_THAT(result.out, HasSubstr("ended with 3\n"));
}

}  // namespace
}  // namespace amethyst::cli
