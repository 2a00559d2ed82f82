#include "ingest.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/ingest.h"
#include "amethyst/table_writer.h"
#include "database.h"
#include "families.h"
#include "task.h"
#include "writes.h"

namespace amethyst::node {

namespace {

struct Writer final : Handle {
  static constexpr Kind kKind = Kind::kTableWriter;
  Writer() : Handle(kKind) {}

  std::optional<TableWriter> table;  // Of the task that is under way.
};

// One entry, or a range delete: what is absent is nothing.
struct Operation {
  std::string type;
  std::optional<std::string> key;    // Of a range delete where it begins.
  std::optional<std::string> value;  // And where it ends.
  std::optional<Expiry> expiry;
};

Status Add(TableWriter& table, const Operation& operation) {
  const std::string_view key = operation.key ? std::string_view(*operation.key) : std::string_view();
  const std::string_view value = operation.value ? std::string_view(*operation.value) : std::string_view();
  if (operation.type == "del") return table.Delete(key);
  if (operation.type == "deleteRange") return table.DeleteRange(operation.key, operation.value);
  if (operation.type == "merge") {
    return operation.expiry ? table.Merge(key, value, *operation.expiry) : table.Merge(key, value);
  }
  return operation.expiry ? table.Put(key, value, *operation.expiry) : table.Put(key, value);
}

napi_value Element(napi_env env, napi_value array, uint32_t index) {
  napi_value element = nullptr;
  napi_get_element(env, array, index, &element);
  return element;
}

uint32_t LengthOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  return length;
}

Operation OperationFrom(napi_env env, napi_value object) {
  Operation operation{.type = BytesProperty(env, object, "type").value_or(""),
                      .key = BytesProperty(env, object, "key"),
                      .value = BytesProperty(env, object, "value"),
                      .expiry = std::nullopt};
  napi_value ttl = nullptr;
  if (NumberProperty(env, object, "ttl") && napi_get_named_property(env, object, "ttl", &ttl) == napi_ok) {
    operation.expiry = ExpiryFrom(env, ttl);
  }
  return operation;
}

}  // namespace

napi_value NewTableWriter(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto location = CopyOf(env, arguments[0]);
  auto family = location ? FamilyOptionsFrom(env, arguments[1]) : std::nullopt;
  if (!family) return nullptr;
  return StartTask(
      env, "amethyst.newTableWriter", nullptr,
      [location = std::move(*location), family = std::move(*family)] {
        return TableWriter::Create(location, {.family = family, .environment = nullptr});
      },
      [](napi_env settling, TableWriter& table) {
        auto writer = std::make_shared<Writer>();
        writer->table.emplace(std::move(table));
        return NewHandle(settling, std::move(writer));
      });
}

napi_value AddToTable(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto writer = GetHandle<Writer>(env, arguments[0]);
  if (!writer) return nullptr;
  std::vector<Operation> operations;
  const uint32_t count = LengthOf(env, arguments[1]);
  operations.reserve(count);
  for (uint32_t i = 0; i < count; ++i) operations.push_back(OperationFrom(env, Element(env, arguments[1], i)));
  return StartTask(
      env, "amethyst.addToTable", nullptr,
      [writer = std::move(writer), operations = std::move(operations)] {
        Status added;
        for (auto each = operations.begin(); added && each != operations.end(); ++each) {
          added = Add(*writer->table, *each);
        }
        return added;
      },
      Undefined);
}

napi_value FinishTable(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto writer = GetHandle<Writer>(env, arguments[0]);
  if (!writer) return nullptr;
  return StartTask(
      env, "amethyst.finishTable", nullptr, [writer = std::move(writer)] { return writer->table->Finish(); },
      [](napi_env settling, TableSummary& summary) {
        return NewNumber(settling, static_cast<double>(summary.entries));
      });
}

napi_value CloseTableWriter(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto writer = GetHandle<Writer>(env, arguments[0]);
  if (!writer) return nullptr;
  return StartTask(
      env, "amethyst.closeTableWriter", nullptr,
      [writer = std::move(writer)]() -> Status {
        writer->table.reset();  // Which removes a file that is not finished.
        return {};
      },
      Undefined);
}

napi_value Ingest(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  std::vector<std::filesystem::path> paths;
  const uint32_t count = LengthOf(env, arguments[1]);
  for (uint32_t i = 0; i < count; ++i) {
    auto path = CopyOf(env, Element(env, arguments[1], i));
    if (!path) return nullptr;
    paths.emplace_back(std::move(*path));
  }
  const napi_value given = arguments[2];
  IngestOptions options{.family = std::move(*open.family)};
  if (FlagProperty(env, given, "move")) options.mode = IngestMode::kMove;
  if (FlagProperty(env, given, "copy")) options.mode = IngestMode::kCopy;
  options.in_order = FlagProperty(env, given, "inOrder");
  options.verify = FlagProperty(env, given, "verify");
  if (FlagProperty(env, given, "replaces")) {
    options.replace = KeyRange{.begin = BytesProperty(env, given, "start"), .end = BytesProperty(env, given, "end")};
  }
  return StartTask(
      env, "amethyst.ingest", std::move(open.handle),
      [db = std::move(open.db), paths = std::move(paths), options = std::move(options)] {
        return db->Ingest(paths, options);
      },
      Undefined);
}

}  // namespace amethyst::node
