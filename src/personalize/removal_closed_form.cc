#include "personalize/removal_closed_form.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/inverse_update.h"
#include "personalize/closed_form_error.h"
#include "personalize/dense_item_ranker.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using core::Matrix;
using core::MatrixView;

/// Σ |core_kl| ε_k ε_l beyond which the first order of the error says nothing.
constexpr double kDenominatorErrorMax = 0.1;

/// A change of higher rank than T / 8 costs what training costs; small catalogues do not care.
constexpr size_t kRankShare = 8;
constexpr size_t kRankAlways = 256;

/// Titles of one task of the passes over panels.
constexpr size_t kTitlesPerTask = 1024;

/// Why a down-date cannot be done, for people; nothing when it can.
using Refusal = std::optional<std::string>;

/// The members that are taken out.
struct Members {
  learn::SparseMatrix histories;  // over the old catalogue, without removed titles, no empty rows
  std::vector<double> weights;    // n_u^-2a
  std::vector<uint32_t> titles;   // H, ascending
};

/// The trained inverse Q, in the old catalogue.
struct OldInverse {
  MatrixView<const float> weights;  // B
  std::vector<TitleTerms> terms;
  InverseDiagonal inverse;

  double At(size_t row, size_t column) const {
    return row == column ? inverse.diagonal[row] : weights(row, column) / inverse.factor[column];
  }
};

/// Q' - Q = left · right', in the old catalogue, and what it makes of the errors.
struct Change {
  Matrix<double> left;         // T × r
  Matrix<double> right;        // T × r
  std::vector<double> errors;  // [T] ε
};

/// Everything about what remains, in the new catalogue.
struct NewInverse {
  std::vector<uint32_t> kept;  // indices in the old catalogue
  std::vector<TitleTerms> terms;
  InverseDiagonal inverse;
  std::vector<double> errors;  // ε
  double backward_error = 0;   // θ
};

std::vector<uint32_t> Support(const learn::SparseMatrix& histories) {
  std::vector<uint32_t> titles = histories.columns;
  std::ranges::sort(titles);
  titles.erase(std::ranges::unique(titles).begin(), titles.end());
  return titles;
}

/// The removed members with the titles that stay: rows and columns of removed titles are struck
/// anyway.
Members KeepTitles(const RemovalData& data, const ClosedFormOptions& options) {
  Members members;
  members.histories.column_count = data.removed.column_count;
  std::vector<uint32_t> row;
  for (uint32_t member = 0; member < data.removed.row_count; ++member) {
    row.clear();
    std::ranges::set_difference(data.removed.RowColumns(member), data.removed_titles,
                                std::back_inserter(row));
    if (row.empty()) continue;
    members.histories.AppendRow(row);
    members.weights.push_back(MemberWeight(options, data.removed.RowSize(member)));
  }
  members.titles = Support(members.histories);
  return members;
}

/// Who is to be taken out: nobody, when what remains is already all that the model knows.
/// kInvalidArgument when the model was trained on other data.
core::Result<Members> FindMembers(const RemovalData& data, const ClosedFormOptions& options,
                                  const InverseRecord& record, const std::vector<uint32_t>& kept) {
  Members members = KeepTitles(data, options);
  const std::vector<uint32_t> remaining = learn::ColumnCounts(data.remaining.matrix);
  const std::vector<uint32_t> removed = members.histories.column_count == 0
                                            ? std::vector<uint32_t>(record.title_counts.size())
                                            : learn::ColumnCounts(members.histories);
  bool nobody = true;
  std::optional<size_t> wrong;
  for (size_t i = 0; i < kept.size(); ++i) {
    const uint64_t trained = record.title_counts[kept[i]];
    nobody = nobody && remaining[i] == trained;
    if (!wrong && uint64_t{remaining[i]} + removed[kept[i]] != trained) wrong = i;
  }
  if (nobody) return Members{};
  if (!wrong) return members;
  return core::Fail(ErrorCode::kInvalidArgument,
                    "the histories are not those the model was trained on: title {} had {} members "
                    "in training, but {} remain and {} are removed; give every member of the "
                    "training data either as remaining or as removed",
                    kept[*wrong], record.title_counts[kept[*wrong]], remaining[*wrong],
                    removed[kept[*wrong]]);
}

/// What the model was trained on, title by title: what remains and what is taken out.
std::vector<TitleTerms> OldTerms(const ClosedFormOptions& options, const InverseRecord& record,
                                 const Members& members, const NewInverse& after) {
  std::vector<double> weights(record.title_counts.begin(), record.title_counts.end());
  if (options.member_exponent != 0) {
    // No title is removed then: both catalogues are one.
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = after.terms[i].weight;
    for (size_t member = 0; member < members.weights.size(); ++member) {
      for (const uint32_t title : members.histories.RowColumns(member))
        weights[title] += members.weights[member];
    }
  }
  std::vector<TitleTerms> terms;
  for (size_t i = 0; i < weights.size(); ++i)
    terms.push_back(MakeTitleTerms(options, record.title_counts[i], weights[i]));
  return terms;
}

OldInverse MakeOldInverse(const ClosedFormOptions& options, const DenseItemRanker& model,
                          const Members& members, const NewInverse& after) {
  OldInverse old{.weights = model.weights(),
                 .terms = OldTerms(options, *model.record(), members, after),
                 .inverse = {}};
  std::vector<double> diagonal;
  for (size_t i = 0; i < old.terms.size(); ++i) {
    diagonal.push_back(UnscaledDiagonal(options, old.terms[i].count, model.record()->diagonal[i]));
  }
  old.inverse = MakeInverseDiagonal(options, old.terms, std::move(diagonal));
  return old;
}

/// Λ - Λ' of the titles H.
std::vector<double> RegulariserChange(const OldInverse& old, const NewInverse& after,
                                      const std::vector<uint32_t>& titles) {
  std::vector<double> change;
  for (const uint32_t title : titles) {
    const auto place = std::ranges::lower_bound(after.kept, title) - after.kept.begin();
    change.push_back(old.terms[title].regulariser -
                     after.terms[static_cast<size_t>(place)].regulariser);
  }
  return change;
}

/// Calls task(first, last) for ranges of titles, in the pool.
template <class Task>
void ForTitles(size_t titles, core::ThreadPool& pool, const Task& task) {
  pool.ParallelFor((titles + kTitlesPerTask - 1) / kTitlesPerTask, [&](size_t index, size_t) {
    const size_t first = index * kTitlesPerTask;
    task(first, std::min(titles, first + kTitlesPerTask));
  });
}

/// Q V, V the histories of the members times the roots of their weights: T × k.
Matrix<double> MemberPanel(const OldInverse& old, const Members& members, core::ThreadPool& pool) {
  Matrix<double> panel(old.terms.size(), members.weights.size());
  ForTitles(panel.rows(), pool, [&](size_t first, size_t last) {
    std::vector<double> sums(last - first);
    for (size_t member = 0; member < panel.columns(); ++member) {
      std::ranges::fill(sums, 0.0);
      for (const uint32_t title : members.histories.RowColumns(member)) {
        // Row `title` of B is column `title` of Q, scaled by element.
        const float* row = old.weights.Row(title).data() + first;
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += row[i];
      }
      for (size_t i = first; i < last; ++i)
        panel(i, member) = sums[i - first] / old.inverse.factor[i];
      for (const uint32_t title : members.histories.RowColumns(member)) {
        if (title >= first && title < last) panel(title, member) += old.inverse.diagonal[title];
      }
      const double root = std::sqrt(members.weights[member]);
      for (size_t i = first; i < last; ++i) panel(i, member) *= root;
    }
  });
  return panel;
}

/// The columns `titles` of Q: T × |titles|.
Matrix<double> TitlePanel(const OldInverse& old, const std::vector<uint32_t>& titles,
                          core::ThreadPool& pool) {
  Matrix<double> panel(old.terms.size(), titles.size());
  ForTitles(panel.rows(), pool, [&](size_t first, size_t last) {
    for (size_t k = 0; k < titles.size(); ++k) {
      for (size_t i = first; i < last; ++i) {
        panel(i, k) = titles[k] == i ? old.inverse.diagonal[i]
                                     : old.weights(titles[k], i) / old.inverse.factor[i];
      }
    }
  });
  return panel;
}

/// The rows `titles` of a panel that has a column for each of them, made symmetric.
Matrix<double> BlockOf(const Matrix<double>& panel, const std::vector<uint32_t>& titles) {
  Matrix<double> block(titles.size(), titles.size());
  for (size_t r = 0; r < titles.size(); ++r) {
    for (size_t c = 0; c <= r; ++c) {
      block(r, c) = block(c, r) = (panel(titles[r], c) + panel(titles[c], r)) / 2;
    }
  }
  return block;
}

/// V'QV from Q V.
Matrix<double> MemberBlock(const Matrix<double>& panel, const Members& members) {
  const size_t count = members.weights.size();
  Matrix<double> block(count, count);
  for (size_t r = 0; r < count; ++r) {
    const double root = std::sqrt(members.weights[r]);
    for (size_t c = 0; c < count; ++c) {
      double sum = 0;
      for (const uint32_t title : members.histories.RowColumns(r)) sum += panel(title, c);
      block(r, c) = root * sum;
    }
  }
  return block;
}

/// F: what the members take off the rows and columns H of N.
Matrix<double> BlockChange(const Members& members, const std::vector<double>& regulariser_change) {
  Matrix<double> change(members.titles.size(), members.titles.size());
  std::vector<size_t> places;
  for (size_t member = 0; member < members.weights.size(); ++member) {
    places.clear();
    for (const uint32_t title : members.histories.RowColumns(member)) {
      const auto place = std::ranges::lower_bound(members.titles, title) - members.titles.begin();
      places.push_back(static_cast<size_t>(place));
    }
    for (const size_t r : places) {
      for (const size_t c : places) change(r, c) += members.weights[member];
    }
  }
  for (size_t i = 0; i < regulariser_change.size(); ++i) change(i, i) += regulariser_change[i];
  return change;
}

Matrix<double> BesideEachOther(const Matrix<double>& a, const Matrix<double>& b) {
  Matrix<double> both(b.rows(), a.columns() + b.columns());
  for (size_t i = 0; i < b.rows(); ++i) {
    if (a.columns() > 0) std::ranges::copy(a.Row(i), both.Row(i).begin());
    if (b.columns() > 0)
      std::ranges::copy(b.Row(i), both.Row(i).begin() + static_cast<ptrdiff_t>(a.columns()));
  }
  return both;
}

/// Adds panel · core · panel' to the change and follows the errors through it. sizes: [r] what the
/// errors add up to in a column of the panel.
Refusal Append(Matrix<double> panel, const Matrix<double>& core, const std::vector<double>& sizes,
               core::ThreadPool& pool, Change& change) {
  double uncertain = 0;
  for (size_t r = 0; r < core.rows(); ++r) {
    for (size_t c = 0; c < core.rows(); ++c)
      uncertain += std::abs(core(r, c)) * sizes[r] * sizes[c];
  }
  if (!(uncertain <= kDenominatorErrorMax)) {
    return fmt::format(
        "the denominator 1 - x'Px is small beside the error of the inverse (relative error {:.2g}, "
        "at most {:.2g} allowed)",
        uncertain, kDenominatorErrorMax);
  }
  Matrix<double> left = learn::MultiplyPanel(std::as_const(panel).view(), core.view(), pool);
  for (size_t i = 0; i < left.rows(); ++i) {
    for (size_t k = 0; k < sizes.size(); ++k) change.errors[i] += std::abs(left(i, k)) * sizes[k];
    change.errors[i] /= 1 - uncertain;
  }
  change.left = BesideEachOther(change.left, left);
  change.right = BesideEachOther(change.right, panel);
  return {};
}

std::vector<double> ErrorsOf(const std::vector<uint32_t>& titles, const Change& change) {
  std::vector<double> errors;
  errors.reserve(titles.size());
  for (const uint32_t title : titles) errors.push_back(change.errors[title]);
  return errors;
}

/// Strikes rows and columns of N. Before the members: what is left of a positive definite matrix is
/// one, while taking a member off some rows only need not leave one.
Refusal StrikeTitles(const OldInverse& old, const std::vector<uint32_t>& titles,
                     core::ThreadPool& pool, Change& change) {
  Matrix<double> panel = TitlePanel(old, titles, pool);
  const Matrix<double> block = BlockOf(panel, titles);
  const core::Result<Matrix<double>> core = learn::EliminationCore(block.view());
  if (!core) return core.error().message;
  return Append(std::move(panel), *core, ErrorsOf(titles, change), pool, change);
}

/// Adds to a panel Q Y what the change so far adds to it: left · (right' Y), given right' Y.
void FollowChange(const Change& change, const Matrix<double>& moved_right, core::ThreadPool& pool,
                  Matrix<double>& panel) {
  if (change.left.columns() == 0) return;
  const Matrix<double> moved = learn::MultiplyPanel(change.left.view(), moved_right.view(), pool);
  for (size_t i = 0; i < panel.rows(); ++i) {
    for (size_t k = 0; k < panel.columns(); ++k) panel(i, k) += moved(i, k);
  }
}

/// Takes the members off N where only their outer products change it: rank k.
Refusal RemoveOuterProducts(const OldInverse& old, const Members& members, core::ThreadPool& pool,
                            Change& change) {
  Matrix<double> panel = MemberPanel(old, members, pool);
  Matrix<double> moved(change.right.columns(), members.weights.size());
  for (size_t member = 0; member < members.weights.size(); ++member) {
    const double root = std::sqrt(members.weights[member]);
    for (const uint32_t title : members.histories.RowColumns(member)) {
      for (size_t r = 0; r < moved.rows(); ++r) moved(r, member) += root * change.right(title, r);
    }
  }
  FollowChange(change, moved, pool, panel);
  const Matrix<double> block = MemberBlock(panel, members);
  const core::Result<Matrix<double>> core = learn::OuterProductCore(block.view());
  if (!core) return core.error().message;
  std::vector<double> sizes(members.weights.size(), 0);
  for (size_t member = 0; member < sizes.size(); ++member) {
    for (const uint32_t title : members.histories.RowColumns(member))
      sizes[member] += std::sqrt(members.weights[member]) * change.errors[title];
  }
  return Append(std::move(panel), *core, sizes, pool, change);
}

/// Takes F off the rows and columns H of N: rank |H|.
Refusal RemoveBlock(const OldInverse& old, const Members& members,
                    const std::vector<double>& regulariser_change, core::ThreadPool& pool,
                    Change& change) {
  Matrix<double> panel = TitlePanel(old, members.titles, pool);
  Matrix<double> moved(change.right.columns(), members.titles.size());
  for (size_t k = 0; k < members.titles.size(); ++k) {
    for (size_t r = 0; r < moved.rows(); ++r) moved(r, k) = change.right(members.titles[k], r);
  }
  FollowChange(change, moved, pool, panel);
  const Matrix<double> block = BlockOf(panel, members.titles);
  const Matrix<double> taken = BlockChange(members, regulariser_change);
  const core::Result<Matrix<double>> core = learn::BlockCore(block.view(), taken.view());
  if (!core) return core.error().message;
  return Append(std::move(panel), *core, ErrorsOf(members.titles, change), pool, change);
}

bool IsDead(const TitleTerms& title) { return title.count == 0; }

/// θ' from θ: D shrinks with the members.
double FollowBackwardError(double backward_error, const OldInverse& old, const NewInverse& after) {
  double growth = 1;
  for (size_t i = 0; i < after.kept.size(); ++i) {
    growth = std::max(growth, old.terms[after.kept[i]].diagonal() / after.terms[i].diagonal());
  }
  return backward_error * growth;
}

/// The diagonal of Q' and the errors, in the new catalogue, with what single precision adds.
Refusal FindNewDiagonal(const ClosedFormOptions& options, const OldInverse& old,
                        const Change& change, NewInverse& after) {
  const size_t rank = change.left.columns();
  const size_t count = after.kept.size();
  std::vector<double> diagonal(count);
  std::vector<double> left_norms(count, 0);
  std::vector<double> right_norms(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t title = after.kept[i];
    diagonal[i] = old.inverse.diagonal[title];
    for (size_t k = 0; k < rank; ++k) {
      diagonal[i] += change.left(title, k) * change.right(title, k);
      left_norms[i] += change.left(title, k) * change.left(title, k);
      right_norms[i] += change.right(title, k) * change.right(title, k);
    }
    // Nobody watches it any more: its row of N' holds Λ' and zeros.
    if (IsDead(after.terms[i])) diagonal[i] = 1 / after.terms[i].regulariser;
    if (!(diagonal[i] > 0 && std::isfinite(diagonal[i])))
      return "the down-dated inverse is not positive";
  }
  // |left_i| |right_j| ≤ c_i c_j with c_i² = max(|left_i|² t, |right_i|² / t), for any t.
  const double balance =
      std::sqrt(std::ranges::max(right_norms) / std::max(std::ranges::max(left_norms), 1e-300));
  const double rounding =
      kStorageError * (1 + std::sqrt(static_cast<double>(rank)) / 6);  // (6 + √r) u
  after.errors.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const double error = change.errors[after.kept[i]];
    const double size = std::max(diagonal[i], old.inverse.diagonal[after.kept[i]]);
    const double moved =
        balance > 0 ? std::max(left_norms[i] * balance, right_norms[i] / balance) : 0;
    after.errors[i] = std::sqrt(error * error + rounding * (size + moved));
  }
  after.inverse = MakeInverseDiagonal(options, after.terms, std::move(diagonal));
  return {};
}

/// What AddLowRank multiplies with: g'_j / g_j, left, and right' scaled by g'_j.
struct Factors {
  std::vector<float> columns;
  Matrix<float> left;   // n × r
  Matrix<float> right;  // r × n
};

Factors MakeFactors(const OldInverse& old, const Change& change, const NewInverse& after) {
  const size_t count = after.kept.size();
  const size_t rank = change.left.columns();
  Factors factors{.columns = std::vector<float>(count, 0),
                  .left = Matrix<float>(count, rank),
                  .right = Matrix<float>(rank, count)};
  for (size_t i = 0; i < count; ++i) {
    if (IsDead(after.terms[i])) continue;  // Row and column stay zero.
    const uint32_t title = after.kept[i];
    factors.columns[i] = static_cast<float>(after.inverse.factor[i] / old.inverse.factor[title]);
    for (size_t k = 0; k < rank; ++k) {
      factors.left(i, k) = static_cast<float>(change.left(title, k));
      factors.right(k, i) = static_cast<float>(change.right(title, k) * after.inverse.factor[i]);
    }
  }
  return factors;
}

/// The pass over the weights. `squares` receives Σ_j weights[j] B'_ij² of every row.
Matrix<float> MakeWeights(const OldInverse& old, const Change& change, const NewInverse& after,
                          core::ThreadPool& pool, std::vector<double>& squares) {
  const size_t count = after.kept.size();
  const Factors factors = MakeFactors(old, change, after);
  const learn::LowRankChange update{.source = old.weights,
                                    .kept = after.kept,
                                    .column_factors = factors.columns,
                                    .left = factors.left.view(),
                                    .right = factors.right.view()};
  Matrix<float> weights = MakeTitleMatrix(count);
  squares.assign(count, 0);
  const size_t strips = (count + learn::kRowsPerStrip - 1) / learn::kRowsPerStrip;
  pool.ParallelFor(strips, [&](size_t strip, size_t) {
    const size_t first = strip * learn::kRowsPerStrip;
    const size_t rows = std::min(learn::kRowsPerStrip, count - first);
    const std::span<double> own = std::span(squares).subspan(first, rows);
    learn::AddLowRank(update, first, after.inverse.weights, weights.view(), own);
    for (size_t i = first; i < first + rows; ++i) {
      if (IsDead(after.terms[i])) {
        std::ranges::fill(weights.Row(i), 0.0F);
        own[i - first] = 0;
      }
      const double diagonal = weights(i, i);
      own[i - first] =
          std::max(0.0, own[i - first] - after.inverse.weights[i] * diagonal * diagonal);
      weights(i, i) = 0;
    }
  });
  return weights;
}

InverseRecord MakeRecord(const ClosedFormOptions& options, const NewInverse& after) {
  InverseRecord record;
  for (size_t i = 0; i < after.kept.size(); ++i) {
    record.diagonal.push_back(static_cast<float>(
        ScaledDiagonal(options, after.terms[i].count, after.inverse.diagonal[i])));
    record.title_counts.push_back(after.terms[i].count);
    record.error.push_back(RoundError(after.errors[i]));
  }
  record.backward_error = RoundError(after.backward_error);
  return record;
}

/// The bound of a model with these errors plus that of a freshly trained one. `squares`:
/// Σ_j weights[j] B_ij² of every row.
double StatedBound(const ClosedFormOptions& options, const learn::SparseMatrix& remaining,
                   const NewInverse& after, const std::vector<double>& squares) {
  const double fresh_error = RoundingLevel(options, remaining, after.terms);
  if (!IsSmall(std::max(fresh_error, after.backward_error), after.terms))
    return std::numeric_limits<double>::infinity();
  const std::vector<float> rounding = FreshErrors(after.inverse.diagonal);
  const std::vector<double> fresh =
      TotalErrors(fresh_error, after.terms, after.inverse, squares,
                  std::vector<double>(rounding.begin(), rounding.end()));
  const std::vector<double> ours =
      TotalErrors(after.backward_error, after.terms, after.inverse, squares, after.errors);
  return WeightBound(options, after.inverse, ours) + WeightBound(options, after.inverse, fresh);
}

std::string DescribeBound(size_t rank) {
  return fmt::format(
      "sum of the error bounds of the down-dated and of a retrained model, each "
      "(max s_i * max s_j |g_j| + max sqrt(Q_ii) * max e s_j^2 |g_j| / sqrt(Q_jj)) / (1 - "
      "d)^(1+e), "
      "where |Q_ij - exact| <= s_i s_j, s_i^2 = theta |D Q_i|^2 + eps_i^2, d = max s_i^2 / Q_ii; "
      "retrained theta = u sqrt(T |H|) (roundings taken as independent, u = 2^-24) and eps_i^2 = "
      "6u "
      "Q_ii; the down-date of rank {} carries theta over and adds |(Q'F)_ik| eps_k to eps_i; see "
      "removal_closed_form.h",
      rank);
}

/// Nobody is taken out: the same bytes. They equal retraining to the bit unless removals came
/// before.
Removal Unchanged(std::string_view name, const DenseItemRanker& model,
                  const ClosedFormOptions& options, const RemovalData& data, NewInverse after,
                  core::ThreadPool& pool) {
  OldInverse old = MakeOldInverse(options, model, {}, after);
  const InverseRecord& record = *model.record();
  const size_t titles = old.terms.size();
  Matrix<float> copy = MakeTitleMatrix(titles);
  std::vector<double> squares(titles);
  ForTitles(titles, pool, [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      std::ranges::copy(old.weights.Row(i), copy.Row(i).begin());
      squares[i] = learn::WeightedSquares(old.weights.Row(i), old.inverse.weights);
    }
  });
  Removal removal{
      .ranker = std::make_unique<DenseItemRanker>(name, std::move(copy), record),
      .method = "down-date",
      .bound = 0,
      .bound_basis = "nobody was taken out of a freshly trained model: no byte changes"};
  const float fresh_error = RoundError(RoundingLevel(options, data.remaining.matrix, after.terms));
  if (record.backward_error == fresh_error && record.error == FreshErrors(old.inverse.diagonal))
    return removal;
  after.inverse = std::move(old.inverse);
  after.errors.assign(record.error.begin(), record.error.end());
  after.backward_error = record.backward_error;
  removal.bound = StatedBound(options, data.remaining.matrix, after, squares);
  removal.bound_basis = DescribeBound(0);
  return removal;
}

/// The terms of low rank that turn Q into Q', titles first.
Refusal FindChange(const OldInverse& old, const NewInverse& after, const Members& members,
                   const std::vector<uint32_t>& removed_titles, core::ThreadPool& pool,
                   Change& change) {
  const std::vector<double> regulariser = RegulariserChange(old, after, members.titles);
  const bool keeps_regulariser =
      std::ranges::all_of(regulariser, [](double amount) { return amount == 0; });
  const bool outer = keeps_regulariser && members.weights.size() <= members.titles.size();
  const size_t rank =
      (outer ? members.weights.size() : members.titles.size()) + removed_titles.size();
  const size_t rank_max = std::max(kRankAlways, old.terms.size() / kRankShare);
  if (rank > rank_max) {
    return fmt::format("the change has rank {} and training again is cheaper above {}", rank,
                       rank_max);
  }
  if (!removed_titles.empty()) {
    if (Refusal refusal = StrikeTitles(old, removed_titles, pool, change)) return refusal;
  }
  if (members.titles.empty()) return {};
  return outer ? RemoveOuterProducts(old, members, pool, change)
               : RemoveBlock(old, members, regulariser, pool, change);
}

core::Result<Removal> Downdate(std::string_view name, const DenseItemRanker& model,
                               const RemovalData& data, const ClosedFormOptions& options,
                               const Members& members, NewInverse after,
                               const TrainContext& context) {
  const OldInverse old = MakeOldInverse(options, model, members, after);
  const std::vector<float>& errors = model.record()->error;
  Change change{.left = {}, .right = {}, .errors = {errors.begin(), errors.end()}};
  Refusal refusal = FindChange(old, after, members, data.removed_titles, context.pool, change);
  if (!refusal) refusal = FindNewDiagonal(options, old, change, after);
  if (refusal) return DeclineRemoval(*refusal);
  after.backward_error = FollowBackwardError(model.record()->backward_error, old, after);
  std::vector<double> squares;
  Matrix<float> weights = MakeWeights(old, change, after, context.pool, squares);
  const double bound = StatedBound(options, data.remaining.matrix, after, squares);
  if (!std::isfinite(bound) ||
      !std::ranges::all_of(squares, [](double s) { return std::isfinite(s); })) {
    return DeclineRemoval(
        "the inverse is too ill-conditioned for single precision to bound the error of a "
        "down-date");
  }
  return Removal{.ranker = std::make_unique<DenseItemRanker>(name, std::move(weights),
                                                             MakeRecord(options, after)),
                 .method = "down-date",
                 .bound = bound,
                 .bound_basis = DescribeBound(change.left.columns())};
}

}  // namespace

core::Result<Removal> RemoveFromClosedForm(std::string_view name, const Ranker& model,
                                           const RemovalData& data,
                                           const ClosedFormOptions& options,
                                           const TrainContext& context) {
  const auto* dense = dynamic_cast<const DenseItemRanker*>(&model);
  if (dense == nullptr || !dense->record()) {
    return DeclineRemoval("the model file does not hold the diagonal of its inverse");
  }
  if (options.member_exponent != 0 && !data.removed_titles.empty()) {
    return DeclineRemoval(
        "with member_exponent, removing titles changes the weight of every member who watched "
        "them");
  }
  NewInverse after;
  after.kept = KeptTitles(model.title_count(), data.removed_titles);
  KLIEG_ASSIGN(const Members members, FindMembers(data, options, *dense->record(), after.kept));
  after.terms = MakeTitleTerms(options, data.remaining.matrix);
  const uint64_t titles = model.title_count();
  const uint64_t rank = std::min<uint64_t>(members.weights.size(), members.titles.size()) +
                        data.removed_titles.size();
  KLIEG_TRY(core::RequireMemory(
      4 * titles * titles + 40 * rank * titles, context.memory_limit_bytes,
      fmt::format("a down-date of {} for {} titles", name, titles),
      "leave the model in quarantine and remove on a machine with more memory"));
  const auto progress = context.progress.Begin(fmt::format("down-date {}", name), 1, "passes");
  if (members.titles.empty() && data.removed_titles.empty()) {
    return Unchanged(name, *dense, options, data, std::move(after), context.pool);
  }
  core::Result<Removal> removal =
      Downdate(name, *dense, data, options, members, std::move(after), context);
  progress->Advance(1);
  return removal;
}

}  // namespace klieg::personalize
