#include "personalize/ials.h"

#include <array>
#include <utility>

#include "core/memory.h"
#include "learn/als_trainer.h"
#include "learn/packed_triangle.h"
#include "personalize/ials_ranker.h"

namespace klieg::personalize {
namespace {

constexpr std::array<std::string_view, 3> kSolvers = {"exact", "block", "cg"};

const std::array<HyperParameter, 9>& Declared() {
  static const std::array<HyperParameter, 9> declared = {
      HyperParameter{.name = "dimensions",
                     .type = HyperParameterType::kInteger,
                     .default_value = "128",
                     .low = 1,
                     .high = 4096,
                     .tune_low = 32,
                     .tune_high = 256,
                     .logarithmic = true,
                     .meaning = "d: numbers per member and title."},
      HyperParameter{.name = "epochs",
                     .type = HyperParameterType::kInteger,
                     .default_value = "16",
                     .low = 1,
                     .high = 1000,
                     .meaning = "Times that all members and then all titles are solved."},
      HyperParameter{.name = "lambda",
                     .default_value = "0.003",
                     .low = 1e-6,
                     .high = 1e6,
                     .tune_low = 3e-4,
                     .tune_high = 3e-2,
                     .logarithmic = true,
                     .meaning = "Regularisation of a vector, times the frequency that "
                                "regularization_exponent speaks of."},
      HyperParameter{
          .name = "unobserved_weight",
          .default_value = "0.1",
          .low = 1e-6,
          .high = 1e3,
          .tune_low = 0.03,
          .tune_high = 1,
          .logarithmic = true,
          .meaning = "w: weight of the squared score of every pair of member and title, where a "
                     "watched pair has weight 1."},
      HyperParameter{
          .name = "regularization_exponent",
          .default_value = "1",
          .low = -2,
          .high = 2,
          .meaning = "Power of the frequency (interactions + w times all choices) that lambda is "
                     "multiplied by: 1 scales with it, 0 treats all alike."},
      HyperParameter{.name = "stddev",
                     .default_value = "0.1",
                     .low = 1e-6,
                     .high = 100,
                     .meaning =
                         "Standard deviation of a random first title vector's length: each of its "
                         "numbers has stddev / sqrt(d)."},
      HyperParameter{
          .name = "solver",
          .type = HyperParameterType::kChoice,
          .default_value = "exact",
          .choices = {"exact", "block", "cg"},
          .meaning = "How a vector is solved: to the end, in blocks of dimensions (iALS++), or by "
                     "steps of conjugate gradients."},
      HyperParameter{
          .name = "block_size",
          .type = HyperParameterType::kInteger,
          .default_value = "64",
          .low = 1,
          .high = 4096,
          .meaning =
              "Dimensions solved together by the block solver; rounded up to a multiple of 16."},
      HyperParameter{.name = "cg_steps",
                     .type = HyperParameterType::kInteger,
                     .default_value = "3",
                     .low = 1,
                     .high = 100,
                     .meaning = "Steps of the cg solver per vector and epoch."},
  };
  return declared;
}

learn::AlsOptions Options(const HyperParameters& values, uint64_t seed) {
  learn::AlsOptions options;
  options.problem.lambda = values.Real("lambda");
  options.problem.unobserved_weight = values.Real("unobserved_weight");
  options.problem.regularization_exponent = values.Real("regularization_exponent");
  const std::string& solver = values.Text("solver");
  options.solver.solver = solver == kSolvers[0]   ? learn::AlsSolver::kExact
                          : solver == kSolvers[1] ? learn::AlsSolver::kBlock
                                                  : learn::AlsSolver::kConjugateGradients;
  options.solver.block_size = static_cast<uint32_t>(values.Integer("block_size"));
  options.solver.cg_steps = static_cast<uint32_t>(values.Integer("cg_steps"));
  options.dimensions = static_cast<uint32_t>(values.Integer("dimensions"));
  options.initial_deviation = values.Real("stddev");
  options.seed = seed;
  return options;
}

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, const HyperParameters& values,
                                            const TrainContext& context) {
  const learn::AlsOptions options = Options(values, context.seed);
  const uint64_t needed =
      learn::AlsTrainingBytes(data.member_count(), data.title_count(), data.matrix.entry_count(),
                              options.dimensions, context.pool.threads()) +
      sizeof(float) * uint64_t{data.title_count()} * learn::PaddedColumns(options.dimensions);
  KLIEG_TRY(
      core::RequireMemory(needed, context.memory_limit_bytes,
                          fmt::format("ials with {} dimensions for {} members and {} titles",
                                      options.dimensions, data.member_count(), data.title_count()),
                          "use fewer dimensions, or rank with item-knn or popularity, which need "
                          "no vectors of members"));

  KLIEG_ASSIGN(learn::AlsTrainer trainer,
               learn::AlsTrainer::Create(data.matrix, options, context.pool));
  const int64_t epochs = values.Integer("epochs");
  const auto task = context.progress.Begin("train ials", static_cast<uint64_t>(epochs), "epochs");
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    KLIEG_ASSIGN(const double objective, trainer.RunEpoch(context.pool));
    task->SetNote(fmt::format("objective {:.6g}", objective));
    task->Advance(1);
  }
  KLIEG_ASSIGN(learn::AlsColumns titles, std::move(trainer).Finish(context.pool));
  return std::make_unique<IalsRanker>(std::move(titles), options.problem);
}

}  // namespace

const Learner& IalsLearner() {
  static const Learner learner = {
      .name = "ials",
      .summary =
          "Vectors of members and titles by implicit alternating least squares with "
          "frequency-scaled regularisation.",
      .source =
          "Rendle, Krichene, Zhang, Koren, Revisiting the Performance of iALS on Item "
          "Recommendation "
          "Benchmarks, RecSys 2022, eq. 3-6; block solver: the same, iALS++, arXiv:2110.14044",
      .hyper_parameters = Declared(),
      .train = Train,
      .load = IalsRanker::Load,
  };
  return learner;
}

}  // namespace klieg::personalize
