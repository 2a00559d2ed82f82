// Lists of tagged fields: the form in which a file format grows without a new version.
//
//    | tag varint: number * 2 + required | length varint | content |     one after the other, in any order
//
// One rule for what a reader does not know holds for every such list: an unknown field is skipped, unless it is marked
// required; then the reader refuses the whole list and names the number. A writer marks a field required if a reader
// without it would return other data. A reader takes a field that it knows with either mark.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/function_ref.h"

namespace amethyst::base {

enum class FieldNeed : uint8_t {
  kIgnorable = 0,
  kRequired = 1,
};

// What a format says of one field of a list.
enum class FieldMatch : uint8_t {
  kTaken,
  kUnknown,
  kMalformed,  // The content is not that of the field, or the field may not occur again.
};

// The content of a field that is one varint. Of the other, false: it is not that.
[[nodiscard]] std::string VarintContent(uint64_t value);
[[nodiscard]] bool ReadVarintContent(std::string_view content, uint64_t* value);

void AppendField(std::string* to, uint64_t number, FieldNeed need, std::string_view content);

// Calls `take` with the number and the content of each field, in their order; a content points into `bytes`. Errors
// begin with `list` and name the byte: kNotSupported for a required field that is unknown, kCorruption for a malformed
// field or an end inside one.
[[nodiscard]] Status ReadFields(std::string_view bytes, std::string_view list,
                                FunctionRef<FieldMatch(uint64_t number, std::string_view content)> take);

}  // namespace amethyst::base
