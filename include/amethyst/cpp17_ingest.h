// Writing tables outside of any database, for Family::Ingest to take in: a part of amethyst/cpp17.h, which includes it.
//
// Keys ascend in the order of the family that will take the table in, one entry a key. See docs/ingest.md. Thread
// safety: a writer belongs to one thread at a time; options are plain values.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>
#include <amethyst/cpp17_family.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::cpp17 {

// Writes one table into a new file, which its destructor removes unless Finish has returned without a failure.
class TableWriter {
 public:
  TableWriter() = default;  // Writes nothing: every call fails with AMETHYST_INVALID_ARGUMENT.

  // `options`: those of the family that will take it in. AMETHYST_INVALID_ARGUMENT: there is something at `path`.
  static TableWriter Create(const std::string& path, const FamilyOptions& options = {}, Status* status = nullptr) {
    TableWriter writer;
    if (internal::HasZero(path, status)) return writer;
    const amethyst_family_options c_options = options.InC();
    amethyst_table_writer* made = nullptr;
    internal::Run(status, amethyst_table_writer_create, path.c_str(), &c_options, &made);
    writer.handle_.reset(made);
    return writer;
  }

  // AMETHYST_INVALID_ARGUMENT: the key is not greater than the one before it, and nothing was added.
  void Put(std::string_view key, std::string_view value, Status* status = nullptr) {
    internal::Run(status, amethyst_table_writer_put, handle_.get(), key.data(), key.size(), value.data(), value.size());
  }
  void PutExpiring(std::string_view key, std::string_view value, Expiry expiry, Status* status = nullptr) {
    internal::Run(status, amethyst_table_writer_put_expiring, handle_.get(), key.data(), key.size(), value.data(),
                  value.size(), expiry.expires_at_ms);
  }
  // An operand on what the database has of the key.
  void Merge(std::string_view key, std::string_view operand, Status* status = nullptr) {
    internal::Run(status, amethyst_table_writer_merge, handle_.get(), key.data(), key.size(), operand.data(),
                  operand.size());
  }
  void Delete(std::string_view key, Status* status = nullptr) {
    internal::Run(status, amethyst_table_writer_delete, handle_.get(), key.data(), key.size());
  }
  // At any time: what the database has in [begin, end) goes when the table comes in; none of the table's entries does.
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                   Status* status = nullptr) {
    const internal::Bound from(begin), to(end);
    internal::Run(status, amethyst_table_writer_delete_range, handle_.get(), from.data, from.bytes, to.data, to.bytes);
  }
  // The file is whole and durable. Returns how many entries it has; there must be one.
  uint64_t Finish(Status* status = nullptr) {
    uint64_t entries = 0;
    internal::Run(status, amethyst_table_writer_finish, handle_.get(), &entries);
    return entries;
  }

 private:
  internal::Owner<amethyst_table_writer, amethyst_table_writer_free> handle_;
};

}  // namespace amethyst::cpp17
