#include "personalize/simulated_names.h"

#include <fmt/format.h>

namespace klieg::personalize {
namespace {

constexpr std::array<std::string_view, 40> kAdjectives = {
    "Saffron",  "Cobalt",    "Tidal",     "Unlit",      "Brass",     "Ninefold", "Borrowed",
    "Paper",    "Ashen",     "Lopsided",  "Wintering",  "Salted",    "Copper",   "Whispered",
    "Crooked",  "Vermilion", "Drowsy",    "Provincial", "Hollow",    "Gilded",   "Migrant",
    "Unsent",   "Quarried",  "Obedient",  "Feral",      "Marbled",   "Tangled",  "Foghorn",
    "Inland",   "Velvet",    "Northmost", "Restless",   "Lacquered", "Errant",   "Sunken",
    "Meridian", "Thimble",   "Rusted",    "Amber",      "Stubborn"};
constexpr std::array<std::string_view, 44> kNouns = {
    "Semaphore",    "Orchardist", "Causeway",    "Almanac",    "Lanternfish", "Ferryman",
    "Cartographer", "Ledger",     "Observatory", "Beekeeper",  "Viaduct",     "Metronome",
    "Lighthouse",   "Inventory",  "Glassblower", "Estuary",    "Telegram",    "Harbourmaster",
    "Weathervane",  "Archivist",  "Caravan",     "Understudy", "Tollhouse",   "Regatta",
    "Sextant",      "Clockmaker", "Greenhouse",  "Signalman",  "Postbox",     "Carousel",
    "Quarry",       "Librarian",  "Turnstile",   "Windmill",   "Locksmith",   "Monsoon",
    "Ropewalk",     "Saltworks",  "Dovecote",    "Chandlery",  "Aqueduct",    "Tapestry",
    "Bellfounder",  "Sandglass"};
constexpr std::array<std::string_view, 24> kPlaces = {
    "Harrowmere", "Lindvale",     "Port Ostrel",  "Calder Ness", "Vessony",        "Tarn Hollow",
    "Mirrabeck",  "Oldquay",      "Brindlecombe", "Solvanger",   "Pell Sound",     "Quillmouth",
    "Averleigh",  "Dunmarrow",    "Estrava",      "Fennick Bay", "Grayling Cross", "Hexwater",
    "Ilmarsh",    "Juniper Halt", "Kestrow",      "Lowgarth",    "Nettlestead",    "Wexcombe"};

template <size_t N>
std::string_view Pick(const std::array<std::string_view, N>& words, core::Random& random) {
  return words[random.Below(N)];
}

std::string Combine(core::Random& random) {
  switch (random.Below(6)) {
    case 0:
    case 1:
      return fmt::format("The {} {}", Pick(kAdjectives, random), Pick(kNouns, random));
    case 2:
      return fmt::format("The {} of {}", Pick(kNouns, random), Pick(kPlaces, random));
    case 3:
      return fmt::format("{} {}", Pick(kPlaces, random), Pick(kNouns, random));
    case 4:
      return fmt::format("A {} for the {}", Pick(kNouns, random), Pick(kNouns, random));
    default:
      return fmt::format("{} {} in {}", Pick(kAdjectives, random), Pick(kNouns, random),
                         Pick(kPlaces, random));
  }
}

}  // namespace

std::string SimulatedNames::Draw(core::Random& random) {
  constexpr int kTries = 8;
  std::string name;
  for (int i = 0; i < kTries; ++i) {
    name = Combine(random);
    if (used_.insert(name).second) return name;
  }
  // A large catalogue runs out of combinations: sequels are numbered, as elsewhere.
  for (uint64_t part = 2;; ++part) {
    std::string sequel = fmt::format("{} {}", name, part);
    if (used_.insert(sequel).second) return sequel;
  }
}

}  // namespace klieg::personalize
