#include "server/keyspace/order_bounds.h"

namespace amethyst::server {

const OrderBounds::Bounds* OrderBounds::Find(uint64_t id) const {
  const auto at = bounds_.find(id);
  return at == bounds_.end() ? nullptr : &at->second;
}

void OrderBounds::Narrow(uint64_t id, OrderEnd end, std::string_view order_key) {
  if (bounds_.size() >= kSetsMax && !bounds_.contains(id)) bounds_.clear();
  Bounds& bounds = bounds_[id];
  if (end == OrderEnd::kLow) {
    bounds.low.assign(order_key).push_back('\0');
  } else {
    bounds.high.assign(order_key);
  }
}

void OrderBounds::Widen(uint64_t id, std::string_view order_key) {
  const auto at = bounds_.find(id);
  if (at == bounds_.end()) return;
  Bounds& bounds = at->second;
  if (order_key < bounds.low) bounds.low.assign(order_key);
  if (!bounds.high.empty() && order_key >= bounds.high) bounds.high.assign(order_key).push_back('\0');
}

void OrderBounds::Apply(const OrderChange& change) {
  if (change.narrowed) {
    Narrow(change.id, *change.narrowed, change.key);
  } else {
    Widen(change.id, change.key);
  }
}

void OrderBounds::WidenAgain(const std::vector<OrderChange>& changes) {
  for (const OrderChange& change : changes) {
    if (!change.narrowed) Widen(change.id, change.key);
  }
}

}  // namespace amethyst::server
