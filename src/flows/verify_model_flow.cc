#include "flows/verify_model_flow.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "flows/publish_model.h"
#include "flows/rederive_model.h"
#include "flows/subject_selection.h"
#include "flows/train_flow.h"
#include "rights/head_file.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

/// A model with its registration, ready to be made again.
struct Registered {
  platform::ModelRecord record;
  rights::RecordedModel entry;
  json body;
  TrainOptions options;
  std::string name;
};

core::Result<Registered> FindRegistered(Session& session, const std::string& model) {
  Registered found;
  KLIEG_ASSIGN(found.record, session.store().GetModel(model));
  found.name = fmt::format("{}@{}", found.record.name, found.record.version);
  KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(found.record.digest));
  const auto entry = session.gate().book().models().find(artifact);
  if (entry == session.gate().book().models().end()) {
    return core::Fail(core::ErrorCode::kNotFound, "the log holds no registration of {}",
                      found.name);
  }
  found.entry = entry->second;
  found.body = json::parse(found.entry.body, nullptr, false);
  KLIEG_ASSIGN(found.options, TrainOptionsOf(session, found.record));
  return found;
}

/// The model made again from scratch, with what the data are today.
struct MadeAgain {
  LoadedInteractions data;
  std::unique_ptr<personalize::Ranker> ranker;
  core::Digest root;
};

core::Result<MadeAgain> MakeAgain(Session& session, platform::Run& run, const Registered& model) {
  MadeAgain made;
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(model.options.ranker));
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, model.options.set));
  KLIEG_ASSIGN(made.data, LoadInteractions(session, run, model.options.dataset, model.entry.purpose,
                                           "verify " + model.name, model.options.filter));
  KLIEG_ASSIGN(const rights::SubjectTree set, MakeTrainingSet(session, made.data));
  made.root = set.root();
  KLIEG_ASSIGN(made.ranker, learner->train(made.data.data, values,
                                           {.pool = session.pool(),
                                            .progress = session.progress(),
                                            .seed = model.options.seed}));
  return made;
}

Finding CompareRoots(const Registered& model, const core::Digest& root) {
  const bool same = model.entry.subjects == root;
  return {
      "training set", same,
      same ? fmt::format("root {} again", root.Short())
           : fmt::format("the data that may be used today have root {}, the model was made of {}: "
                         "somebody withdrew or came back since, or the data were changed",
                         root.Short(),
                         model.entry.subjects ? model.entry.subjects->Short() : "nothing")};
}

/// Code and machine: what else the bytes depend upon.
std::vector<Finding> CompareSurroundings(const Registered& model) {
  const std::string code = model.body.value("code_version", "");
  const std::string set = model.body.value("instruction_set", "");
  return {{"code version", code == core::CodeVersion(),
           code == core::CodeVersion()
               ? code
               : fmt::format("the model was made by {}, this is {}", code, core::CodeVersion())},
          {"instruction set", set == core::InstructionSet(),
           set == core::InstructionSet()
               ? set
               : fmt::format("the model was made with {}, this machine has {}", set,
                             core::InstructionSet())}};
}

core::Result<std::vector<Finding>> VerifyModelInRun(Session& session, platform::Run& run,
                                                    const Registered& model) {
  std::vector<Finding> findings = CompareSurroundings(model);
  KLIEG_ASSIGN(MadeAgain made, MakeAgain(session, run, model));
  findings.push_back(CompareRoots(model, made.root));
  personalize::Model again;
  again.title_names = made.data.data.title_names;
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(model.options.ranker));
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, model.options.set));
  again.ranker = std::move(made.ranker);
  again.hyper_parameters = values.values();
  again.seed = model.options.seed;
  again.code_version = core::CodeVersion();
  again.instruction_set = core::InstructionSet();
  const std::filesystem::path file = run.folder() / "again.klieg";
  KLIEG_ASSIGN(const core::Digest digest, personalize::SaveModel(again, file));
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  const bool same = digest.Hex() == model.record.digest;
  findings.push_back({"model file", same,
                      same ? fmt::format("made again, the same bytes: {}", digest.Short())
                           : fmt::format("made again it is {}, the log says {}", digest.Short(),
                                         model.record.digest.substr(0, 12))});
  return findings;
}

core::Result<std::vector<Finding>> VerifyRemovalInRun(Session& session, platform::Run& run,
                                                      const Registered& model) {
  const json removal = model.body.value("removal", json());
  if (!removal.is_object()) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "{} did not come by removal: klieg verify model {} makes it again",
                      model.name, model.name);
  }
  std::vector<Finding> findings;
  // Who withdrew is not in it.
  const std::string cause = removal.value("cause", "");
  KLIEG_ASSIGN(const rights::SubjectTree set,
               rights::SubjectTree::Load(session.gate().SubjectsPath(*model.entry.subjects)));
  for (const rights::RecordedWithdrawal& record : session.gate().book().withdrawals()) {
    if (record.id != cause) continue;
    const auto left = SubjectsIn(session.gate().book(), model.entry, set,
                                 SelectWithdrawn(session.gate().book(), record));
    findings.push_back(
        {"withdrawal " + cause, left.empty(),
         left.empty()
             ? "nothing that it takes back is in the training set"
             : fmt::format("{} of its subjects are still in the training set", left.size())});
  }
  KLIEG_ASSIGN(const MadeAgain made, MakeAgain(session, run, model));
  findings.push_back(CompareRoots(model, made.root));
  KLIEG_ASSIGN(const rights::ModelPermit permit,
               AskForModel(session, run, model.record, rights::Purpose::kRemove,
                           rights::Action::kUse, "verify removal " + model.name));
  KLIEG_ASSIGN(const personalize::Model served,
               personalize::LoadModel(session.workspace().models(), permit));
  KLIEG_ASSIGN(const personalize::RemovalDifference difference,
               personalize::CompareRankers(*served.ranker, *made.ranker));
  double bound = 0;
  const std::string bound_text = removal.value("bound", "0");
  std::from_chars(bound_text.data(), bound_text.data() + bound_text.size(), bound);
  const std::string method = removal.value("method", "");
  if (difference.equal || difference.absolute == 0) {
    findings.push_back({"removal", true,
                        fmt::format("by {}: equal to training from scratch, to the bit{}", method,
                                    difference.equal ? "" : " in everything that is served")});
  } else {
    findings.push_back(
        {"removal", difference.absolute <= bound,
         fmt::format("by {}: largest difference of a weight from training from scratch {:.3g} "
                     "(relative {:.3g}), stated bound {:.3g}: {}",
                     method, difference.absolute, difference.relative, bound,
                     difference.absolute <= bound ? "within it" : "NOT within it")});
  }
  return findings;
}

}  // namespace

core::Result<std::vector<Finding>> VerifyModel(Session& session, const std::string& model) {
  KLIEG_ASSIGN(const Registered registered, FindRegistered(session, model));
  const json removal = registered.body.value("removal", json::object());
  if (removal.value("method", "") == "down-date") {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "{} came by removal from {}: klieg verify removal {} compares it with "
                      "training from scratch",
                      registered.name, removal.value("from", "").substr(0, 12), registered.name);
  }
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun({.kind = "verify",
                                         .name = "verify model " + registered.name,
                                         .command = session.command(),
                                         .parameters = "{}",
                                         .seed = registered.options.seed,
                                         .repeats = {}}));
  auto findings = VerifyModelInRun(session, run, registered);
  if (!findings) return run.Fail(findings.error());
  KLIEG_TRY(run.Finish());
  return findings;
}

core::Result<std::vector<Finding>> VerifyRemoval(Session& session, const std::string& model) {
  KLIEG_ASSIGN(const Registered registered, FindRegistered(session, model));
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun({.kind = "verify",
                                         .name = "verify removal " + registered.name,
                                         .command = session.command(),
                                         .parameters = "{}",
                                         .seed = registered.options.seed,
                                         .repeats = {}}));
  auto findings = VerifyRemovalInRun(session, run, registered);
  if (!findings) return run.Fail(findings.error());
  KLIEG_TRY(run.Finish());
  return findings;
}

std::vector<Finding> VerifyLogAndHeads(const platform::Workspace& workspace) {
  // Heads first: a head that is signed while we read the log may be of more than we read.
  const auto heads = rights::HeadFile::Open(workspace.folder() / "rights.heads");
  rights::MerkleTree tree;
  const auto summary = rights::VerifyLog(workspace.rights_log(), &tree);
  if (!summary) return {{"log", false, summary.error().message}};
  std::vector<Finding> findings = {
      {"log", true,
       fmt::format("{} entries, every hash in order, root {}{}", summary->entries,
                   summary->root.Hex(),
                   summary->torn_tail
                       ? "; behind them an unfinished one of a killed process, which the next "
                         "command cuts off"
                       : "")}};
  if (!heads) {
    findings.push_back({"heads", false, heads.error().message});
    return findings;
  }
  const core::Status fit = heads->CheckHeadsAgainst(tree);
  findings.push_back({"heads", fit.has_value(),
                      fit ? fmt::format("{} signed, all of this history", heads->heads().size())
                          : fit.error().message});
  return findings;
}

}  // namespace klieg::flows
