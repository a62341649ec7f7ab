// What a user types and sees: the commands, their figures and their exit statuses.
#include "command_line.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace klieg::scenario {
namespace {

using nlohmann::json;

/// The value of one model's metric in the output of evaluate --json.
double Figure(const json& evaluation, const std::string& model, const std::string& metric) {
  for (const json& one : evaluation.at("results")) {
    if (one.at("model") == model && one.at("metric") == metric)
      return one.at("value").get<double>();
  }
  ADD_FAILURE() << "no " << metric << " of " << model;
  return 0;
}

TEST(CommandLine, ANewcomerGetsFromALogToRecommendations) {
  const Desk desk;
  desk.PrepareFilms();
  const Outcome evaluated = desk.Klieg({"evaluate", "popularity", "ease", "--dataset", "films",
                                        "--split", "strong", "--heldout", "60", "--json"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.errors;
  const json figures = evaluated.Json();
  EXPECT_GT(Figure(figures, "ease", "ndcg@100"), Figure(figures, "popularity", "ndcg@100"))
      << "planted tastes must be worth more than popularity";
  for (const json& one : figures.at("results")) {
    for (const char* key : {"model", "metric", "value", "low", "high", "method", "members",
                            "train_seconds", "peak_bytes"}) {
      EXPECT_TRUE(one.contains(key)) << key;
    }
    if (one.at("value").is_number() && one.at("low").is_number()) {
      EXPECT_LE(one.at("low"), one.at("value"));
      EXPECT_GE(one.at("high"), one.at("value"));
    }
  }
  EXPECT_EQ(figures.at("comparisons").size(), 1U);

  ASSERT_EQ(desk.Klieg({"train", "ease", "--dataset", "films", "--name", "house"}).status, 0);
  const Outcome recommended = desk.Klieg(
      {"recommend", "--model", "house", "--member", "m0005", "--top", "7", "--explain", "--json"});
  ASSERT_EQ(recommended.status, 0) << recommended.errors;
  const json list = recommended.Json().at("members").at(0).at("recommendations");
  EXPECT_EQ(list.size(), 7U);
  for (const json& one : list) {
    double sum = one.at("base").get<double>();
    for (const json& reason : one.at("reasons")) sum += reason.at("amount").get<double>();
    EXPECT_NEAR(sum, one.at("score").get<double>(), 1e-4 * (1 + std::abs(sum)))
        << "reasons add up to the score";
  }

  const Outcome lineage = desk.Klieg({"lineage", "house", "--json"});
  ASSERT_EQ(lineage.status, 0) << lineage.errors;
  EXPECT_NE(lineage.output.find("\"snapshot\""), std::string::npos);
  EXPECT_NE(lineage.output.find("\"permit\""), std::string::npos);

  const Outcome report = desk.Klieg({"report", "--output", "page.html"});
  ASSERT_EQ(report.status, 0) << report.errors;
  const std::string page = core::ReadFile(desk.folder() / "page.html").value();
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("src=\"http"), std::string::npos) << "the page must be self-contained";

  EXPECT_EQ(desk.Klieg({"verify"}).status, 0);
  const json runs = desk.Klieg({"runs", "--json"}).Json();
  for (const json& run : runs) EXPECT_EQ(run.at("state"), "finished") << run;
}

TEST(CommandLine, AUseThatTheTermsDoNotPermitEndsWithThree) {
  const Desk desk;
  desk.PrepareFilms();
  const std::string measure_only = desk.WriteTerms("\"measure\"");
  ASSERT_EQ(desk.Klieg({"import", "interactions", "simulated/interactions.csv", "--dataset",
                        "measured", "--terms", measure_only})
                .status,
            0);
  const Outcome refused = desk.Klieg({"train", "ease", "--dataset", "measured", "--name", "no"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_NE(refused.errors.find("recommend"), std::string::npos) << refused.errors;
  EXPECT_NE(refused.errors.find("measure"), std::string::npos)
      << "the message names what is permitted";
  EXPECT_TRUE(desk.Klieg({"models", "--json"}).Json().empty());

  const std::string expired = desk.WriteTerms("\"recommend\", \"measure\"", "2020-01-01");
  const Outcome late = desk.Klieg({"import", "interactions", "simulated/interactions.csv",
                                   "--dataset", "late", "--terms", expired, "--json"});
  EXPECT_EQ(late.status, 3);
  EXPECT_NE(late.errors.find("2020-01-01"), std::string::npos) << late.errors;
  EXPECT_EQ(late.Json().at("error").at("code"), "refused");

  const std::string log = core::ReadFile(desk.workspace() / "rights.log").value();
  EXPECT_NE(log.find("refuse"), std::string::npos) << "refusals are on record";
}

TEST(CommandLine, MistakesHaveTheirOwnExitStatusAndTeach) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  EXPECT_EQ(desk.Klieg({}).status, 2);
  EXPECT_EQ(desk.Klieg({"tran"}).status, 2);
  EXPECT_EQ(desk.Klieg({"train", "ease"}).status, 2);
  EXPECT_EQ(desk.Klieg({"evaluate", "ease", "--split", "files"}).status, 2);
  EXPECT_EQ(desk.Klieg({"--help"}).status, 0);

  const Outcome ranker = desk.Klieg({"train", "eese", "--dataset", "films", "--name", "x"});
  EXPECT_EQ(ranker.status, 1);
  EXPECT_NE(ranker.errors.find("popularity, "), std::string::npos) << ranker.errors;
  const Outcome dataset = desk.Klieg({"train", "ease", "--dataset", "flims", "--name", "x"});
  EXPECT_EQ(dataset.status, 1);
  EXPECT_NE(dataset.errors.find("films"), std::string::npos)
      << "what there is is listed: " << dataset.errors;
  const Outcome parameter =
      desk.Klieg({"train", "ease", "--dataset", "films", "--name", "x", "--set", "lamda=3"});
  EXPECT_EQ(parameter.status, 1);
  EXPECT_NE(parameter.errors.find("lambda"), std::string::npos) << parameter.errors;
  ASSERT_EQ(desk.Klieg({"train", "ease", "--dataset", "films", "--name", "x"}).status, 0);
  const Outcome member = desk.Klieg({"recommend", "--model", "x", "--member", "nobody"});
  EXPECT_EQ(member.status, 1);
  EXPECT_NE(member.errors.find("m0001"), std::string::npos) << member.errors;
}

TEST(CommandLine, ImportingTheSameBytesAgainChangesNothing) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  const std::string terms = desk.WriteTerms("\"recommend\", \"measure\"");
  const json again = desk.Klieg({"import", "interactions", "simulated/interactions.csv",
                                 "--dataset", "films", "--terms", terms, "--json"})
                         .Json();
  EXPECT_TRUE(again.at("already_present").get<bool>());
  EXPECT_EQ(again.at("version"), 1);
}

TEST(CommandLine, RejectedRowsAreCountedAndKept) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  const std::string terms = desk.WriteTerms("\"recommend\", \"measure\"");
  desk.Write("views.csv",
             "member,title,time,value\na,x,100,1\nb,,100,1\nc,y,soon,1\nd,z,200,nan\ne,x,300,2\n");
  const Outcome imported = desk.Klieg(
      {"import", "interactions", "views.csv", "--dataset", "views", "--terms", terms, "--json"});
  ASSERT_EQ(imported.status, 0) << imported.errors;
  const json report = imported.Json();
  EXPECT_EQ(report.at("rows_read"), 5);
  EXPECT_EQ(report.at("rows_kept"), 2);
  EXPECT_EQ(report.at("rows_rejected"), 3);
  const std::string rejected =
      core::ReadFile(report.at("rejected_file").get<std::string>()).value();
  EXPECT_NE(rejected.find("soon"), std::string::npos) << rejected;
}

TEST(CommandLine, SameSeedGivesTheSameModelForOneAndTwoThreads) {
  const Desk desk;
  desk.PrepareFilms(150, 90);
  const json rankers = desk.Klieg({"rankers", "--json"}).Json();
  ASSERT_GE(rankers.size(), 7U);
  for (const json& ranker : rankers) {
    const std::string name = ranker.at("name");
    std::set<std::string> digests;
    for (const char* threads : {"1", "2"}) {
      const Outcome trained = desk.Klieg({"train", name, "--dataset", "films", "--name", name,
                                          "--threads", threads, "--seed", "5", "--json"});
      ASSERT_EQ(trained.status, 0) << name << ": " << trained.errors;
      digests.insert(trained.Json().at("digest"));
    }
    EXPECT_EQ(digests.size(), 1U) << name;
  }
}

TEST(CommandLine, EveryRankerRecommendsWithReasonsThatAddUp) {
  const Desk desk;
  desk.PrepareFilms(150, 90);
  for (const json& ranker : desk.Klieg({"rankers", "--json"}).Json()) {
    const std::string name = ranker.at("name");
    ASSERT_EQ(desk.Klieg({"train", name, "--dataset", "films", "--name", "m"}).status, 0) << name;
    const Outcome outcome =
        desk.Klieg({"recommend", "--model", "m", "--member", "m0003", "--explain", "--json"});
    ASSERT_EQ(outcome.status, 0) << name << ": " << outcome.errors;
    for (const json& one : outcome.Json().at("members").at(0).at("recommendations")) {
      double sum = one.at("base").get<double>();
      double size = std::abs(sum);
      for (const json& reason : one.at("reasons")) {
        sum += reason.at("amount").get<double>();
        size += std::abs(reason.at("amount").get<double>());
      }
      EXPECT_NEAR(sum, one.at("score").get<double>(), 1e-4 * (1 + size)) << name;
    }
  }
}

TEST(CommandLine, AFlippedByteIsFoundBeforeItIsUsed) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  ASSERT_EQ(desk.Klieg({"verify"}).status, 0);
  const std::string snapshot = desk.Klieg({"datasets", "--json"}).Json().at(0).at("snapshot");
  const auto file = desk.workspace() / "snapshots" / snapshot / "data.parquet";
  std::string bytes = core::ReadFile(file).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(core::WriteFileAtomically(file, bytes).has_value());
  EXPECT_EQ(desk.Klieg({"verify"}).status, 1);
  const json datasets = desk.Klieg({"datasets", "--json"}).Json();
  const std::string kind = datasets.at(0).at("kind");
  const Outcome trained = desk.Klieg({"evaluate", "ease", "--dataset", "films"});
  EXPECT_EQ(trained.status, 1) << kind;
  EXPECT_NE(trained.errors.find("import"), std::string::npos)
      << "says what to do: " << trained.errors;
}

TEST(CommandLine, AWorkspaceOfANewerVersionIsLeftAlone) {
  const Desk desk;
  ASSERT_EQ(desk.Klieg({"init", "workspace"}).status, 0);
  std::string text = core::ReadFile(desk.workspace() / "klieg.toml").value();
  const size_t digit = text.find("format = 1");
  ASSERT_NE(digit, std::string::npos) << text;
  text.replace(digit, 10, "format = 99");
  ASSERT_TRUE(core::WriteFileAtomically(desk.workspace() / "klieg.toml", text).has_value());
  const Outcome outcome = desk.Klieg({"runs"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.errors.find("99"), std::string::npos) << outcome.errors;
  EXPECT_EQ(desk.Klieg({"init", "workspace"}).status, 1) << "and is not made anew over it";
}

TEST(CommandLine, PublishedSplitsAreReadInBothForms) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  const std::string terms = desk.WriteTerms("\"measure\"");
  // Titles 1 and 2 always go together, so do 3 and 4.
  std::string train;
  std::string target;
  for (int member = 0; member < 40; ++member) {
    const bool odd = member % 2 == 1;
    train += std::to_string(member) + (odd ? " 1 5" : " 3 6") +
             (member >= 4 ? (odd ? " 2" : " 4") : "") + "\n";
    if (member < 4) target += std::to_string(member) + (odd ? " 2\n" : " 4\n");
  }
  desk.Write("train.txt", train);
  desk.Write("target.txt", target);
  const Outcome adjacency = desk.Klieg(
      {"evaluate", "ease", "--split", "files", "--train", "train.txt", "--target", "target.txt",
       "--format", "adjacency", "--terms", terms, "--set", "lambda=1", "--json"});
  ASSERT_EQ(adjacency.status, 0) << adjacency.errors;
  EXPECT_EQ(Figure(adjacency.Json(), "ease", "hit_rate@10"), 1);

  desk.Write("train.csv", "member,title\na,1\na,2\nb,1\nb,2\nc,3\nc,4\n");
  desk.Write("fold.csv", "member,title\nx,1\ny,3\n");
  desk.Write("target.csv", "member,title\nx,2\ny,4\n");
  const Outcome csv = desk.Klieg({"evaluate", "ease", "popularity", "--split", "files", "--train",
                                  "train.csv", "--fold-in", "fold.csv", "--target", "target.csv",
                                  "--terms", terms, "--set", "ease.lambda=0.5", "--json"});
  ASSERT_EQ(csv.status, 0) << csv.errors;
  EXPECT_EQ(Figure(csv.Json(), "ease", "mrr@10"), 1);

  desk.Write("leak.csv", "member,title\nx,1\ny,4\n");
  const Outcome leak =
      desk.Klieg({"evaluate", "ease", "--split", "files", "--train", "train.csv", "--fold-in",
                  "fold.csv", "--target", "leak.csv", "--terms", terms});
  EXPECT_EQ(leak.status, 1);
}

TEST(CommandLine, TheReferenceOfRankersIsWhatTheProgramSays) {
  const Desk desk;
  const Outcome outcome = desk.Klieg({"rankers", "--markdown"});
  EXPECT_EQ(
      outcome.output,
      core::ReadFile(std::filesystem::path(KLIEG_SOURCE_DIR) / "docs/reference/rankers.md").value())
      << "write it again: klieg rankers --markdown > docs/reference/rankers.md";
}

TEST(CommandLine, TimeAndLastSplitsJudgeWhatCameLater) {
  const Desk desk;
  desk.PrepareFilms();
  for (const char* split : {"last", "time"}) {
    const Outcome outcome = desk.Klieg(
        {"evaluate", "popularity", "ease", "--dataset", "films", "--split", split, "--json"});
    ASSERT_EQ(outcome.status, 0) << split << outcome.errors;
    EXPECT_GT(Figure(outcome.Json(), "ease", "recall@20"), 0) << split;
  }
}

TEST(CommandLine, AKilledTrainingIsSeenAsKilledAndCanBeRepeated) {
  const Desk desk;
  desk.PrepareFilms();
  const auto log = desk.workspace() / "rights.log";
  const auto before = std::filesystem::file_size(log);
  const Outcome killed = desk.KliegKilledWhen(
      {"train", "ials", "--dataset", "films", "--name", "house", "--set", "epochs=1000"},
      [&] { return std::filesystem::file_size(log) != before; });
  ASSERT_EQ(killed.status, 128 + 9) << killed.errors;
  const json runs = desk.Klieg({"runs", "--json"}).Json();
  EXPECT_EQ(runs.at(0).at("state"), "killed");
  EXPECT_TRUE(desk.Klieg({"models", "--json"}).Json().empty());
  EXPECT_EQ(desk.Klieg({"verify"}).status, 0) << "nothing is broken";

  const Outcome trained =
      desk.Klieg({"train", "ease", "--dataset", "films", "--name", "house", "--json"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const std::string run = trained.Json().at("run");
  const Outcome repeated = desk.Klieg({"runs", "--repeat", run});
  ASSERT_EQ(repeated.status, 0) << repeated.errors;
  const json models = desk.Klieg({"models", "--json"}).Json();
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models.at(0).at("digest"), models.at(1).at("digest"))
      << "a repeated run gives the same bytes";
}

TEST(CommandLine, AKilledTuningGoesOnWhereItStopped) {
  const Desk desk;
  desk.PrepareFilms();
  const std::vector<std::string> words = {"tune", "ease",   "--dataset", "films", "--trials",
                                          "25",   "--seed", "3",         "--json"};
  const json whole = desk.Klieg(words).Json();
  ASSERT_EQ(whole.at("trials").size(), 25U);
  const json again = desk.Klieg(words).Json();
  for (size_t i = 0; i < 25; ++i) {
    EXPECT_EQ(whole.at("trials").at(i).at("value"), again.at("trials").at(i).at("value"))
        << "same seed, same trials";
  }
  // A tuning whose process is killed after its first trial.
  const Desk other;
  other.PrepareFilms();
  const Outcome killed = other.KliegKilledWhen(words, [&other] {
    for (const auto& run : std::filesystem::directory_iterator(other.workspace() / "runs")) {
      std::error_code missing;
      const auto bytes = std::filesystem::file_size(run.path() / "trials.jsonl", missing);
      if (!missing && bytes > 0) return true;
    }
    return false;
  });
  ASSERT_EQ(killed.status, 128 + 9) << killed.errors;
  const std::string run = other.Klieg({"runs", "--json"}).Json().at(0).at("id");
  const Outcome resumed = other.Klieg({"runs", "--repeat", run});
  ASSERT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_NE(resumed.errors.find("going on"), std::string::npos) << resumed.errors;
  const json trials = json::parse(resumed.output).at("trials");
  ASSERT_EQ(trials.size(), 25U);
  for (size_t i = 0; i < 25; ++i)
    EXPECT_EQ(trials.at(i).at("value"), whole.at("trials").at(i).at("value"));
  EXPECT_EQ(
      other.Klieg({"train", "ease", "--dataset", "films", "--name", "best", "--tuned"}).status, 0);
}

TEST(CommandLine, SmallestCataloguesAndHistoriesWork) {
  const Desk desk;
  desk.PrepareFilms(60, 40);
  const std::string terms = desk.WriteTerms("\"recommend\", \"measure\"");
  desk.Write("one.csv", "member,title,time\na,x,100\nb,x,200\n");
  ASSERT_EQ(desk.Klieg({"import", "interactions", "one.csv", "--dataset", "one", "--terms", terms})
                .status,
            0);
  for (const json& ranker : desk.Klieg({"rankers", "--json"}).Json()) {
    const std::string name = ranker.at("name");
    const std::vector<std::string> weights =
        name == "blend" ? std::vector<std::string>{"--set", "weights=0.5,0.5"}
                        : std::vector<std::string>{};
    std::vector<std::string> words = {"train", name, "--dataset", "one", "--name", "tiny"};
    words.insert(words.end(), weights.begin(), weights.end());
    const Outcome trained = desk.Klieg(words);
    ASSERT_EQ(trained.status, 0) << name << ": " << trained.errors;
    const Outcome nothing_left =
        desk.Klieg({"recommend", "--model", "tiny", "--member", "a", "--json"});
    ASSERT_EQ(nothing_left.status, 0) << nothing_left.errors;
    EXPECT_TRUE(nothing_left.Json().at("members").at(0).at("recommendations").empty());
  }
  const Outcome judged = desk.Klieg({"evaluate", "ease", "--dataset", "one"});
  EXPECT_EQ(judged.status, 1) << "two members cannot be divided; that is said, not computed";
}

}  // namespace
}  // namespace klieg::scenario
