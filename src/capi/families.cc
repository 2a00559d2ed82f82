// Families of a database.
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

constexpr size_t kFamilyOptionsBytesFirst = 56;  // Of the first version of the struct.
static_assert(sizeof(amethyst_family_options) == kFamilyOptionsBytesFirst);

}  // namespace

Result<FamilyOptions> FamilyOptionsOf(const amethyst_family_options* given,
                                      base::FunctionRef<void(std::shared_ptr<const Comparator>)> keep) {
  FamilyOptions options;
  if (given == nullptr) return options;
  AMETHYST_TRY(CheckStruct(given, given->struct_bytes, {.known = sizeof(*given), .least = kFamilyOptionsBytesFirst},
                           "family_options"));
  AMETHYST_ASSIGN(options.merge_operator, MergeOperatorNamed(given->merge_operator));
  AMETHYST_ASSIGN(options.ttl, TtlOf(given->ttl_ms));
  AMETHYST_ASSIGN(const std::shared_ptr<const Comparator> order, ComparatorOf(given->comparator));
  if (order != nullptr) {
    options.comparator = order.get();
    keep(order);
  }
  if (given->block_bytes != 0) options.block_bytes = given->block_bytes;
  if (given->filter_false_positive_rate != 0) options.filter_false_positive_rate = given->filter_false_positive_rate;
  if (given->compression == AMETHYST_COMPRESSION_OF_DATABASE) return options;
  if (given->compression < AMETHYST_COMPRESSION_NONE || given->compression > AMETHYST_COMPRESSION_ZSTD) {
    return base::InvalidArgument(
        "family_options: compression is {}, and no codec has this number; fill the struct with "
        "AMETHYST_FAMILY_OPTIONS_DEFAULT first",
        given->compression);
  }
  options.compression = static_cast<Compression>(given->compression);
  return options;
}

namespace {

// Hands out the family of the database behind `db` that `get` finds or makes.
template <typename Function>
amethyst_code HandOutFamily(amethyst_db* db, const char* name, amethyst_db** family, char** error, Function get) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_TRY(Wanted(family, "family"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    AMETHYST_ASSIGN(Family found, get(*database->database()));
    HandOut(std::make_unique<DatabaseObject>(database->database(), std::move(found), DatabaseObject::Of::kFamily),
            family);
    return {};
  });
}

// Neither the database was closed nor the family dropped.
Status ExpectThere(DatabaseObject& object) {
  AMETHYST_TRY(object.database()->CheckOpen());
  if (object.family().name().empty()) return base::InvalidArgument("family dropped");
  return {};
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Family;
using amethyst::Result;
using amethyst::Status;

amethyst_code amethyst_create_family(amethyst_db* db, const char* name, const amethyst_family_options* options,
                                     amethyst_db** family, char** error) {
  return HandOutFamily(db, name, family, error, [&](Database& in) -> Result<Family> {
    AMETHYST_ASSIGN(const amethyst::FamilyOptions settings,
                    FamilyOptionsOf(options, [&in](std::shared_ptr<const amethyst::Comparator> order) {
                      in.Keep({std::move(order)});
                    }));
    return in.db->CreateFamily(name, settings);
  });
}

amethyst_code amethyst_open_family(amethyst_db* db, const char* name, amethyst_db** family, char** error) {
  return HandOutFamily(db, name, family, error, [&](Database& in) { return in.db->OpenFamily(name); });
}

amethyst_code amethyst_drop_family(amethyst_db* family, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, DatabaseObject, family);
    return entered->db().DropFamily(entered->family());
  });
}

amethyst_code amethyst_rename_family(amethyst_db* family, const char* name, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    return entered->db().RenameFamily(entered->family(), name);
  });
}

amethyst_code amethyst_family_id(amethyst_db* family, uint32_t* id, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(id, "id"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    *id = entered->family().id();
    return {};
  });
}

amethyst_code amethyst_family_name(amethyst_db* family, char** name, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    AMETHYST_TRY(ExpectThere(*entered));
    *name = CopyOut(entered->family().name());
    return {};
  });
}

amethyst_code amethyst_family_merge_operator(amethyst_db* family, char** name, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    AMETHYST_TRY(ExpectThere(*entered));
    const std::string merge_operator = entered->family().merge_operator();
    *name = merge_operator.empty() ? nullptr : CopyOut(merge_operator);
    return {};
  });
}

amethyst_code amethyst_family_ttl(amethyst_db* family, uint64_t* ttl_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(ttl_ms, "ttl_ms"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    AMETHYST_TRY(ExpectThere(*entered));
    *ttl_ms = static_cast<uint64_t>(entered->family().ttl().count());
    return {};
  });
}

amethyst_code amethyst_family_stats_json(amethyst_db* family, char** json, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(json, "json"));
    AMETHYST_ENTER(entered, DatabaseObject, family);
    AMETHYST_ASSIGN(const amethyst::FamilyStats stats, entered->family().GetStats());
    *json = CopyOut(stats.ToJson());
    return {};
  });
}

amethyst_code amethyst_family_names(amethyst_db* db, char** names, size_t* count, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(names, "names"));
    AMETHYST_TRY(Wanted(count, "count"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    std::string list;
    size_t listed = 0;
    for (const std::string& name : database->db().FamilyNames()) {
      if (name.find('\0') != std::string::npos) continue;  // As C cannot say it.
      list.append(name).push_back('\0');
      ++listed;
    }
    *names = CopyOut(list);
    *count = listed;
    return {};
  });
}
