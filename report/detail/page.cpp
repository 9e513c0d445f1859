#include "tenbin/report/detail/page.h"

#include "tenbin/plots/detail/svg.h"

namespace tenbin::detail {

namespace {

// The charts have the same ink, paper and lines, light and dark.
constexpr char style[] = R"css(<style>
:root{color-scheme:light dark;--paper:#fff;--ink:#222;--muted:#555;--line:#d4d7db;--soft:#f3f5f7;--accent:#0072b2;
--better:#00694c;--worse:#a34700}
@media (prefers-color-scheme:dark){:root{--paper:#16181c;--ink:#eee;--muted:#b5b8bd;--line:#3a3e45;--soft:#22252a;
--accent:#3d9be0;--better:#1fc79a;--worse:#ff8a3d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:78rem;padding:1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,"Helvetica Neue",Helvetica,Arial,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .6rem;border-top:1px solid var(--line);padding-top:1rem}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}
p,ul,dl{max-width:48rem;margin:.6rem 0}
dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.2rem 1.2rem;max-width:60rem}
a{color:var(--accent)}
.lead,figcaption{color:var(--muted)}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:0;max-width:none}
.result{border-left:.3rem solid var(--accent);background:var(--soft);padding:.4rem 1rem;max-width:50rem}
dt{font-weight:600;max-width:16rem}
dd{margin:0}
@media (max-width:40rem){dl{display:block}dt{max-width:none;margin-top:.4rem}dd{margin-left:1rem}}
pre{background:var(--soft);padding:.6rem .8rem;white-space:pre-wrap;font-size:.875rem}
.scroll{overflow-x:auto;margin:1rem 0}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;font-size:.875rem;line-height:1.35;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:0 0 .4rem;font-weight:600;max-width:calc(100vw - 2rem)}
th,td{padding:.3rem .55rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}
thead th{vertical-align:bottom;white-space:normal;overflow-wrap:normal;border-bottom:2px solid var(--muted)}
tbody th{font-weight:400}
th:first-child{position:sticky;left:0;background:var(--paper)}
.text{text-align:left;white-space:normal;min-width:7rem;max-width:30rem}
.better,.worse{display:inline-block;width:1.2em;text-align:right;font-weight:700}
.better{color:var(--better)}
.worse{color:var(--worse)}
.unmarked{display:inline-block;width:1.2em}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:1.5rem;margin:1rem 0}
.charts.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr))}
.beside{display:flex;flex-wrap:wrap;align-items:flex-start;gap:0 3rem}
.beside .scroll{max-width:100%}
figure{margin:0;min-width:0}
figure .scroll{margin:0}
figcaption{font-size:.875rem;max-width:48rem}
svg.tenbin{display:block;max-width:100%;height:auto}
.wide svg.tenbin{min-width:30rem}
@page{margin:14mm}
@media print{
body{max-width:none;padding:0;font-size:10pt}
nav{display:none}
h1,h2,h3,caption{break-after:avoid}
h2{margin-top:1.4rem}
figure,tr,dt,.result,pre{break-inside:avoid}
dt{break-after:avoid}
.scroll{overflow:visible}
table{font-size:7.5pt}
th,td{padding:1.5pt 3.5pt}
th:first-child{position:static}
.text{min-width:7em}
.charts{display:block}
.charts figure{display:inline-block;width:46%;margin:0 3% .8rem 0;vertical-align:top}
figcaption{font-size:8pt}
.charts.wide figure{width:100%;margin-right:0}
.wide svg.tenbin{min-width:0}
}
</style>
)css";

std::string tag(const char* name, const std::string& text) { return element(name, "", xml_text(text)); }

std::string joined_items(const char* name, const std::vector<std::string>& items) {
  std::string html;
  for (const std::string& item : items) html += tag(name, item);
  return html;
}

// Content that may be wider than the page, with a scroll bar of its own; the keyboard can scroll it, too.
std::string scrolling(const std::string& label, const std::string& content) {
  return element(
      "div", " class=\"scroll\" role=\"region\" tabindex=\"0\"" + attribute("aria-label", xml_text(label)),
      '\n' + content);
}

std::string mark_of(CellMark mark) {
  if (mark == CellMark::better) return "<span class=\"better\">+<span class=\"hidden\"> better</span></span>";
  if (mark == CellMark::worse)
    return "<span class=\"worse\">\u2212<span class=\"hidden\"> worse</span></span>";
  return "<span class=\"unmarked\"></span>";
}

bool has_marks(const PageTable& table, std::size_t column) {
  for (const std::vector<Cell>& row : table.rows)
    if (row[column].mark != CellMark::plain) return true;
  return false;
}

std::string head_of(const PageTable& table) {
  std::string html;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const char* const attributes =
        c < table.n_text_columns ? " scope=\"col\" class=\"text\"" : " scope=\"col\"";
    html += element("th", attributes, xml_text(table.columns[c]));
  }
  return element("thead", "", "<tr>\n" + html + "</tr>");
}

std::string body_of(const PageTable& table) {
  std::vector<bool> marked;
  for (std::size_t c = 0; c < table.columns.size(); ++c) marked.push_back(has_marks(table, c));
  std::string html = "\n";
  for (const std::vector<Cell>& row : table.rows) {
    html += "<tr>\n";
    for (std::size_t c = 0; c < row.size(); ++c) {
      const char* const style_class = c < table.n_text_columns ? " class=\"text\"" : "";
      const std::string attributes = c == 0 ? std::string(" scope=\"row\"") + style_class : style_class;
      html += element(c == 0 ? "th" : "td", attributes,
                      xml_text(row[c].text) + (marked[c] ? mark_of(row[c].mark) : ""));
    }
    html += "</tr>\n";
  }
  return element("tbody", "", html);
}

std::string html_of(const PageTable& table) {
  return scrolling(
      table.caption,
      element("table", "", '\n' + tag("caption", table.caption) + head_of(table) + body_of(table)));
}

std::string figure(const PageChart& chart, bool is_wide) {
  return element(
      "figure", "",
      '\n' + (is_wide ? scrolling(chart.caption, chart.svg) : chart.svg) + tag("figcaption", chart.caption));
}

std::string figures(const std::vector<PageChart>& charts, bool are_wide) {
  std::string html = "\n";
  for (const PageChart& chart : charts) html += figure(chart, are_wide);
  return html;
}

std::string section_id(std::size_t number) { return "section-" + std::to_string(number); }

}  // namespace

void Page::lead(const std::string& text) { lead_ += element("p", " class=\"lead\"", xml_text(text)); }

void Page::section(const std::string& heading) {
  sections_.push_back(heading);
  if (sections_.size() > 1) body_ += "</section>\n";
  const std::string id = section_id(sections_.size());
  body_ += "<section" + attribute("aria-labelledby", id) + ">\n" +
           element("h2", attribute("id", id), xml_text(heading));
}

void Page::subsection(const std::string& heading) { body_ += tag("h3", heading); }

void Page::paragraph(const std::string& text) { body_ += tag("p", text); }

void Page::result(const std::vector<std::string>& paragraphs) {
  body_ += element("div", " class=\"result\"", '\n' + joined_items("p", paragraphs));
}

void Page::list(const std::vector<std::string>& items) {
  body_ += element("ul", "", '\n' + joined_items("li", items));
}

void Page::terms(const std::vector<std::pair<std::string, std::string>>& terms) {
  std::string html = "\n";
  for (const auto& [term, meaning] : terms) html += tag("dt", term) + tag("dd", meaning);
  body_ += element("dl", "", html);
}

void Page::code(const std::string& text) { body_ += element("pre", "", tag("code", text)); }

void Page::table(const PageTable& table) { body_ += html_of(table); }

void Page::table(const PageTable& table, const PageChart& chart) {
  body_ += element("div", " class=\"beside\"", '\n' + html_of(table) + figure(chart, false));
}

void Page::charts(const std::vector<PageChart>& charts) {
  body_ += element("div", " class=\"charts\"", figures(charts, false));
}

void Page::wide_charts(const std::vector<PageChart>& charts) {
  body_ += element("div", " class=\"charts wide\"", figures(charts, true));
}

std::string Page::html() const {
  std::string contents = "\n";
  for (std::size_t i = 0; i < sections_.size(); ++i)
    contents +=
        element("li", "", element("a", attribute("href", "#" + section_id(i + 1)), xml_text(sections_[i])));
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" +
         tag("title", title_) + style + "</head>\n<body>\n<header>\n" + tag("h1", title_) + lead_ +
         element("nav", " aria-label=\"Contents\"", '\n' + element("ul", "", contents)) +
         "</header>\n<main>\n" + body_ + (sections_.empty() ? "" : "</section>\n") +
         "</main>\n</body>\n</html>\n";
}

}  // namespace tenbin::detail
