/// `ease` and `edlae`: linear item-item models in closed form (closed_form_item_model.h states the
/// formula).
///
/// Strong, exact and explainable; the price is a dense matrix of all pairs of titles: 4 T² bytes
/// and T³ operations (20,000 titles: 1.6 GB and about a minute on two cores). For larger catalogues
/// use `ease-sparse`.
#pragma once

#include "personalize/learner.h"

namespace klieg::personalize {

/// Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, with degree
/// normalisation.
const Learner& EaseLearner();

/// Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020, with weighted
/// members and popularity exponents.
const Learner& EdlaeLearner();

}  // namespace klieg::personalize
