// Covers: line_source
#include "cli/line_source.h"

#include <gtest/gtest.h>

#include <sstream>

namespace amethyst::cli {
namespace {

TEST(ReadLine, TakesLinesWithoutTheirEnds) {
  std::istringstream in("a\n\nb");
  std::string line;
  EXPECT_EQ(ReadLine(in, 10, &line), LineRead::kLine);
  EXPECT_EQ(line, "a");
  EXPECT_EQ(ReadLine(in, 10, &line), LineRead::kLine);
  EXPECT_EQ(line, "");
  EXPECT_EQ(ReadLine(in, 10, &line), LineRead::kLine);
  EXPECT_EQ(line, "b");
  EXPECT_EQ(ReadLine(in, 10, &line), LineRead::kEnd);
}

TEST(ReadLine, ALineThatIsTooLongIsTakenWholeAndKeptInPart) {
  std::istringstream in("12345\n123456\nnext\n");
  std::string line;
  EXPECT_EQ(ReadLine(in, 5, &line), LineRead::kLine);
  EXPECT_EQ(ReadLine(in, 5, &line), LineRead::kTooLong);
  EXPECT_EQ(line, "12345");
  EXPECT_EQ(ReadLine(in, 5, &line), LineRead::kLine);
  EXPECT_EQ(line, "next");
}

TEST(StreamLines, AByteOrderMarkIsNoPartOfTheFirstLine) {
  std::istringstream in("\xef\xbb\xbfput a 1\n\xef\xbb\xbfput b 2\n");
  StreamLines lines(in);
  EXPECT_EQ(lines.Next(""), "put a 1");
  EXPECT_EQ(lines.Next(""), "\xef\xbb\xbfput b 2");
  EXPECT_EQ(lines.line_number(), 2u);
  EXPECT_FALSE(lines.too_long());
  EXPECT_EQ(lines.Next(""), std::nullopt);
}

}  // namespace
}  // namespace amethyst::cli
