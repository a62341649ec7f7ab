/// `item-knn`: a title is scored by how much it resembles the titles watched.
///
/// Resemblance is a weighted count of members in common (Sarwar et al., WWW 2001; Deshpande and
/// Karypis 2004), in one of four weightings, kept for the K most similar titles of each title. With
/// n_u titles a member and n_i members a title, M members, T titles, and members seen as the words
/// of a document that is a title:
///
///     cosine        Σ_u 1 / sqrt(n_i n_j)
///     tf-idf        cosine with members weighted by idf_u = ln(1 + T / n_u)
///     bm25          Σ_u idf_u² f_i f_j,  f_i = (k1 + 1) / (1 + k1 (1 - b + b n_i / mean n)),
///                   idf_u = ln(1 + (T - n_u + .5) / (n_u + .5))       (Robertson and Walker 1994)
///     random-walk   Σ_u 1 / (n_u sqrt(n_i n_j)), a step to a member and back; with
///     popularity_penalty this is RP3beta
///                   (Paudel et al. 2017) made symmetric
///
/// A cheap baseline: `ease` is usually better, and `ease-sparse` where that does not fit the
/// memory.
#pragma once

#include "personalize/learner.h"

namespace klieg::personalize {

const Learner& ItemKnnLearner();

}  // namespace klieg::personalize
