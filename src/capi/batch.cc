// Batches.
#include <optional>
#include <string_view>
#include <utility>

#include "capi/objects.h"

namespace amethyst::capi {

namespace {

class CallbackHandler final : public WriteBatch::Handler {
 public:
  using PutFunction = void (*)(void*, const char*, size_t, const char*, size_t);
  using RemoveFunction = void (*)(void*, const char*, size_t);

  CallbackHandler(void* state, PutFunction put, RemoveFunction remove) : state_(state), put_(put), remove_(remove) {}

  void Put(std::string_view key, std::string_view value) override {
    put_(state_, key.data(), key.size(), value.data(), value.size());
  }
  void Delete(std::string_view key) override { remove_(state_, key.data(), key.size()); }

 private:
  void* const state_;
  const PutFunction put_;
  const RemoveFunction remove_;
};

}  // namespace

Status BatchObject::CheckIsOf(const std::shared_ptr<Database>& other) const {
  if (database == nullptr || database == other) return {};
  return base::InvalidArgument("the batch names families of another database");
}

Status BatchObject::Join(const std::shared_ptr<Database>& other) {
  if (other == nullptr) return {};
  if (batch.Empty()) database.reset();
  AMETHYST_TRY(CheckIsOf(other));
  database = other;
  return {};
}

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Status;
using amethyst::WriteBatch;

amethyst_code amethyst_batch_create(amethyst_batch** batch, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(batch, "batch"));
    HandOut(std::make_unique<BatchObject>(), batch);
    return {};
  });
}

amethyst_code amethyst_batch_free(amethyst_batch* batch) { return Release<BatchObject>(batch); }

amethyst_code amethyst_batch_put(amethyst_batch* batch, const void* key, size_t key_bytes, const void* value,
                                 size_t value_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value, value_bytes, "value"));
    entered->Add([&](const auto&... family) { entered->batch.Put(family..., key_view, value_view); });
    return {};
  });
}

amethyst_code amethyst_batch_put_expiring(amethyst_batch* batch, const void* key, size_t key_bytes, const void* value,
                                          size_t value_bytes, uint64_t expires_at_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value, value_bytes, "value"));
    entered->Add(
        [&](const auto&... family) { entered->batch.Put(family..., key_view, value_view, ExpiryOf(expires_at_ms)); });
    return {};
  });
}

amethyst_code amethyst_batch_merge(amethyst_batch* batch, const void* key, size_t key_bytes, const void* operand,
                                   size_t operand_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view operand_view, Bytes(operand, operand_bytes, "operand"));
    entered->Add([&](const auto&... family) { entered->batch.Merge(family..., key_view, operand_view); });
    return {};
  });
}

amethyst_code amethyst_batch_merge_expiring(amethyst_batch* batch, const void* key, size_t key_bytes,
                                            const void* operand, size_t operand_bytes, uint64_t expires_at_ms,
                                            char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view operand_view, Bytes(operand, operand_bytes, "operand"));
    entered->Add([&](const auto&... family) {
      entered->batch.Merge(family..., key_view, operand_view, ExpiryOf(expires_at_ms));
    });
    return {};
  });
}

amethyst_code amethyst_batch_delete(amethyst_batch* batch, const void* key, size_t key_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    entered->Add([&](const auto&... family) { entered->batch.Delete(family..., key_view); });
    return {};
  });
}

amethyst_code amethyst_batch_delete_range(amethyst_batch* batch, const void* begin, size_t begin_bytes, const void* end,
                                          size_t end_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(begin, begin_bytes, "begin"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(end, end_bytes, "end"));
    entered->Add([&](const auto&... family) { entered->batch.DeleteRange(family..., from, to); });
    return {};
  });
}

amethyst_code amethyst_batch_delete_prefix(amethyst_batch* batch, const void* prefix, size_t prefix_bytes,
                                           char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_ASSIGN(const std::string_view prefix_view, Bytes(prefix, prefix_bytes, "prefix"));
    entered->Add([&](const auto&... family) { entered->batch.DeletePrefix(family..., prefix_view); });
    return {};
  });
}

amethyst_code amethyst_batch_clear(amethyst_batch* batch, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    entered->batch.Clear();
    entered->family.reset();
    entered->database.reset();
    return {};
  });
}

amethyst_code amethyst_batch_set_family(amethyst_batch* batch, amethyst_db* family, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    if (family == nullptr) {
      entered->family.reset();
      return {};
    }
    AMETHYST_ENTER(named, DatabaseObject, family);
    if (named->family().id() == 0) {
      entered->family.reset();
      return {};
    }
    AMETHYST_TRY(entered->Join(named->database()));
    entered->family = named->family();
    return {};
  });
}

amethyst_code amethyst_batch_append(amethyst_batch* batch, amethyst_batch* other, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    if (other == batch) {
      entered->batch.Append(entered->batch);
      return {};
    }
    AMETHYST_ENTER(appended, BatchObject, other);
    AMETHYST_TRY(entered->Join(appended->database));
    entered->batch.Append(appended->batch);
    return {};
  });
}

amethyst_code amethyst_batch_size(amethyst_batch* batch, uint32_t* count, size_t* bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, BatchObject, batch);
    if (count != nullptr) *count = entered->batch.Count();
    if (bytes != nullptr) *bytes = entered->batch.ByteSize();
    return {};
  });
}

amethyst_code amethyst_batch_iterate(amethyst_batch* batch, void* state,
                                     void (*put)(void* state, const char* key, size_t key_bytes, const char* value,
                                                 size_t value_bytes),
                                     void (*remove)(void* state, const char* key, size_t key_bytes), char** error) {
  return Call(error, [&]() -> Status {
    if (put == nullptr || remove == nullptr) return amethyst::base::InvalidArgument("put or remove: null");
    AMETHYST_ENTER(entered, BatchObject, batch);
    CallbackHandler handler(state, put, remove);
    return entered->batch.Iterate(handler);
  });
}

amethyst_code amethyst_batch_to_bytes(amethyst_batch* batch, char** bytes, size_t* bytes_count, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(bytes, "bytes"));
    AMETHYST_TRY(Wanted(bytes_count, "bytes_count"));
    AMETHYST_ENTER(entered, BatchObject, batch);
    *bytes = CopyOut(entered->batch.Representation());
    *bytes_count = entered->batch.Representation().size();
    return {};
  });
}

amethyst_code amethyst_batch_from_bytes(const void* bytes, size_t bytes_count, amethyst_batch** batch, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(batch, "batch"));
    AMETHYST_ASSIGN(const std::string_view view, Bytes(bytes, bytes_count, "bytes"));
    auto object = std::make_unique<BatchObject>();
    AMETHYST_ASSIGN(object->batch, WriteBatch::FromRepresentation(view));
    HandOut(std::move(object), batch);
    return {};
  });
}
