// Covers: request_parser
#include "server/resp/request_parser.h"

#include <gmock/gmock.h>
#include <malloc.h>

#include "base/random.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using Requests = std::vector<std::vector<std::string>>;

// What a parser makes of bytes: the requests, and then why it refused the rest.
struct ParsedStream {
  Requests requests;
  std::string refusal;
  friend bool operator==(const ParsedStream&, const ParsedStream&) = default;
};

ParsedStream ParsePieces(const std::vector<std::string_view>& pieces, bool is_authenticated = true,
                         const RequestLimits& limits = {}) {
  RequestParser parser(limits);
  ParsedStream parsed;
  for (const std::string_view piece : pieces) {
    parser.Append(piece);
    while (true) {
      const RequestParser::Outcome outcome = parser.Next(is_authenticated);
      if (!outcome) {
        parsed.refusal = outcome.error();
        return parsed;
      }
      if (!*outcome) break;
      parsed.requests.emplace_back(parser.arguments().begin(), parser.arguments().end());
    }
  }
  return parsed;
}

std::string RefusalOf(std::string_view bytes, bool is_authenticated = true) {
  return ParsePieces({bytes}, is_authenticated).refusal;
}

TEST(RequestParser, CutsArraysAndLines) {
  const ParsedStream parsed = ParsePieces({"*2\r\n$3\r\nGET\r\n$0\r\n\r\nping\r\n*0\r\n*-1\r\n\r\n set a  1\n"});
  EXPECT_EQ(parsed.refusal, "");
  EXPECT_EQ(parsed.requests, (Requests{{"GET", ""}, {"ping"}, {}, {}, {}, {"set", "a", "1"}}));
}

TEST(RequestParser, TakesAnyBytesInABulk) {
  const std::string bytes("a\0\r\n$*", 6);
  EXPECT_EQ(ParsePieces({Encode({"ECHO", bytes})}).requests, (Requests{{"ECHO", bytes}}));
}

TEST(RequestParser, GivesTheSameRequestsWhereverItIsCut) {
  const std::string streams[] = {
      Encode({"SET", "key", "value"}) + "ping\r\n" + Encode({"GET", ""}) + "set \"a b\" 'c'\r\n*0\r\n" + Encode({"X"}),
      Encode({"A"}) + "*1\r\nfoo\r\n",
      "ping\r\nset \"a\r\n",
      "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$-5\r\n",
      "*12345678901\r\n",
  };
  for (const std::string_view stream : streams) {
    const ParsedStream whole = ParsePieces({stream});
    EXPECT_FALSE(whole.requests.empty() && whole.refusal.empty());
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      EXPECT_EQ(ParsePieces({stream.substr(0, cut), stream.substr(cut)}), whole) << "cut at " << cut;
    }
    std::vector<std::string_view> bytes;
    for (size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
    EXPECT_EQ(ParsePieces(bytes), whole);
  }
}

TEST(RequestParser, RefusesInRedissWords) {
  EXPECT_EQ(RefusalOf("*2147483648\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*007\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*-0\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*+1\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$x\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$01\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$536870913\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$9999999999999999999\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(RefusalOf("*1\r\nPING\r\n"), "Protocol error: expected '$', got 'P'");
  EXPECT_EQ(RefusalOf("set a \"b\r\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(RefusalOf("set a \"b\"c\r\n"), "Protocol error: unbalanced quotes in request");
  const std::string digits(70'000, '1');
  EXPECT_EQ(RefusalOf("*" + digits), "Protocol error: too big mbulk count string");
  EXPECT_EQ(RefusalOf("*1\r\n$" + digits), "Protocol error: too big bulk count string");
  EXPECT_EQ(RefusalOf(digits), "Protocol error: too big inline request");
  EXPECT_EQ(RefusalOf(digits + "\r\n"), "Protocol error: too big inline request") << "whatever the pieces were";
}

TEST(RequestParser, GivesStrangersLess) {
  EXPECT_EQ(RefusalOf("*11\r\n", false), "Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(RefusalOf("*10\r\n", false), "");
  EXPECT_EQ(RefusalOf("*1\r\n$16385\r\n", false), "Protocol error: unauthenticated bulk length");
  EXPECT_EQ(RefusalOf("*1\r\n$16384\r\n", false), "");
  EXPECT_EQ(RefusalOf("*11\r\n"), "");
}

TEST(RequestParser, KeepsToTheLimitsOfTheSettings) {
  RequestParser parser;
  parser.SetArgumentBytesMax(3);
  parser.Append("*1\r\n$4\r\n");
  ASSERT_FALSE(parser.Next());
  const RequestLimits limits{.arguments_max = 2, .argument_bytes_max = 10, .inline_bytes_max = 8};
  EXPECT_EQ(ParsePieces({"*3\r\n"}, true, limits).refusal, "Protocol error: invalid multibulk length");
  EXPECT_EQ(ParsePieces({"12345678\n"}, true, limits).requests, (Requests{{"12345678"}}));
  EXPECT_EQ(ParsePieces({"123456789\n"}, true, limits).refusal, "Protocol error: too big inline request");
}

TEST(RequestParser, ReservesNothingForWhatIsAnnounced) {
  RequestParser parser;
  const size_t mapped = ::mallinfo2().hblkhd;  // Large blocks are mapped by themselves.
  parser.Append("*2147483647\r\n$536870912\r\nabc");
  const RequestParser::Outcome outcome = parser.Next();
  EXPECT_EQ(::mallinfo2().hblkhd, mapped);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(*outcome);
  EXPECT_EQ(parser.waiting_bytes(), 28U);
}

TEST(RequestParser, ReadsALongPipelineInDrawnPieces) {
  base::Random random(7);
  std::string stream;
  Requests sent;
  for (int i = 0; i < 500; ++i) {
    std::vector<std::string> words(1 + random.Below(4));
    for (std::string& word : words) word.assign(random.Below(300), static_cast<char>(random.Below(256)));
    stream += Encode(words);
    sent.push_back(std::move(words));
  }
  std::vector<std::string_view> pieces;
  for (std::string_view rest = stream; !rest.empty();) {
    const size_t bytes = std::min<size_t>(rest.size(), 1 + random.Below(2000));
    pieces.push_back(rest.substr(0, bytes));
    rest.remove_prefix(bytes);
  }
  EXPECT_EQ(ParsePieces(pieces), (ParsedStream{.requests = sent, .refusal = ""}));
}

std::vector<std::string> WordsOfLine(std::string_view line) {
  std::vector<std::string> words;
  EXPECT_TRUE(SplitLine(line, &words)) << line;
  return words;
}

TEST(SplitLine, UnderstandsQuotes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(WordsOfLine(""), Words{});
  EXPECT_EQ(WordsOfLine("  a\t b "), (Words{"a", "b"}));
  EXPECT_EQ(WordsOfLine(R"("a b" 'c d' "")"), (Words{"a b", "c d", ""}));
  EXPECT_EQ(WordsOfLine(R"("\x41\n\r\t\b\a\\\"\q")"), (Words{"A\n\r\t\b\a\\\"q"}));
  EXPECT_EQ(WordsOfLine(R"('a\'b' 'c\n')"), (Words{"a'b", "c\\n"}));
  EXPECT_EQ(WordsOfLine(R"("\x4" "\xzz")"), (Words{"x4", "xzz"}));
  EXPECT_EQ(WordsOfLine(R"(a"b c")"), (Words{"ab c"}));
  std::vector<std::string> words;
  for (const std::string_view line : {"\"", "'", "a \"b", "\"a\"b", "'a'b", "\"a\\\""}) {
    EXPECT_FALSE(SplitLine(line, &words)) << line;
  }
}

}  // namespace
}  // namespace amethyst::server
