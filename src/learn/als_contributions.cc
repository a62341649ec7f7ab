#include "learn/als_contributions.h"

#include <Eigen/Dense>

namespace klieg::learn {

std::vector<double> AlsContributions(core::MatrixView<const float> factors,
                                     std::span<const float> spectrum,
                                     std::span<const uint32_t> rows, double regularization,
                                     uint32_t target) {
  if (rows.empty()) return {};
  const auto width = static_cast<Eigen::Index>(factors.columns());
  const auto count = static_cast<Eigen::Index>(rows.size());
  const auto factor = [&](uint32_t row) -> Eigen::VectorXd {
    return Eigen::Map<const Eigen::VectorXf>(factors.Row(row).data(), width).cast<double>();
  };
  Eigen::MatrixXd observed(width, count);
  for (Eigen::Index i = 0; i < count; ++i) observed.col(i) = factor(rows[static_cast<size_t>(i)]);
  const Eigen::VectorXd diagonal =
      Eigen::Map<const Eigen::VectorXf>(spectrum.data(), width).cast<double>().array() +
      regularization;

  // z = A^-1 v_t in the smaller of the two forms of als_row.h; then each entry adds z · v_s.
  const Eigen::VectorXd v = factor(target);
  Eigen::VectorXd z;
  if (count < width) {
    const Eigen::MatrixXd scaled = diagonal.cwiseInverse().asDiagonal() * observed;
    Eigen::MatrixXd system = Eigen::MatrixXd::Identity(count, count);
    system.noalias() += observed.transpose() * scaled;
    z = v.cwiseQuotient(diagonal) - scaled * system.llt().solve(scaled.transpose() * v);
  } else {
    Eigen::MatrixXd system = diagonal.asDiagonal();
    system.selfadjointView<Eigen::Lower>().rankUpdate(observed);
    z = system.llt().solve(v);
  }
  const Eigen::VectorXd terms = observed.transpose() * z;
  return {terms.data(), terms.data() + terms.size()};
}

}  // namespace klieg::learn
