#include "amethyst/iterator.h"

#include "engine/db_iterator.h"

namespace amethyst {

Iterator::Iterator(std::unique_ptr<engine::DbIterator> impl) : impl_(std::move(impl)), position_(impl_->position()) {}
Iterator::Iterator(Iterator&&) noexcept = default;
Iterator& Iterator::operator=(Iterator&&) noexcept = default;
Iterator::~Iterator() = default;

void Iterator::SeekToFirst() { impl_->SeekToFirst(); }
void Iterator::SeekToLast() { impl_->SeekToLast(); }
void Iterator::Seek(std::string_view target) { impl_->Seek(target); }
void Iterator::SeekForPrev(std::string_view target) { impl_->SeekForPrev(target); }
void Iterator::Next() { impl_->Next(); }
void Iterator::Prev() { impl_->Prev(); }
Status Iterator::status() const { return impl_->status(); }

}  // namespace amethyst
