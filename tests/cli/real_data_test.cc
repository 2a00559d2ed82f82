// Real data through the shell: a dictionary, the Unicode character table, and the package index of the system. Each
// goes in, is counted, looked up, scanned, overwritten, deleted, reopened, verified, and comes out as it should be.
#include <gmock/gmock.h>

#include <cstdio>
#include <map>

#include "cli/record_format.h"
#include "cli/shell_fixture.h"
#include "cli/text.h"
#include "io/system_environment.h"
#include "support/rounds.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using Entries = std::map<std::string, std::string>;

class RealData : public ShellTest {
 protected:
  static std::string ReadIfThere(const std::string& path) {
    return io::ReadFile(io::DefaultEnvironment()->files(), path).value_or("");
  }
  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static std::string As(RecordFormat format, const Entries& entries) {
    std::ostringstream out;
    const auto writer = NewRecordWriter(format, out);
    for (const auto& [key, value] : entries) writer->Add({.key = key, .value = value});
    writer->Finish();
    return out.str();
  }

  // The whole life of a data set; `suffix` names the format in which it comes and goes.
  void LiveThrough(Entries entries, RecordFormat format, const std::string& suffix) {
    const std::string in = directory_.File("in." + suffix);
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), in, As(format, entries)));
    const Answer import = Amethyst({"import", in});
    ASSERT_EQ(import.code, ExitCode::kOk) << import.err;
    EXPECT_EQ(Amethyst({"count"}).out, std::to_string(entries.size()) + "\n");

    const auto middle = std::next(entries.begin(), static_cast<std::ptrdiff_t>(entries.size() / 2));
    EXPECT_EQ(Amethyst({"get", "--raw", middle->first}).out, middle->second);
    EXPECT_EQ(Amethyst({"get", middle->first + " not there"}).code, ExitCode::kNotFound);
    ExpectScan(entries, middle->first.substr(0, 1));
    Change(&entries);
    ASSERT_EQ(Amethyst({"compact"}).code, ExitCode::kOk);
    EXPECT_EQ(Amethyst({"count"}).out, std::to_string(entries.size()) + "\n");
    const Answer verify = Amethyst({"verify"});
    EXPECT_EQ(verify.code, ExitCode::kOk) << verify.out;

    const std::string out = directory_.File("out." + suffix);
    ASSERT_EQ(Amethyst({"export", out}).code, ExitCode::kOk);
    EXPECT_TRUE(ReadIfThere(out) == As(format, entries)) << "the export differs";
  }

  void ExpectScan(const Entries& entries, const std::string& prefix) {
    uint64_t count = 0;
    for (auto it = entries.lower_bound(prefix); it != entries.end() && it->first.starts_with(prefix); ++it) ++count;
    EXPECT_EQ(Lines(Amethyst({"scan", "--keys-only", "--prefix", prefix}).out).size(), count);
    EXPECT_EQ(Amethyst({"count", "--prefix", prefix}).out, std::to_string(count) + "\n");
  }

  // Overwrites every third entry and deletes every fifth, through a pipe.
  void Change(Entries* entries) {
    std::string lines;
    size_t number = 0;
    for (auto it = entries->begin(); it != entries->end(); ++number) {
      if (number % 5 == 0) {
        lines += "delete " + Quoted(it->first) + "\n";
        it = entries->erase(it);
        continue;
      }
      if (number % 3 == 0) {
        it->second = "changed " + std::to_string(number);
        lines += "put " + Quoted(it->first) + " " + Quoted(it->second) + "\n";
      }
      ++it;
    }
    const Answer answer = Pipe(lines);
    ASSERT_EQ(answer.code, ExitCode::kOk) << answer.err.substr(0, 1000);
    ASSERT_EQ(answer.out.find_first_not_of("1\n"), std::string::npos) << "what deletes removed, one line each";
  }
};

TEST_F(RealData, ADictionary) {
  const std::vector<std::string> words = Lines(ReadIfThere("/usr/share/dict/american-english"));
  if (words.empty()) GTEST_SKIP() << "/usr/share/dict/american-english is missing (package wamerican)";
  Entries entries;
  for (size_t i = 0; i < words.size(); ++i) entries[words[i]] = "line " + std::to_string(i + 1);
  EXPECT_GT(entries.size(), 100'000u);
  LiveThrough(std::move(entries), RecordFormat::kTsv, "tsv");
}

TEST_F(RealData, TheUnicodeCharacterTable) {
  const std::vector<std::string> lines = Lines(ReadIfThere("/usr/share/unicode/UnicodeData.txt"));
  if (lines.empty()) GTEST_SKIP() << "/usr/share/unicode/UnicodeData.txt is missing (package unicode-data)";
  Entries entries;
  for (const std::string& line : lines) {
    const size_t semicolon = line.find(';');
    entries[line.substr(0, semicolon)] = line.substr(semicolon + 1);
  }
  EXPECT_GT(entries.size(), 30'000u);
  LiveThrough(std::move(entries), RecordFormat::kCsv, "csv");
}

TEST_F(RealData, ThePackageIndex) {
  FILE* const pipe = ::popen("apt-cache dumpavail 2>/dev/null", "r");
  ASSERT_NE(pipe, nullptr);
  std::string index;
  char buffer[1 << 16];
  for (size_t count; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) index.append(buffer, count);
  ::pclose(pipe);
  if (index.size() < 1'000'000) GTEST_SKIP() << "apt-cache dumpavail shows no package index";
  Entries entries;  // Name to record; of several versions the last.
  for (size_t begin = 0; begin < index.size() && entries.size() < support::Rounds(80'000);) {
    const size_t end = std::min(index.find("\n\n", begin), index.size());
    const std::string record = index.substr(begin, end - begin);
    if (record.starts_with("Package: ")) entries[record.substr(9, record.find('\n') - 9)] = record;
    begin = end + 2;
  }
  EXPECT_GT(entries.size(), 10'000u);
  LiveThrough(std::move(entries), RecordFormat::kJsonl, "jsonl");
}

}  // namespace
}  // namespace amethyst::cli
