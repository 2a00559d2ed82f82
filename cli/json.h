// JSON values of things that the shell shows. Fields keep the order in which they were added. Thread safety: pure
// functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "cli/text.h"

namespace amethyst::cli {

using Json = nlohmann::ordered_json;

// Adds "name", or "name_base64" where that is not UTF-8.
inline void AddBytes(Json* object, std::string_view name, std::string_view bytes) {
  if (IsUtf8(bytes)) {
    (*object)[std::string(name)] = bytes;
  } else {
    (*object)[std::string(name) + "_base64"] = EncodeBase64(bytes);
  }
}

// A message, which may quote bytes.
[[nodiscard]] inline std::string JsonMessage(const std::string& text) { return IsUtf8(text) ? text : Quoted(text); }

[[nodiscard]] std::string UidText(const base::Uid& uid);

}  // namespace amethyst::cli
