// A value read without copying it out of the cache or memtable.
//
// It keeps the memory under it alive, beyond the database's budget (reported as pinned bytes), until it is
// destroyed, even past Close. Thread safety: like std::string_view; destroyed by one thread.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

namespace amethyst {

class PinnedValue {
 public:
  // `owner` keeps the bytes under `view` alive.
  PinnedValue(std::string_view view, std::shared_ptr<const void> owner) : view_(view), owner_(std::move(owner)) {}

  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] const char* data() const { return view_.data(); }
  [[nodiscard]] size_t size() const { return view_.size(); }

 private:
  std::string_view view_;
  std::shared_ptr<const void> owner_;
};

}  // namespace amethyst
