#include "server/lua/interpreter.h"

#include <algorithm>
#include <utility>

#include "server/lua/sandbox.h"
#include "server/lua/sha1.h"

namespace amethyst::server {

namespace {

constexpr const char* kChunkName = "@user_script";
std::string FunctionName(std::string_view name) { return "f_" + std::string(name); }

struct Compilation {
  std::string_view text;
  std::string function;
  std::string error{};
};

int Compile(lua_State* lua) {
  auto& own = *static_cast<Compilation*>(lua_touserdata(lua, 1));
  if (LoadText(lua, own.text, kChunkName)) {
    lua_setfield(lua, LUA_REGISTRYINDEX, own.function.c_str());
  } else {
    own.error = TextAt(lua, -1);
  }
  return 0;
}

}  // namespace

Interpreter::Interpreter(const Limits& limits) : limits_(limits) { Open(); }

Interpreter::~Interpreter() = default;

void Interpreter::Open() { runtime_ = std::make_unique<Runtime>(World::kScripts, limits_.bytes_max); }

void Interpreter::Flush() {
  scripts_.clear();
  uses_.clear();
  script_bytes_ = 0;
  Open();
}

void Interpreter::Forget(const std::string& name) {
  runtime_->Forget(FunctionName(name));
  const auto at = scripts_.find(name);
  script_bytes_ -= at->second.bytes;
  if (!at->second.is_lasting) uses_.erase(at->second.use);
  scripts_.erase(at);
}

bool Interpreter::MakeRoom(size_t bytes) {
  while (script_bytes_ + bytes > limits_.script_bytes_max && !uses_.empty()) Forget(std::string(uses_.front()));
  return script_bytes_ + bytes <= limits_.script_bytes_max;
}

std::expected<std::string, std::string> Interpreter::Add(std::string_view text, bool is_lasting) {
  std::string name = Sha1Hex(text);
  if (const auto at = scripts_.find(name); at != scripts_.end()) {
    if (is_lasting && !at->second.is_lasting) {
      uses_.erase(at->second.use);
      at->second.is_lasting = true;
    }
    return name;
  }
  const auto shebang = ReadShebang(text);
  if (!shebang) return std::unexpected(shebang.error());
  // What it takes is seen only afterwards; without a collection meanwhile.
  Compilation compilation{.text = text.substr(shebang->bytes), .function = FunctionName(name)};
  runtime_->CollectIfShort();
  lua_gc(runtime_->state(), LUA_GCSTOP, 0);
  const size_t before = runtime_->bytes();
  std::string error = runtime_->Protected(Compile, &compilation);
  lua_gc(runtime_->state(), LUA_GCRESTART, 0);
  if (error.empty()) error = compilation.error;
  const size_t bytes = runtime_->bytes() - std::min(before, runtime_->bytes());
  if (error.empty() && !MakeRoom(bytes)) {
    runtime_->Forget(compilation.function);
    error = "not enough memory";
  }
  if (!error.empty()) {
    runtime_->Collect();
    return std::unexpected("Error compiling script (new function): " + error);
  }
  Script& script = scripts_[name];
  script = {.shebang = *shebang, .bytes = bytes, .is_lasting = is_lasting};
  script_bytes_ += bytes;
  if (!is_lasting) script.use = uses_.insert(uses_.end(), name);
  return name;
}

std::string Interpreter::NameOf(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return lower;
}

const Shebang* Interpreter::Find(std::string_view name) const {
  const auto at = scripts_.find(name);
  return at == scripts_.end() ? nullptr : &at->second.shebang;
}

bool Interpreter::Run(const ScriptJob& job, CommandRunner& runner, Reply& reply) {
  if (const auto at = scripts_.find(job.name); at != scripts_.end() && !at->second.is_lasting) {
    uses_.splice(uses_.end(), uses_, at->second.use);
  }
  return runtime_->Run(FunctionName(job.name), job, runner, reply);
}

}  // namespace amethyst::server
