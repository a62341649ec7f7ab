#include "flows/document_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "flows/html_text.h"

namespace klieg::flows {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

constexpr std::string_view kEverywhere = "\\`*_[]|~";

/// Place of the '.' or ')' that would make "12." at the beginning a numbered list; none: npos.
size_t ListMark(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const bool mark = end > 0 && end < text.size() && (text[end] == '.' || text[end] == ')');
  const bool alone = mark && (end + 1 == text.size() || text[end + 1] == ' ');
  return alone ? end : std::string_view::npos;
}

}  // namespace

// HTML entities count in Markdown too, so that Escape does what concerns markup and bad bytes.
std::string EscapeMarkdown(std::string_view text) {
  const std::string safe = Escape(text);
  const size_t list_mark = ListMark(safe);
  std::string out;
  out.reserve(safe.size() + safe.size() / 8);
  for (size_t at = 0; at < safe.size(); ++at) {
    const char c = safe[at];
    const bool heading = c == '#' && (at == 0 || safe[at - 1] != '&');
    const bool opens_list = at == 0 && (c == '-' || c == '+' || c == '=');
    if (kEverywhere.find(c) != std::string_view::npos || heading || opens_list || at == list_mark)
      out += '\\';
    out += c;
  }
  return out;
}

std::string MarkdownCode(std::string_view text) {
  std::string inner;
  size_t run = 0;
  size_t longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|') inner += '\\';
    inner += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  const std::string fence(longest + 1, '`');
  const std::string pad = longest > 0 || inner.empty() ? " " : "";
  return fence + pad + inner + pad + fence;
}

std::string DateText(core::Timestamp time) {
  const std::string iso = core::FormatTimestamp(time);
  const size_t month = std::stoul(iso.substr(5, 2));
  return fmt::format("{} {} {}", std::stoul(iso.substr(8, 2)), kMonths[(month - 1) % 12],
                     std::stoul(iso.substr(0, 4)));
}

std::string DateTimeText(core::Timestamp time) {
  return fmt::format("{}, {} UTC", DateText(time), core::FormatTimestamp(time).substr(11, 5));
}

std::string UuidOf(std::string_view name) {
  core::Digest digest = core::HashPieces({"klieg uuid v1\n", name});
  digest.bytes[6] = static_cast<uint8_t>((digest.bytes[6] & 0x0fU) | 0x80U);
  digest.bytes[8] = static_cast<uint8_t>((digest.bytes[8] & 0x3fU) | 0x80U);
  const std::string hex = digest.Hex();
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

std::string FigureText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

std::string CountOf(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", CountText(count), count == 1 ? one : many);
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

std::string_view PurposePhrase(rights::Purpose purpose) {
  switch (purpose) {
    case rights::Purpose::kRecommend:
      return "recommending titles to members";
    case rights::Purpose::kForecast:
      return "forecasting which titles will be watched";
    case rights::Purpose::kSchedule:
      return "planning a production";
    case rights::Purpose::kMeasure:
      return "measuring how well something works";
    case rights::Purpose::kRemove:
      return "taking material out again";
    case rights::Purpose::kTrainGenerative:
      return "training systems that make new content";
    case rights::Purpose::kCreateReplica:
      return "making a digital replica of a performer";
    case rights::Purpose::kUseReplica:
      return "using a performer’s digital replica";
    case rights::Purpose::kUseReplicaAfterDeath:
      return "using the digital replica of a performer who has died";
    case rights::Purpose::kAlterPerformance:
      return "changing a recorded performance digitally";
    case rights::Purpose::kSyntheticPerformer:
      return "making a performer who is no real person";
    case rights::Purpose::kLicenseThirdParty:
      return "handing material to somebody outside";
  }
  return "a purpose that this version does not know";
}

std::string PurposePhrase(std::string_view purpose_name) {
  const auto purpose = rights::ParsePurpose(purpose_name);
  return purpose ? std::string(PurposePhrase(*purpose)) : std::string(purpose_name);
}

std::string DocumentJson(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace klieg::flows
