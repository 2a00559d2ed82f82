#include "server/resp/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace amethyst::server {

namespace {

constexpr size_t kNumberLineMax = 64 << 10;  // Redis waits so long for the end of a line with a number.
constexpr size_t kKeptBufferMax = 64 << 10;

std::optional<int64_t> ReadNumber(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text != "0") return {};  // "-0" and "07" are no numbers.
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

std::unexpected<std::string> Refusal(std::string_view what) {
  return std::unexpected(fmt::format("Protocol error: {}", what));
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What stands behind a backslash at `*at`, which moves onto its last character.
char Unescaped(std::string_view line, size_t* at) {
  const char c = line[*at];
  if (c == 'x' && *at + 2 < line.size()) {
    const int high = HexDigit(line[*at + 1]);
    const int low = HexDigit(line[*at + 2]);
    if (high >= 0 && low >= 0) {
      *at += 2;
      return static_cast<char>(high * 16 + low);
    }
  }
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
  }
}

}  // namespace

bool SplitLine(std::string_view line, std::vector<std::string>* words) {
  words->clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return true;
    std::string& word = words->emplace_back();
    char quote = 0;
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (quote == 0) {
        if (IsSpace(c)) break;
        if (c == '"' || c == '\'') {
          quote = c;
        } else {
          word.push_back(c);
        }
      } else if (c == quote) {
        if (at + 1 < line.size() && !IsSpace(line[at + 1])) return false;
        quote = 0;
        ++at;
        break;
      } else if (c == '\\' && at + 1 < line.size() && (quote == '"' || line[at + 1] == '\'')) {
        ++at;
        word.push_back(quote == '"' ? Unescaped(line, &at) : '\'');
      } else {
        word.push_back(c);
      }
    }
    if (quote != 0) return false;
  }
}

void RequestParser::Append(std::string_view bytes) {
  if (begin_ >= buffer_.size() - begin_) {  // So each byte is moved once on the average, however many wait.
    buffer_.erase(0, begin_);
    for (Piece& piece : pieces_) piece.offset -= begin_;
    position_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

void RequestParser::LetGoOfBuffer() {
  std::string().swap(buffer_);
  begin_ = position_ = 0;
}

RequestParser::Outcome RequestParser::Next(bool is_authenticated) {
  arguments_.clear();
  if (!in_array_) {
    if (position_ == buffer_.size()) {
      if (buffer_.capacity() > kKeptBufferMax) LetGoOfBuffer();
      return false;
    }
    if (buffer_[position_] != '*') return ReadInline();
    if (is_authenticated && TakeWhole()) return true;
    const Outcome header = ReadArrayHeader(is_authenticated);
    if (!header || !*header) return header;
  }
  while (arguments_left_ > 0) {
    const Outcome argument = ReadArgument(is_authenticated);
    if (!argument || !*argument) return argument;
  }
  for (const Piece& piece : pieces_) arguments_.emplace_back(buffer_.data() + piece.offset, piece.bytes);
  Finish();
  return true;
}

int64_t RequestParser::ReadFewDigits(char mark, size_t* at) const {
  constexpr size_t kDigitsMax = 9;
  const std::string_view line = std::string_view(buffer_).substr(*at, 1 + kDigitsMax + 2);
  if (line.empty() || line[0] != mark) return -1;
  size_t end = 1;
  int64_t number = 0;
  for (; end < line.size() && line[end] >= '0' && line[end] <= '9'; ++end) number = 10 * number + (line[end] - '0');
  const bool is_plain = end > 1 && (end == 2 || line[1] != '0');
  if (!is_plain || end + 1 >= line.size() || line[end] != '\r' || line[end + 1] != '\n') return -1;
  *at += end + 2;
  return number;
}

bool RequestParser::TakeWhole() {
  size_t at = position_;
  const int64_t count = ReadFewDigits('*', &at);
  if (count < 0 || count > static_cast<int64_t>(limits_.arguments_max)) return false;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t bytes = at < buffer_.size() ? ReadFewDigits('$', &at) : -1;
    const bool is_whole = bytes >= 0 && bytes <= static_cast<int64_t>(limits_.argument_bytes_max) &&
                          buffer_.size() - at >= static_cast<size_t>(bytes) + 2;
    if (!is_whole) {
      arguments_.clear();
      return false;
    }
    arguments_.emplace_back(buffer_.data() + at, static_cast<size_t>(bytes));
    at += static_cast<size_t>(bytes) + 2;
  }
  begin_ = position_ = at;
  return true;
}

void RequestParser::Finish() {
  begin_ = position_;
  in_array_ = false;
  pieces_.clear();
}

std::optional<RequestParser::NumberLine> RequestParser::ReadNumberLine() const {
  const std::string_view line = std::string_view(buffer_).substr(position_, kNumberLineMax);
  const size_t end = line.find('\r');
  if (end == std::string_view::npos) return {};
  return NumberLine{.end = position_ + end, .number = end == 0 ? std::nullopt : ReadNumber(line.substr(1, end - 1))};
}

RequestParser::Outcome RequestParser::ReadArrayHeader(bool is_authenticated) {
  const auto line = ReadNumberLine();
  if (!line) {
    if (buffer_.size() - position_ > kNumberLineMax) return Refusal("too big mbulk count string");
    return false;
  }
  const auto& [end, count] = *line;
  if (end + 1 >= buffer_.size()) return false;  // The line feed is still to come.
  if (!count || *count > static_cast<int64_t>(limits_.arguments_max)) return Refusal("invalid multibulk length");
  if (!is_authenticated && *count > static_cast<int64_t>(kUnauthenticatedArgumentsMax)) {
    return Refusal("unauthenticated multibulk length");
  }
  position_ = end + 2;
  in_array_ = true;
  arguments_left_ = *count > 0 ? static_cast<size_t>(*count) : 0;
  return true;
}

RequestParser::Outcome RequestParser::ReadArgument(bool is_authenticated) {
  if (!has_length_) {
    const auto line = ReadNumberLine();
    if (!line) {
      if (buffer_.size() - position_ > kNumberLineMax) return Refusal("too big bulk count string");
      return false;
    }
    const auto& [end, length] = *line;
    if (end + 1 >= buffer_.size()) return false;
    if (buffer_[position_] != '$') return Refusal(fmt::format("expected '$', got '{}'", buffer_[position_]));
    if (!length || *length < 0 || *length > static_cast<int64_t>(limits_.argument_bytes_max)) {
      return Refusal("invalid bulk length");
    }
    if (!is_authenticated && *length > static_cast<int64_t>(kUnauthenticatedArgumentBytesMax)) {
      return Refusal("unauthenticated bulk length");
    }
    position_ = end + 2;
    length_ = static_cast<size_t>(*length);
    has_length_ = true;
  }
  if (buffer_.size() - position_ < length_ + 2) return false;
  pieces_.push_back({position_, length_});
  position_ += length_ + 2;
  has_length_ = false;
  --arguments_left_;
  return true;
}

RequestParser::Outcome RequestParser::ReadInline() {
  const size_t end = buffer_.find('\n', position_);
  const size_t line_bytes = (end == std::string::npos ? buffer_.size() : end) - position_;
  if (line_bytes > limits_.inline_bytes_max) return Refusal("too big inline request");
  if (end == std::string::npos) return false;
  std::string_view line = std::string_view(buffer_).substr(position_, end - position_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!SplitLine(line, &inline_arguments_)) return Refusal("unbalanced quotes in request");
  arguments_.assign(inline_arguments_.begin(), inline_arguments_.end());
  position_ = end + 1;
  Finish();
  return true;
}

}  // namespace amethyst::server
