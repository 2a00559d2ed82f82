#include "engine/family.h"

#include <algorithm>

namespace amethyst::engine {

Family::Family(const Settings& settings, const base::Uid& database_uid)
    : order(settings.order),
      table_options{settings.table_options()},
      write_buffer_bytes(settings.write_buffer_bytes),
      delete_deadline_s(settings.options.delete_deadline_s) {
  constexpr uint64_t kTableBytesMin = uint64_t{2} << 20;
  constexpr uint64_t kTableBytesMax = uint64_t{32} << 20;
  table_bytes = std::clamp<uint64_t>(write_buffer_bytes, kTableBytesMin, kTableBytesMax);
  table_options.database_uid = database_uid;
}

}  // namespace amethyst::engine
