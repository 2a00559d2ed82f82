#include "amethyst/indexed_batch.h"

#include "amethyst/db.h"
#include "base/containment.h"
#include "base/error.h"
#include "transactions/own_writes.h"

namespace amethyst {

using base::Contained;
using transactions::FamilyPtr;
using transactions::OwnWrites;

namespace {

// The family of a read, and who reads.
struct Source {
  tree::FamilyKey family;
  engine::Reader reader;
};

Result<Source> SourceOf(OwnWrites& writes, FamilyPtr family) {
  if (family != nullptr && !family->IsOf(writes.engine())) return engine::AnothersFamily();
  AMETHYST_ASSIGN(engine::OwnWrites own, writes.Index());
  return Source{.family = transactions::KeyOf(family), .reader = {.own = std::move(own)}};
}

Result<bool> GetFrom(OwnWrites& writes, FamilyPtr family, std::string_view key, const ReadOptions& options,
                     base::FunctionRef<void(std::string_view)> take) {
  return Contained([&]() -> Result<bool> {
    AMETHYST_ASSIGN(const Source source, SourceOf(writes, family));
    return writes.engine().Get(key, options, take, source.family, &source.reader);
  });
}

Result<std::optional<std::string>> GetFrom(OwnWrites& writes, FamilyPtr family, std::string_view key,
                                           const ReadOptions& options) {
  std::optional<std::string> value;
  AMETHYST_TRY(GetFrom(writes, family, key, options, [&value](std::string_view bytes) { value.emplace(bytes); }));
  return value;
}

std::vector<Result<std::optional<std::string>>> MultiGetFrom(OwnWrites& writes, FamilyPtr family,
                                                             std::span<const std::string_view> keys,
                                                             const ReadOptions& options) {
  std::vector<Result<std::optional<std::string>>> results;
  const Status read = Contained([&]() -> Status {
    AMETHYST_ASSIGN(const Source source, SourceOf(writes, family));
    results = writes.engine().MultiGet(keys, options, source.family, &source.reader);
    return {};
  });
  if (!read) results.assign(keys.size(), std::unexpected(read.error()));
  return results;
}

Iterator IteratorOver(OwnWrites& writes, FamilyPtr family, const ReadOptions& options) {
  std::unique_ptr<engine::DbIterator> made;
  base::DoIfPossible([&] {
    const Result<Source> source = Contained([&] { return SourceOf(writes, family); });
    made = source ? writes.engine().NewIterator(options, source->family, &source->reader)
                  : writes.engine().NewIterator({});
    if (!source) made->Refuse(source.error());
  });
  return Iterator(std::move(made));
}

}  // namespace

IndexedBatch::IndexedBatch(DB& db) : writes_(std::make_unique<OwnWrites>(db.engine(), OwnWrites::ReadTime::kOfRead)) {}
IndexedBatch::IndexedBatch(IndexedBatch&&) noexcept = default;
IndexedBatch& IndexedBatch::operator=(IndexedBatch&&) noexcept = default;
IndexedBatch::~IndexedBatch() = default;

Status IndexedBatch::Put(std::string_view key, std::string_view value, const Expiry& expiry) {
  return Contained([&] { return writes_->Put(nullptr, key, value, expiry); });
}
Status IndexedBatch::Delete(std::string_view key) {
  return Contained([&] { return writes_->Delete(nullptr, key); });
}
Status IndexedBatch::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return Contained([&] { return writes_->DeleteRange(nullptr, begin, end); });
}
Status IndexedBatch::DeletePrefix(std::string_view prefix) {
  return Contained([&] { return writes_->DeletePrefix(nullptr, prefix); });
}
Status IndexedBatch::Merge(std::string_view key, std::string_view operand, const Expiry& expiry) {
  return Contained([&] { return writes_->Merge(nullptr, key, operand, expiry); });
}

Status IndexedBatch::Put(const Family& family, std::string_view key, std::string_view value, const Expiry& expiry) {
  return Contained([&] { return writes_->Put(&family, key, value, expiry); });
}
Status IndexedBatch::Delete(const Family& family, std::string_view key) {
  return Contained([&] { return writes_->Delete(&family, key); });
}
Status IndexedBatch::DeleteRange(const Family& family, std::optional<std::string_view> begin,
                                 std::optional<std::string_view> end) {
  return Contained([&] { return writes_->DeleteRange(&family, begin, end); });
}
Status IndexedBatch::DeletePrefix(const Family& family, std::string_view prefix) {
  return Contained([&] { return writes_->DeletePrefix(&family, prefix); });
}
Status IndexedBatch::Merge(const Family& family, std::string_view key, std::string_view operand, const Expiry& expiry) {
  return Contained([&] { return writes_->Merge(&family, key, operand, expiry); });
}

void IndexedBatch::Clear() { writes_->Clear(); }

Result<std::optional<std::string>> IndexedBatch::Get(std::string_view key, const ReadOptions& options) {
  return GetFrom(*writes_, nullptr, key, options);
}
Result<bool> IndexedBatch::GetInto(std::string_view key, std::string* value, const ReadOptions& options) {
  return GetFrom(*writes_, nullptr, key, options, [value](std::string_view bytes) { value->assign(bytes); });
}
std::vector<Result<std::optional<std::string>>> IndexedBatch::MultiGet(std::span<const std::string_view> keys,
                                                                       const ReadOptions& options) {
  return MultiGetFrom(*writes_, nullptr, keys, options);
}
Iterator IndexedBatch::NewIterator(const ReadOptions& options) { return IteratorOver(*writes_, nullptr, options); }

Result<std::optional<std::string>> IndexedBatch::Get(const Family& family, std::string_view key,
                                                     const ReadOptions& options) {
  return GetFrom(*writes_, &family, key, options);
}
Result<bool> IndexedBatch::GetInto(const Family& family, std::string_view key, std::string* value,
                                   const ReadOptions& options) {
  return GetFrom(*writes_, &family, key, options, [value](std::string_view bytes) { value->assign(bytes); });
}
std::vector<Result<std::optional<std::string>>> IndexedBatch::MultiGet(const Family& family,
                                                                       std::span<const std::string_view> keys,
                                                                       const ReadOptions& options) {
  return MultiGetFrom(*writes_, &family, keys, options);
}
Iterator IndexedBatch::NewIterator(const Family& family, const ReadOptions& options) {
  return IteratorOver(*writes_, &family, options);
}

const WriteBatch& IndexedBatch::batch() const { return writes_->batch(); }
bool IndexedBatch::IsOf(const engine::Engine& engine) const { return &writes_->engine() == &engine; }

}  // namespace amethyst
