// Cuts what a client sends into requests: arrays of bulk strings, or inline lines as a person types them.
//
// Hostile bytes are the rule here. Lengths are checked before anything is reserved for them, memory grows with the
// bytes that have come and never with what they announce, and the text of each refusal is that of Redis 7.0. After a
// refusal the stream has no meaning any more, and the connection must be closed. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::server {

struct RequestLimits {
  size_t arguments_max = INT32_MAX;
  size_t argument_bytes_max = size_t{512} << 20;
  size_t inline_bytes_max = 64 << 10;
};
// Before a client has given its password, as in Redis.
inline constexpr size_t kUnauthenticatedArgumentsMax = 10;
inline constexpr size_t kUnauthenticatedArgumentBytesMax = 16384;

class RequestParser {
 public:
  // An error's text, without its code: "Protocol error: invalid bulk length".
  using Outcome = std::expected<bool, std::string>;

  explicit RequestParser(const RequestLimits& limits = {}) : limits_(limits) {}

  void Append(std::string_view bytes);
  // No more bytes come.
  void End() { has_ended_ = true; }
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  // True: arguments() is the next request, empty for an empty line. False: it needs more bytes.
  // `is_authenticated`: its limits are the ordinary ones.
  [[nodiscard]] Outcome Next(bool is_authenticated = true);

  // Of the last request, valid until the next call of Append or Next.
  [[nodiscard]] const std::vector<std::string_view>& arguments() const { return arguments_; }
  // That have come and are no part of a request yet.
  [[nodiscard]] size_t waiting_bytes() const { return buffer_.size() - begin_; }
  // The same, and the bytes of requests that have been read and not been dropped yet.
  [[nodiscard]] size_t held_bytes() const { return buffer_.size(); }
  void SetArgumentBytesMax(size_t bytes) { limits_.argument_bytes_max = bytes; }

 private:
  struct Piece {
    size_t offset;
    size_t bytes;
  };

  // A request that has come whole and has plain lengths, as nearly all are. False: nothing was read.
  bool TakeWhole();
  // The number behind `mark` at `*at`, which moves behind its line; -1: it is no line of a few digits.
  [[nodiscard]] int64_t ReadFewDigits(char mark, size_t* at) const;
  // Each looks at the buffer from position_ on.
  Outcome ReadArrayHeader(bool is_authenticated);
  Outcome ReadArgument(bool is_authenticated);
  Outcome ReadInline();
  struct NumberLine {
    size_t end;                     // Of what stands before its end, in the buffer.
    std::optional<int64_t> number;  // Behind its first character.
  };
  // nullopt: the end of the line at position_ has not come.
  [[nodiscard]] std::optional<NumberLine> ReadNumberLine() const;
  void Finish();
  void LetGoOfBuffer();

  RequestLimits limits_;
  std::string buffer_;
  size_t begin_ = 0;     // Of the request that is being read.
  size_t position_ = 0;  // How far it has been read.
  bool has_ended_ = false;
  bool in_array_ = false;
  size_t arguments_left_ = 0;
  bool has_length_ = false;  // The length of the argument at position_ has been read.
  size_t length_ = 0;
  std::vector<Piece> pieces_;
  std::vector<std::string> inline_arguments_;
  std::vector<std::string_view> arguments_;
};

// The words of a line: separated by white space, "quoted with \n, \x41 and the like" or 'quoted plainly'. Returns
// false where a quote is not closed, or is followed by something else than white space.
[[nodiscard]] bool SplitLine(std::string_view line, std::vector<std::string>* words);

}  // namespace amethyst::server
