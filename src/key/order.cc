#include "key/order.h"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <string>

#include "base/assert.h"
#include "base/containment.h"

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

int Order::CompareCustom(std::string_view a, std::string_view b) const {
  std::string why;
  try {
    const int order = custom_->Compare(a, b);
    if (order != 0 || a == b) [[likely]]
      return order;
    why = "calls two keys equal whose bytes differ";
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const base::Thrown& thrown) {
    why = thrown.error().message();
  } catch (const std::exception& exception) {
    why = fmt::format("threw an exception: {}", exception.what());
  } catch (...) {
    why = "threw an exception";
  }
  throw base::Thrown(Error(ErrorCode::kInvalidArgument,
                           fmt::format("the comparator '{}' gives no order: it {}", custom_->Name(), why)));
}

std::string Order::Separator(std::string_view a, std::string_view b) const {
  AMETHYST_DCHECK(Less(a, b));
  if (!IsBytewise()) return std::string(b);
  // The first byte in which they differ makes this prefix of b greater than a; it is no greater than b.
  return std::string(b.substr(0, CommonPrefix(a, b) + 1));
}

}  // namespace key
}  // namespace amethyst
