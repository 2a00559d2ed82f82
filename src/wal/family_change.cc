#include "wal/family_change.h"

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::wal {

void FamilyChange::AppendTo(std::string* to) const {
  to->push_back(static_cast<char>(action));
  base::AppendVarint(to, key::Raw(family));
  base::AppendLengthPrefixed(to, name);
}

Result<FamilyChange> FamilyChange::FromBytes(std::string_view bytes) {
  FamilyChange change;
  uint32_t family = 0;
  std::string_view name;
  const uint8_t action = bytes.empty() ? 0 : static_cast<uint8_t>(bytes.front());
  if (!bytes.empty()) bytes.remove_prefix(1);
  const bool is_action =
      action >= static_cast<uint8_t>(Action::kMade) && action <= static_cast<uint8_t>(Action::kRenamed);
  if (!is_action || !base::ReadVarint32(&bytes, &family) || !base::ReadLengthPrefixed(&bytes, &name) ||
      !bytes.empty()) {
    return base::Corruption("family record: expected an action, a family's id and its name, found action {}", action);
  }
  change.action = static_cast<Action>(action);
  change.family = key::FamilyId{family};
  change.name = name;
  return change;
}

}  // namespace amethyst::wal
