/// The price of consent: what recommendations lose without somebody's material, with an interval, so
/// that a negotiation has a number.
///
/// One split of the dataset. The learner is trained twice, with and without the material; both are
/// judged on the same held-out members and targets, and compared member by member (paired bootstrap).
/// "Without" takes the members out of training, and the titles out of training and out of the
/// histories folded in; what held-out members went on to watch stays what it was, so that a title
/// that cannot be recommended any more counts as a miss.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"
#include "personalize/evaluate.h"

namespace klieg::flows {

struct PriceRequest {
  std::vector<std::string> without;  ///< Parties, guilds with whom they represent.
  std::vector<std::string> members;  ///< Or members: "films/42".
  std::string dataset;
  std::string ranker = "ease";
  std::map<std::string, std::string> set;
  personalize::InteractionFilter filter;
  std::string metric = "ndcg@100";
  uint64_t seed = 1;
};

struct PriceReport {
  std::string run;
  std::string metric;
  double with = 0;
  double with_low = 0, with_high = 0;
  double without = 0;
  double without_low = 0, without_high = 0;
  personalize::Comparison difference;  ///< without minus with
  uint64_t works = 0;
  uint64_t titles = 0;        ///< In the dataset.
  uint64_t members = 0;       ///< In the training side.
  uint64_t interactions = 0;  ///< Taken out of training.
  uint64_t interactions_all = 0;
  std::string split;
};

/// kNotFound for parties not on record; kInvalidArgument when none of their material is in the
/// dataset.
core::Result<PriceReport> PriceConsent(Session& session, const PriceRequest& request);

}  // namespace klieg::flows
