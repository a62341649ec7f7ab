#include <filesystem>
#include <nlohmann/json.hpp>

#include "personalize/learner.h"
#include "personalize/model_file.h"

namespace klieg::personalize {
namespace {

using nlohmann::json;

constexpr int kModelFormat = 1;

}  // namespace

core::Result<core::Digest> SaveModel(const Model& model, const std::filesystem::path& path) {
  json header;
  header["format"] = kModelFormat;
  header["ranker"] = model.ranker->kind();
  header["hyper_parameters"] = model.hyper_parameters;
  header["seed"] = model.seed;
  header["code_version"] = model.code_version;
  header["instruction_set"] = model.instruction_set;
  learn::TensorFileWriter writer;
  writer.SetHeader(header.dump());
  writer.Add("titles", std::span<const std::string>(model.title_names));
  model.ranker->Save("ranker", writer);
  return writer.Write(path);
}

core::Result<Model> ReadModelFile(const std::filesystem::path& path) {
  KLIEG_ASSIGN(learn::TensorFile opened, learn::TensorFile::Open(path));
  const auto file = std::make_shared<const learn::TensorFile>(std::move(opened));
  const json header = json::parse(file->header(), nullptr, false);
  const auto corrupt = [&path](std::string_view what) {
    return core::Fail(core::ErrorCode::kCorrupt, "'{}' is not a model: {}", path.string(), what);
  };
  if (!header.is_object() || !header.contains("format") || !header["format"].is_number_integer()) {
    return corrupt("its header is not the JSON object of one");
  }
  if (header["format"].get<int64_t>() > kModelFormat) {
    return core::Fail(core::ErrorCode::kVersion,
                      "'{}' has model format {}, this klieg reads up to {}: use a newer klieg",
                      path.string(), header["format"].get<int64_t>(), kModelFormat);
  }
  Model model;
  try {
    model.hyper_parameters =
        header.at("hyper_parameters").get<std::map<std::string, std::string>>();
    model.seed = header.at("seed").get<uint64_t>();
    model.code_version = header.at("code_version").get<std::string>();
    model.instruction_set = header.at("instruction_set").get<std::string>();
    KLIEG_ASSIGN(const Learner* learner, FindLearner(header.at("ranker").get<std::string>()));
    KLIEG_ASSIGN(model.ranker, learner->load("ranker", file));
  } catch (const json::exception& error) {
    return corrupt(error.what());
  }
  KLIEG_ASSIGN(model.title_names, file->Strings("titles"));
  if (model.title_names.size() != model.ranker->title_count()) {
    return corrupt(fmt::format("{} titles are named, {} are scored", model.title_names.size(),
                               model.ranker->title_count()));
  }
  return model;
}

std::filesystem::path ModelPath(const std::filesystem::path& folder, const core::Digest& artifact) {
  return folder / (artifact.Hex() + ".klieg");
}

core::Result<Model> LoadModel(const std::filesystem::path& folder,
                              const rights::ModelPermit& permit) {
  const std::filesystem::path path = ModelPath(folder, permit.artifact());
  KLIEG_TRY(learn::TensorFile::Verify(path, permit.artifact()));
  return ReadModelFile(path);
}

}  // namespace klieg::personalize
