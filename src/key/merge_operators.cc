#include "key/merge_operators.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::key {
namespace {

using OperandList = std::span<const std::string_view>;

// Of operands of one size.
class SizedOperator : public MergeOperator {
 public:
  [[nodiscard]] virtual size_t operand_bytes() const = 0;
};

// An integer from two. One class for all: what differs is a function of two numbers.
class IntegerOperator final : public SizedOperator {
 public:
  IntegerOperator(std::string_view name, Fold join) : name_(name), join_(join) {}

  [[nodiscard]] Fold fold() const { return join_; }
  [[nodiscard]] std::string_view Name() const override { return name_; }
  [[nodiscard]] size_t operand_bytes() const override { return sizeof(uint64_t); }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base, OperandList operands,
                           std::optional<std::string>* result) const noexcept override {
    if (base && base->size() != operand_bytes()) return false;
    return JoinAll(base ? base::LoadFixed<uint64_t>(base->data()) : 0, operands, &result->emplace());
  }
  [[nodiscard]] bool Combine(std::string_view /*key*/, OperandList operands,
                             std::string* result) const noexcept override {
    return JoinAll(0, operands, result);
  }

 private:
  bool JoinAll(uint64_t number, OperandList operands, std::string* result) const noexcept {
    for (const std::string_view operand : operands) {
      if (operand.size() != operand_bytes()) return false;
      number = join_(number, base::LoadFixed<uint64_t>(operand.data()));
    }
    result->clear();  // 8 bytes need no memory of their own.
    base::AppendFixed(result, number);
    return true;
  }

  const std::string_view name_;
  const Fold join_;
};

// The result and an operand are strings. What may fail for want of memory refuses.
class StringOperator : public MergeOperator {
 public:
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base, OperandList operands,
                           std::optional<std::string>* result) const noexcept final {
    return Fold(base, operands, &result->emplace());
  }
  [[nodiscard]] bool Combine(std::string_view /*key*/, OperandList operands, std::string* result) const noexcept final {
    return Fold(std::nullopt, operands, result);
  }

 private:
  [[nodiscard]] virtual bool Fold(std::optional<std::string_view> base, OperandList operands,
                                  std::string* result) const noexcept = 0;
};

class ExtremeOperator final : public StringOperator {
 public:
  enum class Which : uint8_t { kMax, kMin };
  explicit ExtremeOperator(Which which) : which_(which) {}

  [[nodiscard]] std::string_view Name() const override { return which_ == Which::kMax ? "max" : "min"; }

 private:
  [[nodiscard]] bool Fold(std::optional<std::string_view> base, OperandList operands,
                          std::string* result) const noexcept override {
    std::string_view best = base ? *base : operands.front();
    for (const std::string_view operand : operands) {
      best = which_ == Which::kMax ? std::max(best, operand) : std::min(best, operand);
    }
    try {
      result->assign(best);
    } catch (...) {
      return false;
    }
    return true;
  }

  const Which which_;
};

class AppendOperator final : public StringOperator {
 public:
  static constexpr std::string_view kNamePrefix = "append:";

  explicit AppendOperator(std::string separator)
      : separator_(std::move(separator)),
        name_(separator_.empty() ? std::string("append") : std::string(kNamePrefix) + separator_) {}

  [[nodiscard]] std::string_view Name() const override { return name_; }

 private:
  [[nodiscard]] bool Fold(std::optional<std::string_view> base, OperandList operands,
                          std::string* result) const noexcept override {
    size_t bytes = base ? base->size() + separator_.size() : 0;
    for (const std::string_view operand : operands) bytes += operand.size() + separator_.size();
    try {
      result->clear();
      result->reserve(bytes);
    } catch (...) {
      return false;
    }
    if (base) result->append(*base).append(separator_);
    for (const std::string_view operand : operands) result->append(operand).append(separator_);
    result->resize(result->size() - separator_.size());
    return true;
  }

  const std::string separator_;
  const std::string name_;
};

}  // namespace

Status CheckOperand(const MergeOperator& merge_operator, std::string_view operand) {
  const auto* const sized = dynamic_cast<const SizedOperator*>(&merge_operator);
  if (sized == nullptr || operand.size() == sized->operand_bytes()) return {};
  return base::InvalidArgument("an operand of {} bytes: merge operator {} takes {}", operand.size(),
                               merge_operator.Name(), sized->operand_bytes());
}

}  // namespace amethyst::key

namespace amethyst {

std::shared_ptr<const MergeOperator> Int64Add() {
  static const auto kOperator = std::make_shared<key::IntegerOperator>(
      "int64.add", [](uint64_t a, uint64_t b) { return a + b; });  // Two's complement: the same sum.
  return kOperator;
}

std::shared_ptr<const MergeOperator> Uint64Add() {
  static const auto kOperator =
      std::make_shared<key::IntegerOperator>("uint64.add", [](uint64_t a, uint64_t b) { return a + b; });
  return kOperator;
}

std::shared_ptr<const MergeOperator> BitOr() {
  static const auto kOperator =
      std::make_shared<key::IntegerOperator>("bit.or", [](uint64_t a, uint64_t b) { return a | b; });
  return kOperator;
}

std::shared_ptr<const MergeOperator> Max() {
  static const auto kOperator = std::make_shared<key::ExtremeOperator>(key::ExtremeOperator::Which::kMax);
  return kOperator;
}

std::shared_ptr<const MergeOperator> Min() {
  static const auto kOperator = std::make_shared<key::ExtremeOperator>(key::ExtremeOperator::Which::kMin);
  return kOperator;
}

std::shared_ptr<const MergeOperator> Append(std::string separator) {
  return std::make_shared<key::AppendOperator>(std::move(separator));
}

std::shared_ptr<const MergeOperator> BuiltInMergeOperator(std::string_view name) {
  for (const auto& built_in : {Int64Add(), Uint64Add(), BitOr(), Max(), Min(), Append()}) {
    if (built_in->Name() == name) return built_in;
  }
  constexpr std::string_view kPrefix = key::AppendOperator::kNamePrefix;
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) return nullptr;
  return Append(std::string(name.substr(kPrefix.size())));
}

namespace key {

void GiveOperator(std::shared_ptr<const MergeOperator> given, Merging* merging) {
  merging->merge_operator = std::move(given);
  if (merging->merge_operator == nullptr && !merging->operator_name.empty()) {
    merging->merge_operator = BuiltInMergeOperator(merging->operator_name);
  }
  const auto* const integers = dynamic_cast<const IntegerOperator*>(merging->merge_operator.get());
  merging->fold = integers == nullptr ? nullptr : integers->fold();
}

}  // namespace key

}  // namespace amethyst
