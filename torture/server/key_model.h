// What one key holds after each command, as Redis has it: a string, a list or a hash, with an expiry. Short and slow:
// it is what the server is held to. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::torture {

// One operation on one key, whole or absent: a command, or those of a transaction or a script.
struct KeyCall {
  enum class Kind : uint8_t {
    kCommand,  // The one of `commands`.
    kWhole,    // All of `commands`; their answers are an array.
    kWatched,  // The same, behind a WATCH after which a GET gave `seen`; it may be given up.
    kTime,     // It is `now_ms` from here on.
  };
  Kind kind = Kind::kCommand;
  std::vector<std::vector<std::string>> commands{};
  std::string seen{};
  uint64_t now_ms = 0;
};

class KeyModel {
 public:
  // Does the operation. False: that is no answer to it here, and the model means nothing any more.
  [[nodiscard]] bool Answers(const KeyCall& call, std::string_view answer);
  // Equal for equal contents.
  [[nodiscard]] std::string Text() const;

 private:
  using List = std::deque<std::string>;
  using Hash = std::map<std::string, std::string>;

  // Does the command, and answers in RESP2.
  [[nodiscard]] std::string Do(const std::vector<std::string>& words);
  [[nodiscard]] std::string DoString(const std::vector<std::string>& words);
  [[nodiscard]] std::string DoList(const std::vector<std::string>& words);
  [[nodiscard]] std::string DoHash(const std::vector<std::string>& words);
  void Forget();

  uint64_t now_ms_ = 0;
  uint64_t expires_ms_ = 0;  // 0: never.
  std::optional<std::string> string_;
  List list_;
  Hash hash_;
};

}  // namespace amethyst::torture
