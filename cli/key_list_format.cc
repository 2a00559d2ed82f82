// The format keys, which is only read: a key a line, as `scan --keys-only` prints it. A line between double quotes has
// escapes; any other stands for itself, backslashes included. Values are empty.
#include <fmt/format.h>

#include "cli/line_reader.h"
#include "cli/record_format.h"
#include "cli/words.h"

namespace amethyst::cli {

namespace {

class KeyListReader final : public LineReader {
 public:
  explicit KeyListReader(std::istream& in) : LineReader(in, kLineBytesMax) {}

 private:
  static constexpr size_t kLineBytesMax = 1 << 20;  // A key is far shorter, even with all of its bytes as \xNN.

  Reading Parse(const std::string& line, Record* record) override {
    record->key = line;
    record->value.clear();
    if (line.front() != '"') return {Found::kRecord, {}};
    const size_t end = ClosingQuote(line);
    if (end == std::string::npos) return {Found::kMalformed, "the quote is not closed"};
    if (end + 1 != line.size()) return {Found::kMalformed, "there is text behind the closing quote"};
    auto key = Unescaped(std::string_view(line).substr(1, end - 1));
    if (!key) return {Found::kMalformed, key.error()};
    record->key = *std::move(key);
    return {Found::kRecord, {}};
  }

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
};

}  // namespace

std::unique_ptr<RecordReader> NewKeyListReader(std::istream& in) { return std::make_unique<KeyListReader>(in); }

}  // namespace amethyst::cli
