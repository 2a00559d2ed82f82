#include "torture/model_filter.h"

namespace amethyst::torture {

namespace {

constexpr size_t kSizes = 7;
constexpr char kReplaced = '~';

class SizeFilter final : public CompactionFilter {
 public:
  std::string_view Name() const override { return "by size"; }
  FilterDecision FilterKey(std::string_view /*key*/, std::chrono::seconds /*age*/) const noexcept override {
    return FilterDecision::kNeedValue;
  }
  FilterDecision FilterValue(std::string_view /*key*/, std::string_view value, std::chrono::seconds /*age*/,
                             std::string* replacement) const noexcept override {
    if (FilterDrops(value)) return FilterDecision::kDrop;
    std::optional<std::string> other = FilterReplacement(value);
    if (!other) return FilterDecision::kKeep;
    *replacement = *std::move(other);
    return FilterDecision::kReplace;
  }
};

}  // namespace

std::shared_ptr<const CompactionFilter> FilterOfModel() { return std::make_shared<SizeFilter>(); }

bool FilterDrops(std::string_view value) { return !value.empty() && value.size() % kSizes == 0; }

std::optional<std::string> FilterReplacement(std::string_view value) {
  return value.size() % kSizes == 1 ? std::optional(std::string(value) + kReplaced) : std::nullopt;
}

bool FilterTouches(std::string_view value) {
  return FilterDrops(value) || value.size() % kSizes == 1 || (value.size() % kSizes == 2 && value.back() == kReplaced);
}

}  // namespace amethyst::torture
