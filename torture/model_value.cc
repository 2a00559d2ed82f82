#include "torture/model_value.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/hash.h"

namespace amethyst::torture {

namespace {

constexpr size_t kTailBytes = 40;
constexpr std::string_view kTailDelete = "-";
constexpr char kTailRefuse = '!';

static_assert(std::endian::native == std::endian::little);

uint64_t NumberOf(std::string_view bytes) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

std::string BytesOf(uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

// False: refused.
bool ApplyNumber(ModelOperator with, std::string_view operand, std::optional<std::string>* value) {
  if (operand.size() != sizeof(uint64_t) || (*value && (*value)->size() != sizeof(uint64_t))) return false;
  const uint64_t before = *value ? NumberOf(**value) : 0;
  const uint64_t number = NumberOf(operand);
  *value = BytesOf(with == ModelOperator::kBitOr ? before | number : before + number);
  return true;
}

bool ApplyTail(std::string_view operand, std::optional<std::string>* value) {
  if (operand.starts_with(kTailRefuse)) return false;
  if (operand == kTailDelete) {
    value->reset();
    return true;
  }
  std::string all = value->value_or("") + std::string(operand);
  if (all.size() > kTailBytes) all.erase(0, all.size() - kTailBytes);
  *value = std::move(all);
  return true;
}

// One operand. False: refused.
bool ApplyOperand(ModelOperator with, std::string_view operand, std::optional<std::string>* value) {
  switch (with) {
    case ModelOperator::kNone: return false;
    case ModelOperator::kInt64Add:
    case ModelOperator::kUint64Add:
    case ModelOperator::kBitOr: return ApplyNumber(with, operand, value);
    case ModelOperator::kTail: return ApplyTail(operand, value);
    default: break;
  }
  if (!*value) {
    value->emplace(operand);
  } else if (with == ModelOperator::kAppend || with == ModelOperator::kAppendComma) {
    (*value)->append(with == ModelOperator::kAppendComma ? "," : "").append(operand);
  } else if ((with == ModelOperator::kMax) == (std::string_view(**value) < operand)) {
    value->emplace(operand);
  }
  return true;
}

class TailOperator final : public MergeOperator {
 public:
  [[nodiscard]] std::string_view Name() const override { return "torture.tail"; }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base,
                           std::span<const std::string_view> operands,
                           std::optional<std::string>* result) const noexcept override {
    result->reset();
    if (base) result->emplace(*base);
    return std::ranges::all_of(operands, [&](std::string_view operand) { return ApplyTail(operand, result); });
  }
  [[nodiscard]] bool Combine(std::string_view /*key*/, std::span<const std::string_view> operands,
                             std::string* result) const noexcept override {
    std::optional<std::string> all;
    for (const std::string_view operand : operands) {
      if (operand == kTailDelete || operand.starts_with(kTailRefuse) || !ApplyTail(operand, &all)) return false;
    }
    *result = std::move(all).value_or("");
    // What is left may look like an operand that deletes or refuses.
    return *result != kTailDelete && !result->starts_with(kTailRefuse);
  }
};

}  // namespace

std::shared_ptr<const MergeOperator> OperatorOf(ModelOperator which) {
  switch (which) {
    case ModelOperator::kNone: return nullptr;
    case ModelOperator::kInt64Add: return Int64Add();
    case ModelOperator::kUint64Add: return Uint64Add();
    case ModelOperator::kBitOr: return BitOr();
    case ModelOperator::kMax: return Max();
    case ModelOperator::kMin: return Min();
    case ModelOperator::kAppend: return Append();
    case ModelOperator::kAppendComma: return Append(",");
    case ModelOperator::kTail: return std::make_shared<TailOperator>();
  }
  std::unreachable();
}

bool Shows(const std::optional<ModelEntry>& found, const std::optional<ModelEntry>& expected) {
  if (!found) return !expected || expected->may_be_gone;
  if (!expected || found->refused != expected->refused) return false;
  return found->value == expected->value || (expected->replacement && found->value == *expected->replacement);
}

void ModelCell::Put(std::string value, uint64_t expires_ms) {
  *this = ModelCell();
  base_ = Part{std::move(value), expires_ms};
}

void ModelCell::Merge(ModelOperator with, std::string operand, uint64_t expires_ms) {
  merged_ = true;
  if (stuck_) return;
  const bool base_stays = !base_ || base_->expires_ms == kModelNeverMs;
  if (!operands_.empty() || !base_stays || expires_ms != kModelNeverMs) {
    operands_.push_back({std::move(operand), expires_ms});
    return;
  }
  std::optional<std::string> value;
  if (base_) value = std::move(base_->value);
  base_.reset();
  stuck_ = !ApplyOperand(with, operand, &value);
  if (value && !stuck_) base_ = Part{*std::move(value)};
}

std::optional<ModelEntry> ModelCell::At(ModelOperator with, uint64_t now_ms) const {
  std::optional<std::string> value;
  if (base_ && now_ms < base_->expires_ms) value = base_->value;
  bool refused = stuck_;
  for (const Part& operand : operands_) {
    if (now_ms < operand.expires_ms && !refused) refused = !ApplyOperand(with, operand.value, &value);
  }
  if (refused) return ModelEntry{.refused = true};
  if (!value) return std::nullopt;
  return ModelEntry{.value = *std::move(value),
                    .expires_ms = merged_ ? std::nullopt : std::optional(base_->expires_ms)};
}

void ModelCell::AddMoments(std::vector<uint64_t>* moments) const {
  if (base_) moments->push_back(base_->expires_ms);
  for (const Part& operand : operands_) moments->push_back(operand.expires_ms);
}

uint64_t ModelCell::Fingerprint() const {
  uint64_t sum = (merged_ ? 1 : 2) + (stuck_ ? 4 : 8);
  const auto add = [&sum](const Part& part) {
    sum = sum * 0x9e3779b97f4a7c15u + (base::Hash64(part.value) ^ (part.expires_ms * 0xbf58476d1ce4e5b9u));
  };
  if (base_) add(*base_);
  sum *= 31;
  for (const Part& operand : operands_) add(operand);
  return sum;
}

}  // namespace amethyst::torture
