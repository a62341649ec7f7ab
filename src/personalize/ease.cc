#include "personalize/ease.h"

#include <array>
#include <utility>

#include "personalize/closed_form_item_model.h"
#include "personalize/dense_item_ranker.h"
#include "personalize/removal_closed_form.h"

namespace klieg::personalize {
namespace {

constexpr std::string_view kEase = "ease";
constexpr std::string_view kEdlae = "edlae";

HyperParameter Lambda(std::string_view default_value, double tune_low, double tune_high) {
  return {
      .name = "lambda",
      .default_value = default_value,
      .low = 1e-6,
      .high = 1e9,
      .tune_low = tune_low,
      .tune_high = tune_high,
      .logarithmic = true,
      .meaning =
          "Regularisation added to the diagonal of the Gram matrix, in members (after scaling)."};
}

HyperParameter Exponent(std::string_view name, double tune_low, double tune_high,
                        std::string_view meaning) {
  return {.name = name,
          .default_value = "0",
          .low = -2,
          .high = 2,
          .tune_low = tune_low,
          .tune_high = tune_high,
          .meaning = meaning};
}

HyperParameter MemberExponent() {
  return Exponent("member_exponent", 0, 0.5,
                  "a: a member with n titles is scaled by n^-a, so that heavy viewers count less.");
}

HyperParameter TitleExponent() {
  return Exponent(
      "title_exponent", 0, 0.5,
      "b: a title with n members is scaled by n^-b, so that popular titles are regularised more.");
}

HyperParameter OutputExponent() {
  return Exponent(
      "output_exponent", -0.3, 0.5,
      "c: the score of a title with n members is multiplied by n^c, which gives popularity back.");
}

ClosedFormOptions EaseOptions(const HyperParameters& values) {
  ClosedFormOptions options;
  options.lambda = values.Real("lambda");
  options.member_exponent = values.Real("member_exponent");
  options.title_exponent = values.Real("title_exponent");
  options.output_exponent = values.Real("output_exponent");
  return options;
}

ClosedFormOptions EdlaeOptions(const HyperParameters& values) {
  ClosedFormOptions options = EaseOptions(values);
  options.dropout = values.Real("dropout");
  options.popularity_lambda = values.Real("popularity_lambda");
  options.popularity_exponent = values.Real("popularity_exponent");
  options.diagonal_exponent = values.Real("diagonal_exponent");
  return options;
}

core::Result<std::unique_ptr<Ranker>> Train(std::string_view name, const Interactions& data,
                                            const ClosedFormOptions& options,
                                            const TrainContext& context) {
  InverseRecord record;
  KLIEG_ASSIGN(core::Matrix<float> weights,
               TrainClosedForm(name, data.matrix, options, context, &record));
  return std::make_unique<DenseItemRanker>(name, std::move(weights), std::move(record));
}

core::Result<std::unique_ptr<Ranker>> TrainEase(const Interactions& data,
                                                const HyperParameters& values,
                                                const TrainContext& context) {
  return Train(kEase, data, EaseOptions(values), context);
}

core::Result<std::unique_ptr<Ranker>> TrainEdlae(const Interactions& data,
                                                 const HyperParameters& values,
                                                 const TrainContext& context) {
  return Train(kEdlae, data, EdlaeOptions(values), context);
}

core::Result<Removal> RemoveFromEase(const Ranker& model, const RemovalData& data,
                                     const HyperParameters& values, const TrainContext& context) {
  return RemoveFromClosedForm(kEase, model, data, EaseOptions(values), context);
}

core::Result<Removal> RemoveFromEdlae(const Ranker& model, const RemovalData& data,
                                      const HyperParameters& values, const TrainContext& context) {
  return RemoveFromClosedForm(kEdlae, model, data, EdlaeOptions(values), context);
}

core::Result<std::unique_ptr<Ranker>> LoadEase(const std::string& prefix,
                                               std::shared_ptr<const learn::TensorFile> file) {
  return DenseItemRanker::Load(kEase, prefix, std::move(file));
}

core::Result<std::unique_ptr<Ranker>> LoadEdlae(const std::string& prefix,
                                                std::shared_ptr<const learn::TensorFile> file) {
  return DenseItemRanker::Load(kEdlae, prefix, std::move(file));
}

}  // namespace

const Learner& EaseLearner() {
  static const std::array<HyperParameter, 4> hyper_parameters = {
      Lambda("500", 20, 2000), MemberExponent(), TitleExponent(), OutputExponent()};
  static const Learner learner = {
      .name = kEase,
      .summary = "Linear autoencoder between titles with a zero diagonal, in closed form.",
      .source = "Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, eq. 8",
      .hyper_parameters = hyper_parameters,
      .train = TrainEase,
      .load = LoadEase,
      .remove = RemoveFromEase,
  };
  return learner;
}

const Learner& EdlaeLearner() {
  static const std::array<HyperParameter, 8> hyper_parameters = {
      Lambda("200", 1, 1000),
      HyperParameter{
          .name = "dropout",
          .default_value = "0.5",
          .low = 0,
          .high = 0.99,
          .tune_low = 0.1,
          .tune_high = 0.75,
          .meaning =
              "p: share of a history hidden in training, in expectation; adds p/(1-p) times the "
              "diagonal of the Gram matrix to lambda."},
      HyperParameter{
          .name = "popularity_lambda",
          .default_value = "0",
          .low = 0,
          .high = 1e9,
          .tune_low = 0,
          .tune_high = 40,
          .meaning =
              "m: adds m times the popularity_exponent-th power of the Gram diagonal to lambda."},
      HyperParameter{
          .name = "popularity_exponent",
          .default_value = "0.5",
          .low = -2,
          .high = 2,
          .tune_low = 0.3,
          .tune_high = 0.8,
          .meaning = "g: power of a title's Gram diagonal that popularity_lambda multiplies."},
      HyperParameter{
          .name = "diagonal_exponent",
          .default_value = "1",
          .low = 0,
          .high = 2,
          .meaning = "e: 1 judges by hidden titles only (EDLAE); 0 by all titles alike (DLAE)."},
      MemberExponent(),
      TitleExponent(),
      OutputExponent()};
  static const Learner learner = {
      .name = kEdlae,
      .summary = "Denoising linear autoencoder between titles, in closed form.",
      .source =
          "Steck, Autoencoders that don't overfit towards the identity, NeurIPS 2020, section 3",
      .hyper_parameters = hyper_parameters,
      .train = TrainEdlae,
      .load = LoadEdlae,
      .remove = RemoveFromEdlae,
  };
  return learner;
}

}  // namespace klieg::personalize
