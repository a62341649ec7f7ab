#include <fmt/format.h>

#include "cli/verb.h"
#include "core/file.h"
#include "flows/prove_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  std::string model;
  std::string member;
  std::string work;
  std::string title;
  std::string head;
  std::string head_output;
  std::string since;
  std::string output;
};

core::Result<flows::Proof> MakeProof(flows::Session& session, const Options& options) {
  const int subjects = !options.member.empty() + !options.work.empty() + !options.title.empty();
  if (!options.since.empty()) {
    if (subjects > 0 || !options.model.empty()) {
      return core::Fail(
          core::ErrorCode::kUsage,
          "--since proves that history was not rewritten, for no model in particular");
    }
    return flows::ProveConsistency(session, options.since, options.head);
  }
  if (subjects != 1 || options.model.empty()) {
    return core::Fail(core::ErrorCode::kUsage,
                      "name a model and one of --member, --work and --title; or --since HEAD");
  }
  flows::ProveRequest request{options.model, rights::SubjectKind::kMember, options.member,
                              options.head};
  if (!options.work.empty()) {
    request.kind = rights::SubjectKind::kWork;
    request.id = options.work;
  } else if (!options.title.empty()) {
    request.kind = rights::SubjectKind::kTitle;
    request.id = options.title;
  }
  return flows::ProveSubject(session, request);
}

core::Status Prove(Invocation& call, const Options& options) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::Proof proof, MakeProof(*session, options));
  KLIEG_TRY(core::WriteFileAtomically(options.output, proof.text + "\n"));
  if (!options.head_output.empty()) {
    KLIEG_TRY(
        core::WriteFileAtomically(options.head_output, rights::CanonicalText(proof.head) + "\n"));
  }
  if (call.json) {
    fmt::print("{}\n", proof.text);
    return {};
  }
  if (!options.since.empty()) {
    fmt::print("the log of '{}' is the beginning of that of {} entries: {}\n", options.since,
               proof.head.tree_size, options.output);
  } else if (proof.rows) {
    fmt::print("{} was in the training set of {}, with {} rows: {}\n", proof.subject, proof.model,
               *proof.rows, options.output);
  } else {
    fmt::print("{} was not in the training set of {}: {}\n", proof.subject, proof.model,
               options.output);
  }
  fmt::print("check it with: klieg-verify {} --head {}{}\n", options.output,
             !options.head_output.empty() ? options.head_output
             : options.head.empty()       ? "HEAD"
                                          : options.head,
             options.since.empty() ? "" : " --since " + options.since);
  if (options.head.empty() && options.head_output.empty())
    fmt::print("its head is that of {} entries: klieg rights head -o HEAD\n", proof.head.tree_size);
  return {};
}

}  // namespace

void AddProve(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = AddVerb(app, invocation, "prove",
                           "Prove that somebody's material was, or was not, in a model's training "
                           "set; or that the log was not rewritten",
                           "klieg prove house --member 42 -o proof.json --head-output head.json\n"
                           "         klieg prove --since old-head.json -o history.json");
  AddJson(*verb, invocation);
  verb->add_option("MODEL", options->model, "Model: name or name@version");
  verb->add_option("--member", options->member, "Member, as films/42 or 42");
  verb->add_option("--work", options->work, "Work, by its id in klieg rights");
  verb->add_option("--title", options->title, "Title, as films/1 or 1");
  verb->add_option("--head", options->head,
                   "The published head to prove against (default: a new one is signed)");
  verb->add_option("--head-output", options->head_output, "File for the head that was used");
  verb->add_option("--since", options->since,
                   "An earlier head: prove that history goes on from it");
  verb->add_option("-o,--output", options->output, "File for the proof")->required();
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Prove(call, *options); };
  });
}

}  // namespace klieg::cli
