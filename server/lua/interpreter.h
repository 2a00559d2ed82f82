// The scripts that are known by their SHA-1, and the state of Lua that they run in.
//
// The memory of the scripts it keeps is bounded: those that came with EVAL alone are forgotten where there are too
// many, the longest unused first.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/lua/runtime.h"
#include "server/lua/shebang.h"
#include "server/resp/reply.h"

namespace amethyst::server {

class Interpreter {
 public:
  struct Limits {
    size_t bytes_max = size_t{64} << 20;
    size_t script_bytes_max = size_t{24} << 20;  // Of scripts that are kept.
  };
  Interpreter() : Interpreter(Limits{}) {}
  explicit Interpreter(const Limits& limits);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Keeps the script; `is_lasting` until Flush. The name, or Redis's text of what is wrong with it, without a code.
  [[nodiscard]] std::expected<std::string, std::string> Add(std::string_view text, bool is_lasting);
  // The name as scripts have it: a SHA-1 may come in capitals.
  [[nodiscard]] static std::string NameOf(std::string_view name);
  // Of a script that is kept; nullptr: it is not known.
  [[nodiscard]] const Shebang* Find(std::string_view name) const;
  // Forgets all, and begins with a fresh machine.
  void Flush();

  // Runs a script that is kept, and says what it returns. True: that is an error which has been counted already.
  bool Run(const ScriptJob& job, CommandRunner& runner, Reply& reply);

  [[nodiscard]] size_t bytes() const { return runtime_->bytes(); }
  [[nodiscard]] size_t script_bytes() const { return script_bytes_; }
  [[nodiscard]] size_t count() const { return scripts_.size(); }

 private:
  struct Script {
    Shebang shebang;
    size_t bytes = 0;
    bool is_lasting = false;
    std::list<std::string>::iterator use{};  // Unless it is lasting.
  };
  void Open();
  // Makes room for so much more; false: scripts that must stay leave none.
  bool MakeRoom(size_t bytes);
  void Forget(const std::string& name);

  const Limits limits_;
  std::unique_ptr<Runtime> runtime_;
  std::map<std::string, Script, std::less<>> scripts_;
  std::list<std::string> uses_;  // Of scripts that may be forgotten, the last one used last.
  size_t script_bytes_ = 0;
};

}  // namespace amethyst::server
