#include "engine/storage.h"

#include <utility>

#include "base/assert.h"
#include "base/containment.h"

namespace amethyst::engine {

Status Storage::Note(tree::VersionEdit edit) {
  edit.delete_time = delete_clock->Mark();
  return catalog->Apply(std::move(edit), [](const auto&) {});
}

Status Storage::Install(tree::VersionEdit edit, ReadContext& reads, const WriteBuffer* flushed) {
  edit.delete_time = delete_clock->Mark();
  ViewPtr old;
  std::shared_ptr<View> blank = BlankView(*reads.view.Acquire());  // Once the edit is durable nothing may fail.
  AMETHYST_TRY(catalog->Apply(std::move(edit), [&](std::shared_ptr<const tree::Forest> forest) {
    old = reads.view.Update([&](const View& current) {
      std::shared_ptr<View> changed = WithForest(current, std::move(forest), std::move(blank));
      if (flushed != nullptr) {
        AMETHYST_ASSERT(changed->immutable.back().get() == flushed);
        changed->immutable.pop_back();
      }
      return changed;
    });
  }));
  RetireLargeView(std::move(old));
  return {};
}

Status Storage::Close() noexcept {
  Status closed = base::Contained([this] { return catalog->Close(); });
  store->Close();
  home.reset();
  lock.reset();
  return closed;
}

}  // namespace amethyst::engine
