#include "server/lua/libraries.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace amethyst::server {

namespace {
constexpr size_t kBytesMax = size_t{64} << 20;  // As scripts have.
}  // namespace

void Libraries::Open() { now_ = {.runtime = std::make_shared<Runtime>(World::kFunctions, kBytesMax)}; }

void Libraries::Remember() {
  if (!before_) before_ = now_;
}

void Libraries::Index() {
  functions_.clear();
  for (const auto& [name, library] : now_.libraries) {
    for (const auto& [function_name, function] : library->functions()) functions_.emplace(function_name, &function);
  }
}

std::expected<std::shared_ptr<const Library>, std::string> Libraries::Make(const std::shared_ptr<Runtime>& runtime,
                                                                           std::string_view code,
                                                                           CommandRunner& watch) const {
  auto name = ReadLibraryName(code);
  if (!name) return std::unexpected(name.error());
  auto library = std::make_shared<Library>(runtime, *std::move(name), std::string(code));
  if (auto loaded = library->Load(watch); !loaded) return std::unexpected(loaded.error());
  return library;
}

std::expected<void, std::string> Libraries::Become(State state, const Map& added) {
  std::map<std::string_view, std::string_view, LessIgnoringCase> owners;
  for (const auto& [name, library] : state.libraries) {
    for (const auto& [function, unused] : library->functions()) {
      if (owners.emplace(function, name).second) continue;
      const bool is_added = added.contains(name);
      const auto& names = is_added ? library->functions() : added.find(owners[function])->second->functions();
      return std::unexpected(fmt::format("Function {} already exists", names.find(function)->first));
    }
  }
  Remember();
  now_ = std::move(state);
  Index();
  return {};
}

std::expected<std::string, std::string> Libraries::Load(std::string_view code, bool replaces, CommandRunner& watch) {
  const auto name = ReadLibraryName(code);
  if (!name) return std::unexpected(name.error());
  if (!replaces && now_.libraries.contains(*name)) {
    return std::unexpected(fmt::format("Library '{}' already exists", *name));
  }
  auto library = Make(now_.runtime, code, watch);
  if (!library) return std::unexpected(library.error());
  State state = now_;
  state.libraries.insert_or_assign(*name, *library);
  if (auto done = Become(std::move(state), {{*name, *library}}); !done) return std::unexpected(done.error());
  return *name;
}

std::expected<std::string, std::string> Libraries::LoadAtStart(std::string_view code, CommandRunner& watch) {
  now_.runtime->SetBytesMax(SIZE_MAX);
  return Load(code, false, watch);
}

void Libraries::EndStart() {
  now_.runtime->Collect();
  now_.runtime->SetBytesMax(kBytesMax);
  Keep();
}

std::expected<void, std::string> Libraries::Restore(std::span<const std::string_view> codes, Policy policy,
                                                    CommandRunner& watch) {
  State state = now_;
  if (policy == Policy::kFlush) state = {.runtime = std::make_shared<Runtime>(World::kFunctions, kBytesMax)};
  Map added;
  for (const std::string_view code : codes) {
    auto library = Make(state.runtime, code, watch);
    if (!library) return std::unexpected(library.error());
    const std::string& name = (*library)->name();
    if (!added.emplace(name, *library).second) {
      return std::unexpected(fmt::format("Library '{}' already exists", name));
    }
  }
  for (const auto& [name, library] : added) {
    if (state.libraries.contains(name) && policy != Policy::kReplace) {
      return std::unexpected(fmt::format("Library {} already exists", name));
    }
    state.libraries.insert_or_assign(name, library);
  }
  return Become(std::move(state), added);
}

bool Libraries::Delete(std::string_view name) {
  const auto at = now_.libraries.find(name);
  if (at == now_.libraries.end()) return false;
  Remember();
  now_.libraries.erase(at);
  Index();
  return true;
}

void Libraries::Flush() {
  Remember();
  Open();
  Index();
}

void Libraries::TakeBack() {
  if (!before_) return;
  now_ = *std::exchange(before_, {});
  Index();
}

const Function* Libraries::Find(std::string_view function) const {
  const auto at = functions_.find(function);
  return at == functions_.end() ? nullptr : at->second;
}

bool Libraries::Run(const Function& function, const ScriptJob& job, CommandRunner& runner, Reply& reply) {
  return now_.runtime->Run(function.registry_name, job, runner, reply);
}

}  // namespace amethyst::server
