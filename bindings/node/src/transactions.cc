#include "transactions.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "iterator.h"
#include "range.h"
#include "reads.h"
#include "task.h"
#include "writes.h"

namespace amethyst::node {

namespace {

struct TransactionHandle final : Handle {
  static constexpr Kind kKind = Kind::kTransaction;
  explicit TransactionHandle(const std::shared_ptr<DB>& of) : Handle(kKind), transaction(of->Begin()), db(of) {}

  Transaction transaction;
  const std::weak_ptr<DB> db;
};

// Many are in progress on the one thread.
struct AttemptsHandle final : Handle {
  static constexpr Kind kKind = Kind::kAttempts;
  explicit AttemptsHandle(DB& db) : Handle(kKind), attempts(new Attempts(db.NewAttempts(TurnOf::kWork))) {}

  std::unique_ptr<Attempts> attempts;  // nullptr: they have ended.
};

// What calls of a transaction begin with: (transaction, database or family). Empty after a throw.
struct InTransaction {
  InTransaction(napi_env env, napi_value transaction, napi_value space) {
    auto found = GetHandle<TransactionHandle>(env, transaction);
    if (!found) return;
    open = GetOpen(env, space);
    if (!open) return;
    if (found->db.lock() == open.db) {
      handle = std::move(found);
    } else {
      Throw(env, "LEVEL_INVALID_ARGUMENT", "the family is of another database than the transaction");
    }
  }
  explicit operator bool() const { return handle != nullptr; }
  Transaction* operator->() const { return &handle->transaction; }

  OpenDatabase open;
  std::shared_ptr<TransactionHandle> handle;
};

napi_value Done(napi_env env, const Status& status) { return status ? nullptr : Throw(env, status.error()); }

// (transaction, space, key, value, ttl)
template <typename Function>
napi_value AddEntry(napi_env env, napi_callback_info info, Function add) {
  const Arguments<5> arguments(env, info);
  const InTransaction in(env, arguments[0], arguments[1]);
  Scratch key_scratch;
  Scratch value_scratch;
  const auto key = in ? BytesOf(env, arguments[2], &key_scratch) : std::nullopt;
  const auto value = key ? BytesOf(env, arguments[3], &value_scratch) : std::nullopt;
  if (!value) return nullptr;
  return Done(env, add(*in.handle, *in.open.family, *key, *value, ExpiryFrom(env, arguments[4])));
}

napi_value OnTransaction(napi_env env, napi_callback_info info, Status (Transaction::*call)()) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<TransactionHandle>(env, arguments[0]);
  return handle ? Done(env, (handle->transaction.*call)()) : nullptr;
}

using Found = std::optional<std::string>;

auto NewFound(Form form) {
  return [form](napi_env env, Found& found) { return found ? NewValue(env, *found, form) : Undefined(env); };
}

Form FormFrom(napi_env env, napi_value flags) {
  uint32_t bits = 0;
  napi_get_value_uint32(env, flags, &bits);
  return (bits & kBuffers) != 0 ? Form::kBuffer : Form::kString;
}

// Of undefined nothing. False, with a pending exception: it has no bytes.
bool ValueFrom(napi_env env, napi_value value, Found* bytes) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_undefined) return true;
  *bytes = CopyOf(env, value);
  return bytes->has_value();
}

WriteOptions WriteOptionsFrom(napi_env env, napi_value sync) {
  bool is_synced = false;
  napi_get_value_bool(env, sync, &is_synced);
  return {.durability = is_synced ? Durability::kSync : Durability::kBuffered};
}

}  // namespace

napi_value BeginTransaction(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  return open ? NewHandle(env, std::make_shared<TransactionHandle>(open.db)) : nullptr;
}

napi_value TransactionGet(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  InTransaction in(env, arguments[0], arguments[1]);
  auto key = in ? CopyOf(env, arguments[2]) : std::nullopt;
  if (!key) return nullptr;
  return StartTask(
      env, "amethyst.transaction.get", std::move(in.open.handle),
      [handle = std::move(in.handle), family = std::move(*in.open.family), db = std::move(in.open.db),
       key = std::move(*key)] { return handle->transaction.Get(family, key); },
      NewFound(FormFrom(env, arguments[3])));
}

napi_value TransactionPut(napi_env env, napi_callback_info info) {
  return AddEntry(env, info,
                  [](TransactionHandle& handle, const auto&... entry) { return handle.transaction.Put(entry...); });
}

napi_value TransactionMerge(napi_env env, napi_callback_info info) {
  return AddEntry(env, info,
                  [](TransactionHandle& handle, const auto&... entry) { return handle.transaction.Merge(entry...); });
}

napi_value TransactionDelete(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const InTransaction in(env, arguments[0], arguments[1]);
  Scratch scratch;
  const auto key = in ? BytesOf(env, arguments[2], &scratch) : std::nullopt;
  return key ? Done(env, in->Delete(*in.open.family, *key)) : nullptr;
}

napi_value TransactionDeleteRange(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const InTransaction in(env, arguments[0], arguments[1]);
  Scratch begin_scratch;
  Scratch end_scratch;
  std::optional<std::string_view> begin;
  std::optional<std::string_view> end;
  if (!in || !BoundFrom(env, arguments[2], &begin_scratch, &begin) ||
      !BoundFrom(env, arguments[3], &end_scratch, &end)) {
    return nullptr;
  }
  return Done(env, in->DeleteRange(*in.open.family, begin, end));
}

napi_value TransactionSetSavepoint(napi_env env, napi_callback_info info) {
  return OnTransaction(env, info, &Transaction::SetSavepoint);
}

napi_value TransactionRollbackToSavepoint(napi_env env, napi_callback_info info) {
  return OnTransaction(env, info, &Transaction::RollbackToSavepoint);
}

napi_value TransactionRollback(napi_env env, napi_callback_info info) {
  return OnTransaction(env, info, &Transaction::Rollback);
}

napi_value TransactionCommit(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  InTransaction in(env, arguments[0], arguments[1]);
  if (!in) return nullptr;
  return StartTask(
      env, "amethyst.transaction.commit", std::move(in.open.handle),
      [handle = std::move(in.handle), db = std::move(in.open.db), options = WriteOptionsFrom(env, arguments[2])] {
        return handle->transaction.Commit(options);
      },
      Undefined);
}

napi_value NewTransactionIterator(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  InTransaction in(env, arguments[0], arguments[1]);
  if (!in) return nullptr;
  RangeWalk walk(in.handle->transaction, *in.open.family, RangeFrom(env, arguments[2]));
  return NewWalk(env, std::move(in.open.handle), std::move(walk), arguments[2]);
}

napi_value NewAttempts(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  return open ? NewHandle(env, std::make_shared<AttemptsHandle>(*open.db)) : nullptr;
}

napi_value AttemptsWait(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<AttemptsHandle>(env, arguments[0]);
  if (!handle) return nullptr;
  // A commit that nobody waits for may come behind the end.
  const std::chrono::duration<double, std::milli> wait =
      handle->attempts == nullptr ? std::chrono::nanoseconds(0) : handle->attempts->Wait();
  napi_value number = nullptr;
  napi_create_double(env, wait.count(), &number);
  return number;
}

napi_value AttemptsConflict(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<AttemptsHandle>(env, arguments[0]);
  if (handle && handle->attempts != nullptr) handle->attempts->NoteConflict();
  return nullptr;
}

napi_value AttemptsEnd(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (const auto handle = GetHandle<AttemptsHandle>(env, arguments[0])) handle->attempts.reset();
  return nullptr;
}

napi_value CompareAndSet(napi_env env, napi_callback_info info) {
  const Arguments<7> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  auto key = open ? CopyOf(env, arguments[1]) : std::nullopt;
  Found expected;
  Found value;
  if (!key || !ValueFrom(env, arguments[2], &expected) || !ValueFrom(env, arguments[3], &value)) return nullptr;
  WriteOptions options = WriteOptionsFrom(env, arguments[5]);
  const Expiry expiry = ExpiryFrom(env, arguments[4]);
  options.ttl = expiry.after;
  options.expires_at = expiry.at;
  return StartTask(
      env, "amethyst.compareAndSet", std::move(open.handle),
      [db = std::move(open.db), family = std::move(*open.family), key = std::move(*key), expected = std::move(expected),
       value = std::move(value), options] { return family.CompareAndSet(key, expected, value, options); },
      NewFound(FormFrom(env, arguments[6])));
}

napi_value Increment(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  auto key = open ? CopyOf(env, arguments[1]) : std::nullopt;
  if (!key) return nullptr;
  int64_t delta = 0;
  bool is_exact = false;
  if (napi_get_value_bigint_int64(env, arguments[2], &delta, &is_exact) != napi_ok || !is_exact) {
    return Throw(env, "LEVEL_INVALID_ARGUMENT", "an increment is an integer of 64 bits");
  }
  return StartTask(
      env, "amethyst.increment", std::move(open.handle),
      [db = std::move(open.db), family = std::move(*open.family), key = std::move(*key), delta,
       options = WriteOptionsFrom(env, arguments[3])] { return family.Increment(key, delta, options); },
      [](napi_env settling, int64_t& sum) {
        napi_value number = nullptr;
        napi_create_bigint_int64(settling, sum, &number);
        return number;
      });
}

}  // namespace amethyst::node
