#include "data/record_scanner.h"

#include <algorithm>

namespace klieg::data {

bool RecordScanner::DelimiterAt(size_t at) const {
  return text_.compare(at, dialect_.delimiter.size(), dialect_.delimiter) == 0;
}

RecordScanner::Outcome RecordScanner::ScanUnquoted(size_t& at, Record& record) const {
  const size_t begin = at;
  const char first = dialect_.delimiter.front();
  const bool one_byte = dialect_.delimiter.size() == 1;
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == first && (one_byte || DelimiterAt(at))) {
      record.fields.push_back(text_.substr(begin, at - begin));
      at += dialect_.delimiter.size();
      return Outcome::kField;
    }
    if (c == '\n') {
      const size_t end = at > begin && text_[at - 1] == '\r' ? at - 1 : at;
      record.fields.push_back(text_.substr(begin, end - begin));
      ++at;
      return Outcome::kLastField;
    }
  }
  if (!at_end_) return Outcome::kIncomplete;
  const size_t end = at > begin && text_[at - 1] == '\r' ? at - 1 : at;
  record.fields.push_back(text_.substr(begin, end - begin));
  return Outcome::kLastField;
}

RecordScanner::Outcome RecordScanner::AfterQuoted(size_t& at) const {
  if (at >= text_.size()) return at_end_ ? Outcome::kLastField : Outcome::kIncomplete;
  if (text_[at] == '\n') {
    ++at;
    return Outcome::kLastField;
  }
  if (text_[at] == '\r') {
    if (at + 1 >= text_.size()) {
      at = text_.size();
      return at_end_ ? Outcome::kLastField : Outcome::kIncomplete;
    }
    if (text_[at + 1] != '\n') return Outcome::kBadQuoting;
    at += 2;
    return Outcome::kLastField;
  }
  if (DelimiterAt(at)) {
    at += dialect_.delimiter.size();
    return Outcome::kField;
  }
  const bool cut = !at_end_ && text_.size() - at < dialect_.delimiter.size();
  return cut ? Outcome::kIncomplete : Outcome::kBadQuoting;
}

RecordScanner::Outcome RecordScanner::ScanQuoted(size_t& at, Record& record) const {
  const size_t begin = at + 1;
  const size_t limit = std::min(text_.size(), begin + kQuotedBytesMax);
  bool doubled = false;
  size_t quote = begin;
  while (true) {
    quote = text_.find('"', quote);
    if (quote >= limit) {  // npos included
      const bool more_may_come = !at_end_ && limit == text_.size();
      return more_may_come ? Outcome::kIncomplete : Outcome::kBadQuoting;
    }
    if (quote + 1 < text_.size() && text_[quote + 1] == '"') {
      doubled = true;
      quote += 2;
      continue;
    }
    if (quote + 1 == text_.size() && !at_end_) return Outcome::kIncomplete;
    break;
  }
  const std::string_view inside = text_.substr(begin, quote - begin);
  at = quote + 1;
  const Outcome outcome = AfterQuoted(at);
  if (outcome != Outcome::kField && outcome != Outcome::kLastField) return outcome;
  if (!doubled) {
    record.fields.push_back(inside);
    return outcome;
  }
  record.unquoted_fields.push_back({record.fields.size(), record.unquoted.size()});
  for (size_t i = 0; i < inside.size(); ++i) {
    record.unquoted.push_back(inside[i]);
    if (inside[i] == '"') ++i;
  }
  record.fields.emplace_back();
  return outcome;
}

/// Points the fields that were unquoted into their text, which no longer moves.
void RecordScanner::PlaceUnquoted(Record& record) {
  const std::string_view all = record.unquoted;
  for (size_t i = 0; i < record.unquoted_fields.size(); ++i) {
    const auto [field, begin] = record.unquoted_fields[i];
    const bool last = i + 1 == record.unquoted_fields.size();
    const size_t end = last ? all.size() : record.unquoted_fields[i + 1].begin;
    record.fields[field] = all.substr(begin, end - begin);
  }
}

bool RecordScanner::EndAtFirstLineEnd(Record& record) {
  record.bad_quoting = true;
  record.fields.clear();
  const size_t newline = text_.find('\n', position_);
  if (newline == std::string_view::npos && !at_end_) return false;
  const size_t end = std::min(newline, text_.size());
  record.text = text_.substr(position_, end - position_);
  if (record.text.ends_with('\r')) record.text.remove_suffix(1);
  record.lines = 1;
  position_ = std::min(end + 1, text_.size());
  return true;
}

bool RecordScanner::Next(Record& record) {
  record.fields.clear();
  record.unquoted.clear();
  record.unquoted_fields.clear();
  record.bad_quoting = false;
  if (position_ >= text_.size()) return false;
  size_t at = position_;
  bool any_quoted = false;
  while (true) {
    Outcome outcome;
    if (dialect_.quotes && at < text_.size() && text_[at] == '"') {
      any_quoted = true;
      outcome = ScanQuoted(at, record);
    } else {
      outcome = ScanUnquoted(at, record);
    }
    if (outcome == Outcome::kIncomplete) return false;
    if (outcome == Outcome::kBadQuoting) return EndAtFirstLineEnd(record);
    if (outcome == Outcome::kLastField) break;
  }
  PlaceUnquoted(record);
  record.text = text_.substr(position_, at - position_);
  if (record.text.ends_with('\n')) record.text.remove_suffix(1);
  if (record.text.ends_with('\r')) record.text.remove_suffix(1);
  record.lines = 1;
  if (any_quoted) {
    record.lines += static_cast<uint64_t>(std::count(record.text.begin(), record.text.end(), '\n'));
  }
  position_ = at;
  return true;
}

}  // namespace klieg::data
