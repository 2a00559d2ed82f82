#include "amethyst/ingest.h"

#include <utility>

#include "amethyst/db.h"
#include "base/containment.h"
#include "engine/engine.h"

namespace amethyst {

namespace {

Result<tree::FamilyKey> KeyOf(const engine::Engine& engine, const std::optional<Family>& family) {
  if (!family) return tree::FamilyKey{};
  if (!family->IsOf(engine)) return engine::AnothersFamily();
  return tree::FamilyKey{.id = key::FamilyId{family->id()}, .place_hint = family->place_hint()};
}

struct FileOfCall {
  const std::filesystem::path& path;
  const std::optional<Family>& family;
};

// `file(i)`: the i-th of `count`.
Status IngestAll(engine::Engine& engine, size_t count, base::FunctionRef<FileOfCall(size_t)> file,
                 const IngestOptions& options) {
  engine::IngestCall call{.mode = options.mode, .in_order = options.in_order, .verify = options.verify};
  for (size_t i = 0; i < count; ++i) {
    const FileOfCall one = file(i);
    AMETHYST_ASSIGN(const tree::FamilyKey family, KeyOf(engine, one.family));
    call.files.push_back({.path = one.path.string(), .family = family});
  }
  if (options.replace) {
    AMETHYST_ASSIGN(const tree::FamilyKey family, KeyOf(engine, options.family));
    call.replaced.push_back(
        {.family = family, .range = {.begin = options.replace->begin, .end = options.replace->end}});
  }
  return engine.Ingest(call);
}

}  // namespace

Status DB::Ingest(std::span<const std::filesystem::path> paths, const IngestOptions& options) {
  return base::Contained([&] {
    return IngestAll(*engine_, paths.size(), [&](size_t i) { return FileOfCall{paths[i], options.family}; }, options);
  });
}

Status DB::Ingest(const std::filesystem::path& path, const IngestOptions& options) {
  return Ingest(std::span(&path, 1), options);
}

Status DB::Ingest(std::span<const IngestedFile> files, const IngestOptions& options) {
  return base::Contained([&] {
    return IngestAll(
        *engine_, files.size(), [&](size_t i) { return FileOfCall{files[i].path, files[i].family}; }, options);
  });
}

}  // namespace amethyst
