#include "server/rdb/function_payload.h"

#include <fmt/format.h>

#include "server/rdb/rdb_format.h"
#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_object_writer.h"
#include "server/rdb/text_arena.h"

namespace amethyst::server::rdb {

namespace {

constexpr size_t kCodeBytesMax = size_t{64} << 20;  // Of compressed code.
constexpr uint8_t kFunction = 245;
constexpr uint8_t kEarlyFunction = 246;

// What failed; nullptr: nothing.
const char* ReadEarly(Input& input, std::string* code) {
  std::string_view name;
  std::string_view engine;
  std::string_view text;
  uint64_t has_description = 0;
  if (!input.TakeString(&name)) return "Failed loading library name";
  if (!input.TakeString(&engine)) return "Failed loading engine name";
  if (!input.TakeLength(&has_description)) return "Failed loading library description indicator";
  if (has_description != 0 && !input.TakeString(&text)) return "Failed loading library description";
  if (!input.TakeString(&text)) return "Failed loading library blob";
  *code = fmt::format("#!{} name={}\n{}", engine, name, text);
  return nullptr;
}

}  // namespace

void AppendLibrary(std::string* to, std::string_view code) {
  to->push_back(static_cast<char>(kFunction));
  AppendLength(to, code.size());
  to->append(code);
}

std::expected<std::vector<std::string>, std::string> ReadLibraries(std::string_view object) {
  TextArena arena;
  Input input(object, &arena, kCodeBytesMax);
  std::vector<std::string> codes;
  while (!input.empty()) {
    uint8_t type = 0;
    std::string_view code;
    if (!input.TakeByte(&type)) return std::unexpected("can not read data type");
    if (type == kEarlyFunction) {
      if (const char* const failed = ReadEarly(input, &codes.emplace_back())) return std::unexpected(failed);
    } else if (type != kFunction) {
      return std::unexpected("given type is not a function");
    } else if (!input.TakeString(&code)) {
      return std::unexpected("Failed loading library payload");
    } else {
      codes.emplace_back(code);
    }
  }
  return codes;
}

}  // namespace amethyst::server::rdb
