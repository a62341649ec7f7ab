// The parser of policy files: recursive descent, one token ahead. docs/reference/policy-language.md
// gives the grammar; each function here reads what its name says there.
#include <algorithm>
#include <charconv>
#include <set>

#include "rights/canonical_json.h"
#include "rights/fact_box.h"
#include "rights/policy_lexer.h"
#include "rights/policy_syntax.h"
#include "rights/terms.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using core::Result;
using core::Status;

constexpr size_t kMaxNameBytes = 64;
constexpr uint32_t kMaxWaitHours = 24 * 366;

bool IsName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNameBytes && std::ranges::all_of(text, allowed) &&
         text.front() != '-' && text.back() != '-';
}

/// What is written of a period: `always` and both ends are what was said, not what follows from it.
struct WrittenPeriod {
  Period period;
  bool always = false;
};

class PolicyParser {
 public:
  PolicyParser(std::string_view text, std::string_view name) : lexer_(text), name_(name) {}

  Result<PackSyntax> File() {
    KLIEG_TRY(Advance());
    KLIEG_TRY(Header());
    while (token_.kind != PolicyTokenKind::kEnd) {
      if (token_.Is("clause")) {
        KLIEG_TRY(ReadClause());
      } else if (token_.Is("prove")) {
        KLIEG_TRY(ReadClaim());
      } else {
        return Expected("'clause' or 'prove'");
      }
    }
    return std::move(syntax_);
  }

 private:
  // ---- tokens ----

  Status Advance() {
    Result<PolicyToken> next = lexer_.Next();
    if (!next) return core::Prefix(next.error(), Place(lexer_.line()));
    token_ = std::move(*next);
    return {};
  }
  std::string Place(size_t line) const { return fmt::format("{}, line {}", name_, line); }
  template <class... Args>
  tl::unexpected<core::Error> FailAt(size_t line, fmt::format_string<Args...> format,
                                     Args&&... args) const {
    return Fail(ErrorCode::kInvalidArgument, "{}: {}", Place(line),
                fmt::format(format, std::forward<Args>(args)...));
  }
  tl::unexpected<core::Error> Expected(std::string_view what) const {
    return FailAt(token_.line, "expected {}; found {}", what, DescribeToken(token_));
  }
  Result<bool> Take(std::string_view word_or_mark) {
    if (!token_.Is(word_or_mark)) return false;
    KLIEG_TRY(Advance());
    return true;
  }
  Status Require(std::string_view word_or_mark) {
    KLIEG_ASSIGN(const bool taken, Take(word_or_mark));
    if (!taken) return Expected(fmt::format("'{}'", word_or_mark));
    return {};
  }
  Result<std::string> Word(std::string_view what) {
    if (token_.kind != PolicyTokenKind::kWord) return Expected(what);
    std::string word = std::move(token_.text);
    KLIEG_TRY(Advance());
    return word;
  }
  Result<std::string> Name(std::string_view what) {
    if (token_.kind == PolicyTokenKind::kWord && !IsName(token_.text)) {
      return FailAt(token_.line,
                    "{} must be at most {} small letters, figures and single hyphens between them; "
                    "found '{}'",
                    what, kMaxNameBytes, token_.text);
    }
    return Word(what);
  }
  /// One text, or several one after the other, which a space joins.
  Result<std::string> Text(std::string_view what) {
    if (token_.kind != PolicyTokenKind::kText) {
      return Expected(fmt::format("{} as a text in quotes", what));
    }
    const size_t line = token_.line;
    std::string text;
    while (token_.kind == PolicyTokenKind::kText) {
      if (!text.empty()) text += ' ';
      text += token_.text;
      KLIEG_TRY(Advance());
    }
    if (auto checked = CheckTermsText(what, text); !checked) {
      return FailAt(line, "{}", checked.error().message);
    }
    return text;
  }
  /// title "…";
  Status TextStatement(std::string& value) {
    const PolicyToken keyword = token_;
    KLIEG_TRY(Advance());
    if (!value.empty()) return FailAt(keyword.line, "'{}' is said twice", keyword.text);
    KLIEG_ASSIGN(value, Text(keyword.text));
    return Require(";");
  }
  Status RequireSaid(const std::string& value, std::string_view keyword, std::string_view where,
                     size_t line) const {
    if (!value.empty()) return {};
    return FailAt(line, "{} does not say its {}: add {} \"…\";", where, keyword, keyword);
  }

  // ---- pack ----

  Status Header() {
    const size_t line = token_.line;
    Pack& pack = syntax_.pack;
    KLIEG_TRY(Require("pack"));
    KLIEG_ASSIGN(pack.name, Text("the name of the pack"));
    if (!IsName(pack.name)) {
      return FailAt(line,
                    "the name of a pack must be at most {} small letters, figures and hyphens; "
                    "found \"{}\"",
                    kMaxNameBytes, pack.name);
    }
    KLIEG_TRY(Require("version"));
    KLIEG_ASSIGN(pack.version, Text("the version"));
    KLIEG_TRY(Require("{"));
    bool dated = false;
    while (!token_.Is("}")) KLIEG_TRY(HeaderStatement(dated));
    KLIEG_TRY(RequireSaid(pack.title, "title", "the pack", line));
    KLIEG_TRY(RequireSaid(pack.source, "source", "the pack", line));
    KLIEG_TRY(RequireSaid(pack.leaves_out, "leaves-out", "the pack", line));
    if (!dated) {
      return FailAt(line,
                    "the pack does not say when it is in force: add effective always; or "
                    "effective 2023-11-09 until 2026-07-01;");
    }
    return Advance();
  }

  Status HeaderStatement(bool& dated) {
    Pack& pack = syntax_.pack;
    if (token_.Is("title")) return TextStatement(pack.title);
    if (token_.Is("source")) return TextStatement(pack.source);
    if (token_.Is("leaves-out")) return TextStatement(pack.leaves_out);
    if (token_.Is("effective")) {
      if (dated) return FailAt(token_.line, "'effective' is said twice");
      dated = true;
      KLIEG_ASSIGN(const WrittenPeriod written, Effective());
      pack.effective = written.period;
      return {};
    }
    if (token_.Is("optional")) {
      if (pack.optional) return FailAt(token_.line, "'optional' is said twice");
      pack.optional = true;
      KLIEG_TRY(Advance());
      return Require(";");
    }
    return Expected("title, source, leaves-out, effective, optional or '}'");
  }

  /// effective always;  effective 2023-11-09;  effective 2023-11-09 until 2026-07-01;
  /// effective until 2026-07-01;
  Result<WrittenPeriod> Effective() {
    const size_t line = token_.line;
    KLIEG_TRY(Advance());
    WrittenPeriod written;
    KLIEG_ASSIGN(written.always, Take("always"));
    if (!written.always) {
      if (!token_.Is("until")) {
        KLIEG_ASSIGN(written.period.from, Date());
      }
      KLIEG_ASSIGN(const bool ends, Take("until"));
      if (ends) {
        KLIEG_ASSIGN(written.period.until, Date());
      }
    }
    const Period& period = written.period;
    if (period.from && period.until && *period.from >= *period.until) {
      return FailAt(line, "the period ends before it begins");
    }
    KLIEG_TRY(Require(";"));
    return written;
  }

  Result<core::Timestamp> Date() {
    const size_t line = token_.line;
    KLIEG_ASSIGN(const std::string word, Word("a date such as 2023-11-09, 'until' or 'always'"));
    Result<core::Timestamp> time = core::ParseTimestamp(word);
    if (!time) return FailAt(line, "{}", time.error().message);
    return time;
  }

  // ---- clauses and claims ----

  Status ReadClause() {
    const size_t line = token_.line;
    KLIEG_TRY(Advance());
    Clause clause;
    KLIEG_ASSIGN(clause.id, Name("the name of the clause"));
    const std::string where = fmt::format("clause '{}'", clause.id);
    if (!clause_names_.insert(clause.id).second) {
      return FailAt(line, "there are two clauses '{}'", clause.id);
    }
    if (syntax_.pack.clauses.size() >= kMaxPolicyClauses) {
      return FailAt(line, "a pack has at most {} clauses", kMaxPolicyClauses);
    }
    clause.effective = syntax_.pack.effective;
    KLIEG_TRY(Require("{"));
    bool dated = false;
    while (!token_.Is("permit") && !token_.Is("forbid")) {
      KLIEG_TRY(ClauseStatement(clause, dated));
    }
    KLIEG_TRY(RequireSaid(clause.source, "source", where, line));
    KLIEG_TRY(RequireSaid(clause.says, "says", where, line));
    KLIEG_ASSIGN(Condition condition, Rule(clause));
    KLIEG_TRY(Require(";"));
    KLIEG_TRY(Require("}"));
    syntax_.pack.clauses.push_back(std::move(clause));
    syntax_.clause_conditions.push_back(std::move(condition));
    syntax_.clause_lines.push_back(line);
    return {};
  }

  Status ClauseStatement(Clause& clause, bool& dated) {
    if (token_.Is("source")) return TextStatement(clause.source);
    if (token_.Is("says")) return TextStatement(clause.says);
    if (!token_.Is("effective")) return Expected("source, says, effective, permit or forbid");
    const size_t line = token_.line;
    if (dated) return FailAt(line, "'effective' is said twice");
    dated = true;
    KLIEG_ASSIGN(const WrittenPeriod written, Effective());
    if (written.always) return FailAt(line, "a clause cannot outlast its pack: leave 'always' out");
    return Narrow(clause.effective, written.period, line);
  }

  /// Makes `period` the part of it that was written, which must lie within.
  Status Narrow(Period& period, const Period& written, size_t line) const {
    const auto outside = [&](std::optional<core::Timestamp> time) {
      return time &&
             ((period.from && *time < *period.from) || (period.until && *time > *period.until));
    };
    if (outside(written.from) || outside(written.until)) {
      return FailAt(line, "the period is not within the pack's");
    }
    if (written.from) period.from = written.from;
    if (written.until) period.until = written.until;
    if (period.from && period.until && *period.from >= *period.until) {
      return FailAt(line, "the period is not within the pack's");
    }
    return {};
  }

  /// permit (…) when … unless … oblige …, without the semicolon.
  Result<Condition> Rule(Clause& clause) {
    clause.effect = token_.Is("permit") ? Effect::kPermit : Effect::kForbid;
    const bool permits = clause.effect == Effect::kPermit;
    KLIEG_TRY(Advance());
    KLIEG_ASSIGN(Condition condition, Scope());
    if (token_.Is("oblige")) {
      if (!permits) return FailAt(token_.line, "only a permission can oblige");
      KLIEG_TRY(Obligations(clause.obligations));
    } else if (token_.Is("stops")) {
      if (permits) return FailAt(token_.line, "only a prohibition can stop the run");
      KLIEG_TRY(Advance());
      KLIEG_TRY(Require("run"));
      clause.stops_run = true;
    }
    if (!token_.Is(";")) {
      return Expected(permits ? "'when', 'unless', 'oblige' or ';'"
                              : "'when', 'unless', 'stops run' or ';'");
    }
    return condition;
  }

  Status Obligations(std::vector<Obligation>& obligations) {
    do {
      KLIEG_TRY(Advance());  // over "oblige" or ","
      KLIEG_ASSIGN(Obligation obligation, ReadObligation());
      obligations.push_back(std::move(obligation));
    } while (token_.Is(","));
    return {};
  }

  Result<Obligation> ReadObligation() {
    Obligation obligation;
    KLIEG_ASSIGN(obligation.kind, Kind());
    if (obligation.kind == ObligationKind::kWait) {
      KLIEG_ASSIGN(obligation.hours, Hours());
      if (token_.kind != PolicyTokenKind::kText) return obligation;
    }
    KLIEG_ASSIGN(obligation.what, Text("whom and what for"));
    return obligation;
  }

  Result<ObligationKind> Kind() {
    for (const ObligationKind kind : {ObligationKind::kPay, ObligationKind::kNotify,
                                      ObligationKind::kWait, ObligationKind::kAskAgain}) {
      KLIEG_ASSIGN(const bool taken, Take(ObligationKindName(kind)));
      if (taken) return kind;
    }
    return Expected("an obligation: pay, notify, wait or ask-again");
  }

  Result<uint32_t> Hours() {
    const size_t line = token_.line;
    KLIEG_ASSIGN(const std::string word, Word("a number of hours, for example: wait 48 hours"));
    uint32_t hours = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), hours);
    if (error != std::errc() || end != word.data() + word.size() || hours == 0 ||
        hours > kMaxWaitHours) {
      return FailAt(line, "expected a whole number of hours, 1 to {}; found '{}'", kMaxWaitHours,
                    word);
    }
    KLIEG_TRY(Require("hours"));
    return hours;
  }

  Status ReadClaim() {
    Claim claim;
    claim.line = token_.line;
    KLIEG_TRY(Advance());
    KLIEG_ASSIGN(claim.id, Name("the name of the claim"));
    const std::string where = fmt::format("claim '{}'", claim.id);
    if (!claim_names_.insert(claim.id).second) {
      return FailAt(claim.line, "there are two claims '{}'", claim.id);
    }
    if (syntax_.pack.claims.size() >= kMaxPolicyClaims) {
      return FailAt(claim.line, "a pack has at most {} claims", kMaxPolicyClaims);
    }
    KLIEG_TRY(Require("{"));
    while (token_.Is("says")) KLIEG_TRY(TextStatement(claim.says));
    KLIEG_TRY(Require("never"));
    KLIEG_TRY(Require("permits"));
    KLIEG_TRY(RequireSaid(claim.says, "says", where, claim.line));
    KLIEG_ASSIGN(Condition condition, Scope());
    if (token_.Is("without")) {
      do {
        KLIEG_TRY(Advance());  // over "without" or ","
        KLIEG_ASSIGN(const ObligationKind kind, Kind());
        claim.without.push_back(kind);
      } while (token_.Is(","));
    }
    if (!token_.Is(";")) return Expected("'when', 'unless', 'without' or ';'");
    KLIEG_TRY(Advance());
    KLIEG_TRY(Require("}"));
    syntax_.pack.claims.push_back(std::move(claim));
    syntax_.claim_conditions.push_back(std::move(condition));
    return {};
  }

  // ---- conditions ----

  /// (condition, condition) when condition unless condition: all of them together.
  Result<Condition> Scope() {
    Condition all;
    KLIEG_TRY(Require("("));
    if (!token_.Is(")")) {
      while (true) {
        KLIEG_ASSIGN(Condition condition, Either(0));
        all.operands.push_back(std::move(condition));
        KLIEG_ASSIGN(const bool more, Take(","));
        if (!more) break;
      }
    }
    if (!token_.Is(")")) return Expected("'and', 'or', ',' or ')'");
    KLIEG_TRY(Advance());
    while (token_.Is("when") || token_.Is("unless")) {
      const bool contrary = token_.Is("unless");
      KLIEG_TRY(Advance());
      KLIEG_ASSIGN(Condition condition, Either(0));
      all.operands.push_back(contrary ? Not(std::move(condition)) : std::move(condition));
    }
    return all;
  }

  static Condition Not(Condition operand) {
    Condition condition;
    condition.kind = Condition::Kind::kNot;
    condition.operands.push_back(std::move(operand));
    return condition;
  }

  Result<Condition> Either(size_t depth) {
    return List(Condition::Kind::kOr, "or",
                [&] { return List(Condition::Kind::kAnd, "and", [&] { return Unary(depth); }); });
  }

  /// Operands with `word` between them; one operand stands for itself.
  template <class ReadOperand>
  Result<Condition> List(Condition::Kind kind, std::string_view word, ReadOperand read) {
    KLIEG_ASSIGN(Condition first, read());
    if (!token_.Is(word)) return first;
    Condition list;
    list.kind = kind;
    list.operands.push_back(std::move(first));
    while (token_.Is(word)) {
      KLIEG_TRY(Advance());
      KLIEG_ASSIGN(Condition operand, read());
      list.operands.push_back(std::move(operand));
    }
    return list;
  }

  Result<Condition> Unary(size_t depth) {
    if (depth > kMaxConditionDepth) {
      return FailAt(token_.line, "conditions may be nested at most {} deep", kMaxConditionDepth);
    }
    KLIEG_ASSIGN(const bool contrary, Take("not"));
    if (contrary) {
      KLIEG_ASSIGN(Condition operand, Unary(depth + 1));
      return Not(std::move(operand));
    }
    KLIEG_ASSIGN(const bool opened, Take("("));
    if (!opened) return Test();
    KLIEG_ASSIGN(Condition condition, Either(depth + 1));
    if (!token_.Is(")")) return Expected("'and', 'or' or ')'");
    KLIEG_TRY(Advance());
    return condition;
  }

  /// consent == permitted, consent != refused, evidence in [document, signature],
  /// material not in [screenplay], purpose in replica
  Result<Condition> Test() {
    const size_t line = token_.line;
    KLIEG_ASSIGN(const std::string word, Word("a condition such as consent == permitted"));
    const Result<Attribute> attribute = ParseAttribute(word);
    if (!attribute) return FailAt(line, "{}", attribute.error().message);
    Condition test;
    test.kind = Condition::Kind::kTest;
    test.attribute = *attribute;
    const bool equal = token_.Is("==");
    if (equal || token_.Is("!=")) {
      KLIEG_TRY(Advance());
      KLIEG_ASSIGN(test.allowed, Value(test.attribute));
      if (!equal) test.allowed = AllValues(test.attribute) & ~test.allowed;
      return test;
    }
    KLIEG_ASSIGN(const bool contrary, Take("not"));
    if (!token_.Is("in")) return Expected("'==', '!=', 'in' or 'not in'");
    KLIEG_TRY(Advance());
    KLIEG_ASSIGN(test.allowed, ValueSet(test.attribute));
    if (contrary) test.allowed = AllValues(test.attribute) & ~test.allowed;
    return test;
  }

  /// A list in brackets, or the name of a group of purposes.
  Result<uint32_t> ValueSet(Attribute attribute) {
    if (attribute == Attribute::kPurpose && token_.kind == PolicyTokenKind::kWord) {
      return ValueOrGroup(attribute);
    }
    KLIEG_ASSIGN(const bool opened, Take("["));
    if (!opened) {
      return Expected(attribute == Attribute::kPurpose ? "a group of purposes, or a list in '['"
                                                       : "a list of values in '['");
    }
    uint32_t values = 0;
    while (true) {
      KLIEG_ASSIGN(const uint32_t value, ValueOrGroup(attribute));
      values |= value;
      KLIEG_ASSIGN(const bool more, Take(","));
      if (!more) break;
    }
    if (!token_.Is("]")) return Expected("',' or ']'");
    KLIEG_TRY(Advance());
    return values;
  }

  Result<uint32_t> ValueOrGroup(Attribute attribute) {
    if (attribute != Attribute::kPurpose) return Value(attribute);
    const size_t line = token_.line;
    KLIEG_ASSIGN(const std::string word, Word("a purpose, or a group of them"));
    const Result<std::vector<Purpose>> purposes = ParsePurposes(word);
    if (!purposes) return FailAt(line, "{}", purposes.error().message);
    uint32_t values = 0;
    for (const Purpose purpose : *purposes) values |= uint32_t{1} << static_cast<uint32_t>(purpose);
    return values;
  }

  Result<uint32_t> Value(Attribute attribute) {
    const size_t line = token_.line;
    KLIEG_ASSIGN(const std::string word,
                 Word(fmt::format("a value of '{}'", AttributeName(attribute))));
    const Result<uint8_t> value = ParseAttributeValue(attribute, word);
    if (value) return uint32_t{1} << *value;
    const bool group = attribute == Attribute::kPurpose && ParsePurposes(word).has_value();
    return FailAt(line, "{}{}", value.error().message,
                  group ? fmt::format(": that is a group, write: purpose in {}", word) : "");
  }

  PolicyLexer lexer_;
  std::string_view name_;
  PolicyToken token_;
  PackSyntax syntax_;
  std::set<std::string> clause_names_;
  std::set<std::string> claim_names_;
};

}  // namespace

std::string_view ObligationKindName(ObligationKind kind) {
  switch (kind) {
    case ObligationKind::kPay:
      return "pay";
    case ObligationKind::kNotify:
      return "notify";
    case ObligationKind::kWait:
      return "wait";
    case ObligationKind::kAskAgain:
      break;
  }
  return "ask-again";
}

core::Result<PackSyntax> ParsePackSyntax(std::string_view text, std::string_view name) {
  if (text.size() > kMaxPolicyBytes) {
    return Fail(ErrorCode::kInvalidArgument, "{}: a pack has at most {} bytes; found {}", name,
                kMaxPolicyBytes, text.size());
  }
  if (!IsWellFormedUtf8(text)) {
    return Fail(ErrorCode::kInvalidArgument, "{}: a pack is UTF-8; this is not", name);
  }
  KLIEG_ASSIGN(PackSyntax syntax, PolicyParser(text, name).File());
  syntax.pack.digest = core::HashBytes(text);
  return syntax;
}

}  // namespace klieg::rights
