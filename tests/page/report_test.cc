// One file with all of the page. Covers: report
#include "page/report.h"

#include <gmock/gmock.h>

#include "page/assets.h"

namespace amethyst::page {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Report, HoldsTheModulesAndTheStateAndFetchesNothing) {
  const std::string html = MakeReport(R"({"version":1})");
  EXPECT_THAT(html, HasSubstr(R"(<script type="application/json" id="state">{"version":1}</script>)"));
  EXPECT_THAT(html, HasSubstr("class LevelMap"));
  for (const char* const fetched : {" src=", "stylesheet", "\nimport ", "\nexport "}) {
    EXPECT_THAT(html, Not(HasSubstr(fetched)));
  }
}

TEST(Assets, StartWithThePage) {
  ASSERT_FALSE(Assets().empty());
  EXPECT_EQ(Assets().front().name, "index.html");
  EXPECT_EQ(FindAsset("page.js")->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(FindAsset("absent.js"), nullptr);
}

TEST(Assets, ModulesAreSmallTogether) {
  size_t bytes = 0;
  for (const Asset& asset : Assets()) {
    if (asset.name.ends_with(".js") && asset.name != "uplot.js") bytes += asset.text.size();
  }
  EXPECT_LE(bytes, size_t{60} << 10);
}

}  // namespace
}  // namespace amethyst::page
