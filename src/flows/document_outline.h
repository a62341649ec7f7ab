/// A document for people before it has a format: headings, paragraphs, facts, tables. Written once,
/// rendered as Markdown and as one self-contained HTML page, so that the two cannot differ.
///
///     Outline card{.title = "house@1", .kind = "Model card", .lede = {Say("An ease model")}};
///     card.sections.push_back({"Training data", {Paragraph{{Say("…")}}}});
///     const std::string markdown = RenderMarkdown(card);
///
/// Texts are taken as they are and escaped by the renderers: nobody's name can become markup.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace klieg::flows {

struct Span {
  enum class Kind { kText, kCode, kStrong };
  Kind kind = Kind::kText;
  std::string text;
};
using Line = std::vector<Span>;

inline Span Say(std::string text) { return {Span::Kind::kText, std::move(text)}; }
inline Span Code(std::string text) { return {Span::Kind::kCode, std::move(text)}; }
inline Span Strong(std::string text) { return {Span::Kind::kStrong, std::move(text)}; }

struct Paragraph {
  Line line;
};

/// Something that is not on record, or that the reader must not overlook.
struct Notice {
  Line line;
};

/// Names with their values.
struct FactList {
  std::vector<std::pair<std::string, Line>> facts;
};

struct Bullets {
  std::vector<Line> lines;
};

struct Table {
  std::vector<std::string> heads;
  std::vector<bool> figures;  ///< By column: set flush right.
  std::vector<std::vector<Line>> rows;
};

using Block = std::variant<Paragraph, Notice, FactList, Bullets, Table>;

struct Section {
  std::string heading;
  std::vector<Block> blocks;
};

struct Outline {
  std::string kind;   ///< "Model card": above the title.
  std::string title;  ///< "house@1"
  Line lede;
  std::vector<Section> sections;
  Line footer;
};

std::string RenderMarkdown(const Outline& outline);
std::string RenderHtml(const Outline& outline);

/// The parts of a page that the documents share. `head` ends with the opening of the page's column,
/// `foot` closes it. Nothing is fetched, and no script runs: the page's own policy says so.
std::string DocumentPageHead(std::string_view title);
std::string DocumentPageFoot();
std::string LineHtml(const Line& line);

}  // namespace klieg::flows
