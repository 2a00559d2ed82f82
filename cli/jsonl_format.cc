// The format jsonl: an object a line. Fields of other names are taken as they stand in it.
#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/line_reader.h"
#include "cli/moments.h"
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

// Takes the moment out of `object`, if there is one.
std::optional<std::string> TakeExpiry(nlohmann::json* object, Record* record) {
  record->expires_at.reset();
  const auto field = object->find("expires_at");
  if (field == object->end()) return std::nullopt;
  if (!field->is_string()) return fmt::format("\"expires_at\": expected a string, found {}", field->type_name());
  const auto moment = ParseMoment(field->get<std::string>());
  if (!moment) return fmt::format("\"expires_at\": {}", moment.error());
  record->expires_at = *moment;
  object->erase(field);
  return std::nullopt;
}

constexpr std::string_view kBlanks = " \t\r";  // Line feeds stand between lines alone.

struct Field {
  std::string name;
  std::string_view value;  // As it stands in the line.
};

// How many bytes the value at the front of `text`, or the name, has; it is well formed.
size_t ValueBytes(std::string_view text) {
  bool in_string = false;
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) {
      return text.find_last_not_of(kBlanks, i - 1) + 1;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

// The bytes of a string, or the text of anything else: no number is rounded, nothing is put in another order.
std::string BytesOf(std::string_view value) {
  return value.front() == '"' ? nlohmann::json::parse(value).get<std::string>() : std::string(value);
}

// The fields of a well-formed object, in its order.
std::vector<Field> FieldsOf(std::string_view object) {
  std::vector<Field> fields;
  const auto skip = [&](size_t bytes) {
    object.remove_prefix(bytes);
    object.remove_prefix(std::min(object.find_first_not_of(kBlanks), object.size()));
  };
  skip(0);
  skip(1);
  while (object.front() != '}') {
    const size_t name_bytes = ValueBytes(object);
    Field field{.name = BytesOf(object.substr(0, name_bytes)), .value = {}};
    skip(name_bytes);
    skip(1);
    field.value = object.substr(0, ValueBytes(object));
    skip(field.value.size());
    if (object.front() == ',') skip(1);
    fields.push_back(std::move(field));
  }
  return fields;
}

std::expected<std::string_view, std::string> FindOnce(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  if (found == fields.end()) return std::unexpected(fmt::format("there is no field {}", Quoted(name)));
  if (std::ranges::count(fields, name, &Field::name) == 1) return found->value;
  return std::unexpected(fmt::format("the field {} occurs more than once", Quoted(name)));
}

class JsonlReader final : public LineReader {
 public:
  JsonlReader(std::istream& in, RecordFields fields) : LineReader(in, kLineBytesMax), fields_(std::move(fields)) {}

 private:
  static constexpr size_t kLineBytesMax = 6 * kRecordBytesMax + (1 << 20);  // All of a value as \u0000, and a key.

  Reading Parse(const std::string& line, Record* record) override {
    // The parser would take a zero byte for the end, and leave out what stands behind it.
    if (line.find('\0') != std::string::npos) return {Found::kMalformed, "not a JSON value on one line"};
    bool is_family = false;
    if (auto problem = fields_.chosen() ? ParseChosen(line, record) : ParseOurs(line, record, &is_family))
      return {Found::kMalformed, *std::move(problem)};
    return {is_family ? Found::kFamily : Found::kRecord, {}};
  }

  // `is_family`: it is a line of a family alone.
  static std::optional<std::string> ParseOurs(const std::string& line, Record* record, bool* is_family) {
    // The parser keeps the last of fields with the same name, and says nothing of the others.
    std::vector<std::string> names;
    const auto collect_names = [&names](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
      if (depth == 1 && event == nlohmann::json::parse_event_t::key) names.push_back(parsed.get<std::string>());
      return true;
    };
    nlohmann::json object = nlohmann::json::parse(line, collect_names, /*allow_exceptions=*/false);
    if (object.is_discarded()) return "not a JSON value on one line";
    if (!object.is_object()) return fmt::format("expected an object, found {}", object.type_name());
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
      return fmt::format("the field {} occurs more than once", Quoted(*twice));
    }
    record->family.reset();
    if (object.contains("family") || object.contains("family_base64")) {
      if (auto problem = TakeField(&object, "family", &record->family.emplace())) return problem;
      *is_family = object.empty();
      if (*is_family) return std::nullopt;
    }
    if (auto problem = TakeExpiry(&object, record)) return problem;
    if (auto problem = TakeField(&object, "key", &record->key)) return problem;
    if (auto problem = TakeField(&object, "value", &record->value)) return problem;
    if (object.empty()) return std::nullopt;
    return fmt::format("unknown field \"{}\", which would be lost", object.begin().key());
  }

  std::optional<std::string> ParseChosen(const std::string& line, Record* record) const {
    if (!nlohmann::json::accept(line)) return "not a JSON value on one line";
    if (line[line.find_first_not_of(kBlanks)] != '{') return "expected an object";
    const std::vector<Field> fields = FieldsOf(line);
    const auto key = FindOnce(fields, fields_.key.value_or("key"));
    if (!key) return key.error();
    if (key->front() != '"' && key->front() != '-' && (key->front() < '0' || key->front() > '9')) {
      return fmt::format("the key: expected a string or a number, found {}", Shortened(*key, 40));
    }
    record->key = BytesOf(*key);
    record->value.clear();
    if (fields_.keys_only) return std::nullopt;
    if (!fields_.value && fields_.key) {
      record->value = line;
      return std::nullopt;
    }
    const auto value = FindOnce(fields, fields_.value.value_or("value"));
    if (!value) return value.error();
    record->value = BytesOf(*value);
    return std::nullopt;
  }

  const RecordFields fields_;
};

class JsonlWriter final : public RecordWriter {
 public:
  explicit JsonlWriter(std::ostream& out) : out_(out) {}
  void Add(const Entry& entry) override {
    family_is_empty_ = false;
    out_ << '{' << (family_ ? JsonField("family", *family_) + ',' : "") << JsonField("key", entry.key) << ','
         << JsonField("value", entry.value)
         << (entry.expires_at == kNever ? R"(,"expires_at":"never")" : JsonExpiry(entry.expires_at)) << "}\n";
  }
  void BeginFamily(std::string_view name) override {
    Finish();
    family_ = name;
    family_is_empty_ = true;
  }
  // A family without an entry has a line of its own.
  void Finish() override {
    if (family_is_empty_) out_ << '{' << JsonField("family", *family_) << "}\n";
    family_is_empty_ = false;
  }

 private:
  std::ostream& out_;
  std::optional<std::string> family_;
  bool family_is_empty_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> NewJsonlReader(std::istream& in, RecordFields fields) {
  return std::make_unique<JsonlReader>(in, std::move(fields));
}
std::unique_ptr<RecordWriter> NewJsonlWriter(std::ostream& out) { return std::make_unique<JsonlWriter>(out); }

}  // namespace amethyst::cli
