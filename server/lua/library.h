// A library of functions, and what its first line says: "#!lua name=mylib".
//
// A library does not change once it is loaded. Its functions are in a Runtime, where they end with it.
// Thread safety: one thread, the server's loop.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "server/lua/function.h"
#include "server/lua/runtime.h"

namespace amethyst::server {

class Library {
 public:
  Library(std::shared_ptr<Runtime> runtime, std::string name, std::string code);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Runs its code, which registers its functions. The error is Redis's text, without its code; `watch` ends what takes
  // too long.
  [[nodiscard]] std::expected<void, std::string> Load(CommandRunner& watch);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& code() const { return code_; }  // All of it, with the first line.
  [[nodiscard]] const Functions& functions() const { return functions_; }

 private:
  const std::shared_ptr<Runtime> runtime_;
  const std::string name_;
  const std::string code_;
  Functions functions_;
};

// The name that the code's first line gives it, or Redis's text of what is wrong with that line.
[[nodiscard]] std::expected<std::string, std::string> ReadLibraryName(std::string_view code);

}  // namespace amethyst::server
