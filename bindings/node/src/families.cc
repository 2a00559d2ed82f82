#include "families.h"

#include <vector>

#include "database.h"
#include "task.h"

namespace amethyst::node {

namespace {

// The open database and the name that a call was given.
struct Named {
  OpenDatabase open;
  std::string name;
};

// Nothing, with a pending exception, if the arguments are wrong.
std::optional<Named> GetNamed(napi_env env, napi_value database, napi_value name) {
  OpenDatabase open = GetOpen(env, database);
  if (!open) return std::nullopt;
  auto text = CopyOf(env, name);
  if (!text) return std::nullopt;
  return Named{.open = std::move(open), .name = std::move(*text)};
}

}  // namespace

bool ReadMergeAndTtl(napi_env env, napi_value object, FamilyOptions* options) {
  if (const std::optional<std::string> name = BytesProperty(env, object, "mergeOperator")) {
    options->merge_operator = BuiltInMergeOperator(*name);
    if (options->merge_operator == nullptr) {
      Throw(env, "LEVEL_INVALID_ARGUMENT",
            "mergeOperator is " + *name + "; there are int64.add, uint64.add, bit.or, max, min, append");
      return false;
    }
  }
  const std::optional<double> ttl_ms = NumberProperty(env, object, "ttl");
  if (ttl_ms) options->ttl = std::chrono::milliseconds(static_cast<int64_t>(*ttl_ms));
  return true;
}

std::optional<FamilyOptions> FamilyOptionsFrom(napi_env env, napi_value object) {
  FamilyOptions options;
  if (!ReadMergeAndTtl(env, object, &options)) return std::nullopt;
  if (FlagProperty(env, object, "noCompression")) options.compression = Compression::kNone;
  if (FlagProperty(env, object, "lz4")) options.compression = Compression::kLz4;
  if (FlagProperty(env, object, "zstd")) options.compression = Compression::kZstd;
  const std::optional<double> block_bytes = NumberProperty(env, object, "blockSize");
  if (block_bytes) options.block_bytes = *block_bytes >= 0 ? static_cast<size_t>(*block_bytes) : 0;
  return options;
}

napi_value CreateFamily(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto named = GetNamed(env, arguments[0], arguments[1]);
  if (!named) return nullptr;
  auto options = FamilyOptionsFrom(env, arguments[2]);
  if (!options) return nullptr;
  return StartTask(
      env, "amethyst.createFamily", std::move(named->open.handle),
      [db = std::move(named->open.db), name = std::move(named->name), options = std::move(*options)]() -> Status {
        if (auto made = db->CreateFamily(name, options); !made) return std::unexpected(std::move(made).error());
        return {};
      },
      Undefined);
}

napi_value OpenFamily(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const auto handle = GetHandle<Database>(env, arguments[0]);
  if (!handle) return nullptr;
  auto named = GetNamed(env, arguments[1], arguments[2]);
  if (!named) return nullptr;
  auto found = named->open.db->OpenFamily(named->name);
  if (!found) return Throw(env, found.error());
  handle->SetOpenedFamily(std::move(named->open.handle), named->open.db, std::move(*found));
  return nullptr;
}

napi_value DropFamily(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto named = GetNamed(env, arguments[0], arguments[1]);
  if (!named) return nullptr;
  return StartTask(
      env, "amethyst.dropFamily", std::move(named->open.handle),
      [db = std::move(named->open.db), name = std::move(named->name)]() -> Status {
        auto found = db->OpenFamily(name);
        if (!found) return std::unexpected(std::move(found).error());
        return db->DropFamily(*found);
      },
      Undefined);
}

napi_value FamilyNames(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  std::vector<napi_value> names;
  for (const std::string& name : open.db->FamilyNames()) names.push_back(NewString(env, name));
  return NewArray(env, names);
}

}  // namespace amethyst::node
