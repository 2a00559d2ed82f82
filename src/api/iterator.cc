#include "amethyst/iterator.h"

#include "engine/db_iterator.h"
#include "key/moment.h"

namespace amethyst {

namespace {

constexpr engine::IteratorPosition kNowhere;

}  // namespace

Iterator::Iterator(std::unique_ptr<engine::DbIterator> impl)
    : impl_(std::move(impl)), position_(impl_ != nullptr ? impl_->position() : &kNowhere) {}
Iterator::Iterator(Iterator&&) noexcept = default;
Iterator& Iterator::operator=(Iterator&&) noexcept = default;
Iterator::~Iterator() = default;

void Iterator::SeekToFirst() {
  if (impl_ != nullptr) impl_->SeekToFirst();
}
void Iterator::SeekToLast() {
  if (impl_ != nullptr) impl_->SeekToLast();
}
void Iterator::Seek(std::string_view target) {
  if (impl_ != nullptr) impl_->Seek(target);
}
void Iterator::SeekForPrev(std::string_view target) {
  if (impl_ != nullptr) impl_->SeekForPrev(target);
}
void Iterator::Next() { impl_->Next(); }
void Iterator::Prev() { impl_->Prev(); }
std::span<const EntryView> Iterator::NextBatch(std::span<EntryView> room, size_t bytes_max) {
  return room.first(impl_ != nullptr ? impl_->NextBatch(room, bytes_max) : 0);
}
std::span<const EntryView> Iterator::PrevBatch(std::span<EntryView> room, size_t bytes_max) {
  return room.first(impl_ != nullptr ? impl_->PrevBatch(room, bytes_max) : 0);
}
void Iterator::SetMemoryOnly(bool memory_only) {
  if (impl_ != nullptr) impl_->SetMemoryOnly(memory_only);
}
std::optional<std::chrono::system_clock::time_point> Iterator::expires_at() const {
  return key::ExpiresAtOf(position_->expires_ms);
}
Status Iterator::status() const {
  if (impl_ != nullptr) return impl_->status();
  return std::unexpected(Error(ErrorCode::kOutOfMemory, "out of memory"));
}

}  // namespace amethyst
