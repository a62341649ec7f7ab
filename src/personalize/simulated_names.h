/// Names and genres for titles that do not exist.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/random.h"

namespace klieg::personalize {

inline constexpr std::array<std::string_view, 18> kSimulatedGenres = {
    "Action",  "Adventure", "Animation",       "Comedy",   "Crime",  "Documentary",
    "Drama",   "Family",    "Fantasy",         "History",  "Horror", "Music",
    "Mystery", "Romance",   "Science fiction", "Thriller", "War",    "Western"};

/// Draws names like "The Saffron Semaphore": each once, for as many as are asked for. The words are
/// chosen so that their combinations are no known works; any likeness is chance.
class SimulatedNames {
 public:
  std::string Draw(core::Random& random);

 private:
  std::unordered_set<std::string> used_;
};

}  // namespace klieg::personalize
