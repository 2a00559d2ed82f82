#include "torture/server/key_model.h"

#include <fmt/format.h>

#include <charconv>

#include "base/assert.h"

namespace amethyst::torture {

namespace {

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kNil = "$-1\r\n";
constexpr std::string_view kNilArray = "*-1\r\n";

std::string Bulk(std::string_view text) { return fmt::format("${}\r\n{}\r\n", text.size(), text); }
std::string BulkOrNil(const std::optional<std::string>& text) { return text ? Bulk(*text) : std::string(kNil); }
std::string Integer(uint64_t number) { return fmt::format(":{}\r\n", number); }

uint64_t NumberOf(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void KeyModel::Forget() {
  string_.reset();
  list_.clear();
  hash_.clear();
  expires_ms_ = 0;
}

std::string KeyModel::Text() const {
  std::string text = fmt::format("{} {} {}", now_ms_, expires_ms_, string_ ? "=" + *string_ : "");
  for (const std::string& element : list_) text += fmt::format(" {}:{}", element.size(), element);
  for (const auto& [field, value] : hash_) text += fmt::format(" {}:{}={}", field.size(), field, value);
  return text;
}

bool KeyModel::Answers(const KeyCall& call, std::string_view answer) {
  if (call.kind == KeyCall::Kind::kTime) {
    now_ms_ = call.now_ms;
    if (expires_ms_ != 0 && expires_ms_ <= now_ms_) Forget();
    return true;
  }
  if (call.kind == KeyCall::Kind::kCommand) return Do(call.commands[0]) == answer;
  if (call.kind == KeyCall::Kind::kWatched) {
    if (answer == kNilArray) return true;
    if (BulkOrNil(string_) != call.seen) return false;
  }
  std::string expected = fmt::format("*{}\r\n", call.commands.size());
  for (const auto& words : call.commands) expected += Do(words);
  return expected == answer;
}

std::string KeyModel::Do(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  if (name == "del") {
    const bool was_there = string_ || !list_.empty() || !hash_.empty();
    Forget();
    return Integer(was_there ? 1 : 0);
  }
  if (name == "pexpire") {
    const bool is_there = string_ || !list_.empty() || !hash_.empty();
    if (is_there) expires_ms_ = now_ms_ + NumberOf(words[2]);
    return Integer(is_there ? 1 : 0);
  }
  if (name.starts_with('h')) return DoHash(words);
  const bool is_of_lists = name.ends_with("push") || name.ends_with("pop") || name == "lrange";
  return is_of_lists ? DoList(words) : DoString(words);
}

std::string KeyModel::DoString(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  if (name == "get") return BulkOrNil(string_);
  if (name == "getdel") {
    std::string answer = BulkOrNil(string_);
    Forget();
    return answer;
  }
  if (name == "incr") {
    string_ = std::to_string(NumberOf(string_.value_or("0")) + 1);
    return Integer(NumberOf(*string_));
  }
  if (name == "append") {
    string_ = string_.value_or("") + words[2];
    return Integer(string_->size());
  }
  if (name == "getset") {
    std::string answer = BulkOrNil(string_);
    Forget();
    string_ = words[2];
    return answer;
  }
  AMETHYST_ASSERT(name == "set");
  const std::string& option = words.size() > 3 ? words[3] : name;
  if (option == "nx" && string_) return std::string(kNil);
  Forget();
  string_ = words[2];
  if (option == "px") expires_ms_ = now_ms_ + NumberOf(words[4]);
  return std::string(kOk);
}

std::string KeyModel::DoList(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  if (name == "lrange") {
    std::string answer = fmt::format("*{}\r\n", list_.size());
    for (const std::string& element : list_) answer += Bulk(element);
    return answer;
  }
  if (name.ends_with("push")) {
    for (size_t i = 2; i < words.size(); ++i) {
      name == "lpush" ? list_.push_front(words[i]) : list_.push_back(words[i]);
    }
    return Integer(list_.size());
  }
  const bool is_blocking = name.starts_with('b');
  if (list_.empty()) return std::string(is_blocking ? kNilArray : kNil);
  const bool is_of_left = name.ends_with("lpop");
  const std::string element = is_of_left ? list_.front() : list_.back();
  is_of_left ? list_.pop_front() : list_.pop_back();
  if (list_.empty()) Forget();
  return is_blocking ? "*2\r\n" + Bulk(words[1]) + Bulk(element) : Bulk(element);
}

std::string KeyModel::DoHash(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  const auto at = hash_.find(words[2]);
  if (name == "hget") return at == hash_.end() ? std::string(kNil) : Bulk(at->second);
  if (name == "hset") {
    const bool is_new = hash_.insert_or_assign(words[2], words[3]).second;
    return Integer(is_new ? 1 : 0);
  }
  if (name == "hincrby") {
    const uint64_t number = NumberOf(at == hash_.end() ? "0" : at->second) + NumberOf(words[3]);
    hash_.insert_or_assign(words[2], std::to_string(number));
    return Integer(number);
  }
  AMETHYST_ASSERT(name == "hdel");
  if (at == hash_.end()) return Integer(0);
  hash_.erase(at);
  if (hash_.empty()) Forget();
  return Integer(1);
}

}  // namespace amethyst::torture
