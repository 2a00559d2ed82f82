#include "torture/crash_state.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "base/hash.h"

namespace amethyst::torture {

namespace {

using Kind = TraceOperation::Kind;

// Files of the base have numbers of their own, which no trace gives.
constexpr uint64_t kBaseIds = uint64_t{1} << 62;
// Of a name that changes with all that is in it.
constexpr FileId kDirectory{uint64_t{1} << 63};

// A file of that content; only pages that are not all zeros take memory.
void Store(io::MemoryFileSystem& files, const std::string& path, const FileContent& content) {
  constexpr size_t kPageBytes = 4096;
  static const std::string zeros(kPageBytes, '\0');
  if (content.size == 0) {
    AMETHYST_ASSERT(files.Create(path).has_value());
    return;
  }
  auto segment = files.CreateLogSegment(path, {.capacity_bytes = content.size, .zero_filled = false});
  AMETHYST_ASSERT(segment.has_value());
  for (size_t offset = 0; offset < content.bytes.size(); offset += kPageBytes) {
    const std::string_view page = std::string_view(content.bytes).substr(offset, kPageBytes);
    if (page == std::string_view(zeros).substr(0, page.size())) continue;
    AMETHYST_ASSERT((*segment)->Store(offset, page).has_value());
  }
  AMETHYST_ASSERT((*segment)->Close(content.size).has_value());
}

}  // namespace

bool FailsSync(uint64_t seed, const std::string& path, base::Random& random) {
  return seed % 2 == 1 ? random.OneIn(40) : path.ends_with(".wal") && random.OneIn(8);
}

void FileContent::Write(uint64_t offset, std::string_view from) {
  bytes.resize(std::max<size_t>(bytes.size(), offset + from.size()));
  bytes.replace(offset, from.size(), from);
  size = std::max<uint64_t>(size, bytes.size());
}

void FileContent::Resize(uint64_t to) {
  if (bytes.size() > to) bytes.resize(to);
  size = to;
}

CrashImage CrashImage::Of(io::FileSystem& files, const std::string& directory) {
  CrashImage image;
  const auto names = files.List(directory);
  AMETHYST_ASSERT(names.has_value());
  for (const std::string& name : *names) {
    const std::string path = io::JoinPath(directory, name);
    if (files.List(path)) {
      image.files.merge(Of(files, path).files);
      continue;
    }
    const Result<std::string> bytes = io::ReadFile(files, path);
    AMETHYST_ASSERT(bytes.has_value());
    image.files[path] = {.bytes = bytes->substr(0, bytes->find_last_not_of('\0') + 1), .size = bytes->size()};
  }
  return image;
}

uint64_t CrashImage::Fingerprint() const {
  uint64_t fingerprint = 0;
  for (const auto& [path, content] : files) {
    const size_t end = content.bytes.find_last_not_of('\0') + 1;  // 0 if there is none.
    const uint64_t bytes = base::Hash64(std::string_view(content.bytes).substr(0, end)) + content.size;
    fingerprint = fingerprint * 0x9e3779b97f4a7c15u + (base::Hash64(path) ^ bytes);
  }
  return fingerprint;
}

std::shared_ptr<io::MemoryFileSystem> CrashImage::Make(const std::string& directory) const {
  auto image = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(image->CreateDirectories(directory).has_value());
  for (const auto& [path, content] : files) {
    AMETHYST_ASSERT(image->CreateDirectories(io::ParentDirectory(path)).has_value());
    Store(*image, path, content);
  }
  return image;
}

CrashState::CrashState(const CrashImage& base) {
  uint64_t id = kBaseIds;
  for (const auto& [path, content] : base.files) {
    durable_names_[path] = FileId{id};
    files_[FileId{id++}].durable = content;
  }
  names_ = durable_names_;
}

void CrashState::ApplyTo(FileContent* content, const Change& change) {
  change.resize ? content->Resize(change.offset) : content->Write(change.offset, change.bytes);
}

void CrashState::ApplyTo(Names* names, const NameChange& change) {
  if (change.remove) {
    names->erase(change.path);
    return;
  }
  if (!change.from.empty()) names->erase(change.from);
  if (change.file == kDirectory) {
    MoveInside(change.from, change.path, names);
  } else {
    (*names)[change.path] = change.file;
  }
}

void CrashState::Apply(const TraceOperation& operation) {
  const auto name = [this](NameChange change) {
    ApplyTo(&names_, change);
    pending_names_.push_back(std::move(change));
  };
  switch (operation.kind) {
    case Kind::kCreate: name({.remove = false, .path = operation.path, .file = operation.file, .from = {}}); return;
    case Kind::kWrite:
    case Kind::kFailedWrite:
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
    case Kind::kRewriteAndSync: {
      File& file = files_[operation.file];
      for (const std::vector<Change>* changes : {&file.limbo, &file.pending}) {
        for (const Change& change : *changes) ApplyTo(&file.durable, change);
      }
      file.limbo.clear();
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
      const FileId file = found == names_.end() ? kDirectory : found->second;
      name({.remove = false, .path = operation.to, .file = file, .from = operation.path});
      return;
    }
    case Kind::kLink: {
      const auto found = names_.find(operation.path);
      AMETHYST_ASSERT(found != names_.end());
      name({.remove = false, .path = operation.to, .file = found->second, .from = {}});
      return;
    }
    case Kind::kRemove: name({.remove = true, .path = operation.path, .file = {}, .from = {}}); return;
    case Kind::kSyncDirectory:
      std::erase_if(pending_names_, [&](const NameChange& change) {
        if (io::ParentDirectory(change.path) != operation.path) return false;
        ApplyTo(&durable_names_, change);
        return true;
      });
      return;
    case Kind::kFailedSyncDirectory:
    case Kind::kOpening:
    case Kind::kAcknowledged: return;
  }
}

void CrashState::ForgetUnnamed() {
  std::set<FileId> named;
  for (const Names* names : {&names_, &durable_names_}) {
    for (const auto& [path, id] : *names) named.insert(id);
  }
  for (const NameChange& change : pending_names_) named.insert(change.file);
  std::erase_if(files_, [&](const auto& file) { return !named.contains(file.first); });
}

bool CrashState::HasPending() const {
  return !pending_names_.empty() || std::ranges::any_of(names_, [this](const auto& name) {
    const auto file = files_.find(name.second);
    return file != files_.end() && (!file->second.pending.empty() || !file->second.limbo.empty());
  });
}

FileContent CrashState::Mix(const FileContent& durable, const FileContent& latest, size_t unit_bytes,
                            base::Random& random) {
  FileContent mixed = durable;
  mixed.Resize(random.OneIn(2) ? latest.size : std::max(durable.size, latest.size));
  const size_t end = std::min<size_t>(std::max(durable.bytes.size(), latest.bytes.size()), mixed.size);
  std::string unit;
  for (size_t offset = 0; offset < end; offset += unit_bytes) {
    if (offset >= latest.size || random.OneIn(2)) continue;
    unit = offset < latest.bytes.size() ? latest.bytes.substr(offset, unit_bytes) : std::string();
    unit.resize(std::min({unit_bytes, end - offset, static_cast<size_t>(latest.size - offset)}));
    mixed.Write(offset, unit);
  }
  return mixed;
}

FileContent CrashState::DrawContent(const File& file, PowerLossModel model, base::Random& random) const {
  FileContent content = file.durable;
  if (model == PowerLossModel::kSyncedOnly) return content;
  for (const Change& change : file.limbo) {
    if (random.OneIn(2)) ApplyTo(&content, change);
  }
  if (model == PowerLossModel::kPrefix) {
    const size_t kept = random.Below(file.pending.size() + 1);
    for (size_t i = 0; i < kept; ++i) ApplyTo(&content, file.pending[i]);
    return content;
  }
  FileContent latest = content;
  for (const Change& change : file.pending) ApplyTo(&latest, change);
  if (model == PowerLossModel::kEverything || (latest.bytes == content.bytes && latest.size == content.size)) {
    return latest;
  }
  return Mix(content, latest, model == PowerLossModel::kPages ? 4096 : 512, random);
}

CrashState::Names CrashState::DrawNames(PowerLossModel model, base::Random& random) const {
  Names names = durable_names_;
  if (model == PowerLossModel::kSyncedOnly) return names;
  const bool subset = model == PowerLossModel::kPages || model == PowerLossModel::kSectors ||
                      (model == PowerLossModel::kPrefix && random.OneIn(2));
  const size_t end =
      model == PowerLossModel::kPrefix && !subset ? random.Below(pending_names_.size() + 1) : pending_names_.size();
  for (size_t i = 0; i < end; ++i) {
    if (!subset || random.OneIn(2)) ApplyTo(&names, pending_names_[i]);
  }
  return names;
}

CrashImage CrashState::DrawImage(PowerLossModel model, base::Random& random) const {
  CrashImage image;
  for (const auto& [path, id] : DrawNames(model, random)) {
    const auto file = files_.find(id);
    image.files[path] = file == files_.end() ? FileContent() : DrawContent(file->second, model, random);
  }
  return image;
}

}  // namespace amethyst::torture
