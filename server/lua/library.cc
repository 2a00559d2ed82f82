#include "server/lua/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "server/commands/numbers.h"
#include "server/resp/request_parser.h"

namespace amethyst::server {

namespace {

constexpr const char* kChunkName = "@user_function";

struct Loading {
  std::string_view text;
  std::string error{};
};

// An error's text, or the field of it that has one.
std::string ErrorText(lua_State* lua) {
  if (lua_isstring(lua, -1) != 0) return "ERR " + std::string(TextAt(lua, -1));
  if (!lua_istable(lua, -1)) return "ERR unknown error";
  PushField(lua, lua_gettop(lua), "err");
  return lua_isstring(lua, -1) != 0 ? std::string(TextAt(lua, -1)) : "ERR unknown error";
}

int LoadLibrary(lua_State* lua) {
  auto& own = *static_cast<Loading*>(lua_touserdata(lua, 1));
  ShowGlobalsOfLoad(lua, true);
  if (!LoadText(lua, own.text, kChunkName)) {
    own.error = fmt::format("Error compiling function: {}", TextAt(lua, -1));
  } else if (CallWatched(lua, 0, 0, 0) != 0) {
    own.error = "Error registering functions: " + ErrorText(lua);
  }
  return 0;
}

int ShowAllGlobals(lua_State* lua) {
  ShowGlobalsOfLoad(lua, false);
  return 0;
}

}  // namespace

std::expected<std::string, std::string> ReadLibraryName(std::string_view code) {
  constexpr std::string_view kNameOption = "name=";
  constexpr std::string_view kBegin = "#!";
  if (!code.starts_with(kBegin)) return std::unexpected("Missing library metadata");
  const std::string_view line = code.substr(0, code.find('\n'));
  std::vector<std::string> words;
  if (line.size() == code.size() || line.find('\0') != std::string_view::npos || !SplitLine(line, &words)) {
    return std::unexpected("Invalid library metadata");
  }
  const std::string engine = words[0].substr(std::min(words[0].size(), kBegin.size()));
  std::optional<std::string> name;
  for (const std::string& word : std::span(words).subspan(1)) {
    if (!EqualsIgnoringCase(word.substr(0, kNameOption.size()), kNameOption)) {
      return std::unexpected("Invalid metadata value given: " + word);
    }
    if (name) return std::unexpected("Invalid metadata value, name argument was given multiple times");
    name = word.substr(kNameOption.size());
  }
  if (!name) return std::unexpected("Library name was not given");
  if (!IsFunctionName(*name)) return std::unexpected(std::string(kBadFunctionName));
  if (!EqualsIgnoringCase(engine, "lua")) return std::unexpected(fmt::format("Engine '{}' not found", engine));
  return *std::move(name);
}

Library::Library(std::shared_ptr<Runtime> runtime, std::string name, std::string code)
    : runtime_(std::move(runtime)), name_(std::move(name)), code_(std::move(code)) {}

Library::~Library() {
  for (const auto& [name, function] : functions_) runtime_->Forget(function.registry_name);
}

std::expected<void, std::string> Library::Load(CommandRunner& watch) {
  // The end of the first line stays, so that the lines keep their numbers.
  Loading loading{.text = std::string_view(code_).substr(code_.find('\n'))};
  LibraryLoad load{.prefix = fmt::format("{}:", static_cast<const void*>(this)), .functions = functions_};
  lua_State* const lua = runtime_->state();
  MachineOf(lua).load = &load;
  std::string error = runtime_->ProtectedRun(LoadLibrary, &loading, watch);
  MachineOf(lua).load = nullptr;
  static_cast<void>(runtime_->Protected(ShowAllGlobals, nullptr));
  if (error.empty()) error = std::move(loading.error);
  if (error.empty() && functions_.empty()) error = "No functions registered";
  if (error.empty()) return {};
  return std::unexpected(std::move(error));
}

}  // namespace amethyst::server
