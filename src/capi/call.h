// What every function of the C interface does around its work: handles to objects, results to codes and messages.
//
//   return Call(error, [&]() -> Status {
//     AMETHYST_ENTER(database, DatabaseObject, db);
//     return database->db().Flush();
//   });
//
// No exception leaves a Call. Thread safety: as the objects.
#pragma once

#include <bit>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "amethyst/c.h"
#include "amethyst/error.h"
#include "base/error.h"
#include "capi/handle_table.h"

namespace amethyst::capi {

amethyst_code CodeOf(ErrorCode code) noexcept;
// nullopt: it is no error's.
std::optional<ErrorCode> ErrorCodeOf(amethyst_code code) noexcept;
// Stores the message where the caller wants it, and returns the code.
amethyst_code Fail(const Error& failure, char** error) noexcept;
// For the exception that is being handled.
amethyst_code FailByException(char** error) noexcept;

template <typename Body>
amethyst_code Call(char** error, Body body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    const Status status = body();
    return status ? amethyst_code{AMETHYST_OK} : Fail(status.error(), error);
  } catch (...) {
    return FailByException(error);
  }
}

// An object that a handle stands for, kept alive. `Object` names its Handle, kKind, kUse and kName.
template <typename Object>
class Entered {
 public:
  explicit Entered(typename Object::Handle* handle)
      : visit_(HandleTable::Instance(), std::bit_cast<HandleTable::Number>(handle), Object::kKind, Object::kUse) {}

  [[nodiscard]] Status status() const {
    switch (visit_.refusal()) {
      case HandleTable::Refusal::kNone: return {};
      case HandleTable::Refusal::kInUse:
        return base::MakeError(ErrorCode::kBusy, "the {} is in use by another call: it belongs to one thread at a time",
                               Object::kName);
      case HandleTable::Refusal::kNoHandle: break;
    }
    return base::InvalidArgument("no live {}: the handle is null, released, or of another kind", Object::kName);
  }
  Object* operator->() const { return static_cast<Object*>(visit_.object()); }
  Object& operator*() const { return *static_cast<Object*>(visit_.object()); }
  explicit operator bool() const { return visit_.object() != nullptr; }

 private:
  const HandleTable::Visit visit_;
};

#define AMETHYST_ENTER(name, Object, handle)            \
  const ::amethyst::capi::Entered<Object> name(handle); \
  AMETHYST_TRY(name.status())

// Hands out a new handle.
template <typename Object>
void HandOut(std::unique_ptr<Object> object, typename Object::Handle** handle) {
  *handle = std::bit_cast<typename Object::Handle*>(HandleTable::Instance().Add(Object::kKind, std::move(object)));
}

template <typename Object>
amethyst_code Release(typename Object::Handle* handle) noexcept {
  if (handle == nullptr) return AMETHYST_OK;
  const bool live = HandleTable::Instance().Release(std::bit_cast<HandleTable::Number>(handle), Object::kKind);
  return live ? AMETHYST_OK : AMETHYST_INVALID_ARGUMENT;
}

// The caller's bytes; `name` is for the message.
[[nodiscard]] Result<std::string_view> Bytes(const void* data, size_t size, std::string_view name);
// The caller's bound of a range; nullopt, which null stands for: the range is open on that side.
[[nodiscard]] Result<std::optional<std::string_view>> Bound(const void* data, size_t size, std::string_view name);
// Checks the struct_bytes of a struct that may grow; `name` is for the message. A caller of a later version may ask for
// what this one does not know: nothing but zeros may stand there. One of an earlier version has as many as `least`.
struct StructBytes {
  size_t known;
  size_t least;
};
[[nodiscard]] Status CheckStruct(const void* given, size_t struct_bytes, StructBytes sizes, std::string_view name);
// An error if `pointer`, where a result should go, is null.
[[nodiscard]] Status Wanted(const void* pointer, std::string_view name);
// A copy that amethyst_free releases, with a zero behind it.
[[nodiscard]] char* CopyOut(std::string_view bytes);

}  // namespace amethyst::capi
