#include "torture/crash_state.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"

namespace amethyst::torture {

namespace {

using Kind = TraceOperation::Kind;

// Files of the base have numbers of their own, which no trace gives.
constexpr uint64_t kBaseIds = uint64_t{1} << 62;

std::string ReadAll(io::MemoryFileSystem& files, const std::string& path) {
  Result<std::string> bytes = io::ReadFile(files, path);
  AMETHYST_ASSERT(bytes.has_value());
  return std::move(*bytes);
}

// A file of that content; only pages that are not all zeros take memory.
void Store(io::MemoryFileSystem& files, const std::string& path, const std::string& content) {
  constexpr size_t kPageBytes = 4096;
  static const std::string zeros(kPageBytes, '\0');
  if (content.empty()) {
    AMETHYST_ASSERT(files.Create(path).has_value());
    return;
  }
  auto segment = files.CreateLogSegment(path, {.capacity_bytes = content.size(), .zero_filled = false});
  AMETHYST_ASSERT(segment.has_value());
  for (size_t offset = 0; offset < content.size(); offset += kPageBytes) {
    const std::string_view page = std::string_view(content).substr(offset, kPageBytes);
    if (page == std::string_view(zeros).substr(0, page.size())) continue;
    AMETHYST_ASSERT((*segment)->Store(offset, page).has_value());
  }
  AMETHYST_ASSERT((*segment)->Close(content.size()).has_value());
}

}  // namespace

CrashState::CrashState(io::MemoryFileSystem& base, std::string directory) : directory_(std::move(directory)) {
  if (!base.Exists(directory_).value_or(false)) return;
  uint64_t id = kBaseIds;
  const auto listed = base.List(directory_);
  AMETHYST_ASSERT(listed.has_value());
  for (const std::string& name : *listed) {
    const std::string path = io::JoinPath(directory_, name);
    durable_names_[path] = FileId{id};
    files_[FileId{id++}].durable = ReadAll(base, path);
  }
  names_ = durable_names_;
}

void CrashState::ApplyTo(std::string* content, const Change& change) {
  if (change.resize) {
    content->resize(change.offset);
    return;
  }
  content->resize(std::max<size_t>(content->size(), change.offset + change.bytes.size()));
  content->replace(change.offset, change.bytes.size(), change.bytes);
}

void CrashState::ApplyTo(Names* names, const NameChange& change) {
  if (change.remove) {
    names->erase(change.path);
    return;
  }
  if (!change.from.empty()) names->erase(change.from);
  (*names)[change.path] = change.file;
}

void CrashState::Apply(const TraceOperation& operation) {
  const auto name = [this](NameChange change) {
    ApplyTo(&names_, change);
    pending_names_.push_back(std::move(change));
  };
  switch (operation.kind) {
    case Kind::kCreate: name({.remove = false, .path = operation.path, .file = operation.file, .from = {}}); return;
    case Kind::kWrite:
      files_[operation.file].pending.push_back({.resize = false, .offset = operation.offset, .bytes = operation.bytes});
      return;
    case Kind::kResize:
      files_[operation.file].pending.push_back({.resize = true, .offset = operation.offset, .bytes = {}});
      return;
    case Kind::kSync: {
      File& file = files_[operation.file];
      for (const Change& change : file.pending) ApplyTo(&file.durable, change);
      file.pending.clear();
      return;
    }
    case Kind::kFailedSync: {
      File& file = files_[operation.file];
      std::ranges::move(file.pending, std::back_inserter(file.limbo));
      file.pending.clear();
      return;
    }
    case Kind::kRename: {
      const auto found = names_.find(operation.path);
      AMETHYST_ASSERT(found != names_.end());
      name({.remove = false, .path = operation.to, .file = found->second, .from = operation.path});
      return;
    }
    case Kind::kRemove: name({.remove = true, .path = operation.path, .file = {}, .from = {}}); return;
    case Kind::kSyncDirectory:
      for (const NameChange& change : pending_names_) ApplyTo(&durable_names_, change);
      pending_names_.clear();
      return;
  }
}

bool CrashState::HasPending() const {
  return !pending_names_.empty() || std::ranges::any_of(names_, [this](const auto& name) {
    const auto file = files_.find(name.second);
    return file != files_.end() && (!file->second.pending.empty() || !file->second.limbo.empty());
  });
}

std::string CrashState::Mix(const std::string& durable, const std::string& latest, size_t unit_bytes,
                            base::Random& random) {
  std::string mixed = durable;
  mixed.resize(random.OneIn(2) ? latest.size() : std::max(durable.size(), latest.size()));
  for (size_t offset = 0; offset < mixed.size(); offset += unit_bytes) {
    if (offset >= latest.size() || random.OneIn(2)) continue;
    const size_t bytes = std::min({unit_bytes, latest.size() - offset, mixed.size() - offset});
    mixed.replace(offset, bytes, latest, offset, bytes);
  }
  return mixed;
}

std::string CrashState::DrawContent(const File& file, PowerLossModel model, base::Random& random) const {
  std::string content = file.durable;
  if (model == PowerLossModel::kSyncedOnly) return content;
  for (const Change& change : file.limbo) {
    if (random.OneIn(2)) ApplyTo(&content, change);
  }
  if (model == PowerLossModel::kPrefix) {
    const size_t kept = random.Below(file.pending.size() + 1);
    for (size_t i = 0; i < kept; ++i) ApplyTo(&content, file.pending[i]);
    return content;
  }
  std::string latest = content;
  for (const Change& change : file.pending) ApplyTo(&latest, change);
  if (model == PowerLossModel::kEverything || latest == content) return latest;
  return Mix(content, latest, model == PowerLossModel::kPages ? 4096 : 512, random);
}

CrashState::Names CrashState::DrawNames(PowerLossModel model, base::Random& random) const {
  Names names = durable_names_;
  if (model == PowerLossModel::kSyncedOnly) return names;
  const bool subset = model == PowerLossModel::kPages || model == PowerLossModel::kSectors;
  const size_t end = model == PowerLossModel::kPrefix ? random.Below(pending_names_.size() + 1) : pending_names_.size();
  for (size_t i = 0; i < end; ++i) {
    if (!subset || random.OneIn(2)) ApplyTo(&names, pending_names_[i]);
  }
  return names;
}

std::shared_ptr<io::MemoryFileSystem> CrashState::DrawImage(PowerLossModel model, base::Random& random) const {
  auto image = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(image->CreateDirectories(directory_).has_value());
  for (const auto& [path, id] : DrawNames(model, random)) {
    const auto file = files_.find(id);
    Store(*image, path, file == files_.end() ? std::string() : DrawContent(file->second, model, random));
  }
  return image;
}

uint64_t CrashState::Fingerprint(io::MemoryFileSystem& image, const std::string& directory) {
  uint64_t fingerprint = 0;
  const auto listed = image.List(directory);
  AMETHYST_ASSERT(listed.has_value());
  for (const std::string& name : *listed) {
    const uint64_t content = base::Hash64(ReadAll(image, io::JoinPath(directory, name)));
    fingerprint = fingerprint * 0x9e3779b97f4a7c15u + (base::Hash64(name) ^ content);
  }
  return fingerprint;
}

}  // namespace amethyst::torture
