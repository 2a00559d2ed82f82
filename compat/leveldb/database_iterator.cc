#include "compat/leveldb/database_iterator.h"

namespace amethyst::compat {

void SeekInOrder(Iterator& it, const KeyOrder& order, std::string_view target) {
  it.SeekForPrev(target);
  if (!it.status()) return;
  if (!it.Valid()) return it.SeekToFirst();
  if (!order.SameKey(it.key(), target)) it.Next();
}

}  // namespace amethyst::compat
