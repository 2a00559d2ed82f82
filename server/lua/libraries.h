// The libraries of functions that there are, and the state of Lua that they share.
//
// Each change holds at once, so that a transaction sees its own; TakeBack undoes those that were not committed.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/lua/library.h"

namespace amethyst::server {

class Libraries {
 public:
  using Map = std::map<std::string, std::shared_ptr<const Library>, std::less<>>;
  // What becomes of the libraries that are there when others are restored.
  enum class Policy : uint8_t { kFlush, kAppend, kReplace };

  Libraries() { Open(); }

  // Loads a library; its name, or Redis's text of what is wrong, without a code. `watch` ends what takes too long.
  [[nodiscard]] std::expected<std::string, std::string> Load(std::string_view code, bool replaces,
                                                             CommandRunner& watch);
  // Loads one that was loaded before. There is no limit of memory until EndStart: what has found room one after the
  // other may want more in another order.
  [[nodiscard]] std::expected<std::string, std::string> LoadAtStart(std::string_view code, CommandRunner& watch);
  void EndStart();
  // All of them or none.
  [[nodiscard]] std::expected<void, std::string> Restore(std::span<const std::string_view> codes, Policy policy,
                                                         CommandRunner& watch);
  // False: it is not there.
  [[nodiscard]] bool Delete(std::string_view name);
  void Flush();

  // The changes since the last call of either are kept, or undone.
  void Keep() { before_.reset(); }
  void TakeBack();

  // The case of letters does not count. Returns nullptr where there is no such function.
  [[nodiscard]] const Function* Find(std::string_view function) const;
  // True: the answer is an error that has been counted already.
  bool Run(const Function& function, const ScriptJob& job, CommandRunner& runner, Reply& reply);

  [[nodiscard]] const Map& all() const { return now_.libraries; }
  [[nodiscard]] size_t function_count() const { return functions_.size(); }
  [[nodiscard]] size_t bytes() const { return now_.runtime->bytes(); }

 private:
  struct State {
    std::shared_ptr<Runtime> runtime{};
    Map libraries{};
  };

  void Open();
  // Loads without a look at the libraries that are there.
  [[nodiscard]] std::expected<std::shared_ptr<const Library>, std::string> Make(const std::shared_ptr<Runtime>& runtime,
                                                                                std::string_view code,
                                                                                CommandRunner& watch) const;
  // The libraries become those, if no two have a function of the same name. `added` are new.
  [[nodiscard]] std::expected<void, std::string> Become(State state, const Map& added);
  void Remember();
  void Index();

  State now_;
  std::optional<State> before_;  // Changes that are not kept yet.
  std::map<std::string_view, const Function*, LessIgnoringCase> functions_;
};

}  // namespace amethyst::server
