#include "flows/document_outline.h"

#include <fmt/format.h>

#include <iterator>

#include "flows/document_style.h"
#include "flows/document_text.h"
#include "flows/html_text.h"

namespace klieg::flows {
namespace {

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string LineMarkdown(const Line& line) {
  std::string out;
  for (const Span& span : line) {
    switch (span.kind) {
      case Span::Kind::kText:
        out += EscapeMarkdown(span.text);
        break;
      case Span::Kind::kCode:
        out += MarkdownCode(span.text);
        break;
      case Span::Kind::kStrong:
        out += "**" + EscapeMarkdown(span.text) + "**";
        break;
    }
  }
  return out;
}

bool IsFigure(const Table& table, size_t column) {
  return column < table.figures.size() && table.figures[column];
}

struct ToMarkdown {
  std::string operator()(const Paragraph& block) const { return LineMarkdown(block.line) + "\n"; }
  std::string operator()(const Notice& block) const {
    return "> " + LineMarkdown(block.line) + "\n";
  }
  std::string operator()(const FactList& block) const {
    std::string out = "| | |\n|---|---|\n";
    for (const auto& [name, value] : block.facts)
      Append(out, "| {} | {} |\n", EscapeMarkdown(name), LineMarkdown(value));
    return out;
  }
  std::string operator()(const Bullets& block) const {
    std::string out;
    for (const Line& line : block.lines) out += "- " + LineMarkdown(line) + "\n";
    return out;
  }
  std::string operator()(const Table& block) const {
    std::string out = "|";
    for (const std::string& head : block.heads) Append(out, " {} |", EscapeMarkdown(head));
    out += "\n|";
    for (size_t i = 0; i < block.heads.size(); ++i) out += IsFigure(block, i) ? "---:|" : "---|";
    out += "\n";
    for (const std::vector<Line>& row : block.rows) {
      out += "|";
      for (const Line& cell : row) Append(out, " {} |", LineMarkdown(cell));
      out += "\n";
    }
    return out;
  }
};

struct ToHtml {
  std::string operator()(const Paragraph& block) const {
    return fmt::format("<p>{}</p>\n", LineHtml(block.line));
  }
  std::string operator()(const Notice& block) const {
    return fmt::format("<p class=\"notice\">{}</p>\n", LineHtml(block.line));
  }
  std::string operator()(const FactList& block) const {
    std::string out = "<dl>\n";
    for (const auto& [name, value] : block.facts)
      Append(out, "<div><dt>{}</dt><dd>{}</dd></div>\n", Escape(name), LineHtml(value));
    return out + "</dl>\n";
  }
  std::string operator()(const Bullets& block) const {
    std::string out = "<ul>\n";
    for (const Line& line : block.lines) Append(out, "<li>{}</li>\n", LineHtml(line));
    return out + "</ul>\n";
  }
  std::string operator()(const Table& block) const {
    std::string out = "<table>\n<thead><tr>";
    for (size_t i = 0; i < block.heads.size(); ++i) {
      Append(out, "<th scope=\"col\"{}>{}</th>", IsFigure(block, i) ? " class=\"figure\"" : "",
             Escape(block.heads[i]));
    }
    out += "</tr></thead>\n<tbody>\n";
    for (const std::vector<Line>& row : block.rows) {
      out += "<tr>";
      for (size_t i = 0; i < row.size(); ++i) {
        const std::string label = i < block.heads.size() ? Escape(block.heads[i]) : "";
        if (i == 0) {
          Append(out, "<th scope=\"row\">{}</th>", LineHtml(row[i]));
        } else {
          Append(out, "<td data-label=\"{}\"{}>{}</td>", label,
                 IsFigure(block, i) ? " class=\"figure\"" : "", LineHtml(row[i]));
        }
      }
      out += "</tr>\n";
    }
    return out + "</tbody></table>\n";
  }
};

}  // namespace

std::string LineHtml(const Line& line) {
  std::string out;
  for (const Span& span : line) {
    switch (span.kind) {
      case Span::Kind::kText:
        out += Escape(span.text);
        break;
      case Span::Kind::kCode:
        out += "<code>" + Escape(span.text) + "</code>";
        break;
      case Span::Kind::kStrong:
        out += "<b>" + Escape(span.text) + "</b>";
        break;
    }
  }
  return out;
}

std::string RenderMarkdown(const Outline& outline) {
  std::string out = "# " + EscapeMarkdown(outline.kind + ": " + outline.title) + "\n\n";
  out += LineMarkdown(outline.lede) + "\n";
  for (const Section& section : outline.sections) {
    out += "\n## " + EscapeMarkdown(section.heading) + "\n";
    for (const Block& block : section.blocks) out += "\n" + std::visit(ToMarkdown(), block);
  }
  return out + "\n---\n\n" + LineMarkdown(outline.footer) + "\n";
}

std::string RenderHtml(const Outline& outline) {
  std::string out = DocumentPageHead(outline.kind + ": " + outline.title);
  Append(out,
         "<header>\n<p class=\"kind\">{}</p>\n<h1>{}</h1>\n<p class=\"lede\">{}</p>\n</header>\n",
         Escape(outline.kind), Escape(outline.title), LineHtml(outline.lede));
  out += "<main>\n";
  for (const Section& section : outline.sections) {
    Append(out, "<section>\n<h2>{}</h2>\n", Escape(section.heading));
    for (const Block& block : section.blocks) out += std::visit(ToHtml(), block);
    out += "</section>\n";
  }
  Append(out, "</main>\n<footer><p>{}</p></footer>\n", LineHtml(outline.footer));
  return out + DocumentPageFoot();
}

std::string DocumentPageHead(std::string_view title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<div class=\"page\">\n",
      Escape(title), kDocumentStyle);
}

std::string DocumentPageFoot() { return "</div>\n</body>\n</html>\n"; }

}  // namespace klieg::flows
