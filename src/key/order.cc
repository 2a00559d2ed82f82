#include "key/order.h"

#include "base/assert.h"

namespace amethyst {

namespace {

class Bytewise final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return key::CompareBytes(a, b); }
  std::string_view Name() const override { return "amethyst.bytewise"; }
};

constinit const Bytewise bytewise;

}  // namespace

const Comparator* BytewiseComparator() { return &bytewise; }

namespace key {

std::string Order::Separator(std::string_view a, std::string_view b) const {
  AMETHYST_DCHECK(Less(a, b));
  if (!IsBytewise()) return std::string(b);
  // The first byte in which they differ makes this prefix of b greater than a; it is no greater than b.
  return std::string(b.substr(0, CommonPrefix(a, b) + 1));
}

}  // namespace key
}  // namespace amethyst
