// Bytes as a person, a script or JSON can read them.
//
// A person gets them as base/readable.h prints them. JSON has text only: what is not UTF-8 goes into a field
// "<name>_base64". Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/readable.h"

namespace amethyst::cli {

using base::DecodeBase64;
using base::EncodeBase64;
using base::IsPrintable;
using base::IsUtf8;
using base::Quoted;
using base::Readable;
using base::Shortened;

// Lower-case digits, two a byte; both cases are read.
[[nodiscard]] std::string EncodeHex(std::string_view bytes);
// nullopt: an odd number of digits, or something else among them.
[[nodiscard]] std::optional<std::string> DecodeHex(std::string_view text);

// A JSON string with its quotes. `text` must be UTF-8.
[[nodiscard]] std::string JsonString(std::string_view text);
// "name":"text", or "name_base64":"…".
[[nodiscard]] std::string JsonField(std::string_view name, std::string_view bytes);

// "1,234,567", "512 B", "64.0 MiB".
[[nodiscard]] std::string Grouped(uint64_t number);
[[nodiscard]] std::string HumanBytes(uint64_t bytes);
// "1 entry", "2 entries".
[[nodiscard]] std::string Counted(uint64_t count, std::string_view one, std::string_view many);

}  // namespace amethyst::cli
