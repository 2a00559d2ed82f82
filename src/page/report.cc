#include "page/report.h"

#include <algorithm>
#include <span>

#include "page/assets.h"

namespace amethyst::page {

namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";

// The modules one after the other, as one: each import and export is a line's beginning, and names differ throughout
// (page/README.md). A module comes behind those that it imports.
std::string ModulesInOne() {
  constexpr std::string_view kExport = "export ";
  std::string text;
  for (const Asset& asset : Assets()) {
    if (asset.type != kScript || asset.name == "uplot.js") continue;
    bool in_import = false;
    for (size_t begin = 0; begin < asset.text.size();) {
      const size_t end = std::min(asset.text.find('\n', begin), asset.text.size());
      std::string_view line = asset.text.substr(begin, end - begin);
      begin = end + 1;
      in_import = in_import || line.starts_with("import ");
      if (in_import) {
        in_import = !line.ends_with(';');
        continue;
      }
      if (line.starts_with(kExport)) line.remove_prefix(kExport.size());
      text.append(line).append("\n");
    }
  }
  return text;
}

std::string_view TextOf(std::string_view name) {
  const Asset* const asset = FindAsset(name);
  return asset == nullptr ? std::string_view() : asset->text;
}

void Replace(std::string* text, std::string_view from, std::string_view to) {
  const size_t at = text->find(from);
  if (at != std::string::npos) text->replace(at, from.size(), to);
}

std::string Element(std::string_view open, std::string_view text, std::string_view close) {
  return std::string(open).append(text).append(close);
}

}  // namespace

const Asset* FindAsset(std::string_view name) {
  for (const Asset& asset : Assets()) {
    if (asset.name == name) return &asset;
  }
  return nullptr;
}

std::string MakeReport(std::string_view state) {
  std::string html(TextOf("index.html"));
  Replace(&html, R"(<link rel="icon" href="gem.svg">)", "");
  Replace(&html, R"(<link rel="stylesheet" href="uplot.css">)", Element("<style>", TextOf("uplot.css"), "</style>"));
  Replace(&html, R"(<link rel="stylesheet" href="style.css">)", Element("<style>", TextOf("style.css"), "</style>"));
  Replace(&html, R"(<script src="uplot.js"></script>)", Element("<script>", TextOf("uplot.js"), "</script>"));
  Replace(&html, R"(<script type="module" src="page.js"></script>)",
          Element(R"(<script type="application/json" id="state">)", state, "</script>\n") +
              Element(R"(<script type="module">)", ModulesInOne(), "</script>"));
  return html;
}

}  // namespace amethyst::page
