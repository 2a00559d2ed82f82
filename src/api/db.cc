#include "amethyst/db.h"

#include "base/containment.h"
#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "engine/engine.h"
#include "io/environment.h"
#include "transactions/conditional.h"
#include "transactions/optimistic_transaction.h"
#include "transactions/transact.h"
#include "transactions/turns.h"
#include "transactions/wait_for.h"

namespace amethyst {

using base::Contained;
using engine::AnothersFamily;

Result<std::unique_ptr<DB>> DB::Open(const std::filesystem::path& path, const Options& options) {
  return Open(path, options, Components{});
}

Result<std::unique_ptr<DB>> DB::Open(const std::filesystem::path& path, const Options& options, Components components) {
  return Contained([&]() -> Result<std::unique_ptr<DB>> {
    auto engine = engine::Engine::Open(path.string(), options, std::move(components));
    if (!engine) return std::unexpected(std::move(engine).error());
    return std::make_unique<DB>(std::move(*engine));
  });
}

Result<std::unique_ptr<DB>> DB::OpenFollower(const std::filesystem::path& path, const FollowerOptions& options) {
  return OpenFollower(path, options, Components{});
}

Result<std::unique_ptr<DB>> DB::OpenFollower(const std::filesystem::path& path, const FollowerOptions& options,
                                             Components components) {
  return Contained([&]() -> Result<std::unique_ptr<DB>> {
    auto engine = engine::Engine::OpenFollower(path.string(), options, std::move(components));
    if (!engine) return std::unexpected(std::move(engine).error());
    return std::make_unique<DB>(std::move(*engine));
  });
}

DB::DB(std::shared_ptr<engine::Engine> engine)
    : engine_(std::move(engine)), turns_(std::make_shared<transactions::Turns>()) {}
DB::~DB() { static_cast<void>(Close()); }

Status DB::Put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return Contained([&] { return engine_->Put(key, value, options); });
}
Status DB::Delete(std::string_view key, const WriteOptions& options) {
  return Contained([&] { return engine_->Delete(key, options); });
}
Status DB::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                       const WriteOptions& options) {
  return Contained([&] { return engine_->DeleteRange({.begin = begin, .end = end}, options); });
}
Status DB::DeletePrefix(std::string_view prefix, const WriteOptions& options) {
  return Contained([&] { return engine_->DeletePrefix(prefix, options); });
}
Status DB::Merge(std::string_view key, std::string_view operand, const WriteOptions& options) {
  return Contained([&] { return engine_->Merge(key, operand, options); });
}
Status DB::Write(const WriteBatch& batch, const WriteOptions& options) {
  return Contained([&] { return engine_->Write(batch, options); });
}

Result<uint64_t> DB::WriteAsync(const WriteBatch& batch, const WriteOptions& options, DurableCallback callback) {
  return Contained([&] { return engine_->WriteAsync(batch, options, std::move(callback)); });
}
Result<uint64_t> DB::DurableSequence() {
  return Contained([&] { return engine_->DurableSequence(); });
}

Status DB::Write(const IndexedBatch& batch, const WriteOptions& options) {
  return Contained([&]() -> Status {
    if (!batch.IsOf(*engine_)) return base::InvalidArgument("the batch is of another database");
    return engine_->Write(batch.batch(), options);
  });
}

Attempts DB::NewAttempts(TurnOf of) { return {turns_, of}; }
Transaction DB::Begin(Attempts& attempts) {
  transactions::WaitFor(&attempts, engine_->database().environment->clock());
  return Transaction(std::make_unique<transactions::OptimisticTransaction>(engine_, TransactionOptions{}, &attempts));
}
Transaction DB::Begin(const TransactionOptions& options) {
  return Transaction(std::make_unique<transactions::OptimisticTransaction>(engine_, options));
}
Status DB::Transact(const std::function<Status(Transaction&)>& work, const WriteOptions& options) {
  return transactions::Transact(engine_, turns_, [&](std::unique_ptr<transactions::OptimisticTransaction> begun) {
    Transaction transaction(std::move(begun));
    Status done = work(transaction);
    if (done && !transaction.HasEnded()) done = transaction.Commit(options);
    return done;
  });
}

Result<std::optional<std::string>> DB::PutIfAbsent(std::string_view key, std::string_view value,
                                                   const WriteOptions& options) {
  return Contained([&] { return transactions::PutIfAbsent(engine_, nullptr, key, value, options); });
}
Result<std::optional<std::string>> DB::CompareAndSet(std::string_view key, std::optional<std::string_view> expected,
                                                     std::optional<std::string_view> value,
                                                     const WriteOptions& options) {
  return Contained([&] { return transactions::CompareAndSet(engine_, nullptr, key, expected, value, options); });
}
Result<std::optional<std::string>> DB::DeleteIfEqual(std::string_view key, std::string_view expected,
                                                     const WriteOptions& options) {
  return Contained([&] { return transactions::DeleteIfEqual(engine_, nullptr, key, expected, options); });
}
Result<int64_t> DB::Increment(std::string_view key, int64_t delta, const WriteOptions& options) {
  return Contained([&] { return transactions::Increment(engine_, nullptr, key, delta, options); });
}

Result<std::optional<std::string>> DB::Get(std::string_view key, const ReadOptions& options) {
  return Contained([&]() -> Result<std::optional<std::string>> {
    std::optional<std::string> value;
    const Result<bool> found = engine_->Get(key, options, [&value](std::string_view bytes) { value.emplace(bytes); });
    if (!found) return std::unexpected(found.error());
    return value;
  });
}

Result<bool> DB::GetInto(std::string_view key, std::string* value, const ReadOptions& options) {
  return Contained(
      [&] { return engine_->Get(key, options, [value](std::string_view bytes) { value->assign(bytes); }); });
}

Result<std::optional<bool>> DB::TryGetInto(std::string_view key, std::string* value, const ReadOptions& options) {
  return Contained(
      [&] { return engine_->TryGet(key, options, [value](std::string_view bytes) { value->assign(bytes); }); });
}

Result<bool> DB::KeyMayExist(std::string_view key, const ReadOptions& options) {
  return Contained([&] { return engine_->KeyMayExist(key, options); });
}

Result<std::optional<PinnedValue>> DB::GetPinned(std::string_view key, const ReadOptions& options) {
  return Contained([&] { return engine_->GetPinned(key, options); });
}

std::vector<Result<std::optional<std::string>>> DB::MultiGet(std::span<const std::string_view> keys,
                                                             const ReadOptions& options) {
  std::vector<Result<std::optional<std::string>>> results;
  const Status read = Contained([&] { results = engine_->MultiGet(keys, options); });
  if (!read) results.assign(keys.size(), std::unexpected(read.error()));
  return results;
}

std::vector<Result<std::optional<std::string>>> DB::TryMultiGet(std::span<const std::string_view> keys,
                                                                const ReadOptions& options) {
  ReadOptions resident = options;
  resident.memory_only = true;
  return MultiGet(keys, resident);
}

Iterator DB::NewIterator(const ReadOptions& options) {
  std::unique_ptr<engine::DbIterator> made;
  base::DoIfPossible([&] { made = engine_->NewIterator(options); });
  return Iterator(std::move(made));
}

Snapshot DB::GetSnapshot() {
  std::unique_ptr<engine::SnapshotPin> pin = engine_->NewSnapshot();
  const uint64_t sequence = key::Raw(pin->sequence());
  const std::chrono::system_clock::time_point read_time{std::chrono::milliseconds(engine_->NowMs())};
  return {std::move(pin), sequence, read_time};
}

Result<Family> DB::CreateFamily(std::string_view name, const FamilyOptions& options) {
  return Contained([&]() -> Result<Family> {
    const Result<tree::FamilyKey> made = engine_->CreateFamily(name, options);
    if (!made) return std::unexpected(made.error());
    return Family(engine_, key::Raw(made->id), made->place_hint);
  });
}
Result<Family> DB::OpenFamily(std::string_view name) {
  return Contained([&]() -> Result<Family> {
    const Result<tree::FamilyKey> found = engine_->OpenFamily(name);
    if (!found) return std::unexpected(found.error());
    return Family(engine_, key::Raw(found->id), found->place_hint);
  });
}
Status DB::DropFamily(const Family& family) {
  return Contained([&]() -> Status {
    if (!family.IsOf(*engine_)) return AnothersFamily();
    return engine_->DropFamily({.id = key::FamilyId{family.id()}});
  });
}
Status DB::RenameFamily(const Family& family, std::string_view name) {
  return Contained([&]() -> Status {
    if (!family.IsOf(*engine_)) return AnothersFamily();
    return engine_->RenameFamily({.id = key::FamilyId{family.id()}}, name);
  });
}
std::vector<std::string> DB::FamilyNames() { return engine_->FamilyNames(); }

Status DB::Refresh() {
  return Contained([&] { return engine_->Refresh(); });
}

Result<Options> DB::Change(const Changes& changes) {
  return Contained([&] { return engine_->Change(changes); });
}

Status DB::Flush() {
  return Contained([&] { return engine_->Flush(); });
}
Status DB::Release(uint64_t index) {
  return Contained([&] { return engine_->Release(index); });
}
amethyst::Applied DB::Applied() { return engine_->GetApplied(); }
std::string DB::AppliedNote() { return engine_->GetAppliedNote(); }
Status DB::CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return Contained([&] { return engine_->CompactRange(begin, end); });
}
Status DB::WaitForIdle() {
  return Contained([&] { return engine_->WaitForIdle(); });
}
Status DB::SyncWal() {
  return Contained([&] { return engine_->SyncWal(); });
}
Status DB::Checkpoint(const std::filesystem::path& path) {
  return Contained([&] { return checkpoint::MakeCheckpoint(*engine_, path.string()); });
}
Result<uint64_t> DB::ApproximateSize(std::string_view begin, std::string_view end) {
  return Contained([&] { return engine_->ApproximateSize(begin, end); });
}
Stats DB::GetStats() { return engine_->GetStats(); }
Status DB::Close() {
  return Contained([&] { return engine_->Close(); });
}

}  // namespace amethyst
