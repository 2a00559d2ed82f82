// A value read without copying it out of the cache or memtable.
//
// It keeps the memory under it alive, beyond the database's budget (reported as pinned bytes), until it is
// destroyed, even past Close. Thread safety: like std::string_view; destroyed by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace amethyst {

class PinnedValue {
 public:
  // `owner` keeps the bytes under `view` alive.
  PinnedValue(std::string_view view, std::shared_ptr<const void> owner,
              std::optional<std::chrono::system_clock::time_point> expires_at = {})
      : view_(view), owner_(std::move(owner)), expires_at_(expires_at) {}

  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] const char* data() const { return view_.data(); }
  [[nodiscard]] size_t size() const { return view_.size(); }
  // nullopt: it does not expire, or was merged from entries that may.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> expires_at() const { return expires_at_; }

 private:
  std::string_view view_;
  std::shared_ptr<const void> owner_;
  std::optional<std::chrono::system_clock::time_point> expires_at_;
};

}  // namespace amethyst
