/// How data is divided into what learners see and what they are judged on.
///
///     strong   held-out members: nobody in the test was in training; 80 % of a member's history is
///     folded in, 20 % is the
///              target (Liang et al., WWW 2018, section 4.3)
///     last     the last interaction of every member is the target, all earlier ones are training
///     and fold-in time     one moment for everybody: before it is training and fold-in, after it
///     is the target; a leak check fails the
///              split when any training interaction is not earlier than every target
///     files    training, fold-in and target given as they were published
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "personalize/interactions.h"

namespace klieg::personalize {

enum class SplitKind { kStrong, kLast, kTime, kFiles };
core::Result<SplitKind> ParseSplitKind(std::string_view name);
std::string_view SplitKindName(SplitKind kind);

/// Which held-out part: figures that are chosen by are never figures that are shown.
enum class SplitPart { kValidation, kTest };

struct SplitOptions {
  uint64_t seed = 98765;
  double heldout_share = 0.1;    ///< strong: members for validation, and as many again for test …
  uint32_t heldout_members = 0;  ///< … or this many of each, when not 0.
  double fold_in_share = 0.8;    ///< strong: of each held-out member's history.
  double time_share = 0.8;  ///< time: of the interactions lie before the moment (validation: of
                            ///< those before test's).
};

/// E members are evaluated, those with a target and (except from files with a fold-in) a history.
/// Rows of `fold_in` and `target` belong together and share no title.
struct Split {
  Interactions train;
  learn::SparseMatrix fold_in;            ///< E × T
  learn::SparseMatrix target;             ///< E × T, rows never empty
  std::vector<std::string> member_names;  ///< [E]
  std::string description;                ///< For people: counts, seed, moment.
};

/// Validation and test of one seed are disjoint; training for validation never holds test targets:
/// for `strong` the training members are the same in both parts, for `last` and `time` validation
/// is taken from the training side. The catalogue is that of `data` in every part, whether or not
/// somebody in training watched a title.
///
/// strong: a held-out member's titles that nobody in training watched are dropped, then int((1 -
/// fold_in_share) · n) of the n
///         titles left are the target; with n < 5 none is, and the member is not judged.
/// last:   latest by time; of equal times the later in the file (Interactions::file_order; unknown:
/// the higher title index).
///         For validation the second-last is the target and the last is nowhere.
/// time:   members who watched nothing before the moment are not judged. Targets may be titles new
/// to everybody.
///
/// kInvalidArgument when nothing can be held out or nobody judged, with what to do instead.
core::Result<Split> MakeSplit(const Interactions& data, SplitKind kind, SplitPart part,
                              const SplitOptions& options);

/// Holds out int(share · n) interactions of every member with n >= 5 by chance, the rest train and
/// are the fold-in: for choosing on the training side of published files, whose own target must
/// stay unseen and which rarely have times. Members of whom nothing is held out only train.
/// kInvalidArgument when nothing is held out of anybody.
core::Result<Split> HoldOutInteractions(const Interactions& data, double share, uint64_t seed);

/// From published files; members and titles are matched by name. Titles that are not in training
/// are dropped from fold-in and target when `fold_in` is given, else the training rows of the
/// target's members are the fold-in and the catalogue is the union of train and target titles
/// (train's first, then the new ones in the target's order). What was dropped is counted in
/// `description`. A member of the target without a row in `fold_in` fails; one without a training
/// row is not judged. Fails when fold-in and target share an interaction (a leak), naming member
/// and title.
core::Result<Split> MakeSplitFromTables(Interactions train, const Interactions* fold_in,
                                        const Interactions& target);

}  // namespace klieg::personalize
