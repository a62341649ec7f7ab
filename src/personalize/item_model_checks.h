/// What the tests of item-item models share: planted data, a naive solver, and promises every
/// ranker must keep. For tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/memory.h"
#include "core/random.h"
#include "personalize/learner.h"
#include "personalize/removal.h"

namespace klieg::personalize {

/// Members with a taste for one of four groups of titles, and popularity that falls with the
/// title's index. The last title is watched by nobody, title 0 by most.
inline Interactions PlantedInteractions(uint32_t members, uint32_t titles, uint64_t seed) {
  core::Random random(seed);
  Interactions data;
  data.matrix.column_count = titles;
  for (uint32_t member = 0; member < members; ++member) {
    const uint64_t taste = random.Below(4);
    const double activity = 0.05 + 0.25 * random.Uniform();
    std::vector<uint32_t> row;
    for (uint32_t title = 0; title + 1 < titles; ++title) {
      const double popularity = 2.0 / (1 + 0.1 * title);
      const double fit = title % 4 == taste ? 1.0 : 0.2;
      if (random.Uniform() < activity * popularity * fit) row.push_back(title);
    }
    data.matrix.AppendRow(row);
    data.member_names.push_back(std::to_string(member));
  }
  for (uint32_t title = 0; title < titles; ++title)
    data.title_names.push_back(std::to_string(title));
  return data;
}

/// Solves A x = b by elimination with partial pivoting, in double precision. [n × n], [n]
inline std::vector<double> SolveNaively(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column; row < n; ++row) {
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    }
    std::swap(a[column], a[pivot]);
    std::swap(b[column], b[pivot]);
    for (size_t row = column + 1; row < n; ++row) {
      const double factor = a[row][column] / a[column][column];
      for (size_t c = column; c < n; ++c) a[row][c] -= factor * a[column][c];
      b[row] -= factor * b[column];
    }
  }
  for (size_t row = n; row-- > 0;) {
    for (size_t c = row + 1; c < n; ++c) b[row] -= a[row][c] * b[c];
    b[row] /= a[row][row];
  }
  return b;
}

/// X as rows of doubles.
inline std::vector<std::vector<double>> Dense(const learn::SparseMatrix& matrix) {
  std::vector<std::vector<double>> rows(matrix.row_count,
                                        std::vector<double>(matrix.column_count, 0));
  for (uint32_t row = 0; row < matrix.row_count; ++row) {
    for (const uint32_t column : matrix.RowColumns(row)) rows[row][column] = 1;
  }
  return rows;
}

/// Trains with `set` over the defaults; a failure is returned like the learner's own.
inline core::Result<std::unique_ptr<Ranker>> TrainWith(
    const Learner& learner, const Interactions& data, const std::map<std::string, std::string>& set,
    size_t threads = 2, uint64_t memory_limit_bytes = 0) {
  KLIEG_ASSIGN(const HyperParameters values, HyperParameters::Make(learner.hyper_parameters, set));
  core::ThreadPool pool(threads);
  return learner.train(data, values, {pool, core::SilentProgress(), 1, memory_limit_bytes});
}

inline core::Matrix<float> ScoresOf(const Ranker& ranker, const learn::SparseMatrix& histories) {
  core::Matrix<float> scores(histories.row_count, histories.column_count);
  for (size_t i = 0; i < histories.row_count * static_cast<size_t>(histories.column_count); ++i) {
    scores.data()[i] = NAN;  // What Score leaves unwritten shows.
  }
  ranker.Score(histories, 0, histories.row_count, scores.view());
  return scores;
}

/// No history, one title, the title nobody watched, everything, and the given rows.
inline learn::SparseMatrix AwkwardHistories(const learn::SparseMatrix& matrix) {
  learn::SparseMatrix histories;
  histories.column_count = matrix.column_count;
  histories.AppendRow({});
  histories.AppendRow(std::vector<uint32_t>{0});
  histories.AppendRow(std::vector<uint32_t>{matrix.column_count - 1});
  std::vector<uint32_t> all(matrix.column_count);
  for (uint32_t title = 0; title < matrix.column_count; ++title) all[title] = title;
  histories.AppendRow(all);
  for (uint32_t row = 0; row < matrix.row_count; ++row) histories.AppendRow(matrix.RowColumns(row));
  return histories;
}

inline void ExpectScoresAreFinite(const Ranker& ranker, const learn::SparseMatrix& matrix) {
  const learn::SparseMatrix histories = AwkwardHistories(matrix);
  const core::Matrix<float> scores = ScoresOf(ranker, histories);
  for (size_t row = 0; row < histories.row_count; ++row) {
    for (const float score : scores.Row(row))
      ASSERT_TRUE(std::isfinite(score)) << "history " << row;
  }
}

inline void ExpectExplanationsSumToScores(const Ranker& ranker, const learn::SparseMatrix& matrix) {
  const learn::SparseMatrix histories = AwkwardHistories(matrix);
  const core::Matrix<float> scores = ScoresOf(ranker, histories);
  for (size_t row = 0; row < histories.row_count; ++row) {
    const std::span<const uint32_t> history = histories.RowColumns(row);
    for (uint32_t title = 0; title < histories.column_count; title += 3) {
      const Explanation explanation = ranker.Explain(history, {}, TitleIndex(title));
      ASSERT_EQ(explanation.contributions.size(), history.size());
      double sum = explanation.base;
      for (size_t h = 0; h < history.size(); ++h) {
        EXPECT_EQ(explanation.contributions[h].title, TitleIndex(history[h]));
        sum += explanation.contributions[h].amount;
      }
      EXPECT_NEAR(explanation.score, sum, 1e-9);
      EXPECT_NEAR(explanation.score, scores(row, title), 1e-5 * (1 + std::abs(sum)));
    }
  }
}

/// A row's scores are the same to the bit alone, in a batch, and wherever the batch starts.
inline void ExpectScoresDoNotDependOnTheBatch(const Ranker& ranker,
                                              const learn::SparseMatrix& histories) {
  const core::Matrix<float> together = ScoresOf(ranker, histories);
  core::Matrix<float> alone(1, histories.column_count);
  for (size_t row = 0; row < histories.row_count; ++row) {
    ranker.Score(histories, row, 1, alone.view());
    for (size_t title = 0; title < histories.column_count; ++title) {
      ASSERT_EQ(alone(0, title), together(row, title)) << row << ", " << title;
    }
  }
}

inline void ExpectSavedAndLoadedScoresAreEqual(const Learner& learner, const Ranker& ranker,
                                               const learn::SparseMatrix& histories) {
  const auto folder = core::TemporaryFolder::Make();
  ASSERT_TRUE(folder.has_value());
  learn::TensorFileWriter writer;
  ranker.Save("part", writer);
  ASSERT_TRUE(writer.Write(folder->path() / "model").has_value());
  auto file = learn::TensorFile::Open(folder->path() / "model");
  ASSERT_TRUE(file.has_value()) << file.error().message;
  const auto loaded =
      learner.load("part", std::make_shared<const learn::TensorFile>(std::move(*file)));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ((*loaded)->kind(), learner.name);
  EXPECT_EQ((*loaded)->title_count(), ranker.title_count());
  EXPECT_EQ((*loaded)->bytes(), ranker.bytes());
  const core::Matrix<float> expected = ScoresOf(ranker, histories);
  const core::Matrix<float> scores = ScoresOf(**loaded, histories);
  EXPECT_EQ(std::memcmp(
                scores.data(), expected.data(),
                histories.row_count * static_cast<size_t>(histories.column_count) * sizeof(float)),
            0);
}

/// The bytes of the saved model, for comparing models.
inline core::Digest SavedDigest(const Ranker& ranker) {
  const auto folder = core::TemporaryFolder::Make();
  learn::TensorFileWriter writer;
  ranker.Save("part", writer);
  const auto digest = writer.Write(folder->path() / "model");
  EXPECT_TRUE(digest.has_value());
  return digest.value_or(core::Digest{});
}

/// Data split into what remains and what is removed. Points into itself: not to be moved.
struct RemovalCase {
  /// Takes the rows `members` and the columns `titles` (both ascending) out of `all`; members left
  /// without titles go too, as they do on import.
  RemovalCase(const Interactions& all, const std::vector<uint32_t>& members,
              const std::vector<uint32_t>& titles)
      : data{.remaining = remaining,
             .removed = learn::SelectRows(all.matrix, members),
             .removed_titles = titles} {
    const auto holds = [](const std::vector<uint32_t>& list, uint32_t one) {
      return std::ranges::binary_search(list, one);
    };
    std::vector<uint32_t> place(all.title_count());
    for (uint32_t title = 0; title < all.title_count(); ++title) {
      place[title] = static_cast<uint32_t>(remaining.title_names.size());
      if (!holds(titles, title)) remaining.title_names.push_back(all.title_names[title]);
    }
    remaining.matrix.column_count = static_cast<uint32_t>(remaining.title_names.size());
    for (uint32_t member = 0; member < all.member_count(); ++member) {
      if (holds(members, member)) continue;
      std::vector<uint32_t> row;
      for (uint64_t entry = all.matrix.row_begin[member]; entry < all.matrix.row_begin[member + 1];
           ++entry) {
        if (holds(titles, all.matrix.columns[entry])) continue;
        row.push_back(place[all.matrix.columns[entry]]);
        if (!all.times.empty()) remaining.times.push_back(all.times[entry]);
      }
      if (row.empty()) continue;
      remaining.matrix.AppendRow(row);
      remaining.member_names.push_back(all.member_names[member]);
    }
  }
  RemovalCase(const RemovalCase&) = delete;
  RemovalCase& operator=(const RemovalCase&) = delete;

  Interactions remaining;
  RemovalData data;
};

/// Removes with `set` over the defaults.
inline core::Result<Removal> RemoveWith(const Learner& learner, const Ranker& model,
                                        const RemovalData& data,
                                        const std::map<std::string, std::string>& set,
                                        size_t threads = 2) {
  KLIEG_ASSIGN(const HyperParameters values, HyperParameters::Make(learner.hyper_parameters, set));
  core::ThreadPool pool(threads);
  return RemoveFromModel(learner, model, data, values, {pool, core::SilentProgress()});
}

/// Whether both would be saved as the same bytes; like SavedDigest, without a disk.
inline bool HaveEqualArrays(const Ranker& a, const Ranker& b) {
  const auto difference = CompareRankers(a, b);
  EXPECT_TRUE(difference.has_value()) << difference.error().message;
  return difference.has_value() && difference->equal;
}

/// Saves and loads: what a file makes of a ranker.
inline std::unique_ptr<Ranker> Reloaded(const Learner& learner, const Ranker& ranker) {
  const auto folder = core::TemporaryFolder::Make();
  learn::TensorFileWriter writer;
  ranker.Save("part", writer);
  EXPECT_TRUE(writer.Write(folder->path() / "model").has_value());
  auto file = learn::TensorFile::Open(folder->path() / "model");
  auto loaded = learner.load("part", std::make_shared<const learn::TensorFile>(std::move(*file)));
  EXPECT_TRUE(loaded.has_value());
  return loaded ? std::move(*loaded) : nullptr;
}

/// Everything above, for one setting of a learner.
inline void ExpectRankerPromises(const Learner& learner,
                                 const std::map<std::string, std::string>& set) {
  const Interactions data = PlantedInteractions(120, 50, 77);
  const auto ranker = TrainWith(learner, data, set, 1);
  ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
  EXPECT_EQ((*ranker)->kind(), learner.name);
  EXPECT_EQ((*ranker)->title_count(), 50U);
  ExpectScoresAreFinite(**ranker, data.matrix);
  ExpectExplanationsSumToScores(**ranker, data.matrix);
  ExpectScoresDoNotDependOnTheBatch(**ranker, data.matrix);
  ExpectSavedAndLoadedScoresAreEqual(learner, **ranker, AwkwardHistories(data.matrix));
  for (const size_t threads : {2, 3}) {
    const auto again = TrainWith(learner, data, set, threads);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(SavedDigest(**again), SavedDigest(**ranker)) << threads << " threads";
  }
}

/// Small and degenerate data must train, and score finitely.
inline void ExpectTrainsOnDegenerateData(const Learner& learner) {
  for (const uint32_t titles : {1, 2}) {
    Interactions data;
    data.matrix.column_count = titles;
    std::vector<uint32_t> all;
    for (uint32_t title = 0; title < titles; ++title) {
      data.title_names.push_back(std::to_string(title));
      all.push_back(title);
    }
    for (const char* name : {"a", "b", "c"}) {  // Everybody has seen everything.
      data.matrix.AppendRow(all);
      data.member_names.emplace_back(name);
    }
    const auto ranker = TrainWith(learner, data, {});
    ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
    ExpectScoresAreFinite(**ranker, data.matrix);
    if (titles == 1) {
      EXPECT_EQ(ScoresOf(**ranker, data.matrix)(0, 0), 0);
    }
  }
}

}  // namespace klieg::personalize
