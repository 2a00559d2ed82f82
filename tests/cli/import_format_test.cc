// What others wrote, through import: columns and fields by name, lists of keys, the text of other libraries' tools.
// Covers: import_format, key_list_format, mdb_dump_format, ldb_dump_format
#include "cli/import_format.h"

#include <gmock/gmock.h>

#include <sstream>

#include "amethyst/options.h"
#include "base/random.h"
#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class ImportFormats : public ShellTest {
 protected:
  // What a new database holds after the import; or what was said if it failed.
  std::string Import(const Words& arguments, const std::string& input) {
    Words words = {"--db", directory_.File("db" + std::to_string(++databases_)), "import"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    last_ = Run(words, input);
    if (last_.code != ExitCode::kOk) return last_.err;
    return Run({words[0], words[1], "scan"}).out;
  }
  std::string ImportUsage(const Words& arguments) {
    const std::string said = Import(arguments, "");
    EXPECT_EQ(last_.code, ExitCode::kUsage) << said;
    return said;
  }
  static std::string Read(const std::string& path) {
    return io::ReadFile(io::DefaultEnvironment()->files(), path).value_or("unreadable");
  }

  Answer last_{};
  int databases_ = 0;
};

TEST_F(ImportFormats, CsvColumnsAreChosenByTheirNames) {
  const std::string text = "id,name,\"e,mail\"\r\n7,\"Ada \"\"A\"\"\",a@x\n8,Bob,\n";
  EXPECT_EQ(Import({"--format", "csv", "--key", "id", "--value", "name"}, text), "7\tAda \"A\"\n8\tBob\n");
  EXPECT_EQ(Import({"--format", "csv", "--key", "name", "--value", "e,mail"}, text), "Ada \"A\"\ta@x\nBob\t\"\"\n");
  EXPECT_EQ(Import({"--format", "csv", "--key", "id", "--keys-only"}, text), "7\t\"\"\n8\t\"\"\n");
  EXPECT_EQ(Import({"--format", "csv", "--key", "id"}, "value,id\nv,k\n"), "k\tv\n") << "the value is \"value\"";
  EXPECT_THAT(Import({"--format", "csv", "--key", "uid"}, text),
              HasSubstr("standard input:1: the header has no column uid, but id, name, e,mail"));
  EXPECT_THAT(Import({"--format", "csv", "--key", "a", "--value", "b"}, "a,b,a\n1,2,3\n"),
              HasSubstr("the header has several columns a"));
  EXPECT_THAT(Import({"--format", "csv", "--key", "id", "--value", "name"}, "id,name,x\n1,2\n"),
              HasSubstr(":2: expected 3 fields, found 2"));
  EXPECT_THAT(Import({"--format", "csv", "--key", "id"}, ""), HasSubstr("expected a header, found nothing"));
}

TEST_F(ImportFormats, CsvWithoutAHeaderCountsItsColumns) {
  const Words plain = {"--format", "csv", "--no-header"};
  EXPECT_EQ(Import(plain, "\xef\xbb\xbf\"a\",1\nb,2\n"), "a\t1\nb\t2\n");
  EXPECT_EQ(Import(plain, "\xef,1\n"), "\"\\xef\"\t1\n") << "it only begins as a byte order mark does";
  EXPECT_THAT(Import(plain, "a,1,x\n"), HasSubstr(":1: expected 2 fields, found 3"));
  EXPECT_EQ(Import({"--format", "csv", "--no-header", "--key", "3", "--value", "1"}, "a,b,c\nd,e,f\n"), "c\ta\nf\td\n");
  EXPECT_THAT(Import({"--format", "csv", "--no-header", "--key", "3"}, "a,b,c\nd,e\n"),
              HasSubstr(":2: expected 3 fields, found 2"));
  EXPECT_EQ(Import({"--format", "csv", "--no-header", "--keys-only"}, "a,1\nb,2\n"), "a\t\"\"\nb\t\"\"\n");
}

TEST_F(ImportFormats, CsvTakesOtherDelimiters) {
  EXPECT_EQ(Import({"--format", "csv", "--delimiter", ";"}, "key;value\n\"a;b\";1,5\n"), "a;b\t1,5\n");
  for (const std::string tab : {"tab", "\\t", "\t"}) {
    EXPECT_EQ(Import({"--format", "csv", "--delimiter", tab, "--no-header"}, "a\\n\t1\n"), "a\\n\t1\n");
  }
  EXPECT_EQ(Import({"--format", "csv", "--delimiter", "\xa7", "--no-header"},
                   "a\xa7"
                   "1\n"),
            "a\t1\n");
}

TEST_F(ImportFormats, JsonlFieldsAreChosenAndTakenAsTheyStand) {
  const std::string line =
      R"( {"id" : "k\n", "n":1.50, "big":123456789012345678901, "o":{"b":[1, "}"],"a":null}, "e":""})";
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "id", "--value", "n"}, line), "\"k\\n\"\t1.50\n");
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "big", "--value", "o"}, line),
            "123456789012345678901\t{\"b\":[1, \"}\"],\"a\":null}\n");
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "e", "--value", "id"}, line), "\"\"\t\"k\\n\"\n");
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "n"}, line + "\r\n"), "1.50\t" + line + "\n") << "the whole object";
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "n", "--keys-only"}, line), "1.50\t\"\"\n");
  EXPECT_EQ(Import({"--format", "jsonl", "--value", "v"}, R"({"key":"a","v":true})"), "a\ttrue\n");
}

TEST_F(ImportFormats, JsonlTakesBlanksOfEveryKindAndNoZeroByte) {
  EXPECT_EQ(Import({"--format", "jsonl", "--key", "b", "--value", "a"}, "\t{\r\"a\"\r:\t1\r,\r\"b\" : \"k\"\r}\t\n"),
            "k\t1\n");
  EXPECT_THAT(Import({"--format", "jsonl", "--key", "a"}, std::string("{\"a\":1}\0{\"a\":2}", 15)),
              HasSubstr("not a JSON value on one line"));
  EXPECT_THAT(Import({"--format", "jsonl"}, std::string("{\"key\":\"a\",\"value\":\"\"}\0x", 24)),
              HasSubstr("not a JSON value on one line"));
}

TEST(ImportFormat, NoReaderFallsOverAnyBytes) {
  base::Random random(5);
  const RecordFields fields{.key = "id", .value = "v"};
  const auto read_all = [&](RecordReader& reader) {
    Record record;
    for (;;) {
      const auto found = reader.Next(&record).found;
      if (found == RecordReader::Found::kEnd || found == RecordReader::Found::kBroken) return;
    }
  };
  const std::string good[] = {"VERSION=3\nformat=print\nmapsize=1\nHEADER=END\n a\\00\n \\5c\nDATA=END\n",
                              "0x61 ==> 0x62\nKeys in range: 1\n", "a\n\"b\\x00\"\n", "id,v\n1,\"a\"\"\"\n",
                              "{\"id\" : [1,{\"v\":2}] , \"v\":\"\\u0041\" }\n{\"id\":1,\"v\":{}}\n"};
  for (int round = 0; round < 3000; ++round) {
    for (std::string text : good) {
      for (uint64_t i = 0; i <= random.Below(4); ++i)
        text[random.Below(text.size())] = static_cast<char>(random.Below(256));
      text.resize(random.Below(text.size()) + 1);
      for (const auto open : {&NewMdbDumpReader, &NewLdbDumpReader, &NewKeyListReader}) {
        std::istringstream in(text);
        read_all(*open(in));
      }
      for (const auto open : {&NewCsvReader, &NewJsonlReader}) {
        std::istringstream in(text);
        read_all(*open(in, fields));
      }
    }
  }
}

TEST_F(ImportFormats, JsonlNamesWhatIsWrongWithChosenFields) {
  const Words by_id = {"--format", "jsonl", "--key", "id"};
  EXPECT_THAT(Import(by_id, "{}"), HasSubstr(":1: there is no field \"id\""));
  EXPECT_THAT(Import(by_id, R"({"id":1,"i\u0064":2})"), HasSubstr("the field \"id\" occurs more than once"));
  EXPECT_THAT(Import(by_id, R"({"id":[1]})"), HasSubstr("the key: expected a string or a number, found [1]"));
  EXPECT_THAT(Import(by_id, "[1]"), HasSubstr("expected an object"));
  EXPECT_THAT(Import(by_id, "{\"id\":1"), HasSubstr("not a JSON value on one line"));
  EXPECT_THAT(Import(by_id, std::string(1'000'000, '[')), HasSubstr("not a JSON value"));
  EXPECT_THAT(Import({"--format", "jsonl", "--key", "id", "--value", "v"}, R"({"id":1})"), HasSubstr("no field \"v\""));
}

TEST_F(ImportFormats, AListOfKeysIsWhatScanPrintsOfThem) {
  EXPECT_EQ(Import({"--keys-only"}, "b\na\\n\n\n\"c\\x00\"\r\n'tis\n"),
            "\"'tis\"\t\"\"\na\\n\t\"\"\nb\t\"\"\n\"c\\x00\"\t\"\"\n");
  EXPECT_THAT(Import({"--keys-only"}, "\"a\n"), HasSubstr(":1: the quote is not closed"));
  EXPECT_THAT(Import({"--keys-only"}, "\"a\" b\n"), HasSubstr(":1: there is text behind the closing quote"));
  ASSERT_EQ(Pipe("put \"\\x00\\n\" ''\nput 'a\\b\"' ''\nput '\"' ''\nput '' ''\n").code, ExitCode::kOk);
  EXPECT_EQ(Import({"--keys-only"}, Amethyst({"scan", "--keys-only"}).out), Amethyst({"scan"}).out);
}

TEST_F(ImportFormats, BadLinesAreWrittenAsTheyAreAndCanBeImportedOnceMended) {
  const std::string bad = directory_.File("bad");
  EXPECT_EQ(Import({"--skip-bad=" + bad}, "a\t1\nbad\n" + std::string(kKeyBytesMax + 1, 'k') + "\tv\nc\t3\n"),
            "a\t1\nc\t3\n");
  EXPECT_EQ(Read(bad), "bad\n" + std::string(kKeyBytesMax + 1, 'k') + "\tv\n");
  EXPECT_THAT(last_.err, HasSubstr("skipped 2 bad records"));
  EXPECT_EQ(Import({"--skip-bad=" + bad, "--format=csv"}, "key,value\na,\"x\"\"\ny\",z\nb,2\n\"c\"d,\n"), "b\t2\n");
  EXPECT_EQ(Read(bad), "key,value\na,\"x\"\"\ny\",z\n\"c\"d,\n") << "with the header";
  EXPECT_EQ(Import({"--skip-bad=" + bad, "--format=jsonl"}, "{}\n{\"key\":\"a\",\"value\":\"\"}\n"), "a\t\"\"\n");
  EXPECT_EQ(Read(bad), "{}\n");
  EXPECT_EQ(Import({"--skip-bad=" + bad}, "a\t1\n"), "a\t1\n");
  EXPECT_EQ(Read(bad), "") << "nothing was bad, and nothing of before is left";
  EXPECT_THAT(ImportUsage({"--skip-bad=" + bad, "--format=dump"}), HasSubstr("not for dump"));
  EXPECT_THAT(ImportUsage({"--skip-bad=" + bad, "--from-leveldb", "x"}), HasSubstr("not for --from-leveldb"));
  EXPECT_THAT(Import({"--skip-bad=" + directory_.File("no/where")}, ""), HasSubstr("no/where"));
}

constexpr std::string_view kLmdbPrint =
    "VERSION=3\nformat=print\ntype=btree\nmapsize=1048576\nmaxreaders=126\ndb_pagesize=4096\nHEADER=END\n";

TEST_F(ImportFormats, TheTextOfMdbDumpIsReadWithAndWithoutPrint) {
  const Words mdb = {"--format", "mdb_dump"};
  EXPECT_EQ(Import(mdb,
                   "VERSION=3\nformat=bytevalue\ndatabase=x\ntype=btree\nmapsize=1048576\nHEADER=END\n 00ff\n \n 61\n "
                   "5c41\nDATA=END\n"),
            "\"\\x00\\xff\"\t\"\"\na\t\\A\n");
  EXPECT_EQ(last_.err.find("note"), std::string::npos);
  EXPECT_EQ(Import(mdb, std::string(kLmdbPrint) + " a b\n \\00\\ff\\5c41 \nDATA=END\n"),
            "a b\t\"\\x00\\xff\\\\41 \"\n");
  EXPECT_EQ(Import(mdb, "VERSION=3\nformat=print\ntype=btree\ndb_pagesize=4096\nHEADER=END\n \\\\a\n \\0a\nDATA=END\n"),
            "\\a\t\"\\n\"\n")
      << "Berkeley DB doubles a backslash";
}

TEST_F(ImportFormats, ABackslashThatMdbDumpLeftBareIsNeverTakenForAnEscape) {
  for (const std::string value : {"C:\\temp", "\\", "a\\", "\\4", "\\41", "\\\\server", "C:\\FE", "\\0"}) {
    EXPECT_THAT(Import({"--format", "mdb_dump"}, std::string(kLmdbPrint) + " k\n " + value + "\nDATA=END\n"),
                HasSubstr("standard input:8: a backslash that is no escape: some mdb_dump -p leave it bare"))
        << value;
    EXPECT_EQ(last_.code, ExitCode::kError);
  }
  EXPECT_EQ(Import({"--format", "mdb_dump"}, std::string(kLmdbPrint) + " k\n \\fe\nDATA=END\n"), "k\t\"\\xfe\"\n");
  EXPECT_THAT(last_.err, HasSubstr("note: mdb_dump -p of LMDB 0.9.24 does not tell")) << "this may be either";
}

TEST_F(ImportFormats, WhatIsNotOneWholeMdbDumpIsRefused) {
  const auto import = [&](const std::string& text) { return Import({"--format", "mdb_dump"}, text); };
  const std::string begin = "VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\n";
  EXPECT_THAT(import("a\t1\n"), HasSubstr("expected VERSION=3, found"));
  EXPECT_THAT(import(""), HasSubstr("there is no HEADER=END"));
  EXPECT_THAT(import("VERSION=4\nHEADER=END\n"), HasSubstr("a dump of version 4"));
  EXPECT_THAT(import("VERSION=3\nformat=xml\nHEADER=END\n"), HasSubstr("the format xml is unknown"));
  EXPECT_THAT(import("VERSION=3\ntype=recno\nHEADER=END\n"), HasSubstr("no keys of its own"));
  EXPECT_THAT(import("VERSION=3\ndupsort=1\nHEADER=END\n"), HasSubstr("several values for a key"));
  EXPECT_THAT(import(begin + " 61\n 62\n"), HasSubstr("there is no DATA=END"));
  EXPECT_THAT(import(begin + " 61\nDATA=END\n"), HasSubstr("a key has no value"));
  EXPECT_THAT(import(begin + " 6\n 62\nDATA=END\n"), HasSubstr(":5: 6 is not hexadecimal digits"));
  EXPECT_THAT(import(begin + "61\n 62\nDATA=END\n"), HasSubstr(":5: expected a blank and bytes"));
  EXPECT_THAT(import(begin + " 61\n 62\nDATA=END\n" + begin), HasSubstr(":8: another database follows"));
}

TEST_F(ImportFormats, TheTextOfLdbDumpIsReadInHexAlone) {
  const Words ldb = {"--format", "ldb_dump"};
  EXPECT_EQ(Import(ldb, "0x00FF ==> 0x\n0x61203D3D3E2062 ==> 0x0A\nKeys in range: 2\n"),
            "\"\\x00\\xff\"\t\"\"\na ==> b\t\"\\n\"\n");
  EXPECT_EQ(Import(ldb, "0x61 : 0x62\n"), "a\tb\n") << "a scan, of an older release";
  EXPECT_THAT(Import(ldb, "a ==> b\n"), HasSubstr(":1: expected 0xKEY ==> 0xVALUE, found a ==> b; ldb dump writes that "
                                                  "with --hex"));
  EXPECT_THAT(Import(ldb, "0x61 ==> 0x6\n"), HasSubstr("expected 0xKEY"));
  EXPECT_THAT(Import(ldb, "0x61 ==> 0x62\nKeys in range: 2\n"), HasSubstr("but 1 entry stand before it"));
}

TEST_F(ImportFormats, OptionsThatDoNotFitAreRefused) {
  EXPECT_THAT(ImportUsage({"--key", "a"}), HasSubstr("--key and --value are for csv and jsonl"));
  EXPECT_THAT(ImportUsage({"--format", "jsonl", "--delimiter", ";"}), HasSubstr("are for csv"));
  EXPECT_THAT(ImportUsage({"--format", "csv", "--delimiter", "::"}), HasSubstr("--delimiter is one byte, or tab"));
  EXPECT_THAT(ImportUsage({"--format", "csv", "--delimiter", "\""}), HasSubstr("neither a quote nor"));
  EXPECT_THAT(ImportUsage({"--format", "csv", "--no-header", "--key", "id"}), HasSubstr("columns are numbers from 1"));
  EXPECT_THAT(ImportUsage({"--format", "csv", "--keys-only", "--value", "v"}), HasSubstr("exclude each other"));
  EXPECT_THAT(ImportUsage({"--format", "dump", "--keys-only"}), HasSubstr("--keys-only is not for dump"));
  EXPECT_THAT(ImportUsage({"--format", "xml"}), HasSubstr("mdb_dump or ldb_dump, not xml"));
  EXPECT_THAT(ImportUsage({"list.txt"}), HasSubstr("does not tell its format"));
  EXPECT_THAT(ImportUsage({"--from-leveldb", "x", "--key", "id"}), HasSubstr("takes the place of FILE"));
}

}  // namespace
}  // namespace amethyst::cli
