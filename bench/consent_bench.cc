// What does consent cost? Two questions.
//
// 1. A gate decision over 10,000 works with consents of their own, under 1,000 clauses. Asked: below
//    10 ms. Pure decision, and the whole of Gate::Ask with its record on disk.
// 2. Gate, attribution and row filter beside a training run on 10 M interactions. Asked: at most 2 %.
//    A snapshot is read with nobody and with 1,000 members and 100 titles left out; what the filter,
//    the training set's tree, the decisions and the signed head take is set against training `ease`
//    on the same interactions, all in this run. The data are generated.
//
//     consent_bench [--quick]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "core/random.h"
#include "flows/import_flow.h"
#include "flows/publish_model.h"
#include "flows/session.h"
#include "personalize/learner.h"
#include "rights/decision.h"
#include "rights/gate.h"

namespace klieg {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class F>
double MedianSeconds(int repeats, F&& work) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const core::Stopwatch watch;
    work();
    seconds.push_back(watch.WallSeconds());
  }
  return Median(seconds);
}

/// Log entries of `works` works of different kinds and authors, each with a grant of its own.
std::vector<rights::LogDraft> DraftsOfWorks(int works, core::Timestamp now) {
  std::vector<rights::LogDraft> drafts;
  const auto add = [&](std::string_view kind, const char* key, const std::string& text) {
    drafts.push_back({now, std::string(kind), fmt::format("{{\"{}\":{}}}", key, text)});
  };
  rights::Party studio{"studio", "Studio", rights::PartyRole::kCompany, "", {}};
  add(rights::kPartyKind, "party", rights::PartyText(studio));
  for (int i = 0; i < works; ++i) {
    rights::Party party{fmt::format("p{}", i), "Somebody", rights::PartyRole::kWriter, "", {}};
    add(rights::kPartyKind, "party", rights::PartyText(party));
    rights::Work work;
    work.id = fmt::format("w{}", i);
    work.title = "A work";
    work.material = static_cast<rights::Material>(1 + i % 7);
    work.authorship = static_cast<rights::Authorship>(i % 4);
    if (work.authorship == rights::Authorship::kMixed) work.generated = "a part";
    work.subject = static_cast<rights::SubjectState>(i % 3);
    work.age = static_cast<rights::Age>(i % 3);
    work.holders = {{party.id, "author"}};
    work.titles = {{"films", std::to_string(i)}};
    add(rights::kWorkKind, "work", rights::WorkText(work));
    rights::Grant grant;
    grant.grantor = party.id;
    grant.grantee = "studio";
    grant.works = {work.id};
    (i % 10 == 0 ? grant.refuses : grant.permits) = {rights::Purpose::kRecommend};
    grant.period.from = core::Timestamp{0};
    if (i % 2 == 0) grant.evidence = std::string(64, 'e');
    if (i % 3 == 0) grant.separate = rights::Separate::kYes;
    add(rights::kGrantKind, "grant", rights::GrantText(grant));
  }
  return drafts;
}

/// A pack of clauses over random attributes.
std::string RandomPack(int clauses) {
  core::Random random(1);
  std::string text =
      "pack \"bench\" version \"1\" {\n title \"b\"; source \"b\"; leaves-out \"b\"; effective "
      "always;\n}\n";
  constexpr rights::Attribute kAttributes[] = {
      rights::Attribute::kMaterial, rights::Attribute::kAuthorship, rights::Attribute::kSubject,
      rights::Attribute::kAge,      rights::Attribute::kEvidence,   rights::Attribute::kSeparate,
      rights::Attribute::kStrike,   rights::Attribute::kTool};
  for (int i = 0; i < clauses; ++i) {
    text += fmt::format(
        "clause c{} {{\n source \"b\"; says \"b\";\n forbid (purpose in any)\n when ", i);
    for (int term = 0; term < 4; ++term) {
      const rights::Attribute attribute = kAttributes[random.Below(std::size(kAttributes))];
      const auto values = rights::AttributeValues(attribute);
      text += fmt::format("{}{} == {}", term > 0 ? " and " : "", rights::AttributeName(attribute),
                          values[1 + random.Below(values.size() - 1)]);
    }
    text += ";\n}\n";
  }
  return text;
}

void DecideManyWorks(bool quick) {
  const int works = quick ? 1000 : 10'000;
  const core::SystemClock clock;
  rights::Book book;
  uint64_t sequence = 0;
  for (const rights::LogDraft& draft : DraftsOfWorks(works, clock.Now())) {
    const auto learnt = book.Learn({sequence++, draft.time, draft.kind, draft.body, {}, {}});
    if (!learnt) return fmt::print("{}\n", learnt.error().message);
  }
  const core::Digest snapshot = core::HashBytes("bench");
  const rights::Terms terms{"bench", "none", {rights::Purpose::kRecommend}, {}, {}};
  (void)book.Learn({sequence++,
                    clock.Now(),
                    std::string(rights::kTermsKind),
                    fmt::format("{{\"snapshot\":\"{}\",\"terms\":{}}}", snapshot.Hex(),
                                rights::CanonicalText(terms)),
                    {},
                    {}});
  std::vector<rights::Pack> packs(rights::ShippedPacks().begin(), rights::ShippedPacks().end());
  size_t shipped = 0;
  for (const rights::Pack& pack : packs) shipped += pack.clauses.size();
  const auto pack = rights::ParsePack(RandomPack(1000 - static_cast<int>(shipped)), "bench");
  if (!pack) return fmt::print("{}\n", pack.error().message);
  packs.push_back(*pack);
  const auto policies = rights::PolicySet::Make(packs).value();
  rights::Use use;
  use.purpose = rights::Purpose::kRecommend;
  size_t left_out = 0;
  const double seconds = MedianSeconds(21, [&] {
    const auto answer = rights::DecideSnapshot(book, policies, snapshot, use, clock.Now());
    left_out = answer.rows.titles.size();
  });
  fmt::print(
      "decision over {} works under 1000 clauses: {:.2f} ms, median of 21; {:.2f} of the 10 ms "
      "asked ({} works left out)\n",
      works, 1e3 * seconds, seconds / 0.010, left_out);
}

/// A log of viewing as a CSV file.
core::Status WriteViewing(const std::filesystem::path& path, uint32_t members, uint32_t titles,
                          uint64_t rows) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return core::Fail(core::ErrorCode::kIo, "cannot write {}", path.string());
  core::Random random(7);
  std::fputs("member,title\n", file);
  for (uint64_t row = 0; row < rows; ++row) {
    const double place = random.Uniform();
    fmt::print(file, "{},{}\n", random.Below(members),
               static_cast<uint32_t>(place * place * titles));
  }
  std::fclose(file);
  return {};
}

core::Status TrainingShare(bool quick) {
  const uint32_t members = quick ? 5'000 : 100'000;
  const uint32_t titles = quick ? 1'000 : 10'000;
  const uint64_t rows = quick ? 300'000 : 10'000'000;
  KLIEG_ASSIGN(const auto folder, core::TemporaryFolder::Make());
  KLIEG_TRY(WriteViewing(folder.path() / "log.csv", members, titles, rows));
  KLIEG_TRY(core::WriteFileAtomically(
      folder.path() / "terms.toml",
      "owner='bench'\nlicence='none'\npurposes=['recommend']\nexpires='never'\n"));
  KLIEG_ASSIGN(const platform::Workspace workspace,
               platform::Workspace::Init(folder.path() / "workspace"));
  const core::SystemClock clock;
  KLIEG_ASSIGN(const auto session,
               flows::Session::Open(workspace, 0, clock, core::SilentProgress()));
  flows::ImportOptions import;
  import.dataset = "films";
  import.terms_file = folder.path() / "terms.toml";
  import.request.files = {folder.path() / "log.csv"};
  KLIEG_TRY(flows::ImportDataset(*session, import));

  KLIEG_ASSIGN(platform::Run run, session->store().StartRun({.kind = "bench",
                                                             .name = "bench",
                                                             .command = "{}",
                                                             .parameters = "{}",
                                                             .seed = 0,
                                                             .repeats = {}}));
  flows::Without without;
  for (uint32_t i = 0; i < (quick ? 50U : 1000U); ++i)
    without.members.push_back(std::to_string(i * 7));
  for (uint32_t i = 0; i < (quick ? 10U : 100U); ++i)
    without.titles.push_back(std::to_string(i * 11));
  const auto load = [&](const flows::Without& names) {
    return flows::LoadInteractions(*session, run, "films", rights::Purpose::kRecommend, "bench", {},
                                   names);
  };
  std::vector<double> plain;
  std::vector<double> filtered;
  std::vector<double> asked;
  std::vector<double> tree;
  core::Result<flows::LoadedInteractions> loaded = load(without);
  if (!loaded) return tl::unexpected<core::Error>(loaded.error());
  for (int repeat = 0; repeat < 5; ++repeat) {
    core::Stopwatch watch;
    KLIEG_TRY(load({}));
    plain.push_back(watch.WallSeconds());
    watch = {};
    loaded = load(without);
    if (!loaded) return tl::unexpected<core::Error>(loaded.error());
    filtered.push_back(watch.WallSeconds());
    watch = {};
    KLIEG_TRY(session->gate().Ask({.actor = "bench",
                                   .purpose = rights::Purpose::kRecommend,
                                   .snapshot = loaded->snapshot,
                                   .reason = "bench"}));
    KLIEG_TRY(session->gate().SignHead());
    asked.push_back(watch.WallSeconds());
    watch = {};
    KLIEG_ASSIGN(const rights::SubjectTree set, flows::MakeTrainingSet(*session, *loaded));
    KLIEG_TRY(set.Save(folder.path() / "set.subjects"));
    tree.push_back(watch.WallSeconds());
  }
  const personalize::Learner* learner = personalize::FindLearner("ease").value();
  const auto values = personalize::HyperParameters::Make(learner->hyper_parameters, {}).value();
  std::vector<double> training;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const core::Stopwatch watch;
    KLIEG_TRY(learner->train(loaded->data, values,
                             {.pool = session->pool(), .progress = core::SilentProgress()}));
    training.push_back(watch.WallSeconds());
  }
  const double filter = std::max(0.0, Median(filtered) - Median(plain));
  const double run_seconds = Median(plain) + Median(training);
  const double cost = filter + Median(asked) + Median(tree);
  fmt::print("{} interactions, {} members x {} titles, {} members and {} titles left out\n",
             loaded->data.matrix.entry_count(), members, titles, without.members.size(),
             without.titles.size());
  fmt::print(
      "  load {:.2f} s, train ease {:.2f} s; filter {:.0f} ms, decision and head {:.1f} ms, "
      "training set {:.0f} ms (medians of 5; training of 3)\n",
      Median(plain), Median(training), 1e3 * filter, 1e3 * Median(asked), 1e3 * Median(tree));
  fmt::print("  gate, attribution and filter / load and train = {:.2f} % (asked: 2 %)\n",
             100 * cost / run_seconds);
  return run.Finish();
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::string_view(argv[1]) == "--quick";
  klieg::DecideManyWorks(quick);
  const klieg::core::Status done = klieg::TrainingShare(quick);
  if (!done) fmt::print("{}\n", done.error().message);
  return done ? 0 : 1;
}
