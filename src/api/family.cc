#include "amethyst/family.h"

#include "base/containment.h"
#include "engine/engine.h"
#include "transactions/conditional.h"

namespace amethyst {

using base::Contained;

namespace {

tree::FamilyKey KeyOf(uint32_t id, uint32_t place_hint) { return {.id = key::FamilyId{id}, .place_hint = place_hint}; }

}  // namespace

std::string Family::name() const { return engine_->FamilyName(KeyOf(id_, place_hint_)); }

std::string Family::merge_operator() const { return engine_->MergeOperatorName(KeyOf(id_, place_hint_)); }
std::chrono::milliseconds Family::ttl() const {
  return std::chrono::milliseconds(engine_->TtlMs(KeyOf(id_, place_hint_)));
}

Status Family::Put(std::string_view key, std::string_view value, const WriteOptions& options) const {
  return Contained([&] { return engine_->Put(key, value, options, KeyOf(id_, place_hint_)); });
}
Status Family::Delete(std::string_view key, const WriteOptions& options) const {
  return Contained([&] { return engine_->Delete(key, options, KeyOf(id_, place_hint_)); });
}
Status Family::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                           const WriteOptions& options) const {
  return Contained(
      [&] { return engine_->DeleteRange({.begin = begin, .end = end}, options, KeyOf(id_, place_hint_)); });
}
Status Family::DeletePrefix(std::string_view prefix, const WriteOptions& options) const {
  return Contained([&] { return engine_->DeletePrefix(prefix, options, KeyOf(id_, place_hint_)); });
}
Status Family::Merge(std::string_view key, std::string_view operand, const WriteOptions& options) const {
  return Contained([&] { return engine_->Merge(key, operand, options, KeyOf(id_, place_hint_)); });
}

Result<std::optional<std::string>> Family::Get(std::string_view key, const ReadOptions& options) const {
  return Contained([&]() -> Result<std::optional<std::string>> {
    std::optional<std::string> value;
    const Result<bool> found =
        engine_->Get(key, options, [&value](std::string_view bytes) { value.emplace(bytes); }, KeyOf(id_, place_hint_));
    if (!found) return std::unexpected(found.error());
    return value;
  });
}
Result<bool> Family::GetInto(std::string_view key, std::string* value, const ReadOptions& options) const {
  return Contained([&] {
    return engine_->Get(
        key, options, [value](std::string_view bytes) { value->assign(bytes); }, KeyOf(id_, place_hint_));
  });
}
Result<std::optional<bool>> Family::TryGetInto(std::string_view key, std::string* value,
                                               const ReadOptions& options) const {
  return Contained([&] {
    return engine_->TryGet(
        key, options, [value](std::string_view bytes) { value->assign(bytes); }, KeyOf(id_, place_hint_));
  });
}
Result<bool> Family::KeyMayExist(std::string_view key, const ReadOptions& options) const {
  return Contained([&] { return engine_->KeyMayExist(key, options, KeyOf(id_, place_hint_)); });
}

Result<std::optional<PinnedValue>> Family::GetPinned(std::string_view key, const ReadOptions& options) const {
  return Contained([&] { return engine_->GetPinned(key, options, KeyOf(id_, place_hint_)); });
}

std::vector<Result<std::optional<std::string>>> Family::MultiGet(std::span<const std::string_view> keys,
                                                                 const ReadOptions& options) const {
  std::vector<Result<std::optional<std::string>>> results;
  const Status read = Contained([&] { results = engine_->MultiGet(keys, options, KeyOf(id_, place_hint_)); });
  if (!read) results.assign(keys.size(), std::unexpected(read.error()));
  return results;
}

std::vector<Result<std::optional<std::string>>> Family::TryMultiGet(std::span<const std::string_view> keys,
                                                                    const ReadOptions& options) const {
  ReadOptions resident = options;
  resident.memory_only = true;
  return MultiGet(keys, resident);
}

Iterator Family::NewIterator(const ReadOptions& options) const {
  std::unique_ptr<engine::DbIterator> made;
  base::DoIfPossible([&] { made = engine_->NewIterator(options, KeyOf(id_, place_hint_)); });
  return Iterator(std::move(made));
}

Result<std::optional<std::string>> Family::PutIfAbsent(std::string_view key, std::string_view value,
                                                       const WriteOptions& options) const {
  return Contained([&] { return transactions::PutIfAbsent(engine_, this, key, value, options); });
}
Result<std::optional<std::string>> Family::CompareAndSet(std::string_view key, std::optional<std::string_view> expected,
                                                         std::optional<std::string_view> value,
                                                         const WriteOptions& options) const {
  return Contained([&] { return transactions::CompareAndSet(engine_, this, key, expected, value, options); });
}
Result<std::optional<std::string>> Family::DeleteIfEqual(std::string_view key, std::string_view expected,
                                                         const WriteOptions& options) const {
  return Contained([&] { return transactions::DeleteIfEqual(engine_, this, key, expected, options); });
}
Result<int64_t> Family::Increment(std::string_view key, int64_t delta, const WriteOptions& options) const {
  return Contained([&] { return transactions::Increment(engine_, this, key, delta, options); });
}

Status Family::CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) const {
  return Contained([&] { return engine_->CompactRange(begin, end, KeyOf(id_, place_hint_)); });
}
Result<uint64_t> Family::ApproximateSize(std::string_view begin, std::string_view end) const {
  return Contained([&] { return engine_->ApproximateSize(begin, end, KeyOf(id_, place_hint_)); });
}
Result<FamilyStats> Family::GetStats() const {
  return Contained([&] { return engine_->GetFamilyStats(KeyOf(id_, place_hint_)); });
}

}  // namespace amethyst
