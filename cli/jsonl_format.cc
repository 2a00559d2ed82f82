// The format jsonl: an object a line.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// Takes field `name`, or its base64, out of `object`. nullopt: it was fine; else what is wrong.
std::optional<std::string> TakeField(nlohmann::json* object, const std::string& name, std::string* bytes) {
  const std::string base64_name = name + "_base64";
  const bool plain = object->contains(name);
  if (plain == object->contains(base64_name)) {
    return fmt::format("expected one of \"{}\" and \"{}\", found {}", name, base64_name, plain ? "both" : "neither");
  }
  const std::string& used = plain ? name : base64_name;
  const nlohmann::json& field = (*object)[used];
  if (!field.is_string()) return fmt::format("\"{}\": expected a string, found {}", used, field.type_name());
  std::string text = field.get<std::string>();
  object->erase(used);
  if (plain) {
    *bytes = std::move(text);
    return std::nullopt;
  }
  auto decoded = DecodeBase64(text);
  if (!decoded) return fmt::format("\"{}\" is not base64", used);
  *bytes = *std::move(decoded);
  return std::nullopt;
}

class JsonlReader final : public RecordReader {
 public:
  explicit JsonlReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    LineRead read;
    do {
      read = ReadLine(in_, kLineBytesMax, &text_);
      if (read == LineRead::kEnd) return {};
      if (++line_ == 1) DropByteOrderMark(&text_);
      if (text_.ends_with('\r')) text_.pop_back();
    } while (text_.empty());
    if (read == LineRead::kTooLong) return {Found::kMalformed, "the line is too long"};
    if (auto problem = Parse(record)) return {Found::kMalformed, *std::move(problem)};
    return {Found::kRecord, {}};
  }
  uint64_t line() const override { return line_; }

 private:
  static constexpr size_t kLineBytesMax = 6 * kRecordBytesMax + (1 << 20);  // All of a value as \u0000, and a key.

  std::optional<std::string> Parse(Record* record) const {
    // The parser keeps the last of fields with the same name, and says nothing of the others.
    std::vector<std::string> names;
    const auto collect_names = [&names](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
      if (depth == 1 && event == nlohmann::json::parse_event_t::key) names.push_back(parsed.get<std::string>());
      return true;
    };
    nlohmann::json object = nlohmann::json::parse(text_, collect_names, /*allow_exceptions=*/false);
    if (object.is_discarded()) return "not a JSON value on one line";
    if (!object.is_object()) return fmt::format("expected an object, found {}", object.type_name());
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
      return fmt::format("the field {} occurs more than once", Quoted(*twice));
    }
    if (auto problem = TakeField(&object, "key", &record->key)) return problem;
    if (auto problem = TakeField(&object, "value", &record->value)) return problem;
    if (object.empty()) return std::nullopt;
    return fmt::format("unknown field \"{}\", which would be lost", object.begin().key());
  }

  std::istream& in_;
  std::string text_;
  uint64_t line_ = 0;
};

class JsonlWriter final : public RecordWriter {
 public:
  explicit JsonlWriter(std::ostream& out) : out_(out) {}
  void Add(std::string_view key, std::string_view value) override {
    out_ << '{' << JsonField("key", key) << ',' << JsonField("value", value) << "}\n";
  }

 private:
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<RecordReader> NewJsonlReader(std::istream& in) { return std::make_unique<JsonlReader>(in); }
std::unique_ptr<RecordWriter> NewJsonlWriter(std::ostream& out) { return std::make_unique<JsonlWriter>(out); }

}  // namespace amethyst::cli
