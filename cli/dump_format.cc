// The format dump: any bytes, and proof that all of them arrived.
//
//   AMETHYST DUMP 1
//   5 9 6c62272e07bb0142          bytes of key and value, and a checksum; then both, each with a line end behind it
//   apple
//   artichoke
//   end 1 14650fb0739d0383        how many records, and a checksum
//
// Each checksum is XXH3 over the one before and this record, so a record changed, lost, added or moved is noticed where
// it happens, and a dump cut off by its missing end.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include "base/hash.h"
#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kHeader = "AMETHYST DUMP 1";
constexpr std::string_view kHeaderBegin = "AMETHYST DUMP ";
constexpr size_t kControlLineBytesMax = 80;

class Chain {
 public:
  // Each returns the checksum that the dump holds at that place.
  uint64_t Add(std::string_view key, std::string_view value) {
    return Step({value_, key.size(), base::Hash64(key), base::Hash64(value)});
  }
  [[nodiscard]] uint64_t End(uint64_t count) { return Step({value_, count, 0, 0}); }

 private:
  uint64_t Step(const std::array<uint64_t, 4>& words) {
    static_assert(std::endian::native == std::endian::little);
    return value_ = base::Hash64({reinterpret_cast<const char*>(words.data()), sizeof words});
  }

  uint64_t value_ = base::Hash64(kHeader);
};

// Takes a number and the blank behind it off the front; base 16 takes all that is left.
std::optional<uint64_t> TakeNumber(std::string_view* text, int base) {
  uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number, base);
  const bool delimited = base == 16 ? stop == end && text->size() == 16 : stop != end && *stop == ' ';
  if (error != std::errc() || !delimited) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(stop - text->data()) + (base == 16 ? 0 : 1));
  return number;
}

class DumpReader final : public RecordReader {
 public:
  explicit DumpReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    if (count_ == 0 && line_ == 0) {
      if (auto problem = ReadHeader()) return Break(*std::move(problem));
    }
    if (ended_) return {};
    line_ = next_line_;
    if (ReadLine(in_, kControlLineBytesMax, &text_) == LineRead::kEnd) {
      return Break(fmt::format("the dump is cut off: no end after {}", Counted(count_, "entry", "entries")));
    }
    ++next_line_;
    if (text_.starts_with("end ")) return ReadEnd();
    return ReadRecord(record);
  }
  uint64_t line() const override { return line_; }

 private:
  Reading Break(std::string why) {
    ended_ = true;
    return {Found::kBroken, std::move(why)};
  }

  std::optional<std::string> ReadHeader() {
    line_ = 1;
    next_line_ = 2;
    const LineRead read = ReadLine(in_, kControlLineBytesMax, &text_);
    DropByteOrderMark(&text_);
    if (read == LineRead::kLine && text_ == kHeader) return std::nullopt;
    if (text_.starts_with(kHeaderBegin)) {
      return fmt::format("dump version {} is newer than this program, which knows version 1",
                         Shortened(std::string_view(text_).substr(kHeaderBegin.size()), 20));
    }
    return fmt::format("expected \"{}\", found {}: this is no dump", kHeader, Shortened(text_, 40));
  }

  Reading ReadEnd() {
    std::string_view rest = std::string_view(text_).substr(4);
    const auto count = TakeNumber(&rest, 10);
    const auto checksum = TakeNumber(&rest, 16);
    if (!count || !checksum) return Break("the end line is cut off");
    if (*count != count_) return Break(fmt::format("expected {} entries, found {}", *count, count_));
    if (*checksum != chain_.End(*count)) return Break("the checksum of the end does not hold");
    if (in_.rdbuf()->sgetc() != std::char_traits<char>::eof()) return Break("there is something behind the dump's end");
    ended_ = true;
    return {};
  }

  Reading ReadRecord(Record* record) {
    std::string_view rest = text_;
    const auto key_bytes = TakeNumber(&rest, 10);
    const auto value_bytes = TakeNumber(&rest, 10);
    const auto checksum = TakeNumber(&rest, 16);
    if (!key_bytes || !value_bytes || !checksum) {
      return Break(fmt::format("expected the lengths of a record, found {}", Shortened(text_, 40)));
    }
    if (*key_bytes > kRecordBytesMax || *value_bytes > kRecordBytesMax) return Break("the record is too long");
    if (!ReadBytes(*key_bytes, &record->key) || !ReadBytes(*value_bytes, &record->value)) {
      return Break(fmt::format("the dump is cut off inside the record after {}", Counted(count_, "entry", "entries")));
    }
    if (chain_.Add(record->key, record->value) != *checksum)
      return Break("the checksum does not hold: the dump was changed");
    ++count_;
    return {Found::kRecord, {}};
  }

  // That many bytes and a line end; memory grows with what is there, not with what is claimed.
  bool ReadBytes(uint64_t bytes, std::string* to) {
    constexpr uint64_t kStep = 1 << 20;
    to->clear();
    while (to->size() < bytes) {
      const size_t begin = to->size();
      to->resize(begin + std::min(bytes - begin, kStep));
      const auto wanted = static_cast<std::streamsize>(to->size() - begin);
      if (in_.rdbuf()->sgetn(to->data() + begin, wanted) != wanted) return false;
    }
    next_line_ += 1 + static_cast<uint64_t>(std::ranges::count(*to, '\n'));
    return in_.rdbuf()->sbumpc() == '\n';
  }

  std::istream& in_;
  std::string text_;
  Chain chain_;
  uint64_t count_ = 0;
  uint64_t line_ = 0;
  uint64_t next_line_ = 0;
  bool ended_ = false;
};

class DumpWriter final : public RecordWriter {
 public:
  explicit DumpWriter(std::ostream& out) : out_(out) { out_ << kHeader << '\n'; }
  void Add(std::string_view key, std::string_view value) override {
    ++count_;
    out_ << fmt::format("{} {} {:016x}\n", key.size(), value.size(), chain_.Add(key, value)) << key << '\n'
         << value << '\n';
  }
  void Finish() override { out_ << fmt::format("end {} {:016x}\n", count_, chain_.End(count_)); }

 private:
  std::ostream& out_;
  Chain chain_;
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> NewDumpReader(std::istream& in) { return std::make_unique<DumpReader>(in); }
std::unique_ptr<RecordWriter> NewDumpWriter(std::ostream& out) { return std::make_unique<DumpWriter>(out); }

}  // namespace amethyst::cli
