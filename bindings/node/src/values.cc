#include "values.h"

#include <algorithm>

namespace amethyst::node {

namespace {

// Longest character of UTF-8, and the terminating zero that Node-API writes.
constexpr size_t kTailBytesMax = 5;

// From how many elements on a call pays, and how many go onto JavaScript's stack.
constexpr size_t kArgumentsMin = 8;
constexpr size_t kArgumentsMax = 4096;
// Smaller pieces are copied faster than handed over.
constexpr size_t kHandOverBytesMin = 4096;

std::string_view CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "LEVEL_INVALID_ARGUMENT";
    case ErrorCode::kNotSupported: return "LEVEL_NOT_SUPPORTED";
    case ErrorCode::kBusy: return "LEVEL_LOCKED";
    case ErrorCode::kIo: return "LEVEL_IO_ERROR";
    case ErrorCode::kNoSpace: return "LEVEL_NO_SPACE";
    case ErrorCode::kCorruption: return "LEVEL_CORRUPTION";
    case ErrorCode::kClosed: return "LEVEL_DATABASE_NOT_OPEN";
    case ErrorCode::kOutOfMemory: return "LEVEL_OUT_OF_MEMORY";
    case ErrorCode::kTooOld: return "LEVEL_TOO_OLD";
    case ErrorCode::kConflict: return "LEVEL_CONFLICT";
  }
  return "LEVEL_INVALID_ARGUMENT";
}

bool IsAscii(std::string_view bytes) {
  char all = 0;
  for (const char byte : bytes) all = static_cast<char>(all | byte);
  return static_cast<signed char>(all) >= 0;
}

napi_value Property(napi_env env, napi_value object, const char* name, napi_valuetype* type) {
  napi_value value = nullptr;
  *type = napi_undefined;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_typeof(env, value, type);
  return value;
}

}  // namespace

std::optional<std::string_view> BytesOf(napi_env env, napi_value value, Scratch* scratch) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, scratch->bytes, sizeof(scratch->bytes), &size) == napi_ok) {
    if (size <= sizeof(scratch->bytes) - kTailBytesMax) return std::string_view(scratch->bytes, size);
    napi_get_value_string_utf8(env, value, nullptr, 0, &size);
    scratch->overflow.resize(size);
    napi_get_value_string_utf8(env, value, scratch->overflow.data(), size + 1, &size);
    return std::string_view(scratch->overflow);
  }
  void* data = nullptr;
  bool is_view = false;
  napi_is_buffer(env, value, &is_view);
  if (is_view && napi_get_buffer_info(env, value, &data, &size) == napi_ok) {
    return std::string_view(static_cast<const char*>(data), size);
  }
  napi_throw_type_error(env, nullptr, "a key or value in the database is a string, Buffer or Uint8Array");
  return std::nullopt;
}

std::optional<std::string> CopyOf(napi_env env, napi_value value) {
  Scratch scratch;
  const auto bytes = BytesOf(env, value, &scratch);
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

napi_value NewValue(napi_env env, std::string_view bytes, Form form) {
  napi_value value = nullptr;
  if (form == Form::kBuffer) {
    napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &value);
  } else if (IsAscii(bytes)) {  // Spares V8 the decoding.
    napi_create_string_latin1(env, bytes.data(), bytes.size(), &value);
  } else {
    napi_create_string_utf8(env, bytes.data(), bytes.size(), &value);
  }
  return value;
}

napi_value NewString(napi_env env, std::string_view utf8) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, utf8.data(), utf8.size(), &value);
  return value;
}

napi_value NewNumber(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value NewBoolean(napi_env env, bool boolean) {
  napi_value value = nullptr;
  napi_get_boolean(env, boolean, &value);
  return value;
}

napi_value Undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

// Node-API fills an array at the price of a call through V8's public interface for each element; a JavaScript function
// of any number of parameters makes one of its arguments at once. Each environment keeps that function.
napi_value NewArray(napi_env env, std::span<const napi_value> values) {
  napi_value array = nullptr;
  if (values.size() < kArgumentsMin || values.size() > kArgumentsMax) {
    napi_create_array_with_length(env, values.size(), &array);
    for (uint32_t i = 0; i < values.size(); ++i) napi_set_element(env, array, i, values[i]);
    return array;
  }
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  auto collect_reference = static_cast<napi_ref>(data);
  napi_value collect = nullptr;
  if (collect_reference == nullptr) {
    napi_run_script(env, NewString(env, "(...items) => items"), &collect);
    napi_create_reference(env, collect, 1, &collect_reference);
    napi_set_instance_data(env, collect_reference, nullptr, nullptr);
  } else {
    napi_get_reference_value(env, collect_reference, &collect);
  }
  napi_call_function(env, Undefined(env), collect, values.size(), values.data(), &array);
  return array;
}

napi_value NewArrayBuffer(napi_env env, std::string bytes) {
  napi_value buffer = nullptr;
  if (bytes.size() >= kHandOverBytesMin) {
    auto* owner = new std::string(std::move(bytes));
    const auto forget = [](napi_env, void*, void* hint) { delete static_cast<std::string*>(hint); };
    if (napi_create_external_arraybuffer(env, owner->data(), owner->size(), forget, owner, &buffer) == napi_ok) {
      return buffer;
    }
    bytes = std::move(*owner);  // This build of V8 takes none.
    delete owner;
  }
  void* data = nullptr;
  napi_create_arraybuffer(env, bytes.size(), &data, &buffer);
  if (data != nullptr) std::copy(bytes.begin(), bytes.end(), static_cast<char*>(data));
  return buffer;
}

std::optional<double> NumberProperty(napi_env env, napi_value object, const char* name) {
  napi_valuetype type;
  napi_value value = Property(env, object, name, &type);
  double number = 0;
  if (type != napi_number || napi_get_value_double(env, value, &number) != napi_ok) return std::nullopt;
  return number;
}

std::optional<std::string> BytesProperty(napi_env env, napi_value object, const char* name) {
  napi_valuetype type;
  napi_value value = Property(env, object, name, &type);
  if (type == napi_undefined || type == napi_null) return std::nullopt;
  Scratch scratch;
  const auto bytes = BytesOf(env, value, &scratch);
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

bool FlagProperty(napi_env env, napi_value object, const char* name) {
  napi_valuetype type;
  napi_value value = Property(env, object, name, &type);
  bool flag = false;
  return type == napi_boolean && napi_get_value_bool(env, value, &flag) == napi_ok && flag;
}

napi_value NewError(napi_env env, std::string_view code, std::string_view message) {
  napi_value error = nullptr;
  napi_create_error(env, NewString(env, code), NewString(env, message), &error);
  return error;
}

napi_value NewError(napi_env env, const Error& error) { return NewError(env, CodeOf(error.code()), error.message()); }

napi_value Throw(napi_env env, std::string_view code, std::string_view message) {
  napi_throw(env, NewError(env, code, message));
  return nullptr;
}

napi_value Throw(napi_env env, const Error& error) { return Throw(env, CodeOf(error.code()), error.message()); }

}  // namespace amethyst::node
