// The format keys, which is only read: a key a line, as `scan --keys-only` prints it. A line between double quotes has
// escapes; any other stands for itself, backslashes included. Values are empty.
#include <fmt/format.h>

#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/words.h"

namespace amethyst::cli {

namespace {

class KeyListReader final : public RecordReader {
 public:
  explicit KeyListReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    LineRead read;
    do {
      read = ReadLine(in_, kLineBytesMax, &text_);
      if (read == LineRead::kEnd) return {};
      if (++line_ == 1) DropByteOrderMark(&text_);
      if (text_.ends_with('\r')) text_.pop_back();
    } while (text_.empty());
    if (read == LineRead::kTooLong) return {Found::kMalformed, "the line is too long"};
    record->key = text_;
    record->value.clear();
    if (text_.front() != '"') return {Found::kRecord, {}};
    const size_t end = ClosingQuote(text_);
    if (end == std::string::npos) return {Found::kMalformed, "the quote is not closed"};
    if (end + 1 != text_.size()) return {Found::kMalformed, "there is text behind the closing quote"};
    auto key = Unescaped(std::string_view(text_).substr(1, end - 1));
    if (!key) return {Found::kMalformed, key.error()};
    record->key = *std::move(key);
    return {Found::kRecord, {}};
  }
  uint64_t line() const override { return line_; }
  std::string_view raw() const override { return text_; }

 private:
  static constexpr size_t kLineBytesMax = 1 << 20;  // A key is far shorter, even with all of its bytes as \xNN.

  // Where the quote at the front is closed, or npos.
  static size_t ClosingQuote(std::string_view text) {
    for (size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  std::istream& in_;
  std::string text_;
  uint64_t line_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> NewKeyListReader(std::istream& in) { return std::make_unique<KeyListReader>(in); }

}  // namespace amethyst::cli
