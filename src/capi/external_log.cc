// A log that the caller keeps.
#include "capi/objects.h"

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Status;

amethyst_code amethyst_batch_set_applied(amethyst_batch* batch, uint64_t index, const void* note, size_t note_bytes,
                                         char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ASSIGN(const std::string_view text, Bytes(note, note_bytes, "note"));
    AMETHYST_ENTER(entered, BatchObject, batch);
    entered->batch.SetApplied(index, text);
    return {};
  });
}

amethyst_code amethyst_release(amethyst_db* db, uint64_t index, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    return database->db().Release(index);
  });
}

amethyst_code amethyst_applied(amethyst_db* db, uint64_t* visible, uint64_t* durable, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    const amethyst::Applied applied = database->db().Applied();
    if (visible != nullptr) *visible = applied.visible;
    if (durable != nullptr) *durable = applied.durable;
    return {};
  });
}

amethyst_code amethyst_applied_note(amethyst_db* db, char** note, size_t* note_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(note, "note"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    const std::string text = database->db().AppliedNote();
    *note = CopyOut(text);
    if (note_bytes != nullptr) *note_bytes = text.size();
    return {};
  });
}
