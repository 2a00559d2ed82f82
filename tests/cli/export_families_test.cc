// Covers: export_command, import, dump_format, jsonl_format
// What export keeps beside keys and values: expiries, and the families that entries are of.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ExportFamilies : public ShellTest {
 protected:
  void SetUp() override {
    const Answer made = Pipe(
        "put apple artichoke\nput --expires-at 2099-12-31T18:00:00.250Z offer \"half price\"\n"
        "family create users\nfamily create empty\nfamily create \"two words\"\n"
        "put --family users 7 ada\nput --family users --expires-at 2098-01-02 8 bob\n"
        "put --family \"two words\" \"\\xff\" \"\\n\"\n");
    ASSERT_EQ(made.code, ExitCode::kOk) << made.err;
  }
  // In another database.
  Answer Other(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"--db", other_});
    return Run(arguments, input);
  }
  static std::string Contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  void ExpectOtherIsTheSame() {
    for (const std::string family : {"default", "users", "empty", "two words"}) {
      EXPECT_EQ(Other({"scan", "--json", "--family", family}).out,
                Amethyst({"scan", "--json", "--family", family}).out);
    }
  }

  const std::string other_ = directory_.File("other");
};

TEST_F(ExportFamilies, AllComeBackFromOneFileWithExpiriesAndTheEmptyOnesToo) {
  for (const std::string name : {"all.dump", "all.jsonl"}) {
    std::filesystem::remove_all(other_);
    const std::string path = directory_.File(name);
    const Answer out = Amethyst({"export", "--all-families", path});
    ASSERT_EQ(out.code, ExitCode::kOk) << out.err;
    EXPECT_THAT(out.err, AllOf(HasSubstr("exported 5 entries"), HasSubstr("\n  default: 2 entries\n"),
                               HasSubstr("\n  empty: 0 entries\n"), HasSubstr("\n  two words: 1 entry\n")));
    const Answer in = Other({"import", path});
    ASSERT_EQ(in.code, ExitCode::kOk) << in.err;
    EXPECT_THAT(in.err, AllOf(HasSubstr("imported 5 entries"), HasSubstr("\n  users: 2 entries, ")));
    EXPECT_THAT(Other({"families"}).out, AllOf(HasSubstr("users\t"), HasSubstr("empty\t"), HasSubstr("two words")));
    ExpectOtherIsTheSame();
  }
}

TEST_F(ExportFamilies, JsonLinesSayTheFamilyAndTheMoment) {
  const Answer all = Amethyst({"export", "--all-families", "--format", "jsonl"});
  EXPECT_EQ(all.out,
            "{\"family\":\"default\",\"key\":\"apple\",\"value\":\"artichoke\"}\n"
            "{\"family\":\"default\",\"key\":\"offer\",\"value\":\"half price\","
            "\"expires_at\":\"2099-12-31T18:00:00.250Z\"}\n"
            "{\"family\":\"users\",\"key\":\"7\",\"value\":\"ada\"}\n"
            "{\"family\":\"users\",\"key\":\"8\",\"value\":\"bob\",\"expires_at\":\"2098-01-02T00:00:00Z\"}\n"
            "{\"family\":\"empty\"}\n"
            "{\"family\":\"two words\",\"key_base64\":\"/w==\",\"value\":\"\\n\"}\n");
  EXPECT_EQ(Other({"import", "--format", "jsonl"}, all.out).code, ExitCode::kOk);
  ExpectOtherIsTheSame();
  const std::string mixed =
      "{\"key\":\"a\",\"value\":\"1\"}\n{\"family\":\"users\",\"key\":\"a\",\"value\":\"2\"}\n"
      "{\"key\":\"b\",\"value\":\"3\",\"expires_at\":\"never\"}\n";
  EXPECT_EQ(Other({"import", "--format", "jsonl"}, mixed).code, ExitCode::kOk);
  EXPECT_EQ(Other({"get", "a"}).out + Other({"get", "b"}).out + Other({"get", "--family", "users", "a"}).out,
            "1\n3\n2\n");
}

TEST_F(ExportFamilies, OneFamilyKeepsItsExpiriesInTheFormatsThatCan) {
  for (const std::string name : {"users.dump", "users.jsonl"}) {
    std::filesystem::remove_all(other_);
    const std::string path = directory_.File(name);
    EXPECT_THAT(Amethyst({"export", "--family", "users", path}).err, Not(HasSubstr("note")));
    EXPECT_EQ(Other({"import", path}).code, ExitCode::kOk);
    EXPECT_EQ(Other({"scan", "--json"}).out, Amethyst({"scan", "--json", "--family", "users"}).out) << name;
  }
  EXPECT_THAT(Amethyst({"export", "--family", "users", "--format", "csv"}).err,
              HasSubstr("note: 1 entry expires at a moment that csv does not keep; jsonl and dump do"));
  EXPECT_THAT(Amethyst({"export", "--format", "tsv", "--json"}).err, HasSubstr("{\"note\":\"1 entry expires"));
  EXPECT_THAT(Amethyst({"export", "--family", "two words", "--format", "csv"}).err, Not(HasSubstr("note")));
}

TEST_F(ExportFamilies, ADumpTellsThatANameOrAMomentWasChanged) {
  const std::string path = directory_.File("all.dump");
  ASSERT_EQ(Amethyst({"export", "--all-families", path}).code, ExitCode::kOk);
  const std::string whole = Contents(path);
  EXPECT_TRUE(whole.starts_with("AMETHYST DUMP 2\nfamily 7 "));
  for (const auto& [from, to] : {std::pair("users\n", "Users\n"), std::pair(" 4102423200250 ", " 4102423200251 ")}) {
    std::string changed = whole;
    const size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string(from).size(), to);
    const Answer answer = Other({"import", "--format", "dump"}, changed);
    EXPECT_EQ(answer.code, ExitCode::kError);
    EXPECT_THAT(answer.err, HasSubstr("the checksum does not hold"));
  }
  const Answer newer = Other({"import", "--format", "dump"}, "AMETHYST DUMP 3\n");
  EXPECT_THAT(newer.err, HasSubstr("dump version 3 is newer than this program, which knows versions 1 and 2"));
}

TEST_F(ExportFamilies, WhatNamesAFamilyItselfIsNotImportedIntoAnother) {
  const Answer all = Amethyst({"export", "--all-families", "--format", "jsonl"});
  ASSERT_EQ(Other({"family", "create", "mine"}).code, ExitCode::kOk);
  const Answer answer = Other({"--family", "mine", "import", "--format", "jsonl"}, all.out);
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("standard input:1: it is of the family default, but --family names mine"));
  EXPECT_EQ(Other({"count", "--family", "mine"}).out + Other({"count"}).out, "0\n0\n");

  const std::string nameless = "{\"key\":\"a\",\"value\":\"1\"}\n{\"family\":\"\",\"key\":\"b\",\"value\":\"2\"}\n";
  const Answer unnamed = Other({"import", "--format", "jsonl"}, nameless);
  EXPECT_EQ(unnamed.code, ExitCode::kError);
  EXPECT_THAT(unnamed.err, AllOf(HasSubstr("standard input:2: "), HasSubstr("0 bytes")));
  EXPECT_EQ(Other({"get", "a"}).out, "1\n") << "what stands before it is stored";
}

TEST_F(ExportFamilies, OptionsThatDoNotFitAreRefused) {
  EXPECT_EQ(Amethyst({"export", "--all-families", "--family", "users", "x.dump"}).code, ExitCode::kUsage);
  const Answer csv = Amethyst({"export", "--all-families", "all.csv"});
  EXPECT_EQ(csv.code, ExitCode::kUsage);
  EXPECT_THAT(csv.err, HasSubstr("--all-families is for jsonl and dump: csv has no place for families"));
  const std::string wrong = "{\"key\":\"a\",\"value\":\"1\",\"expires_at\":\"soon\"}\n";
  EXPECT_THAT(Other({"import", "--format", "jsonl"}, wrong).err, HasSubstr("\"expires_at\": soon is no moment"));
}

}  // namespace
}  // namespace amethyst::cli
