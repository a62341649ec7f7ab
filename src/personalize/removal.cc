#include "personalize/removal.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "learn/tensor_file.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;

/// Ends of the names of arrays that describe a model but are not part of any score.
constexpr std::string_view kRecordNames[] = {".inverse_diagonal", ".inverse_error",
                                             ".inverse_backward_error"};

core::Status CheckTitles(const std::vector<uint32_t>& titles, uint32_t title_count) {
  for (size_t i = 0; i < titles.size(); ++i) {
    if (titles[i] >= title_count) {
      return core::Fail(
          ErrorCode::kInvalidArgument,
          "title {} is to be removed, but the model's catalogue has {} titles, numbered "
          "from 0; give indices of the catalogue the model was trained on",
          titles[i], title_count);
    }
    if (i > 0 && titles[i] <= titles[i - 1]) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "titles to be removed must be strictly ascending, but {} follows {}; sort "
                        "them and leave out what is repeated",
                        titles[i], titles[i - 1]);
    }
  }
  return {};
}

core::Status CheckHistories(const learn::SparseMatrix& removed, uint32_t title_count) {
  if (removed.column_count != title_count && removed.row_count > 0) {
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "histories of removed members are over {} titles, the model's catalogue has "
        "{}; give them in the catalogue the model was trained on, with the titles that "
        "are removed too",
        removed.column_count, title_count);
  }
  if (core::Status valid = removed.Validate(); !valid)
    return core::Prefix(std::move(valid).error(), "histories of removed members");
  return {};
}

core::Status CheckRemaining(const RemovalData& data, uint32_t title_count) {
  const uint64_t expected = uint64_t{title_count} - data.removed_titles.size();
  if (data.remaining.title_count() != expected) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "what remains has {} titles; expected {}: the model's {} without the {} that "
                      "are removed. Titles that nobody watches any more stay in the catalogue",
                      data.remaining.title_count(), expected, title_count,
                      data.removed_titles.size());
  }
  if (data.remaining.matrix.entry_count() == 0) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "nothing remains to learn from once {} members and {} titles are removed; "
                      "withdraw the model instead",
                      data.removed.row_count, data.removed_titles.size());
  }
  return {};
}

core::Status Check(const Learner& learner, const Ranker& model, const RemovalData& data) {
  if (model.kind() != learner.name) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "removal by the learner '{}' from a model of kind '{}'; use the learner that "
                      "made the model",
                      learner.name, model.kind());
  }
  KLIEG_TRY(CheckTitles(data.removed_titles, model.title_count()));
  KLIEG_TRY(CheckHistories(data.removed, model.title_count()));
  return CheckRemaining(data, model.title_count());
}

/// What two arrays of floats differ by.
struct ArrayDifference {
  double absolute = 0;
  double largest = 0;  // max |b|
  uint64_t differing = 0;
};

ArrayDifference Compare(const learn::TensorView& a, const learn::TensorView& b) {
  ArrayDifference difference;
  for (uint64_t row = 0; row < a.rows; ++row) {
    const auto* x = reinterpret_cast<const float*>(a.data + row * a.stride_bytes);
    const auto* y = reinterpret_cast<const float*>(b.data + row * b.stride_bytes);
    for (uint64_t column = 0; column < a.columns; ++column) {
      const double apart = std::abs(static_cast<double>(x[column]) - y[column]);
      difference.differing += x[column] != y[column] ? 1 : 0;
      difference.largest = std::max(difference.largest, std::abs(static_cast<double>(y[column])));
      // Written so that NaN counts as far apart.
      if (!(apart <= difference.absolute)) {
        difference.absolute = std::isnan(apart) ? std::numeric_limits<double>::infinity() : apart;
      }
    }
  }
  return difference;
}

bool HasEqualBytes(const learn::TensorView& a, const learn::TensorView& b) {
  const uint64_t bytes = a.columns * learn::TensorElementBytes(a.type);
  for (uint64_t row = 0; row < a.rows && bytes > 0; ++row) {
    if (std::memcmp(a.data + row * a.stride_bytes, b.data + row * b.stride_bytes, bytes) != 0)
      return false;
  }
  return true;
}

bool IsRecord(std::string_view name) {
  return std::ranges::any_of(kRecordNames,
                             [name](std::string_view record) { return name.ends_with(record); });
}

core::Status CheckSameShape(const learn::TensorView& a, const learn::TensorView& b) {
  if (a.name == b.name && a.type == b.type && a.rows == b.rows && a.columns == b.columns) return {};
  return core::Fail(
      ErrorCode::kInvalidArgument,
      "rankers to compare hold different arrays: '{}' of {} x {} beside '{}' of {} x {}; "
      "compare models of one learner over one catalogue",
      a.name, a.rows, a.columns, b.name, b.rows, b.columns);
}

}  // namespace

Removal DeclineRemoval(std::string reason) {
  return {.ranker = nullptr, .method = "retrain", .bound = 0, .bound_basis = std::move(reason)};
}

std::vector<uint32_t> KeptTitles(uint32_t title_count,
                                 const std::vector<uint32_t>& removed_titles) {
  std::vector<uint32_t> kept;
  auto next = removed_titles.begin();
  for (uint32_t title = 0; title < title_count; ++title) {
    if (next != removed_titles.end() && *next == title) {
      ++next;
    } else {
      kept.push_back(title);
    }
  }
  return kept;
}

core::Result<Removal> RemoveFromModel(const Learner& learner, const Ranker& model,
                                      const RemovalData& data, const HyperParameters& values,
                                      const TrainContext& context) {
  KLIEG_TRY(Check(learner, model, data));
  Removal declined = DeclineRemoval("models of this kind are trained again");
  if (learner.remove != nullptr) {
    KLIEG_ASSIGN(Removal removal, learner.remove(model, data, values, context));
    if (removal.ranker != nullptr) return removal;
    declined = std::move(removal);
  }
  KLIEG_ASSIGN(declined.ranker, learner.train(data.remaining, values, context));
  declined.method = "retrain";
  declined.bound = 0;
  declined.bound_basis =
      fmt::format("trained from scratch on what is left: {}", declined.bound_basis);
  return declined;
}

core::Result<RemovalDifference> CompareRankers(const Ranker& a, const Ranker& b) {
  learn::TensorFileWriter first;
  learn::TensorFileWriter second;
  a.Save("ranker", first);
  b.Save("ranker", second);
  const std::vector<learn::TensorView> ours = first.Tensors();
  const std::vector<learn::TensorView> theirs = second.Tensors();
  if (a.kind() != b.kind() || ours.size() != theirs.size()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "rankers to compare are a '{}' of {} arrays and a '{}' of {}; compare models "
                      "of one learner, written by one version of klieg",
                      a.kind(), ours.size(), b.kind(), theirs.size());
  }
  RemovalDifference result;
  result.equal = true;
  double largest = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    KLIEG_TRY(CheckSameShape(ours[i], theirs[i]));
    const bool equal = HasEqualBytes(ours[i], theirs[i]);
    result.equal = result.equal && equal;
    if (ours[i].type != learn::TensorType::kFloat32 || IsRecord(ours[i].name)) continue;
    const ArrayDifference difference = Compare(ours[i], theirs[i]);
    result.differing += difference.differing;
    largest = std::max(largest, difference.largest);
    if (difference.absolute > result.absolute) {
      result.absolute = difference.absolute;
      result.largest_name = ours[i].name;
    }
  }
  if (result.absolute > 0) result.relative = result.absolute / largest;
  return result;
}

}  // namespace klieg::personalize
