// What `page` writes. Covers: page_command
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
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

TEST_F(PageShell, WantsAFileAndADatabase) {
  EXPECT_THAT(Amethyst({"page"}).err, HasSubstr("--html FILE"));
  EXPECT_THAT(Amethyst({"page", "--html", "-"}).err, HasSubstr("there is no database here"));
}

}  // namespace
}  // namespace amethyst::cli
