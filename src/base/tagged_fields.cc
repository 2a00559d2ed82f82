#include "base/tagged_fields.h"

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::base {

std::string VarintContent(uint64_t value) {
  std::string content;
  AppendVarint(&content, value);
  return content;
}

bool ReadVarintContent(std::string_view content, uint64_t* value) {
  return ReadVarint64(&content, value) && content.empty();
}

void AppendField(std::string* to, uint64_t number, FieldNeed need, std::string_view content) {
  AppendVarint(to, number * 2 + static_cast<uint64_t>(need));
  AppendLengthPrefixed(to, content);
}

Status ReadFields(std::string_view bytes, std::string_view list,
                  FunctionRef<FieldMatch(uint64_t number, std::string_view content)> take) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const size_t at = bytes.size() - rest.size();
    uint64_t tag = 0;
    std::string_view content;
    if (!ReadVarint64(&rest, &tag) || !ReadLengthPrefixed(&rest, &content)) {
      return Corruption("{}, byte {}: expected a field, found its end cut off", list, at);
    }
    const uint64_t number = tag / 2;
    const bool required = static_cast<FieldNeed>(tag % 2) == FieldNeed::kRequired;
    switch (take(number, content)) {
      case FieldMatch::kTaken: break;
      case FieldMatch::kUnknown:
        if (required) return NotSupported("{}, byte {}: field {} is of a newer format", list, at, number);
        break;
      case FieldMatch::kMalformed:
        return Corruption("{}, byte {}: field {} is malformed, out of bounds or repeated", list, at, number);
    }
  }
  return {};
}

}  // namespace amethyst::base
