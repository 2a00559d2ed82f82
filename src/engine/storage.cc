#include "engine/storage.h"

#include <utility>

#include "base/assert.h"
#include "base/containment.h"

namespace amethyst::engine {

void Storage::Date(tree::VersionEdit* edit) const {
  edit->delete_time = delete_clock->Mark();
  if (read_clock->InUse()) edit->read_time_ms = read_clock->NowMs();
}

Status Storage::BeginExpiries() {
  if (read_clock->InUse()) return {};
  tree::VersionEdit edit;
  edit.read_time_ms = read_clock->NowMs();
  AMETHYST_TRY(Note(std::move(edit)));
  read_clock->Use();
  return {};
}

Status Storage::BeginOperands(std::string_view merge_operator_name) {
  tree::VersionEdit edit;
  edit.merge_operator_name = merge_operator_name;
  return Note(std::move(edit));
}

Status Storage::Note(tree::VersionEdit edit) {
  Date(&edit);
  return catalog->Apply(std::move(edit), [](const auto&) {});
}

Status Storage::Install(tree::VersionEdit edit, ReadContext& reads, const WriteBuffer* flushed,
                        base::FunctionRef<void()> shown) {
  Date(&edit);
  ViewPtr old;
  std::shared_ptr<View> blank = BlankView(*reads.view.Acquire());  // Once the edit is durable nothing may fail.
  AMETHYST_TRY(catalog->Apply(std::move(edit), [&](std::shared_ptr<const tree::Forest> forest) {
    old = reads.view.Update([&](const View& current) {
      std::shared_ptr<View> changed = WithForest(current, std::move(forest), std::move(blank));
      if (flushed != nullptr) {
        AMETHYST_ASSERT(!changed->immutable.empty() && changed->immutable.back().get() == flushed);
        changed->immutable.pop_back();
      }
      return changed;
    });
    shown();
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
