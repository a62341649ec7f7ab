#include "personalize/removal_item_knn.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "learn/neighbours.h"
#include "personalize/item_knn.h"
#include "personalize/item_knn_weighting.h"
#include "personalize/sparse_item_ranker.h"

namespace klieg::personalize {
namespace {

constexpr uint32_t kRemoved = std::numeric_limits<uint32_t>::max();

/// Counting a share of the rows again costs about that share of training: above this, train.
constexpr size_t kRowShare = 2;

constexpr size_t kRowsPerTask = 64;

struct Entry {
  float value;
  uint32_t title;
};

bool GoesFirst(const Entry& a, const Entry& b) {
  return a.value != b.value ? a.value > b.value : a.title < b.title;
}

/// Indices are those of the new catalogue unless said otherwise.
struct Rows {
  std::vector<char> changed;    // [T'] titles in H
  std::vector<uint32_t> again;  // rows to be counted again, ascending; all of H among them
};

/// Whether similarities between titles outside H stay as they were.
bool IsLocal(const HyperParameters& values, bool removes_titles) {
  const std::string& weighting = values.Text("weighting");
  if (weighting == "bm25") return !removes_titles && values.Real("k1") * values.Real("b") == 0;
  return weighting == "cosine" || !removes_titles;
}

/// [T] the new index of every old title, or kRemoved.
std::vector<uint32_t> NewIndices(uint32_t title_count, const std::vector<uint32_t>& kept) {
  std::vector<uint32_t> indices(title_count, kRemoved);
  for (size_t i = 0; i < kept.size(); ++i) indices[kept[i]] = static_cast<uint32_t>(i);
  return indices;
}

/// `old`: row j holds the neighbours of title j, both of the old catalogue.
Rows FindRows(const learn::SparseMatrix& old, const RemovalData& data, uint32_t neighbours,
              const std::vector<uint32_t>& kept, const std::vector<uint32_t>& index) {
  Rows rows{.changed = std::vector<char>(kept.size(), 0), .again = {}};
  for (const uint32_t title : data.removed.columns) {
    if (index[title] != kRemoved) rows.changed[index[title]] = 1;
  }
  for (uint32_t j = 0; j < kept.size(); ++j) {
    const std::span<const uint32_t> list = old.RowColumns(kept[j]);
    const bool lost_a_place =
        list.size() >= neighbours &&
        std::ranges::any_of(list, [&](uint32_t title) { return index[title] == kRemoved; });
    if (rows.changed[j] || lost_a_place) rows.again.push_back(j);
  }
  return rows;
}

/// The first `neighbours` of the entries, ascending by title.
void KeepFirst(uint32_t neighbours, std::vector<Entry>& entries) {
  if (entries.size() > neighbours) {
    std::nth_element(entries.begin(), entries.begin() + neighbours, entries.end(), GoesFirst);
    entries.resize(neighbours);
  }
  std::ranges::sort(entries, {}, &Entry::title);
}

/// Whether the last entry kept and the first left out have one value. Entries are in any order.
bool HasTieAtTheEdge(uint32_t neighbours, std::vector<Entry> entries) {
  if (entries.size() <= neighbours) return false;
  std::nth_element(entries.begin(), entries.begin() + neighbours, entries.end(), GoesFirst);
  const float first_out = entries[neighbours].value;
  return std::any_of(entries.begin(), entries.begin() + neighbours,
                     [first_out](const Entry& entry) { return entry.value == first_out; });
}

std::vector<Entry> RowOf(const learn::SparseMatrix& matrix, uint32_t row) {
  std::vector<Entry> entries;
  for (uint64_t entry = matrix.row_begin[row]; entry < matrix.row_begin[row + 1]; ++entry)
    entries.push_back({matrix.values[entry], matrix.columns[entry]});
  return entries;
}

class Recount {
 public:
  Recount(const learn::SparseMatrix& old, const RemovalData& data, const HyperParameters& values,
          const TrainContext& context)
      : old_(old),
        data_(data),
        context_(context),
        neighbours_(static_cast<uint32_t>(values.Integer("neighbours"))),
        penalty_(values.Real("popularity_penalty")),
        values_(values),
        kept_(KeptTitles(old.row_count, data.removed_titles)),
        index_(NewIndices(old.row_count, kept_)),
        rows_(FindRows(old, data, neighbours_, kept_, index_)) {}

  size_t rows_again() const { return rows_.again.size(); }

  /// The neighbours of every title, penalised: what training finds.
  learn::SparseMatrix Run() {
    const learn::SparseMatrix& matrix = data_.remaining.matrix;
    const ItemKnnWeighting weighting = MakeItemKnnWeighting(matrix, values_);
    counts_ = learn::ColumnCounts(matrix);
    lists_.resize(kept_.size());
    learn::NeighbourOptions options =
        NeighbourOptionsOf(weighting, values_, static_cast<uint32_t>(kept_.size()));
    if (!rows_.again.empty()) {
      // All similarities of these rows, not only the first: other rows look up theirs here.
      options.only = rows_.again;
      const learn::SparseMatrix fresh = learn::NearestColumns(matrix, options, context_.pool);
      TakeFresh(fresh);
      MergeOthers(learn::Transpose(fresh));
    } else {
      MergeOthers({.row_count = matrix.column_count,
                   .column_count = matrix.column_count,
                   .row_begin = std::vector<uint64_t>(kept_.size() + 1, 0),
                   .columns = {},
                   .values = {}});
    }
    std::vector<uint32_t> unclear;
    for (uint32_t j = 0; j < kept_.size(); ++j) {
      if (unclear_[j]) unclear.push_back(j);
    }
    if (!unclear.empty()) {
      options.only = unclear;
      options.count = neighbours_;
      const learn::SparseMatrix fresh = learn::NearestColumns(matrix, options, context_.pool);
      for (const uint32_t j : unclear) lists_[j] = Penalised(RowOf(fresh, j), j);
    }
    return Assemble();
  }

 private:
  std::vector<Entry> Penalised(std::vector<Entry> entries, uint32_t j) const {
    const double factor = PopularityFactor(counts_[j], penalty_);
    for (Entry& entry : entries) entry.value = static_cast<float>(entry.value * factor);
    return entries;
  }

  void TakeFresh(const learn::SparseMatrix& fresh) {
    context_.pool.ParallelFor(rows_.again.size(), [&](size_t place, size_t) {
      const uint32_t j = rows_.again[place];
      std::vector<Entry> entries = RowOf(fresh, j);
      KeepFirst(neighbours_, entries);
      lists_[j] = Penalised(std::move(entries), j);
    });
  }

  /// Row j of `by_title` holds the new similarities of title j to the titles counted again.
  void MergeOthers(const learn::SparseMatrix& by_title) {
    unclear_.assign(kept_.size(), 0);
    std::vector<char> is_fresh(kept_.size(), 0);
    for (const uint32_t j : rows_.again) is_fresh[j] = 1;
    context_.pool.ParallelFor(
        (kept_.size() + kRowsPerTask - 1) / kRowsPerTask, [&](size_t task, size_t) {
          const size_t end = std::min(kept_.size(), (task + 1) * kRowsPerTask);
          for (size_t j = task * kRowsPerTask; j < end; ++j) {
            if (!is_fresh[j]) MergeRow(by_title, static_cast<uint32_t>(j));
          }
        });
  }

  void MergeRow(const learn::SparseMatrix& by_title, uint32_t j) {
    std::vector<Entry> merged = Penalised(RowOf(by_title, j), j);
    std::erase_if(merged, [this](const Entry& entry) { return !rows_.changed[entry.title]; });
    for (const Entry& entry : RowOf(old_, kept_[j])) {
      const uint32_t title = index_[entry.title];
      if (title != kRemoved && !rows_.changed[title]) merged.push_back({entry.value, title});
    }
    // Penalised similarities can be equal where the similarities were not: then their order is lost.
    if (penalty_ != 0 && HasTieAtTheEdge(neighbours_, merged)) {
      unclear_[j] = 1;
      return;
    }
    KeepFirst(neighbours_, merged);
    lists_[j] = std::move(merged);
  }

  learn::SparseMatrix Assemble() const {
    learn::SparseMatrix nearest;
    nearest.column_count = nearest.row_count = static_cast<uint32_t>(kept_.size());
    for (const std::vector<Entry>& list : lists_) {
      for (const Entry& entry : list) {
        nearest.columns.push_back(entry.title);
        nearest.values.push_back(entry.value);
      }
      nearest.row_begin.push_back(nearest.columns.size());
    }
    return nearest;
  }

  const learn::SparseMatrix& old_;
  const RemovalData& data_;
  const TrainContext& context_;
  uint32_t neighbours_;
  double penalty_;
  const HyperParameters& values_;
  std::vector<uint32_t> kept_;
  std::vector<uint32_t> index_;
  Rows rows_;
  std::vector<uint32_t> counts_;
  std::vector<std::vector<Entry>> lists_;
  std::vector<char> unclear_;
};

core::Result<Removal> RecountAll(const RemovalData& data, const HyperParameters& values,
                                 const TrainContext& context, std::string reason) {
  KLIEG_ASSIGN(std::unique_ptr<Ranker> ranker,
               ItemKnnLearner().train(data.remaining, values, context));
  return Removal{.ranker = std::move(ranker),
                 .method = "recount",
                 .bound = 0,
                 .bound_basis = fmt::format("every row was counted again: {}", reason)};
}

}  // namespace

core::Result<Removal> RemoveFromItemKnn(const Ranker& model, const RemovalData& data,
                                        const HyperParameters& values,
                                        const TrainContext& context) {
  const auto* sparse = dynamic_cast<const SparseItemRanker*>(&model);
  if (sparse == nullptr) return DeclineRemoval("the model does not hold lists of neighbours");
  if (!IsLocal(values, !data.removed_titles.empty())) {
    return RecountAll(data, values, context,
                      fmt::format("the {} weighting ties every similarity to what was removed",
                                  values.Text("weighting")));
  }
  const learn::SparseMatrix old = learn::Transpose(sparse->CopyWeights());
  Recount recount(old, data, values, context);
  if (recount.rows_again() * kRowShare > data.remaining.title_count()) {
    return RecountAll(data, values, context,
                      fmt::format("{} of {} rows can change", recount.rows_again(),
                                  data.remaining.title_count()));
  }
  const auto progress = context.progress.Begin("recount item-knn", 1, "passes");
  auto ranker = std::make_unique<SparseItemRanker>(sparse->kind(), learn::Transpose(recount.Run()));
  progress->Advance(1);
  return Removal{.ranker = std::move(ranker),
                 .method = "recount",
                 .bound = 0,
                 .bound_basis = fmt::format(
                     "{} of {} rows were counted again, the others cannot have changed but in "
                     "their entries for these titles",
                     recount.rows_again(), data.remaining.title_count())};
}

}  // namespace klieg::personalize
