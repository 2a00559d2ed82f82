#include "reads.h"

#include <vector>

#include "task.h"

namespace amethyst::node {

namespace {

// Keys back to back, in one piece of memory.
class KeyList {
 public:
  // Of a JavaScript array; nullopt after a throw.
  [[nodiscard]] static std::optional<KeyList> From(napi_env env, napi_value array) {
    KeyList list;
    Scratch scratch;
    uint32_t count = 0;
    napi_get_array_length(env, array, &count);
    list.ends_.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      napi_value key = nullptr;
      napi_get_element(env, array, i, &key);
      const auto bytes = BytesOf(env, key, &scratch);
      if (!bytes) return std::nullopt;
      list.bytes_.append(*bytes);
      list.ends_.push_back(list.bytes_.size());
    }
    return list;
  }

  [[nodiscard]] std::vector<std::string_view> Views() const {
    std::vector<std::string_view> views;
    views.reserve(ends_.size());
    size_t begin = 0;
    for (const size_t end : ends_) {
      views.emplace_back(bytes_.data() + begin, end - begin);
      begin = end;
    }
    return views;
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

Form FormOf(uint32_t flags) { return (flags & kBuffers) != 0 ? Form::kBuffer : Form::kString; }

// What a read of many keys needs, and outlives the call with.
struct ManyRead {
  OpenDatabase open;
  KeyList keys;
  std::shared_ptr<const Snapshot> snapshot;
  uint32_t flags;

  [[nodiscard]] ReadOptions Options() const {
    ReadOptions options;
    options.snapshot = snapshot.get();
    options.fill_cache = (flags & kFillCache) != 0;
    return options;
  }
};

std::optional<ManyRead> ReadArguments(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return std::nullopt;
  auto keys = KeyList::From(env, arguments[1]);
  if (!keys) return std::nullopt;
  uint32_t flags = 0;
  napi_get_value_uint32(env, arguments[2], &flags);
  auto snapshot = GetSnapshot(env, arguments[3], open.db);
  if (!snapshot) return std::nullopt;
  return ManyRead{std::move(open), std::move(*keys), std::move(snapshot), flags};
}

// What a read of one key begins with: (database, key, flags, ...). Without a key an error was thrown.
struct OneRead {
  OneRead(napi_env env, const Arguments<4>& arguments) : open(GetOpen(env, arguments[0])) {
    if (!open) return;
    key = BytesOf(env, arguments[1], &scratch);
    napi_get_value_uint32(env, arguments[2], &flags);
  }

  const OpenDatabase open;
  Scratch scratch;
  std::optional<std::string_view> key;  // May lie in `scratch`.
  uint32_t flags = 0;
};

using Values = std::vector<Result<std::optional<std::string>>>;

}  // namespace

napi_value GetSync(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const OneRead read(env, arguments);
  if (!read.key) return nullptr;
  ReadOptions options;
  options.fill_cache = (read.flags & kFillCache) != 0;
  std::shared_ptr<const Snapshot> snapshot;
  napi_valuetype type;
  if (napi_typeof(env, arguments[3], &type) == napi_ok && type != napi_undefined) {
    snapshot = GetSnapshot(env, arguments[3], read.open.db);
    if (!snapshot) return nullptr;
    options.snapshot = snapshot.get();
  }
  const auto value = read.open.family->GetPinned(*read.key, options);
  if (!value) return Throw(env, value.error());
  if (!*value) return nullptr;
  return NewValue(env, (*value)->view(), FormOf(read.flags));
}

napi_value TryGet(napi_env env, napi_callback_info info) {
  const OneRead read(env, Arguments<4>(env, info));
  if (!read.key) return nullptr;
  std::string value;
  const auto found = read.open.family->TryGetInto(*read.key, &value);
  if (!found) return Throw(env, found.error());
  napi_value absent = nullptr;
  if (!*found) napi_get_null(env, &absent);
  if (!found->value_or(false)) return absent;
  return NewValue(env, value, FormOf(read.flags));
}

napi_value GetMany(napi_env env, napi_callback_info info) {
  auto read = ReadArguments(env, info);
  if (!read) return nullptr;
  const Form form = FormOf(read->flags);
  auto handle = read->open.handle;
  return StartTask(
      env, "amethyst.get", std::move(handle),
      [read = std::move(*read)] {
        return Result<Values>(read.open.family->MultiGet(read.keys.Views(), read.Options()));
      },
      [form](napi_env settling, Values& values) {
        std::vector<napi_value> results;
        results.reserve(values.size());
        for (const auto& value : values) {
          if (!value) {
            results.push_back(NewError(settling, value.error()));
          } else {
            results.push_back(*value ? NewValue(settling, **value, form) : Undefined(settling));
          }
        }
        return NewArray(settling, results);
      });
}

napi_value HasMany(napi_env env, napi_callback_info info) {
  auto read = ReadArguments(env, info);
  if (!read) return nullptr;
  auto handle = read->open.handle;
  return StartTask(
      env, "amethyst.has", std::move(handle),
      [read = std::move(*read)]() -> Result<std::vector<bool>> {
        std::vector<bool> found;
        for (const std::string_view key : read.keys.Views()) {
          const auto value = read.open.family->GetPinned(key, read.Options());
          if (!value) return std::unexpected(value.error());
          found.push_back(value->has_value());
        }
        return found;
      },
      [](napi_env settling, std::vector<bool>& found) {
        std::vector<napi_value> results;
        results.reserve(found.size());
        for (const bool is_there : found) results.push_back(NewBoolean(settling, is_there));
        return NewArray(settling, results);
      });
}

}  // namespace amethyst::node
