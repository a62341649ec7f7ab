// Consent end to end, by the real programs: who agreed to what, what was left out, and what can be proven.
#include <gtest/gtest.h>

#include <regex>

#include "command_line.h"

namespace klieg::scenario {
namespace {

using nlohmann::json;

class RightsScenario : public ::testing::Test {
 protected:
  void SetUp() override {
    desk_.PrepareFilms();
    // The simulator names members m0000 … and titles t0000 …
    Expect(0, {"rights", "party", "add", "ada", "--name", "Ada", "--role", "writer"});
    Expect(0, {"rights", "party", "add", "studio", "--name", "Studio", "--role", "company"});
    Expect(0, {"rights", "work", "add", "heist", "--kind", "screenplay", "--title", "The Heist",
               "--holder", "ada=author", "--title-id", "films/" + FirstTitle(), "--authorship",
               "human", "--as", "literary"});
  }

  Outcome Expect(int status, const std::vector<std::string>& words) {
    Outcome outcome = desk_.Klieg(words);
    EXPECT_EQ(outcome.status, status) << words.front() << ": " << outcome.errors << outcome.output;
    return outcome;
  }

  std::string FirstTitle() {
    const std::string log = core::ReadFile(desk_.folder() / "simulated/interactions.csv").value();
    const size_t line = log.find('\n') + 1;
    const std::string row = log.substr(line, log.find('\n', line) - line);
    member_ = row.substr(0, row.find(','));
    const size_t begin = row.find(',') + 1;
    return row.substr(begin, row.find(',', begin) - begin);
  }

  void Grant(const std::string& permits, const std::string& refuses) {
    const auto file = desk_.Write(
        "grant.toml", "grantor = \"ada\"\ngrantee = \"studio\"\nworks = [\"heist\"]\npermits = [" +
                          permits + "]\nrefuses = [" + refuses +
                          "]\nfrom = \"2020-01-01\"\nuntil = \"never\"\n");
    Expect(0, {"rights", "grant", file});
  }

  json RowsLeftOut(const std::string& run) {
    const json explanation = Expect(0, {"rights", "explain", run, "--json"}).Json();
    for (const json& input : explanation.at("inputs")) {
      if (input.at("role") == "interactions" && input.at("decision").contains("rows"))
        return input.at("decision").at("rows");
    }
    return {};
  }

  Desk desk_;
  std::string member_;
};

TEST_F(RightsScenario, ARefusedWorkIsLeftOutOfTrainingAndTheRunSaysWhy) {
  const json whole =
      Expect(0, {"train", "popularity", "--dataset", "films", "--name", "a", "--json"}).Json();
  EXPECT_TRUE(RowsLeftOut(whole.at("run")).is_null());
  Grant("\"forecast\"", "\"recommend\"");
  const json less =
      Expect(0, {"train", "popularity", "--dataset", "films", "--name", "b", "--json"}).Json();
  EXPECT_LT(less.at("interactions"), whole.at("interactions"));
  EXPECT_EQ(less.at("titles").get<int>(), whole.at("titles").get<int>() - 1);
  const json rows = RowsLeftOut(less.at("run"));
  ASSERT_FALSE(rows.is_null());
  EXPECT_EQ(rows.at("titles"), 1);
  EXPECT_EQ(rows.at("clauses").at(0).at("clause"), "refusal-wins");
  EXPECT_NE(Expect(0, {"rights", "explain", less.at("run")}).output.find("rows of films"),
            std::string::npos);
  // What was trained before no longer loads; in words and as JSON.
  const Outcome refused = Expect(3, {"recommend", "--model", "a", "--member", member_, "--json"});
  EXPECT_NE(refused.errors.find("holds material of work heist"), std::string::npos)
      << refused.errors;
  const json refusal = refused.Json().at("error").at("details").at("refusals").at(0);
  for (const char* key : {"clause", "pack", "version", "source", "says", "why"})
    EXPECT_FALSE(refusal.at(key).get<std::string>().empty()) << key;
}

TEST_F(RightsScenario, AWithdrawalReachesEveryModelAndTheirSuccessorsAreProvenFree) {
  for (const char* ranker : {"popularity", "item-knn", "ease", "edlae", "ials"}) {
    Expect(0, {"train", ranker, "--dataset", "films", "--name", ranker});
  }
  Expect(0, {"rights", "head", "-o", "old.json"});
  const json report =
      Expect(0, {"rights", "withdraw", "--member", "films/" + member_, "--json"}).Json();
  EXPECT_EQ(report.at("models").size(), 5U);
  ASSERT_EQ(report.at("rederived").size(), 5U);
  for (const json& one : report.at("rederived")) {
    EXPECT_EQ(one.at("error"), "");
    const std::string to = one.at("to");
    const std::string name = to.substr(0, to.find('@'));
    EXPECT_EQ(one.at("method"), name == "ials"                      ? "retrain"
                                : name == "ease" || name == "edlae" ? "down-date"
                                                                    : one.at("method"))
        << to;
    if (name == "popularity" || name == "item-knn") {
      EXPECT_EQ(one.at("bound"), 0) << to;
    }
    EXPECT_EQ(desk_.Klieg({"recommend", "--model", name + "@1", "--member", member_}).status, 3);
    Expect(0, {"verify", "removal", name});
    Expect(0, {"prove", name, "--member", member_, "-o", name + ".json", "--head-output",
               name + ".head.json"});
    EXPECT_NE(Expect(0, {"prove", name + "@1", "--member", member_, "-o", "was.json"})
                  .output.find("was in the training set"),
              std::string::npos);
    const Outcome checked = desk_.Verify(
        {name + ".json", "--head", name + ".head.json", "--member", "films/" + member_});
    EXPECT_EQ(checked.status, 0) << checked.output << checked.errors;
    EXPECT_NE(checked.output.find("NOT in the training set"), std::string::npos) << checked.output;
  }
  Expect(0, {"verify"});
  Expect(0, {"prove", "--since", "old.json", "-o", "history.json", "--head-output", "new.json"});
  EXPECT_EQ(desk_.Verify({"history.json", "--head", "new.json", "--since", "old.json"}).status, 0);
  EXPECT_EQ(desk_.Verify({"ease.json", "--head", "old.json"}).status, 1) << "another head";
}

TEST_F(RightsScenario, AModelIsMadeAgainFromTheLogToTheBit) {
  for (const char* ranker : {"ease", "ials"}) {
    Expect(0, {"train", ranker, "--dataset", "films", "--name", ranker, "--seed", "7"});
    Expect(0, {"verify", "model", ranker});
  }
  Expect(0, {"rights", "withdraw", "--member", "films/" + member_, "--keep-models"});
  const Outcome after = desk_.Klieg({"verify", "model", "ials"});
  EXPECT_EQ(after.status, 1) << "today's data are not those it was made of";
  EXPECT_NE(after.output.find("somebody withdrew"), std::string::npos) << after.output;
}

/// Every command that reads rows, about the dataset and model "films".
const std::vector<std::vector<std::string>>& ReadingCommands() {
  static const std::vector<std::vector<std::string>> commands = {
      {"train", "popularity", "--dataset", "films", "--name", "x"},
      {"train", "blend", "--dataset", "films", "--name", "x", "--set", "of=popularity,item-knn"},
      {"tune", "item-knn", "--dataset", "films", "--trials", "1"},
      {"evaluate", "popularity", "--dataset", "films"},
      {"evaluate", "films", "--dataset", "films"},
      {"recommend", "--model", "films", "--member", "m0001"},
      {"rights", "price", "--without", "ada", "--dataset", "films", "--ranker", "popularity"},
      {"verify", "model", "films"},
  };
  return commands;
}

TEST_F(RightsScenario, NoCommandTouchesRowsBeforeTheGateHasPermittedIt) {
  Expect(0, {"train", "popularity", "--dataset", "films", "--name", "films"});
  // A second owner of the same bytes permits nothing, and the bytes are gone: whoever looked for them
  // before asking would fail with another status than that of a refusal.
  const auto nothing = desk_.Write(
      "nothing.toml",
      "owner = \"second owner\"\nlicence = \"none\"\npurposes = []\nexpires = \"never\"\n");
  Expect(0, {"import", "interactions", "simulated/interactions.csv", "--dataset", "again",
             "--terms", nothing});
  for (const auto& entry : std::filesystem::directory_iterator(desk_.workspace() / "snapshots")) {
    if (entry.is_directory()) std::filesystem::remove(entry.path() / "data.parquet");
  }
  for (const std::vector<std::string>& command : ReadingCommands()) {
    const Outcome outcome = desk_.Klieg(command);
    EXPECT_EQ(outcome.status, 3) << command[0] << " " << command[1] << ": " << outcome.errors;
  }
}

TEST_F(RightsScenario, EveryInputOfEveryRunHasItsDecisionOnRecord) {
  Expect(0, {"train", "popularity", "--dataset", "films", "--name", "films"});
  for (const std::vector<std::string>& command : ReadingCommands()) Expect(0, command);
  Expect(0, {"rights", "withdraw", "--member", member_});
  size_t inputs = 0;
  for (const json& run : Expect(0, {"runs", "--json"}).Json()) {
    const json explanation = Expect(0, {"rights", "explain", run.at("id"), "--json"}).Json();
    for (const json& input : explanation.at("inputs")) {
      ++inputs;
      ASSERT_TRUE(input.at("decision").is_object()) << run.dump();
      EXPECT_EQ(input.at("decision").at("decision"), "permit");
    }
  }
  EXPECT_GE(inputs, ReadingCommands().size());
}

TEST_F(RightsScenario, AWithdrawalThatWasKilledStandsAndIsFinishedByAnother) {
  Expect(0, {"train", "ease", "--dataset", "films", "--name", "house"});
  const auto log = desk_.workspace() / "rights.log";
  const Outcome killed =
      desk_.KliegKilledWhen({"rights", "withdraw", "--member", "films/" + member_}, [&] {
        const auto text = core::ReadFile(log);
        return text && text->find("\"kind\":\"withdrawal\"") != std::string::npos;
      });
  Expect(0, {"verify", "log"});
  EXPECT_EQ(desk_.Klieg({"recommend", "--model", "house@1", "--member", member_}).status, 3)
      << "refused although nobody came to quarantine it";
  if (killed.status == 0) return;  // It was faster than we.
  const json withdrawals = Expect(0, {"rights", "show", "withdrawals", "--json"}).Json();
  ASSERT_EQ(withdrawals.size(), 1U);
  const json report =
      Expect(0, {"rights", "withdraw", "--again", withdrawals[0].at("id"), "--json"}).Json();
  EXPECT_EQ(report.at("rederived").size(), 1U);
  Expect(0, {"verify", "removal", "house"});
}

TEST_F(RightsScenario, ARolledBackLogIsNotOpened) {
  Expect(0, {"train", "popularity", "--dataset", "films", "--name", "house"});
  const auto path = desk_.workspace() / "rights.log";
  std::string text = core::ReadFile(path).value();
  text.resize(text.rfind('\n', text.size() - 2) + 1);
  ASSERT_TRUE(core::WriteFileAtomically(path, text));
  EXPECT_EQ(desk_.Klieg({"models"}).status, 1);
  const Outcome verified = desk_.Klieg({"verify", "log"});
  EXPECT_EQ(verified.status, 1);
  EXPECT_NE(verified.output.find("BAD"), std::string::npos) << verified.output;
}

TEST_F(RightsScenario, APackIsCheckedBeforeItIsAdoptedAndThenHolds) {
  const auto loose = desk_.Write("loose.policy", R"(pack "loose" version "1" {
  title "Loose"; source "nobody"; leaves-out "everything"; effective always;
}
clause all { source "nobody"; says "All is well."; permit (purpose == synthetic-performer) when consent == permitted; }
prove bargained { says "No synthetic performer without bargaining."; never permits (purpose == synthetic-performer) unless union == bargained; }
)");
  const Outcome refuted = Expect(1, {"policy", "check", loose, "--alone"});
  EXPECT_NE(refuted.output.find("REFUTED"), std::string::npos) << refuted.output;
  EXPECT_NE(refuted.output.find("purpose synthetic-performer"), std::string::npos);
  EXPECT_EQ(desk_.Klieg({"rights", "adopt", loose}).status, 1)
      << "it would make what other packs promise untrue";
  Expect(0, {"policy", "check", "base"});
  EXPECT_NE(Expect(1, {"policy", "check", "no-such-pack"}).errors.find("no-such-pack"),
            std::string::npos);
  const auto strict = desk_.Write("strict.policy", R"(pack "strict" version "1" {
  title "Strict"; source "board"; leaves-out "the rest"; effective always;
}
clause no-recommending { source "board"; says "We do not recommend."; forbid (purpose == recommend) stops run; }
)");
  Expect(0, {"rights", "adopt", strict});
  const Outcome refused = Expect(3, {"train", "popularity", "--dataset", "films", "--name", "x"});
  EXPECT_NE(refused.errors.find("strict 1, clause no-recommending (board)"), std::string::npos)
      << refused.errors;
  EXPECT_NE(Expect(0, {"rights", "packs"}).output.find("strict"), std::string::npos);
}

TEST_F(RightsScenario, SignalsOfOthersAreReadAndOursAreWritten) {
  const auto cawg = desk_.Write("aipref.txt", "train-ai=n, search=y\n");
  const json read = Expect(0, {"rights", "signal", cawg, "--kind", "aipref", "--json"}).Json();
  EXPECT_EQ(read.at("train-generative"), "refused");
  EXPECT_EQ(read.at("recommend"), "permitted");
  EXPECT_EQ(read.at("forecast"), "unknown");
  Grant("\"recommend\"", "\"generative\"");
  EXPECT_NE(Expect(0, {"rights", "signal", "--work", "heist", "--to", "aipref"})
                .output.find("train-ai=n"),
            std::string::npos);
  EXPECT_EQ(desk_.Klieg({"rights", "signal", cawg, "--kind", "smoke"}).status, 1);
  EXPECT_EQ(desk_.Klieg({"rights", "signal"}).status, 2);
}

TEST_F(RightsScenario, MistakesInRightsTeach) {
  EXPECT_NE(Expect(1, {"rights", "party", "add", "Ada!", "--name", "x"}).errors.find("a-z"),
            std::string::npos);
  EXPECT_NE(Expect(1, {"rights", "work", "add", "w", "--kind", "poem", "--title", "x"})
                .errors.find("screenplay"),
            std::string::npos);
  EXPECT_NE(Expect(1, {"rights", "ask", "--work", "heist", "--purpose", "dream"})
                .errors.find("recommend"),
            std::string::npos);
  EXPECT_NE(Expect(1, {"rights", "withdraw", "--party", "nobody"}).errors.find("nobody"),
            std::string::npos);
  EXPECT_EQ(desk_.Klieg({"prove", "nothing", "--member", "1", "-o", "p.json"}).status, 1);
  EXPECT_EQ(desk_.Klieg({"prove", "-o", "p.json"}).status, 2);
  EXPECT_EQ(desk_.Klieg({"rights"}).status, 2);
}

}  // namespace
}  // namespace klieg::scenario
