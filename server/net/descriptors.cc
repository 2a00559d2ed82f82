#include "server/net/descriptors.h"

#include <sys/resource.h>

#include <utility>

namespace amethyst::server {

uint64_t TakeAllDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  const rlim_t had = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : had;
}

}  // namespace amethyst::server
