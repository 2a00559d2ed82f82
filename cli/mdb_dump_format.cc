// The format mdb_dump, which is only read: what LMDB's mdb_dump and Berkeley DB's db_dump print.
//
//   VERSION=3
//   format=bytevalue              or print, which is -p
//   type=btree
//   mapsize=1048576               LMDB's alone
//   HEADER=END
//    6170706c65                   a blank, then the key; in the next line, likewise, its value
//    617274
//   DATA=END
//
// With -p, printable characters stand for themselves and all others are a backslash and two lower-case digits. Berkeley
// DB doubles a backslash. LMDB left it bare (seen of 0.9.24) before it doubled it, too (ITS#9068), and two may then be
// one or two: such a dump is refused. Where a bare one happens to look like an escape it does not show, so a dump with
// escapes gets a remark.
#include <fmt/format.h>

#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

using Problem = std::optional<std::string>;

class MdbDumpReader final : public RecordReader {
 public:
  explicit MdbDumpReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    if (!begun_) {
      begun_ = true;
      if (auto problem = ReadHeader()) return Break(*std::move(problem));
    }
    if (ended_) return {};
    if (!ReadText()) return Break("the dump is cut off: there is no DATA=END");
    record_line_ = line_;
    if (text_ == "DATA=END") return ReadEnd();
    const std::string key = text_;
    if (!ReadText() || text_ == "DATA=END") return Break("the dump is cut off: a key has no value");
    auto problem = TakeLine(key, &record->key);
    if (!problem) problem = TakeLine(text_, &record->value);
    if (bare_backslash_) {
      return Break(
          "a backslash that is no escape: some mdb_dump -p leave it bare; dump again without -p, or use "
          "import --from-lmdb");
    }
    if (problem) return {Found::kMalformed, *std::move(problem)};
    return {Found::kRecord, {}};
  }
  uint64_t line() const override { return record_line_; }
  std::string remark() const override {
    if (!lmdb_ || !print_ || !escapes_) return {};
    return "mdb_dump -p of LMDB 0.9.24 does not tell a backslash and two digits from one byte: if a key or value has "
           "backslashes, dump without -p";
  }

 private:
  static constexpr size_t kLineBytesMax = 3 * kRecordBytesMax + (1 << 20);

  Reading Break(std::string why) {
    ended_ = true;
    return {Found::kBroken, std::move(why)};
  }

  bool ReadText() {
    too_long_ = false;
    const LineRead read = ReadLine(in_, kLineBytesMax, &text_);
    if (read == LineRead::kEnd) return false;
    too_long_ = read == LineRead::kTooLong;
    ++line_;
    if (text_.ends_with('\r')) text_.pop_back();
    return true;
  }

  Problem ReadHeader() {
    while (ReadText()) {
      record_line_ = line_;
      if (line_ == 1) DropByteOrderMark(&text_);
      if (line_ == 1 && !text_.starts_with("VERSION=")) {
        return fmt::format("expected VERSION=3, found {}: this is no text of mdb_dump", Shortened(text_, 40));
      }
      if (text_ == "HEADER=END") return std::nullopt;
      if (auto problem = TakeHeaderLine()) return problem;
    }
    return "the dump is cut off: there is no HEADER=END";
  }

  Problem TakeHeaderLine() {
    const size_t equals = text_.find('=');
    if (equals == std::string::npos) return fmt::format("expected NAME=VALUE, found {}", Shortened(text_, 40));
    const std::string_view name = std::string_view(text_).substr(0, equals);
    const std::string_view value = std::string_view(text_).substr(equals + 1);
    if (name == "VERSION" && value != "2" && value != "3") {
      return fmt::format("a dump of version {}; 2 and 3 are known", Shortened(value, 20));
    }
    if (name == "format" && value != "print" && value != "bytevalue") {
      return fmt::format("the format {} is unknown; print and bytevalue are known", Shortened(value, 20));
    }
    if (name == "type" && value != "btree" && value != "hash") {
      return fmt::format("a database of type {} has no keys of its own", Shortened(value, 20));
    }
    if ((name == "dupsort" || name == "duplicates") && value == "1") {
      return "the database keeps several values for a key, which Amethyst cannot";
    }
    if (name == "format") print_ = value == "print";
    if (name == "mapsize") lmdb_ = true;
    return std::nullopt;
  }

  // A second database would be mixed with the first.
  Reading ReadEnd() {
    ended_ = true;
    while (ReadText()) {
      record_line_ = line_;
      if (!text_.empty()) return {Found::kBroken, "another database follows: dump each alone (mdb_dump -s NAME)"};
    }
    return {};
  }

  Problem TakeLine(std::string_view text, std::string* bytes) {
    if (too_long_) return "the line is too long";
    if (!text.starts_with(' ')) return fmt::format("expected a blank and bytes, found {}", Shortened(text, 40));
    text.remove_prefix(1);
    if (print_) {
      Unescape(text, bytes);
      return std::nullopt;
    }
    auto decoded = DecodeHex(text);
    if (!decoded) return fmt::format("{} is not hexadecimal digits, two a byte", Shortened(text, 40));
    *bytes = *std::move(decoded);
    return std::nullopt;
  }

  void Unescape(std::string_view text, std::string* bytes) {
    bytes->clear();
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        *bytes += text[i];
      } else if (!lmdb_ && i + 1 < text.size() && text[i + 1] == '\\') {
        *bytes += text[++i];
      } else if (const auto byte = EscapedByte(text.substr(i + 1, 2))) {
        escapes_ = true;
        *bytes += *byte;
        i += 2;
      } else {
        bare_backslash_ = true;
        return;
      }
    }
  }

  // The byte that `digits` stand for. nullopt: they are not what a dump would write for a byte.
  static std::optional<char> EscapedByte(std::string_view digits) {
    const auto byte = digits.size() == 2 ? DecodeHex(digits) : std::nullopt;
    if (!byte || EncodeHex(*byte) != digits) return std::nullopt;
    const char c = byte->front();
    const bool printable = c >= ' ' && c <= '~';
    return printable && c != '\\' ? std::nullopt : std::optional(c);
  }

  std::istream& in_;
  std::string text_;
  uint64_t line_ = 0;
  uint64_t record_line_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool too_long_ = false;
  bool print_ = false;
  bool lmdb_ = false;
  bool escapes_ = false;
  bool bare_backslash_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> NewMdbDumpReader(std::istream& in) { return std::make_unique<MdbDumpReader>(in); }

}  // namespace amethyst::cli
