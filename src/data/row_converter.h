/// From the texts of one row to checked values of a snapshot's columns, or the reason why not.
/// Internal to src/data.
#pragma once

#include <optional>
#include <vector>

#include "data/column_batch.h"
#include "data/column_names.h"

namespace klieg::data {

/// How ids are stored: as numbers while every one of them is a canonical integer.
struct IdTypes {
  bool member_is_text = false;
  bool title_is_text = false;
};

/// Immutable, so that many threads may use one.
class RowConverter {
 public:
  /// `present` says which roles the files have.
  RowConverter(TableKind kind, const RoleColumns& present, IdTypes ids);

  /// Columns of the snapshot:
  ///   interactions   member BIGINT|VARCHAR, title BIGINT|VARCHAR [, time BIGINT] [, value FLOAT]
  ///   titles         title BIGINT|VARCHAR, name VARCHAR, year INTEGER (0: unknown), genres VARCHAR
  ///   ("a|b")
  const std::vector<ColumnSpec>& schema() const { return schema_; }

  TableKind kind() const { return kind_; }

  Batch EmptyBatch() const;

  /// Adds the row to the batch, or leaves it alone and says why. Fields are trimmed of blanks
  /// first. Sets member_is_text or title_is_text of the batch when an id does not fit: then nothing
  /// more needs to be added.
  std::optional<Reason> Append(const RoleFields& fields, Batch& batch) const;

 private:
  std::optional<Reason> AppendInteraction(const RoleFields& fields, Batch& batch) const;
  std::optional<Reason> AppendTitle(const RoleFields& fields, Batch& batch) const;

  TableKind kind_;
  bool has_time_;
  bool has_value_;
  bool has_year_;
  std::vector<ColumnSpec> schema_;
};

/// Counts the row as read and adds it, or its refusal, to the batch; keeps line and text of kept
/// titles.
void TakeRow(const RowConverter& converter, const RoleFields& fields, uint64_t line,
             std::string_view text, Batch& batch);

/// Counts the row as read and refused. Texts longer than 4 KiB are cut.
void RejectRow(Reason reason, uint64_t line, std::string_view text, Batch& batch);

}  // namespace klieg::data
