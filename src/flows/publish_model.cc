#include "flows/publish_model.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/version.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

/// 32 random bytes that only this workspace knows, made at first need.
core::Result<std::string> WorkspaceSecret(const platform::Workspace& workspace) {
  const std::filesystem::path folder = workspace.folder() / "keys";
  const std::filesystem::path path = folder / "training-sets.secret";
  KLIEG_TRY(core::MakeFolder(folder));
  KLIEG_ASSIGN(const core::FileLock lock, core::FileLock::Acquire(folder / "lock"));
  auto secret = core::ReadFile(path, 1024);
  if (secret) return secret;
  if (secret.error().code != core::ErrorCode::kNotFound)
    return tl::unexpected<core::Error>(secret.error());
  KLIEG_ASSIGN(const rights::SubjectSalt random, rights::RandomSalt());
  KLIEG_TRY(core::WriteFileAtomically(path, random.Hex() + "\n"));
  std::error_code ignored;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, ignored);
  return random.Hex() + "\n";
}

std::string FamilyOf(Session& session, const LoadedInteractions& source) {
  const auto& families = session.gate().book().AttributionOf(source.snapshot).families;
  return families.empty() || families.contains(source.dataset.name) ? source.dataset.name
                                                                    : *families.begin();
}

/// Works with the interactions of their titles; whole-dataset works have them all.
void AddWorks(const rights::Book& book, const LoadedInteractions& source,
              const std::vector<uint32_t>& counts, std::vector<rights::Subject>& subjects) {
  if (book.works().empty()) return;
  const rights::Attribution& attribution = book.AttributionOf(source.snapshot);
  std::unordered_map<std::string, uint64_t> rows;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) rows.emplace(source.data.title_names[i], counts[i]);
  }
  for (const auto& [id, work] : book.works()) {
    uint64_t total = 0;
    if (attribution.works.contains(id)) {
      total = source.data.matrix.entry_count();
    } else {
      for (const rights::SubjectRef& title : work.titles) {
        if (!rights::MatchesFamily(title, attribution.families)) continue;
        const auto found = rows.find(title.id);
        if (found != rows.end()) total += found->second;
      }
    }
    if (total > 0) subjects.push_back({rights::SubjectKind::kWork, id, total});
  }
}

core::Result<core::Digest> SaveFile(Session& session, platform::Run& run,
                                    const personalize::Model& model) {
  const std::filesystem::path staged = run.folder() / "model.klieg";
  KLIEG_ASSIGN(const core::Digest digest, personalize::SaveModel(model, staged));
  const std::filesystem::path file = personalize::ModelPath(session.workspace().models(), digest);
  KLIEG_TRY(core::MakeFolder(session.workspace().models()));
  std::error_code error;
  std::filesystem::rename(staged, file, error);
  if (error) {
    return core::Fail(core::ErrorCode::kIo, "cannot move the model to '{}': {}", file.string(),
                      error.message());
  }
  KLIEG_TRY(core::SyncPath(session.workspace().models()));
  KLIEG_TRY(run.AddArtifact(
      {.name = "model",
       .path = std::filesystem::relative(file, session.workspace().folder()).string(),
       .digest = digest.Hex()}));
  return digest;
}

/// Numbers with fractions have no canonical text; the log holds them as they were typed.
json ParametersJson(const ModelToPublish& model) {
  return {{"filter",
           {{"interactions_min", model.filter.interactions_min},
            {"value_min", fmt::format("{}", model.filter.value_min)}}},
          {"hyper_parameters", model.hyper_parameters}};
}

}  // namespace

core::Result<rights::SubjectTree> MakeTrainingSet(Session& session,
                                                  const LoadedInteractions& source) {
  KLIEG_ASSIGN(const std::string secret, WorkspaceSecret(session.workspace()));
  const rights::SubjectSalt salt =
      core::HashBytes("klieg training set salt v1\n" + secret + source.snapshot.Hex());
  const std::string family = FamilyOf(session, source);
  const personalize::Interactions& data = source.data;
  std::vector<rights::Subject> subjects;
  subjects.reserve(data.member_count() + data.title_count());
  for (uint32_t member = 0; member < data.member_count(); ++member) {
    subjects.push_back({rights::SubjectKind::kMember, family + "/" + data.member_names[member],
                        data.matrix.RowSize(member)});
  }
  const std::vector<uint32_t> counts = learn::ColumnCounts(data.matrix);
  for (uint32_t title = 0; title < data.title_count(); ++title) {
    if (counts[title] == 0) continue;
    subjects.push_back(
        {rights::SubjectKind::kTitle, family + "/" + data.title_names[title], counts[title]});
  }
  AddWorks(session.gate().book(), source, counts, subjects);
  return rights::SubjectTree::Make(salt, subjects, &session.pool());
}

core::Result<platform::ModelRecord> PublishModel(Session& session, platform::Run& run,
                                                 const LoadedInteractions& source,
                                                 ModelToPublish to_publish) {
  const json parameters = ParametersJson(to_publish);
  personalize::Model model;
  model.ranker = std::move(to_publish.ranker);
  model.title_names = source.data.title_names;
  model.hyper_parameters = to_publish.hyper_parameters;
  model.seed = to_publish.seed;
  model.code_version = core::CodeVersion();
  model.instruction_set = core::InstructionSet();
  KLIEG_ASSIGN(const core::Digest digest, SaveFile(session, run, model));
  KLIEG_ASSIGN(const rights::SubjectTree training_set, MakeTrainingSet(session, source));
  const std::filesystem::path subjects = session.gate().SubjectsPath(training_set.root());
  KLIEG_TRY(core::MakeFolder(subjects.parent_path()));
  KLIEG_TRY(training_set.Save(subjects));

  rights::ModelEntry entry;
  entry.artifact = digest;
  entry.name = to_publish.name;
  entry.learner = to_publish.learner;
  entry.parameters = parameters.dump();
  entry.seed = to_publish.seed;
  entry.code_version = model.code_version;
  entry.instruction_set = model.instruction_set;
  entry.inputs = {{source.snapshot, static_cast<uint64_t>(source.permit_sequence)}};
  entry.training_set = rights::RootOf(training_set);
  entry.removal = to_publish.removal;
  KLIEG_TRY(session.gate().AskRegistration(session.actor(), entry));
  KLIEG_ASSIGN(platform::ModelRecord record,
               session.store().AddModel({.name = to_publish.name,
                                         .version = 0,
                                         .digest = digest.Hex(),
                                         .ranker = to_publish.learner,
                                         .parameters = json(to_publish.hyper_parameters).dump(),
                                         .run = run.id(),
                                         .snapshot = source.snapshot.Hex(),
                                         .permit_sequence = source.permit_sequence,
                                         .bytes = model.ranker->bytes(),
                                         .created = {}}));
  entry.version = record.version;
  KLIEG_TRY(session.gate().RecordModel(entry, session.actor()));
  KLIEG_TRY(session.gate().SignHead());
  return record;
}

}  // namespace klieg::flows
