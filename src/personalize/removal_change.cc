#include "personalize/removal_change.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "learn/inverse_update.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using core::Matrix;

/// Σ |core_kl| ε_k ε_l beyond which the first order of the error says nothing.
constexpr double kDenominatorErrorMax = 0.1;

/// A change of higher rank than T / 8 costs what training costs; small catalogues do not care.
constexpr size_t kRankShare = 8;
constexpr size_t kRankAlways = 256;

/// Titles of one task of the passes over panels.
constexpr size_t kTitlesPerTask = 1024;

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

}  // namespace

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

}  // namespace klieg::personalize
