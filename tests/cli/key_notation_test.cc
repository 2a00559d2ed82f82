// Covers: key_notation, key_range
#include "cli/key_notation.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/random.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

class Notations : public ShellTest {
 protected:
  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
};

TEST(KeyNotation, WhatItPrintsItReadsBack) {
  base::Random random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string key(random.Below(12), '\0');
    for (char& c : key) c = random.OneIn(2) ? "\\\"'x0\n\t "[random.Below(8)] : static_cast<char>(random.Below(256));
    for (const KeyNotation notation : {KeyNotation::kHex, KeyNotation::kEscapes}) {
      EXPECT_EQ(ParseKey(notation, KeyText(notation, key)).value_or("unreadable"), key);
    }
    EXPECT_EQ(ParseKey(KeyNotation::kPlain, key), key);
  }
}

TEST(KeyNotation, NamesWhatStandsForNoKey) {
  EXPECT_EQ(ParseKey(KeyNotation::kHex, "0x00FF"), std::string("\0\xff", 2));
  EXPECT_EQ(ParseKey(KeyNotation::kHex, "abc").error(), "abc is not hexadecimal digits, two a byte");
  EXPECT_EQ(ParseKey(KeyNotation::kHex, "0g").error(), "0g is not hexadecimal digits, two a byte");
  EXPECT_EQ(ParseKey(KeyNotation::kEscapes, R"("a\x00")"), std::string("a\0", 2));
  EXPECT_EQ(ParseKey(KeyNotation::kEscapes, R"(a"b)"), "a\"b");
  EXPECT_THAT(ParseKey(KeyNotation::kEscapes, R"(a\q)").error(), HasSubstr("is no escape"));
  EXPECT_THAT(ParseKey(KeyNotation::kEscapes, R"(a\x0)").error(), HasSubstr("two hexadecimal digits"));
}

TEST_F(Notations, AKeyThatScanPrintsCanBeGivenBack) {
  ASSERT_EQ(Pipe("put \"\\x00\\xff\\n\" 1\nput 'a\\b \"c\"' 2\nput \"'\" 3\nput '' 4\nput plain 5\n").code,
            ExitCode::kOk);
  for (const std::string option : {"--hex", "--escapes"}) {
    std::string values;
    for (const std::string& key : Lines(Amethyst({"scan", option, "--keys-only"}).out)) {
      const Answer answer = Amethyst({"get", option, key});
      EXPECT_EQ(answer.code, ExitCode::kOk) << key << ": " << answer.err;
      values += answer.out.substr(0, 1);
    }
    EXPECT_EQ(values, "41325") << option;
  }
  EXPECT_EQ(Amethyst({"get", "--escapes", R"("\x00\xff\n")"}).out, "1\n") << "as scan prints it without an option";
}

TEST_F(Notations, EveryCommandThatTakesKeysTakesThem) {
  ASSERT_EQ(Amethyst({"put", "--hex", "00ff", "1"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "--escapes", "\\x01", "2"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--hex"}).out, "00ff\t1\n01\t2\n");
  EXPECT_EQ(Amethyst({"scan", "--escapes", "\\x01"}).out, "\\x01\t2\n");
  EXPECT_EQ(Amethyst({"scan", "--hex", "--prefix", "00"}).out, "00ff\t1\n");
  EXPECT_EQ(Amethyst({"count", "--hex", "00", "01"}).out, "1\n");
  EXPECT_EQ(Amethyst({"export", "--hex", "--prefix", "01"}).out, "\x01\t2\n");
  EXPECT_EQ(Amethyst({"compact", "--hex", "00", "02"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"delete", "--hex", "00ff", "01", "02"}).out, "2\n");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"put", "x", "1"},
                                                  {"get", "x"},
                                                  {"delete", "00", "x"},
                                                  {"scan", "x"},
                                                  {"count", "x"},
                                                  {"compact", "x"},
                                                  {"export", "--prefix", "x"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--hex");
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kUsage) << command.front();
    EXPECT_THAT(answer.err, HasSubstr("x is not hexadecimal digits")) << command.front();
    arguments.emplace_back("--escapes");
    EXPECT_THAT(Amethyst(arguments).err, HasSubstr("exclude each other")) << command.front();
  }
}

}  // namespace
}  // namespace amethyst::cli
