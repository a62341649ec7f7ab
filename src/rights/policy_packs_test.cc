// Every clause of every shipped pack, by the tables in packs/*.cases that a lawyer can read: what it
// permits, what it refuses, and that it says nothing just outside its dates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "core/file.h"
#include "rights/policy.h"
#include "rights/policy_plain.h"

namespace klieg::rights {
namespace {

namespace fs = std::filesystem;

enum class Expected { kPermits, kRefuses, kOutside, kEver };

struct Case {
  std::string clause;
  Expected expected = Expected::kPermits;
  std::string day;
  Facts facts;
  std::string place;  ///< File and line.
};

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    const size_t begin = part.find_first_not_of(' ');
    const size_t end = part.find_last_not_of(' ');
    parts.push_back(begin == std::string::npos ? "" : part.substr(begin, end - begin + 1));
  }
  return parts;
}

/// "purpose recommend, $signed" with the names that "let" gave.
Facts ReadFacts(const std::string& text, const std::map<std::string, std::string>& lets,
                const std::string& place) {
  Facts facts;
  for (const std::string& item : Split(text, ',')) {
    if (item.starts_with('$')) {
      const auto let = lets.find(item.substr(1));
      if (let == lets.end()) {
        ADD_FAILURE() << place << ": no 'let " << item.substr(1) << "'";
        continue;
      }
      const Facts more = ReadFacts(let->second, {}, place);
      for (size_t a = 0; a < kAttributeCount; ++a) {
        const auto attribute = static_cast<Attribute>(a);
        if (more.Index(attribute) != 0) facts.SetIndex(attribute, more.Index(attribute));
      }
      continue;
    }
    const size_t space = item.find(' ');
    const auto attribute = ParseAttribute(item.substr(0, space));
    const core::Status set =
        attribute ? facts.Set(*attribute, space == std::string::npos ? "" : item.substr(space + 1))
                  : core::Status(tl::unexpected(attribute.error()));
    EXPECT_TRUE(set) << place << ": " << set.error().message;
  }
  return facts;
}

std::vector<Case> ReadCases(const std::string& pack) {
  static const std::map<std::string, Expected> kExpected = {{"permits", Expected::kPermits},
                                                            {"refuses", Expected::kRefuses},
                                                            {"outside", Expected::kOutside},
                                                            {"ever", Expected::kEver}};
  const fs::path path = fs::path(KLIEG_SOURCE_DIR) / "src/rights/packs" / (pack + ".cases");
  std::stringstream lines(core::ReadFile(path).value());
  std::map<std::string, std::string> lets;
  std::vector<Case> cases;
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string place = fmt::format("{}.cases:{}", pack, ++number);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("let ")) {
      const std::vector<std::string> parts = Split(line.substr(4), '=');
      lets[parts.at(0)] = parts.at(1);
      continue;
    }
    const std::vector<std::string> cells = Split(line, '|');
    if (cells.size() != 4 || !kExpected.contains(cells[1])) {
      ADD_FAILURE() << place
                    << ": expected clause | permits, refuses, outside or ever | day | facts";
      continue;
    }
    cases.push_back(
        {cells[0], kExpected.at(cells[1]), cells[2], ReadFacts(cells[3], lets, place), place});
  }
  return cases;
}

class PackCases : public ::testing::TestWithParam<std::string> {
 protected:
  PackCases() : name_(GetParam()), set_(Set(GetParam())) {
    index_ = static_cast<uint32_t>(set_.packs().size() - 1);
  }

  static PolicySet Set(const std::string& name) {
    std::vector<Pack> packs = {ShippedPacks().front()};
    for (const Pack& pack : ShippedPacks()) {
      if (pack.name == name && name != "base") packs.push_back(pack);
    }
    return PolicySet::Make(packs).value();
  }

  const Pack& pack() const { return set_.packs()[index_]; }
  const Clause* Find(const std::string& id) const {
    for (const Clause& clause : pack().clauses) {
      if (clause.id == id) return &clause;
    }
    return nullptr;
  }
  bool Decides(const Clause& clause, const Facts& facts, core::Timestamp time) const {
    const auto index = static_cast<uint32_t>(&clause - pack().clauses.data());
    const PolicyDecision decision = set_.Decide(facts, time);
    return std::ranges::count(decision.because, ClauseIndex{index_, index}) == 1;
  }

  std::string name_;
  PolicySet set_;
  uint32_t index_ = 0;
};

constexpr core::Timestamp kMicro{1};

core::Timestamp operator-(core::Timestamp a, core::Timestamp b) { return {a.micros - b.micros}; }

TEST_P(PackCases, DecideAsTheTableSays) {
  for (const Case& one : ReadCases(name_)) {
    SCOPED_TRACE(one.place + " " + one.clause + ": " + Describe(one.facts));
    const Clause* clause = Find(one.clause);
    ASSERT_NE(clause, nullptr) << "the pack has no such clause";
    const bool permits = clause->effect == Effect::kPermit;
    const Period period = PeriodInForce(pack(), *clause);
    switch (one.expected) {
      case Expected::kPermits:
      case Expected::kRefuses: {
        const core::Timestamp time = core::ParseTimestamp(one.day).value();
        ASSERT_TRUE(period.Contains(time)) << "the day is outside the clause's period";
        const bool expect = one.expected == Expected::kPermits;
        EXPECT_EQ(set_.Decide(one.facts, time).permitted, expect);
        EXPECT_EQ(Decides(*clause, one.facts, time), expect == permits)
            << (expect == permits ? "the clause should decide" : "the clause should not apply");
        break;
      }
      case Expected::kOutside: {
        ASSERT_TRUE(period.from && period.until) << "the clause is in force always: write 'ever'";
        const core::Timestamp time = core::ParseTimestamp(one.day).value();
        EXPECT_FALSE(period.Contains(time)) << "the day is within the clause's period";
        EXPECT_FALSE(Decides(*clause, one.facts, time));
        EXPECT_FALSE(Decides(*clause, one.facts, *period.from - kMicro));
        EXPECT_TRUE(Decides(*clause, one.facts, *period.from));
        EXPECT_TRUE(Decides(*clause, one.facts, *period.until - kMicro));
        EXPECT_FALSE(Decides(*clause, one.facts, *period.until));
        break;
      }
      case Expected::kEver:
        ASSERT_EQ(period, Period()) << "the clause has dates: write 'outside'";
        for (const char* day : {"0001-01-01", "9999-12-31"}) {
          EXPECT_TRUE(Decides(*clause, one.facts, core::ParseTimestamp(day).value())) << day;
        }
    }
  }
}

TEST_P(PackCases, EveryClauseHasThreeRows) {
  std::map<std::string, std::set<Expected>> rows;
  for (const Case& one : ReadCases(name_)) {
    rows[one.clause].insert(one.expected == Expected::kEver ? Expected::kOutside : one.expected);
  }
  for (const Clause& clause : pack().clauses) {
    EXPECT_EQ(rows[clause.id].size(), 3U)
        << "packs/" << name_ << ".cases lacks a row 'permits', 'refuses' or 'outside' for "
        << clause.id;
  }
}

std::vector<std::string> PackNames() {
  std::vector<std::string> names;
  for (const Pack& pack : ShippedPacks()) names.push_back(pack.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Shipped, PackCases, ::testing::ValuesIn(PackNames()), [](const auto& one) {
  std::string name = one.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(ShippedPackFiles, NoTableIsLeftOver) {
  std::set<std::string> names;
  for (const Pack& pack : ShippedPacks()) names.insert(pack.name);
  for (const auto& entry :
       fs::directory_iterator(fs::path(KLIEG_SOURCE_DIR) / "src/rights/packs")) {
    EXPECT_TRUE(names.contains(entry.path().stem().string())) << entry.path();
  }
}

}  // namespace
}  // namespace klieg::rights
