/// A small workspace with a writer, a performer and a member who said what they want, for tests of
/// documents. Names are hostile on purpose: markup, quotes, a pipe and backticks.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/progress.h"
#include "flows/evaluate_flow.h"
#include "flows/import_flow.h"
#include "flows/session.h"
#include "flows/train_flow.h"

namespace klieg::flows {

/// Ana wrote "heist" (title t1): yes to recommending, no to generative training. Bo performs in
/// "ballad" (title t2): no to recommending. Member m3 withdrew. Models: first@1 was made before
/// anybody said anything, house@1 after.
class DocumentFixture {
 public:
  static constexpr const char* kWriterName = "Ana <b>Ruiz</b> & \"Co\" | `x` *y*";
  static constexpr const char* kOwner = "Studio <A> & 'B' | [c](d)";

  DocumentFixture() {
    KLIEG_CHECK(folder_.has_value(), "a folder for the test");
    const auto made = platform::Workspace::Init(folder());
    KLIEG_CHECK(made.has_value(), "a workspace");
    Open();
    Import();
    Train("first");
    Say();
    Train("house");
    Evaluate();
    clock_.Set(Later());
    // Somebody asks for what Ana refused.
    rights::Use use;
    use.purpose = rights::Purpose::kTrainGenerative;
    const auto asked = session().gate().AskWork(
        {.actor = "dev", .work = "heist", .use = use, .reason = "fine-tune a <script> model"});
    KLIEG_CHECK(!asked.has_value(), "what was refused is refused");
  }

  std::filesystem::path folder() const { return folder_->path() / "ws"; }
  Session& session() { return *session_; }
  core::FixedClock& clock() { return clock_; }
  const std::string& snapshot() const { return snapshot_; }

  /// As another command would see the workspace.
  void Open() {
    session_.reset();
    const auto workspace = platform::Workspace::Open(folder());
    KLIEG_CHECK(workspace.has_value(), "the workspace opens");
    auto opened = Session::Open(*workspace, 1, clock_, core::SilentProgress());
    KLIEG_CHECK(opened.has_value(), "the session opens");
    session_ = std::move(*opened);
  }

  TrainOutcome Train(const std::string& model) {
    clock_.Set(Later());
    TrainOptions options;
    options.ranker = "popularity";
    options.dataset = "films";
    options.model = model;
    const auto outcome = TrainModel(session(), options);
    KLIEG_CHECK(outcome.has_value(), "training succeeds: {}",
                outcome ? "" : outcome.error().message);
    return *outcome;
  }

  core::Timestamp Later() const { return {clock_.Now().micros + 3'600'000'000}; }

  /// What Bo and the member would do, for tests that need one more voice.
  void Withdraw(const std::string& party, std::vector<rights::SubjectRef> members) {
    clock_.Set(Later());
    rights::Withdrawal withdrawal;
    withdrawal.party = party;
    withdrawal.members = std::move(members);
    withdrawal.purposes = {rights::Purpose::kRecommend};
    withdrawal.reason = "changed my mind";
    Must(session().gate().RecordWithdrawal(withdrawal, "desk"));
  }

 private:
  template <class T>
  static void Must(const core::Result<T>& result) {
    KLIEG_CHECK(result.has_value(), "the fixture is accepted: {}",
                result ? "" : result.error().message);
  }

  void Import() {
    std::string rows = "member,title\n";
    for (int member = 0; member < 60; ++member) {
      for (int title = 0; title < 12; ++title) {
        if ((member * 7 + title * 5) % 3 != 0) rows += fmt::format("m{},t{}\n", member, title);
      }
    }
    const std::filesystem::path file = folder_->path() / "views.csv";
    const std::filesystem::path terms = folder_->path() / "terms.toml";
    KLIEG_CHECK(core::WriteFileAtomically(file, rows).has_value(), "the rows are written");
    KLIEG_CHECK(core::WriteFileAtomically(
                    terms, fmt::format("owner = \"\"\"{}\"\"\"\nlicence = \"by <letter> & more\"\n"
                                       "purposes = [\"recommend\", \"measure\"]\n"
                                       "expires = \"2030-01-01\"\n"
                                       "source = \"https://example.org/views\"\n",
                                       kOwner))
                    .has_value(),
                "the terms are written");
    ImportOptions options;
    options.dataset = "films";
    options.terms_file = terms;
    options.request.kind = data::TableKind::kInteractions;
    options.request.files = {file};
    const auto outcome = ImportDataset(session(), options);
    Must(outcome);
    snapshot_ = outcome->dataset.snapshot;
  }

  void Say() {
    clock_.Set(Later());
    rights::Gate& gate = session().gate();
    const auto party = [&](std::string id, std::string name, rights::PartyRole role) {
      rights::Party one;
      one.id = std::move(id);
      one.name = std::move(name);
      one.role = role;
      Must(gate.RecordParty(one, "desk"));
    };
    party("studio", "The studio", rights::PartyRole::kCompany);
    party("ana", kWriterName, rights::PartyRole::kWriter);
    party("bo", "Bo Lind", rights::PartyRole::kPerformer);
    const auto work = [&](std::string id, std::string title, std::string holder, std::string right,
                          std::string ref, rights::Material material) {
      rights::Work one;
      one.id = std::move(id);
      one.title = std::move(title);
      one.material = material;
      one.holders = {{std::move(holder), std::move(right)}};
      one.titles = {{"films", std::move(ref)}};
      Must(gate.RecordWork(one, "desk"));
    };
    work("heist", "The <i>Heist</i> & After", "ana", "author", "t1", rights::Material::kScreenplay);
    work("ballad", "A Ballad", "bo", "performer", "t2", rights::Material::kPerformance);
    Grant("ana", "heist", {rights::Purpose::kRecommend}, {rights::Purpose::kTrainGenerative});
    Grant("bo", "ballad", {rights::Purpose::kMeasure}, {rights::Purpose::kRecommend});
    Withdraw("", {{"films", "m3"}});
  }

  void Grant(const std::string& grantor, const std::string& work,
             std::vector<rights::Purpose> permits, std::vector<rights::Purpose> refuses) {
    rights::Grant grant;
    grant.grantor = grantor;
    grant.grantee = "studio";
    grant.works = {work};
    grant.permits = std::move(permits);
    grant.refuses = std::move(refuses);
    grant.period.from = clock_.Now();
    Must(session().gate().RecordGrant({grant, ""}, "desk"));
  }

  void Evaluate() {
    clock_.Set(Later());
    EvaluateRequest request;
    request.subjects = {"house"};
    request.dataset = "films";
    request.cutoffs = {5};
    request.primary_metric = "ndcg@5";
    request.split_options.heldout_members = 20;
    Must(EvaluateModels(session(), request));
  }

  core::Result<core::TemporaryFolder> folder_ = core::TemporaryFolder::Make();
  core::FixedClock clock_{core::ParseTimestamp("2026-03-01T09:30:00Z").value()};
  std::unique_ptr<Session> session_;
  std::string snapshot_;
};

}  // namespace klieg::flows
