// Bytes, numbers and errors on their way between JavaScript and the database.
//
// Keys and values come as strings (UTF-8 in the database), Buffers or other Uint8Arrays, and are copied while the call
// that brought them runs: JavaScript may change a Buffer as soon as that returns. Errors become JavaScript errors whose
// `code` says what to do, in the manner of abstract-level. Thread safety: the thread of `env` alone.
#pragma once

#define NAPI_VERSION 8
#include <node_api.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst::node {

// A string that fits is decoded here, without asking for its length first.
struct Scratch {
  char bytes[1024];
  std::string overflow;
};

// The bytes of a string or Uint8Array, valid until `scratch` or the array changes. Anything else throws a TypeError and
// gives nullopt.
[[nodiscard]] std::optional<std::string_view> BytesOf(napi_env env, napi_value value, Scratch* scratch);

enum class Form : uint8_t { kString, kBuffer };
// A string or Buffer with a copy of the bytes.
[[nodiscard]] napi_value NewValue(napi_env env, std::string_view bytes, Form form);
[[nodiscard]] napi_value NewString(napi_env env, std::string_view utf8);
[[nodiscard]] napi_value NewNumber(napi_env env, double number);
[[nodiscard]] napi_value NewBoolean(napi_env env, bool boolean);
[[nodiscard]] napi_value Undefined(napi_env env);
// An array of `values`. Faster than setting its elements one by one; see values.cc.
[[nodiscard]] napi_value NewArray(napi_env env, std::span<const napi_value> values);
// A copy of a key or value. Empty, with a pending exception, if the argument has no bytes.
[[nodiscard]] std::optional<std::string> CopyOf(napi_env env, napi_value value);
// An ArrayBuffer of the bytes, without a copy where that pays.
[[nodiscard]] napi_value NewArrayBuffer(napi_env env, std::string bytes);

// Properties of an options object; nullopt (false) where one is absent or of another type.
[[nodiscard]] std::optional<double> NumberProperty(napi_env env, napi_value object, const char* name);
[[nodiscard]] std::optional<std::string> BytesProperty(napi_env env, napi_value object, const char* name);
[[nodiscard]] bool FlagProperty(napi_env env, napi_value object, const char* name);

[[nodiscard]] napi_value NewError(napi_env env, const Error& error);
[[nodiscard]] napi_value NewError(napi_env env, std::string_view code, std::string_view message);
// Throws, and returns what a function that throws returns.
napi_value Throw(napi_env env, const Error& error);
napi_value Throw(napi_env env, std::string_view code, std::string_view message);

// The arguments of a call; those that were not passed are undefined.
template <size_t kCount>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = kCount;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
  napi_value operator[](size_t index) const { return values[index]; }
  napi_value values[kCount];
};

}  // namespace amethyst::node
