// A table's file, part by part, as `inspect FILE` shows it.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/json.h"
#include "cli/show.h"
#include "compress/codec.h"
#include "inspect/table_report.h"
#include "key/range.h"

namespace amethyst::cli {

namespace {

using inspect::TableReport;

constexpr size_t kKeyColumns = 40;

std::string HandleText(const sstable::BlockHandle& handle) {
  if (handle.stored_bytes == 0) return "none";
  return fmt::format("at {}, {} bytes, {} raw", handle.offset, handle.stored_bytes, handle.raw_bytes);
}

std::string CodecText(uint64_t codec) {
  if (codec > UINT8_MAX || !compress::IsKnownCodec(static_cast<uint8_t>(codec))) return fmt::format("codec {}", codec);
  return std::string(compress::CodecName(static_cast<compress::Codec>(codec)));
}

// What all range deletes of a table of them lie in.
key::Range SpanOf(const sstable::TableOptions::TombstoneSpan& span) {
  key::Range range;
  std::string_view begin = span.begin;
  std::string_view end = span.end;
  // A bound that is damaged shows as an open one.
  if (!key::ReadBound(&begin, &range.begin)) range.begin.reset();
  if (!key::ReadBound(&end, &range.end)) range.end.reset();
  return range;
}

// Whose keys they are; empty: the default family's, of which a table says nothing.
std::string FamilyText(const sstable::Properties& properties) {
  if (properties.family == key::kDefaultFamily) return {};
  return fmt::format("  family      {}, id {}\n", Readable(properties.family_name), key::Raw(properties.family));
}

// The keys, or of a table of range tombstones, whose keys are numbers, what they span.
std::string KeysText(const sstable::Properties& properties) {
  const sstable::TableInfo& info = properties.info;
  if (!properties.tombstone_span) {
    return fmt::format("  keys        {} .. {}, order {}\n", Shortened(info.smallest, kKeyColumns),
                       Shortened(info.largest, kKeyColumns), properties.order_name);
  }
  const auto [begin, end] = SpanOf(*properties.tombstone_span);
  return fmt::format("  deletes     ranges of keys between {} and {}\n",
                     begin ? Shortened(*begin, kKeyColumns) : "the first key",
                     end ? Shortened(*end, kKeyColumns) : "the last one");
}

void PrintProperties(Console& console, const sstable::Properties& properties) {
  const sstable::TableInfo& info = properties.info;
  fmt::print(console.out, "properties\n{}{}", FamilyText(properties), KeysText(properties));
  fmt::print(console.out,
             "  entries     {}, of them {} tombstones\n"
             "  sequences   {} .. {}\n"
             "  bytes       {} of keys and values; blocks aim at {}, {}\n"
             "  blocks      {} in {}\n",
             Grouped(info.entries), Grouped(properties.tombstone_span ? info.entries : info.deletes),
             key::Raw(info.smallest_sequence), key::Raw(info.largest_sequence), Grouped(info.raw_bytes),
             properties.block_bytes, CodecText(properties.codec), Grouped(properties.data_blocks),
             Counted(properties.index_pages, "index page", "index pages"));
}

void PrintNode(Console& console, const TableReport::Node& node) {
  const sstable::BlockDescription& block = node.description;
  fmt::print(console.out, "{} at {:<10} {:>7} bytes{}  {:>5} entries, {:>5} live  up to {}{}{}\n",
             node.is_page ? "index page" : "  block   ", block.handle.offset, block.handle.stored_bytes,
             block.codec.empty() ? "" : fmt::format(", {} raw, {}", block.handle.raw_bytes, block.codec), block.entries,
             block.live, Colored(console.ColorsOut(), Hue::kKey, Shortened(block.separator, kKeyColumns)),
             block.inclusive ? "" : " (not included)", block.continues ? ", goes on in the next" : "");
  if (!node.problem.empty()) {
    fmt::print(console.out, "    {} {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"), node.problem);
  }
}

void PrintTable(Console& console, const std::string& path, const TableReport& report) {
  fmt::print(console.out, "table {}, {} bytes\n", path, Grouped(report.file_bytes));
  if (report.footer) {
    const sstable::Footer& footer = *report.footer;
    fmt::print(console.out,
               "footer\n  uid         {}\n  digest      {:016x}\n  top index   {}\n  filter      {}{}\n"
               "  key sketch  {}{}\n  properties  {}\n",
               UidText(footer.uid), footer.digest, HandleText(footer.top_index), HandleText(footer.filter),
               footer.filter.stored_bytes != 0 && !report.filter_is_good ? ", damaged" : "", HandleText(footer.sketch),
               report.sketched_keys ? fmt::format(", estimates {} keys", Grouped(*report.sketched_keys)) : "",
               HandleText(footer.properties));
  }
  if (report.properties) PrintProperties(console, *report.properties);
  for (const TableReport::Node& node : report.nodes) PrintNode(console, node);
  for (const std::string& problem : report.problems) {
    fmt::print(console.out, "{} {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"), problem);
  }
}

Json HandleJson(const sstable::BlockHandle& handle) {
  return {{"offset", handle.offset}, {"stored_bytes", handle.stored_bytes}, {"raw_bytes", handle.raw_bytes}};
}

Json NodeJson(const TableReport::Node& node) {
  const sstable::BlockDescription& block = node.description;
  Json object = HandleJson(block.handle);
  object["kind"] = node.is_page ? "index page" : "block";
  if (!block.codec.empty()) object["codec"] = block.codec;
  object["entries"] = block.entries;
  object["live"] = block.live;
  object["max_sequence"] = key::Raw(block.max_sequence);
  AddBytes(&object, "separator", block.separator);
  object["inclusive"] = block.inclusive;
  object["continues"] = block.continues;
  if (!node.problem.empty()) object["problem"] = JsonMessage(node.problem);
  return object;
}

Json TableJson(const std::string& path, const TableReport& report) {
  Json object = {{"table", JsonMessage(path)}, {"file_bytes", report.file_bytes}};
  if (report.footer) {
    object["footer"] = {{"uid", UidText(report.footer->uid)},
                        {"digest", fmt::format("{:016x}", report.footer->digest)},
                        {"top_index", HandleJson(report.footer->top_index)},
                        {"filter", HandleJson(report.footer->filter)},
                        {"sketch", HandleJson(report.footer->sketch)},
                        {"properties", HandleJson(report.footer->properties)}};
  }
  if (report.sketched_keys) object["sketched_keys"] = *report.sketched_keys;
  if (report.properties) {
    const sstable::TableInfo& info = report.properties->info;
    Json properties = {{"entries", info.entries},
                       {"deletes", info.deletes},
                       {"raw_bytes", info.raw_bytes},
                       {"smallest_sequence", key::Raw(info.smallest_sequence)},
                       {"largest_sequence", key::Raw(info.largest_sequence)},
                       {"order", JsonMessage(report.properties->order_name)},
                       {"data_blocks", report.properties->data_blocks},
                       {"index_pages", report.properties->index_pages},
                       {"block_bytes", report.properties->block_bytes},
                       {"codec", CodecText(report.properties->codec)}};
    properties["family_id"] = key::Raw(report.properties->family);
    const std::string& family = report.properties->family_name;
    AddBytes(&properties, "family", family.empty() ? kDefaultFamily : family);
    if (report.properties->tombstone_span) {
      const key::Range span = SpanOf(*report.properties->tombstone_span);
      properties["range_deletes"] = info.entries;
      if (span.begin) AddBytes(&properties, "range_begin", *span.begin);
      if (span.end) AddBytes(&properties, "range_end", *span.end);
    } else {
      AddBytes(&properties, "smallest", info.smallest);
      AddBytes(&properties, "largest", info.largest);
    }
    object["properties"] = std::move(properties);
  }
  object["blocks"] = Json::array();
  for (const TableReport::Node& node : report.nodes) object["blocks"].push_back(NodeJson(node));
  object["problems"] = Json::array();
  for (const std::string& problem : report.problems) object["problems"].push_back(JsonMessage(problem));
  return object;
}

}  // namespace

Result<ExitCode> ShowTable(const Invocation& invocation, const std::string& path) {
  AMETHYST_ASSIGN(const TableReport report, inspect::InspectTable(invocation.session.environment().files(), path));
  if (invocation.json) {
    invocation.console().out << TableJson(path, report).dump() << '\n';
  } else {
    PrintTable(invocation.console(), path, report);
  }
  return report.problems.empty() ? ExitCode::kOk : ExitCode::kError;
}

}  // namespace amethyst::cli
