// What JavaScript holds of ours: an opaque value that owns one C++ object.
//
// Each kind of object says its kind first, so that a handle of one kind in the place of another throws instead of being
// read as what it is not. When JavaScript forgets a handle, the object goes with it, at the latest when its environment
// (the process, or a worker thread) ends. Work that is under way shares what it needs. Thread safety: one JavaScript
// thread, that of the environment.
#pragma once

#include <memory>

#include "values.h"

namespace amethyst::node {

enum class Kind : uint8_t { kDatabase, kBatch, kSnapshot, kIterator, kTransaction, kFeed, kAttempts, kTableWriter };

struct Handle {
  explicit Handle(Kind of) : kind(of) {}
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const Kind kind;
};

// Hands an object over to JavaScript.
template <typename T>
napi_value NewHandle(napi_env env, std::shared_ptr<T> object) {
  auto* owner = new std::shared_ptr<Handle>(std::move(object));
  napi_value value = nullptr;
  const auto forget = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Handle>*>(data); };
  if (napi_create_external(env, owner, forget, nullptr, &value) != napi_ok) delete owner;
  return value;
}

// The object behind a handle, or nullptr if `value` is none of that kind.
template <typename T>
std::shared_ptr<T> FindHandle(napi_env env, napi_value value) {
  napi_valuetype type;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external ||
      napi_get_value_external(env, value, &data) != napi_ok) {
    return nullptr;
  }
  const auto& handle = *static_cast<std::shared_ptr<Handle>*>(data);
  return handle->kind == T::kKind ? std::static_pointer_cast<T>(handle) : nullptr;
}

// As FindHandle, but throws where it is none.
template <typename T>
std::shared_ptr<T> GetHandle(napi_env env, napi_value value) {
  auto handle = FindHandle<T>(env, value);
  if (!handle) napi_throw_type_error(env, nullptr, "this is no handle of the kind that the call needs");
  return handle;
}

}  // namespace amethyst::node
