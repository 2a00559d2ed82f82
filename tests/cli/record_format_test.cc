// Covers: line_reader, tsv_format, csv_format, jsonl_format, dump_format
#include "cli/record_format.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "base/random.h"

namespace amethyst::cli {
namespace {

using Found = RecordReader::Found;

struct Outcome {
  std::vector<Record> records;
  std::vector<std::string> complaints;  // "line: why".
  bool broken = false;
};

Outcome ReadAll(RecordFormat format, const std::string& text) {
  std::istringstream in(text);
  const auto reader = NewRecordReader(format, in);
  Outcome outcome;
  Record record;
  for (;;) {
    const RecordReader::Reading reading = reader->Next(&record);
    if (reading.found == Found::kEnd) return outcome;
    if (reading.found == Found::kRecord) {
      outcome.records.push_back(record);
      continue;
    }
    outcome.complaints.push_back(std::to_string(reader->line()) + ": " + reading.why);
    outcome.broken = reading.found == Found::kBroken;
    if (outcome.broken) return outcome;
  }
}

std::string WriteAll(RecordFormat format, const std::vector<Record>& records) {
  std::ostringstream out;
  const auto writer = NewRecordWriter(format, out);
  for (const Record& record : records) writer->Add({.key = record.key, .value = record.value});
  writer->Finish();
  return out.str();
}

bool operator==(const Record& a, const Record& b) { return a.key == b.key && a.value == b.value; }

// Bytes that each format has trouble with come often.
std::string TroublesomeBytes(base::Random& random) {
  static constexpr char kBytes[] = "\t\n\r\\\",\0\x1b\x7f\xff\xc3\xa4 end1";
  constexpr std::string_view kTrouble(kBytes, sizeof kBytes - 1);
  std::string bytes(random.Below(12), '\0');
  for (char& c : bytes) {
    c = random.OneIn(2) ? kTrouble[random.Below(kTrouble.size())] : static_cast<char>(random.Below(256));
  }
  if (random.OneIn(4)) bytes.insert(0, "\xef\xbb\xbf");
  return bytes;
}

class EveryFormat : public testing::TestWithParam<RecordFormat> {};
INSTANTIATE_TEST_SUITE_P(RecordFormat, EveryFormat,
                         testing::Values(RecordFormat::kTsv, RecordFormat::kCsv, RecordFormat::kJsonl,
                                         RecordFormat::kDump));

TEST_P(EveryFormat, ReadsBackAnyBytesThatItWrote) {
  base::Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Record> records(random.Below(20));
    for (Record& record : records) record = {.key = TroublesomeBytes(random), .value = TroublesomeBytes(random)};
    const std::string text = WriteAll(GetParam(), records);
    const Outcome outcome = ReadAll(GetParam(), text);
    ASSERT_TRUE(outcome.complaints.empty()) << outcome.complaints.front() << "\n" << text;
    ASSERT_EQ(outcome.records.size(), records.size()) << text;
    for (size_t i = 0; i < records.size(); ++i) ASSERT_TRUE(outcome.records[i] == records[i]) << text;
  }
}

TEST_P(EveryFormat, ReadsAnyBytesToAnEnd) {
  base::Random random(8);
  const std::string good = WriteAll(GetParam(), {{"apple", "artichoke"}, {"a\tb", "\"c\","}, {"", ""}});
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (uint64_t i = 0; i <= random.Below(4); ++i)
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    text.resize(random.Below(text.size() + 1));
    static_cast<void>(ReadAll(GetParam(), text));
  }
}

TEST_P(EveryFormat, AByteOrderMarkBelongsToNoKey) {
  const std::string text = "\xef\xbb\xbf" + WriteAll(GetParam(), {{"apple", "artichoke"}, {"b", "2"}});
  const Outcome outcome = ReadAll(GetParam(), text);
  EXPECT_TRUE(outcome.complaints.empty()) << outcome.complaints.front();
  ASSERT_EQ(outcome.records.size(), 2u);
  EXPECT_TRUE((outcome.records[0] == Record{"apple", "artichoke"}));
}

TEST_P(EveryFormat, AKeyThatBeginsWithAByteOrderMarkKeepsIt) {
  const Outcome outcome = ReadAll(GetParam(), WriteAll(GetParam(), {{"\xef\xbb\xbfk", "v"}, {"\xef\xbb\xbfl", "w"}}));
  ASSERT_EQ(outcome.records.size(), 2u);
  EXPECT_TRUE((outcome.records[0] == Record{"\xef\xbb\xbfk", "v"}));
  EXPECT_TRUE((outcome.records[1] == Record{"\xef\xbb\xbfl", "w"}));
}

TEST(CsvFormat, AByteOrderMarkMayStandBeforeAQuotedHeader) {
  const Outcome outcome = ReadAll(RecordFormat::kCsv, "\xef\xbb\xbf\"key\",\"value\"\na,1\n");
  EXPECT_TRUE(outcome.complaints.empty()) << outcome.complaints.front();
  ASSERT_EQ(outcome.records.size(), 1u);
  EXPECT_TRUE((outcome.records[0] == Record{"a", "1"}));
}

TEST(JsonlFormat, AFieldThatOccursTwiceIsRefused) {
  const Outcome outcome = ReadAll(RecordFormat::kJsonl, R"({"key":"a","key":"b","value":"1"})"
                                                        "\n"
                                                        R"({"key":"a","value":"1","\u0076alue":"2"})"
                                                        "\n"
                                                        R"({"key":"a","value_base64":"MQ==","value_base64":"MQ=="})"
                                                        "\n"
                                                        R"({"key":"a","value":"1"})"
                                                        "\n");
  EXPECT_EQ(outcome.complaints, (std::vector<std::string>{"1: the field \"key\" occurs more than once",
                                                          "2: the field \"value\" occurs more than once",
                                                          "3: the field \"value_base64\" occurs more than once"}));
  EXPECT_EQ(outcome.records.size(), 1u);
}

TEST(TsvFormat, SkipsEmptyLinesAndTakesBothLineEnds) {
  const Outcome outcome = ReadAll(RecordFormat::kTsv, "a\t1\r\n\n\r\nb\t2");
  EXPECT_TRUE(outcome.complaints.empty());
  ASSERT_EQ(outcome.records.size(), 2u);
  EXPECT_TRUE((outcome.records[0] == Record{"a", "1"}));
  EXPECT_TRUE((outcome.records[1] == Record{"b", "2"}));
}

TEST(TsvFormat, NamesTheLineAndWhatIsWrong) {
  const Outcome outcome = ReadAll(RecordFormat::kTsv, "a\t1\nb\nc\t2\t3\nd\\x\t4\ne\t5\\\nf\t6\n");
  EXPECT_EQ(outcome.complaints,
            (std::vector<std::string>{"2: expected key, tab, value; found no tab",
                                      "3: expected key, tab, value; found a second tab (one in a value is written \\t)",
                                      "4: \"\\x\" is no escape; there are \\t \\n \\r \\\\",
                                      "5: a backslash at the end escapes nothing"}));
  EXPECT_EQ(outcome.records.size(), 2u);
}

TEST(CsvFormat, ReadsWhatRfc4180Allows) {
  const Outcome outcome =
      ReadAll(RecordFormat::kCsv, "\xef\xbb\xbfkey,value\r\na,\"b\"\"c\"\r\n\"d\ne\",\"f,g\"\r\n,\r\n\"\",\"\"");
  EXPECT_TRUE(outcome.complaints.empty());
  ASSERT_EQ(outcome.records.size(), 4u);
  EXPECT_TRUE((outcome.records[0] == Record{"a", "b\"c"}));
  EXPECT_TRUE((outcome.records[1] == Record{"d\ne", "f,g"}));
  EXPECT_TRUE((outcome.records[2] == Record{"", ""}));
  EXPECT_TRUE((outcome.records[3] == Record{"", ""}));
}

TEST(CsvFormat, WantsItsHeader) {
  EXPECT_EQ(ReadAll(RecordFormat::kCsv, "apple,artichoke\n").complaints,
            std::vector<std::string>{
                "1: expected the header key,value, found apple; --key, --value and --no-header take others"});
  EXPECT_EQ(ReadAll(RecordFormat::kCsv, "").complaints,
            std::vector<std::string>{"1: expected the header key,value, found nothing"});
}

TEST(CsvFormat, NamesTheLineAndGoesOnAtTheNext) {
  const Outcome outcome = ReadAll(RecordFormat::kCsv, "key,value\na\nb,c,d\ne\"f,g\n\"h\"i,j\nk,l\n\"m\nn,o");
  EXPECT_EQ(outcome.complaints,
            (std::vector<std::string>{"2: expected 2 fields, found 1", "3: expected 2 fields, found 3",
                                      "4: a quote inside a field that does not begin with one",
                                      "5: text between a closing quote and the delimiter",
                                      "7: the quote that line 7 opens is not closed"}));
  ASSERT_EQ(outcome.records.size(), 1u);
  EXPECT_TRUE((outcome.records[0] == Record{"k", "l"}));
}

TEST(JsonlFormat, NamesTheLineAndWhatIsWrong) {
  const Outcome outcome = ReadAll(RecordFormat::kJsonl,
                                  "{\"key\":\"a\",\"value\":\"1\"}\n"
                                  "nonsense\n"
                                  "[1]\n"
                                  "{\"key\":\"a\"}\n"
                                  "{\"key\":\"a\",\"key_base64\":\"\",\"value\":\"\"}\n"
                                  "{\"key\":5,\"value\":\"\"}\n"
                                  "{\"key\":\"a\",\"value_base64\":\"?\"}\n"
                                  "{\"key\":\"a\",\"value\":\"1\",\"ttl\":3}\n");
  EXPECT_EQ(outcome.complaints, (std::vector<std::string>{
                                    "2: not a JSON value on one line", "3: expected an object, found array",
                                    "4: expected one of \"value\" and \"value_base64\", found neither",
                                    "5: expected one of \"key\" and \"key_base64\", found both",
                                    "6: \"key\": expected a string, found number", "7: \"value_base64\" is not base64",
                                    "8: unknown field \"ttl\", which would be lost"}));
  EXPECT_EQ(outcome.records.size(), 1u);
}

TEST(JsonlFormat, DeepNestingIsMalformedAndNoMore) {
  EXPECT_EQ(ReadAll(RecordFormat::kJsonl, std::string(1'000'000, '[')).complaints.size(), 1u);
}

TEST(DumpFormat, EveryCutIsNoticed) {
  const std::string text = WriteAll(RecordFormat::kDump, {{"apple", "artichoke"}, {"b\nb", "\n"}, {"", ""}});
  for (size_t size = 0; size + 1 < text.size(); ++size) {  // Without the last line end it is whole all the same.
    EXPECT_TRUE(ReadAll(RecordFormat::kDump, text.substr(0, size)).broken) << size;
  }
}

TEST(DumpFormat, EveryFlippedBitIsNoticed) {
  const std::string text = WriteAll(RecordFormat::kDump, {{"apple", "artichoke"}, {"banana", "beetroot"}});
  for (size_t bit = 0; bit < 8 * (text.size() - 1); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const Outcome outcome = ReadAll(RecordFormat::kDump, flipped);
    // A digit of a checksum may change its case, which says the same.
    const bool harmless = (flipped[bit / 8] ^ 0x20) == text[bit / 8] && std::isxdigit(text[bit / 8]) != 0;
    EXPECT_TRUE(outcome.broken || harmless) << bit;
  }
}

TEST(DumpFormat, RecordsDroppedSwappedOrDoubledAreNoticed) {
  const std::string a = WriteAll(RecordFormat::kDump, {{"a", "1"}, {"b", "2"}});
  const size_t header = a.find('\n') + 1;
  const size_t second = a.find("1 1", header + 1);
  const size_t end = a.rfind("end ");
  const std::string first_record = a.substr(header, second - header);
  const std::string second_record = a.substr(second, end - second);
  for (const std::string& records :
       {second_record, first_record, second_record + first_record, first_record + first_record + second_record}) {
    EXPECT_TRUE(ReadAll(RecordFormat::kDump, a.substr(0, header) + records + a.substr(end)).broken);
  }
}

TEST(DumpFormat, ANewerVersionIsRefusedByName) {
  EXPECT_EQ(ReadAll(RecordFormat::kDump, "AMETHYST DUMP 3\n").complaints,
            std::vector<std::string>{"1: dump version 3 is newer than this program, which knows versions 1 and 2"});
}

TEST(DumpFormat, HugeLengthsTakeNoMemory) {
  EXPECT_TRUE(ReadAll(RecordFormat::kDump, "AMETHYST DUMP 1\n99999999999 1 0123456789abcdef\nx").broken);
  EXPECT_TRUE(ReadAll(RecordFormat::kDump, "AMETHYST DUMP 1\n200000000 1 0123456789abcdef\nx").broken);
}

TEST(RecordFormat, IsGuessedFromTheNamesEnd) {
  EXPECT_EQ(GuessRecordFormat("a.tsv"), RecordFormat::kTsv);
  EXPECT_EQ(GuessRecordFormat("dir.csv/a.jsonl"), RecordFormat::kJsonl);
  EXPECT_EQ(GuessRecordFormat("a.dump"), RecordFormat::kDump);
  EXPECT_EQ(GuessRecordFormat("a.txt"), std::nullopt);
  EXPECT_EQ(GuessRecordFormat("-"), std::nullopt);
}

}  // namespace
}  // namespace amethyst::cli
