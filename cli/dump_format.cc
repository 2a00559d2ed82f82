// The format dump: any bytes, and proof that all of them arrived.
//
//   AMETHYST DUMP 1
//   5 9 6c62272e07bb0142          bytes of key and value, and a checksum; then both, each with a line end behind it
//   apple
//   artichoke
//   9 3 1795890600000 0fb0739d038314a6   of one that expires: before the checksum milliseconds since 1970
//   session:7
//   ada
//   end 2 14650fb0739d0383        how many records, and a checksum
//
// A dump of families begins with AMETHYST DUMP 2, and has before the records of each
//
//   family 5 b0142272e07c626c     the bytes of its name, and a checksum; then the name
//   users
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
#include "key/moment.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kHeader = "AMETHYST DUMP 1";
constexpr std::string_view kFamiliesHeader = "AMETHYST DUMP 2";
constexpr std::string_view kHeaderBegin = "AMETHYST DUMP ";
constexpr std::string_view kFamilyBegin = "family ";
constexpr size_t kControlLineBytesMax = 80;

class Chain {
 public:
  explicit Chain(std::string_view header) : value_(base::Hash64(header)) {}

  // Each returns the checksum that the dump holds at that place. They hash different numbers of words, or zeros.
  uint64_t Add(const RecordWriter::Entry& entry) {
    const uint64_t key = base::Hash64(entry.key);
    const uint64_t value = base::Hash64(entry.value);
    if (!entry.expires_at) return Step<4>({value_, entry.key.size(), key, value});
    return Step<5>({value_, entry.key.size(), key, value, key::MillisecondsOf(*entry.expires_at)});
  }
  uint64_t Family(std::string_view name) { return Step<3>({value_, name.size(), base::Hash64(name)}); }
  [[nodiscard]] uint64_t End(uint64_t count) { return Step<4>({value_, count, 0, 0}); }

 private:
  template <size_t kWords>
  uint64_t Step(const std::array<uint64_t, kWords>& words) {
    static_assert(std::endian::native == std::endian::little);
    return value_ = base::Hash64({reinterpret_cast<const char*>(words.data()), sizeof words});
  }

  uint64_t value_;
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
    if (is_of_families_ && text_.starts_with(kFamilyBegin)) return ReadFamily(record);
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
    is_of_families_ = text_ == kFamiliesHeader;
    if (read == LineRead::kLine && (text_ == kHeader || is_of_families_)) {
      chain_ = Chain(text_);
      return std::nullopt;
    }
    if (text_.starts_with(kHeaderBegin)) {
      return fmt::format("dump version {} is newer than this program, which knows versions 1 and 2",
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

  Reading ReadFamily(Record* record) {
    std::string_view rest = std::string_view(text_).substr(kFamilyBegin.size());
    const auto bytes = TakeNumber(&rest, 10);
    const auto checksum = TakeNumber(&rest, 16);
    if (!bytes || !checksum || *bytes > kRecordBytesMax || !ReadBytes(*bytes, &family_.emplace())) {
      return Break("the name of a family is cut off");
    }
    if (chain_.Family(*family_) != *checksum) return Break("the checksum does not hold: the dump was changed");
    record->family = family_;
    return {Found::kFamily, {}};
  }

  Reading ReadRecord(Record* record) {
    std::string_view rest = text_;
    const auto key_bytes = TakeNumber(&rest, 10);
    const auto value_bytes = TakeNumber(&rest, 10);
    const auto expires_ms = TakeNumber(&rest, 10);
    const auto checksum = TakeNumber(&rest, 16);
    if (!key_bytes || !value_bytes || !checksum) {
      return Break(fmt::format("expected the lengths of a record, found {}", Shortened(text_, 40)));
    }
    if (*key_bytes > kRecordBytesMax || *value_bytes > kRecordBytesMax) return Break("the record is too long");
    if (!ReadBytes(*key_bytes, &record->key) || !ReadBytes(*value_bytes, &record->value)) {
      return Break(fmt::format("the dump is cut off inside the record after {}", Counted(count_, "entry", "entries")));
    }
    record->expires_at = expires_ms ? std::optional(key::MomentOf(*expires_ms)) : std::nullopt;
    record->family = family_;
    if (chain_.Add({.key = record->key, .value = record->value, .expires_at = record->expires_at}) != *checksum)
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
  Chain chain_{kHeader};
  bool is_of_families_ = false;
  std::optional<std::string> family_;  // Of the records that follow.
  uint64_t count_ = 0;
  uint64_t line_ = 0;
  uint64_t next_line_ = 0;
  bool ended_ = false;
};

class DumpWriter final : public RecordWriter {
 public:
  DumpWriter(std::ostream& out, std::string_view header) : out_(out), chain_(header) { out_ << header << '\n'; }
  void Add(const Entry& entry) override {
    ++count_;
    const std::string expiry = entry.expires_at ? fmt::format(" {}", key::MillisecondsOf(*entry.expires_at)) : "";
    out_ << fmt::format("{} {}{} {:016x}\n", entry.key.size(), entry.value.size(), expiry, chain_.Add(entry))
         << entry.key << '\n'
         << entry.value << '\n';
  }
  void BeginFamily(std::string_view name) override {
    out_ << fmt::format("{}{} {:016x}\n", kFamilyBegin, name.size(), chain_.Family(name)) << name << '\n';
  }
  void Finish() override { out_ << fmt::format("end {} {:016x}\n", count_, chain_.End(count_)); }

 private:
  std::ostream& out_;
  Chain chain_;
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> NewDumpReader(std::istream& in) { return std::make_unique<DumpReader>(in); }
std::unique_ptr<RecordWriter> NewDumpWriter(std::ostream& out, bool of_families) {
  return std::make_unique<DumpWriter>(out, of_families ? kFamiliesHeader : kHeader);
}

}  // namespace amethyst::cli
