#include "page/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace amethyst::page {
namespace {

TEST(JsonWriter, PutsCommasBetweenValues) {
  JsonWriter json;
  json.Begin('{').Field("a", 1).Key("b").Begin('[').Value(2).Value("x").Begin('[').End(']').End(']').Field("c", 0.5);
  EXPECT_EQ(json.End('}').Take(), R"({"a":1,"b":[2,"x",[]],"c":0.5})");
}

TEST(JsonWriter, EscapesWhatWouldEndAStringALineOrAScript) {
  JsonWriter json;
  EXPECT_EQ(json.Value("\"\\\n</script>").Take(), "\"\\\"\\\\\\u000a\\u003c/script>\"");
}

TEST(JsonWriter, WritesEachByteOfAKeyAsACharacter) {
  JsonWriter json;
  EXPECT_EQ(json.Bytes(std::string_view("a\0\x7f\x80\xff", 5)).Take(), "\"a\\u0000\\u007f\xc2\x80\xc3\xbf\"");
}

TEST(JsonWriter, QuotesTextThatIsNotUtf8) {
  JsonWriter json;
  EXPECT_EQ(json.Value("\xff").Take(), R"("\"\\xff\"")");
}

TEST(JsonWriter, RoundsFractions) {
  JsonWriter json;
  json.Begin('[').Value(1.0 / 3).Value(std::numeric_limits<double>::infinity());
  EXPECT_EQ(json.End(']').Take(), "[0.3333,0]");
}

}  // namespace
}  // namespace amethyst::page
