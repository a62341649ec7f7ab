/// A small streaming service that does not exist, for machines without viewing data: members,
/// titles and who watched what when, with tastes planted in it that a ranker can find.
///
///     KLIEG_ASSIGN(const SimulatedService service, Simulate({.seed = 7}));
///     KLIEG_TRY(WriteSimulatedService(service, folder));        // interactions.csv and titles.csv
///
/// How a view comes about: a member with a taste mixture sits down at some time; with probability
/// `noise` any title is drawn, else one of a taste of the mixture, both by popularity at that time;
/// the title is watched when it suits the member's finer preference, else the next is drawn.
///
///     popularity(title, t) = rank^-exponent · (floor + exp(-age(t) / decay))          0 before the
///     release P(watched | drawn)   = sigmoid(strength · ⟨title factors, member factors⟩)
///
/// What it is not: a model of any real audience. Figures measured on it show that a method works,
/// not how well it would do on real data. Same options, same service (within one C library: exp and
/// log are the platform's).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"

namespace klieg::personalize {

struct SimulationOptions {
  uint32_t members = 800;
  uint32_t titles = 1200;
  uint32_t tastes = 8;  ///< Groups of titles that share genres; at most `titles`.
  uint64_t seed = 1;
  double views_per_member_mean = 60;  ///< Before repeats are dropped; the activity is log-normal.
  double popularity_exponent =
      0.9;              ///< Of Zipf's law within a taste; 0 makes all titles equally popular.
  double noise = 0.12;  ///< Share of views that follow no taste, within [0, 1].
  uint32_t days = 720;  ///< Length of the log.
};

struct SimulatedTitle {
  std::string id;    ///< "t0001"
  std::string name;  ///< Invented; unique; without commas, quotes and line ends.
  int year = 0;
  std::vector<std::string> genres;  ///< One to three.
  uint32_t taste = 0;               ///< The planted group: for tests, in no file.
};

struct SimulatedMember {
  std::string id;      ///< "m0001"
  uint32_t taste = 0;  ///< The larger part of the mixture: for tests, in no file.
};

struct SimulatedInteraction {
  uint32_t member = 0;  ///< Index into members.
  uint32_t title = 0;   ///< Index into titles.
  int64_t time = 0;     ///< Seconds since 1970 UTC.
  double value = 0;     ///< A rating: 0.5, 1.0, … 5.0.
};

struct SimulatedService {
  std::vector<SimulatedMember> members;
  std::vector<SimulatedTitle> titles;
  std::vector<SimulatedInteraction>
      interactions;  ///< By time, then member; one per member and title at most.
};

/// kInvalidArgument for options out of range (no members, fewer titles than tastes, more than 10^7
/// members, 10^6 titles or 2·10^8 views, …). O(views · log titles) time; 24 bytes a view and
/// 12 · titles · days / 30 bytes for the tables of popularity.
core::Result<SimulatedService> Simulate(const SimulationOptions& options);

/// The files' bytes, with a header line and '\n' line ends.
std::string InteractionsCsv(const SimulatedService& service);  ///< member,title,time,value
std::string TitlesCsv(
    const SimulatedService& service);  ///< title,name,year,genres ('|' between genres)

/// Writes `folder`/interactions.csv and `folder`/titles.csv, each whole or not at all; makes the
/// folder.
core::Status WriteSimulatedService(const SimulatedService& service,
                                   const std::filesystem::path& folder);

}  // namespace klieg::personalize
