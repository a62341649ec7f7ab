/// `ease-sparse`: EASE for catalogues whose square does not fit the memory.
///
/// Each title is regressed on the K titles most similar to it instead of on all others: with S the
/// neighbours of title j,
///
///     b_j = (G_SS + lambda I)^-1 G_Sj           G = X~' X~ as in closed_form_item_model.h
///
/// which is exactly EASE's column for j when S holds all other titles, since the closed form of
/// EASE is this regression for all columns at once. G is never formed: G_SS is counted afresh for
/// each title from the members of its neighbours. S are the titles with the largest G_ij /
/// sqrt((G_ii + lambda)(G_jj + lambda)), a cosine in which titles with few members do not count as
/// similar.
///
/// The idea of fitting within a sparse support is Steck's (Markov Random Fields for Collaborative
/// Filtering, NeurIPS 2019); he shares one inverse between neighbouring columns where this solves
/// every column by itself. docs/decisions/0005-item-models.md says why not SANSA.
///
/// Cost per title: two passes over the members of its neighbours, the pairs among them and K³/3
/// operations. Memory: 16 T K bytes, and per thread 20 T + 16 M + 8 K² bytes and the members of K
/// titles.
#pragma once

#include "personalize/learner.h"

namespace klieg::personalize {

const Learner& EaseSparseLearner();

}  // namespace klieg::personalize
