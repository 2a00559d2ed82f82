#include "server/server_fixture.h"

#include <fmt/format.h>

#include <charconv>

#include "server/resp/request_parser.h"

namespace amethyst::server {

namespace {

int64_t NumberOf(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// `count` replies between the brackets; of a map each second one stands behind a colon.
std::string TakeElements(std::string* bytes, int64_t count, bool is_map) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) text += is_map && i % 2 == 1 ? ": " : ", ";
    text += TakeReply(bytes);
  }
  return text;
}

std::string Shown(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text + "\"";
}

}  // namespace

std::string TakeReply(std::string* bytes) {
  const size_t end = bytes->find("\r\n");
  if (end == std::string::npos) return "";
  const char type = bytes->front();
  const std::string line = bytes->substr(1, end - 1);
  bytes->erase(0, end + 2);
  const int64_t number = NumberOf(line);
  switch (type) {
    case '+': return line;
    case '-': return "(error) " + line;
    case ':': return line;
    case ',': return "," + line;
    case '#': return line == "t" ? "true" : "false";
    case '_': return "(null)";
    case '$':
    case '=': {
      if (number < 0) return "(nil)";
      std::string text = bytes->substr(0, static_cast<size_t>(number));
      EXPECT_EQ(bytes->substr(text.size(), 2), "\r\n");
      bytes->erase(0, text.size() + 2);
      return Shown(text);
    }
    case '*': return number < 0 ? "(nil array)" : "[" + TakeElements(bytes, number, false) + "]";
    case '~': return "(" + TakeElements(bytes, number, false) + ")";
    case '>': return ">[" + TakeElements(bytes, number, false) + "]";
    case '%': return "{" + TakeElements(bytes, 2 * number, true) + "}";
    default: ADD_FAILURE() << "a reply begins with " << type; return "";
  }
}

ServerTest::Client::Client(ServerTest& test, std::string peer)
    : test_(test), connection_(std::move(peer)), session_(test.server_->Connect(connection_)) {}

ServerTest::Client::~Client() {
  if (session_ != nullptr) test_.server_->Disconnect(*session_);
}

std::string ServerTest::Client::Raw(std::string_view bytes) {
  test_.server_->Receive(*session_, bytes);
  test_.server_->EndTurn();
  return Received();
}

std::string ServerTest::Client::Received() {
  std::string text;
  while (!connection_.sent.empty()) {
    if (!text.empty()) text += " ";
    text += TakeReply(&connection_.sent);
  }
  return text;
}

std::string ServerTest::Client::operator()(const std::vector<std::string>& words) { return Raw(Encode(words)); }

std::string ServerTest::Client::Line(std::string_view line) {
  std::vector<std::string> words;
  EXPECT_TRUE(SplitLine(line, &words));
  return (*this)(words);
}

void ServerTest::Open() {
  Components components;
  components.environment = environment_;
  auto space = Space::Open("db", {}, std::move(components));
  ASSERT_TRUE(space) << space.error().ToString();
  space_ = std::move(*space);
  server_ = std::make_unique<Server>(*space_, config_, clock_);
  ASSERT_TRUE(server_->LoadLibraries());
  client_ = std::make_unique<Client>(*this, "127.0.0.1:50000");
}

void ServerTest::Crash() {
  client_.reset();
  server_.reset();
  space_.reset();
  Open();
}

void ServerTest::Restart() {
  client_.reset();
  server_.reset();
  ASSERT_TRUE(space_->Close());
  space_.reset();
  Open();
}

}  // namespace amethyst::server
