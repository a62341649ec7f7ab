/// ials: implicit alternating least squares with frequency-scaled regularisation.
///
///     klieg train ials --dataset films --name factors --set dimensions=128 --set lambda=0.01
///
/// Members and titles get vectors of `dimensions` numbers; a score is their product. The objective
/// is that of learn/als_problem.h. Three solvers reach it:
///
///     exact   every row solved to the end; fewest epochs, and no setting of its own
///     cg      a few warm-started conjugate gradient steps a row; the fastest for 128 dimensions
///     and more block   one group of dimensions at a time (iALS++); between the two, for many
///     hundred dimensions
///
/// For catalogues of up to some ten thousand titles try ease and edlae first: they have one setting
/// and no random start.
#pragma once

#include "personalize/learner.h"

namespace klieg::personalize {

/// The declaration under the name "ials".
const Learner& IalsLearner();

}  // namespace klieg::personalize
