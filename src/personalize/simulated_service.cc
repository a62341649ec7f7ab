#include "personalize/simulated_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "core/file.h"
#include "core/random.h"
#include "personalize/simulated_names.h"

namespace klieg::personalize {
namespace {

constexpr int64_t kStart = 1'672'531'200;  // 2023-01-01, when the log begins
constexpr int kStartYear = 2023;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr uint32_t kMembersMax = 10'000'000;
constexpr uint32_t kTitlesMax = 1'000'000;
constexpr uint32_t kDaysMax = 4'000;
constexpr double kViewsMax = 2e8;

constexpr int kFactors = 4;  // of the finer preference within a taste
constexpr double kPreferenceStrength = 1.2;
constexpr double kPopularityFloor = 0.3;  // what remains of a title's popularity when it is old
constexpr double kPopularityDecayDays = 150;
constexpr double kNewShare = 0.4;        // titles released while the log runs
constexpr double kActivitySpread = 0.8;  // standard deviation of the logarithm of views per member
constexpr double kSecondTasteShare = 0.25;
constexpr uint32_t kPeriodDays = 30;  // popularity is constant within a period
constexpr int kDrawsPerView = 24;     // until a drawn title is new to the member and suits

using Factors = std::array<double, kFactors>;

struct LatentTitle {
  Factors factors{};
  double popularity = 1;
  int64_t release_day = 0;  // 0 is the first day of the log; negative for older ones
};

core::Status Check(const SimulationOptions& options) {
  const auto refuse = [](const char* what, auto found, const char* expected) {
    return core::Fail(core::ErrorCode::kInvalidArgument, "simulation: {} must be {}, found {}",
                      what, expected, found);
  };
  if (options.members < 1 || options.members > kMembersMax)
    return refuse("members", options.members, "1 to 10000000");
  if (options.titles < 1 || options.titles > kTitlesMax)
    return refuse("titles", options.titles, "1 to 1000000");
  if (options.tastes < 1 || options.tastes > std::min(options.titles, 1000U)) {
    return refuse("tastes", options.tastes, "1 to the number of titles, at most 1000");
  }
  if (options.days < 1 || options.days > kDaysMax) return refuse("days", options.days, "1 to 4000");
  if (!(options.views_per_member_mean >= 1 && options.views_per_member_mean <= 1e6)) {
    return refuse("views_per_member_mean", options.views_per_member_mean, "1 to 1000000");
  }
  const double views = options.members * options.views_per_member_mean;
  if (views > kViewsMax) return refuse("members times views_per_member_mean", views, "at most 2e8");
  if (!(options.popularity_exponent >= 0 && options.popularity_exponent <= 5)) {
    return refuse("popularity_exponent", options.popularity_exponent, "0 to 5");
  }
  if (!(options.noise >= 0 && options.noise <= 1)) return refuse("noise", options.noise, "0 to 1");
  return {};
}

Factors DrawFactors(core::Random& random) {
  Factors factors;
  for (double& factor : factors) factor = random.Normal();
  return factors;
}

double Affinity(const Factors& a, const Factors& b) {
  // Divided so that the variance is 1 whatever the number of factors.
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) /
         std::sqrt(static_cast<double>(kFactors));
}

// Two genres belong to each taste; a title has one or both, and at times one from elsewhere.
std::vector<std::string> DrawGenres(uint32_t taste, core::Random& random) {
  constexpr size_t count = kSimulatedGenres.size();
  const size_t first = taste % count;
  const size_t second = (first + 1 + (taste / count + 6) % (count - 1)) % count;
  std::vector<size_t> chosen = {random.Uniform() < 0.8 ? first : second};
  const auto add = [&](size_t genre) {
    if (std::find(chosen.begin(), chosen.end(), genre) == chosen.end()) chosen.push_back(genre);
  };
  if (random.Uniform() < 0.6) add(chosen[0] == first ? second : first);
  if (random.Uniform() < 0.15) add(random.Below(count));
  std::vector<std::string> genres;
  for (const size_t genre : chosen) genres.emplace_back(kSimulatedGenres[genre]);
  return genres;
}

class Simulator {
 public:
  explicit Simulator(const SimulationOptions& options) : options_(options), random_(options.seed) {}

  SimulatedService Run() {
    MakeTitles();
    MakePopularityTables();
    core::Random member_random = random_.Fork(2);
    for (uint32_t member = 0; member < options_.members; ++member)
      MakeMember(member, member_random);
    std::sort(service_.interactions.begin(), service_.interactions.end(),
              [](const SimulatedInteraction& a, const SimulatedInteraction& b) {
                return std::tie(a.time, a.member, a.title) < std::tie(b.time, b.member, b.title);
              });
    return std::move(service_);
  }

 private:
  // Titles of one taste, with their popularity added up: drawn from by binary search.
  struct Table {
    std::vector<uint32_t> titles;
    std::vector<double> cumulative;
  };

  void MakeTitles() {
    core::Random random = random_.Fork(1);
    SimulatedNames names;
    std::vector<uint32_t> rank_in_taste(options_.tastes, 0);
    // Ranks go in random order over the ids, so that a small id does not mean a popular title.
    const std::vector<uint32_t> order = random.Permutation(options_.titles);
    service_.titles.resize(options_.titles);
    latent_.resize(options_.titles);
    for (uint32_t i = 0; i < options_.titles; ++i) {
      SimulatedTitle& title = service_.titles[order[i]];
      LatentTitle& latent = latent_[order[i]];
      // The first title of each taste is there from the beginning: no taste is ever without a
      // title.
      const bool first_of_taste = i < options_.tastes;
      title.taste = first_of_taste ? i : static_cast<uint32_t>(random.Below(options_.tastes));
      title.id = fmt::format("t{:04}", order[i] + 1);
      title.name = names.Draw(random);
      title.genres = DrawGenres(title.taste, random);
      const bool during = !first_of_taste && random.Uniform() < kNewShare;
      const double years_before = 60 * std::pow(random.Uniform(), 2.5);
      latent.release_day = during ? static_cast<int64_t>(random.Below(options_.days))
                                  : -1 - static_cast<int64_t>(365.25 * years_before);
      title.year = kStartYear +
                   static_cast<int>(std::floor(static_cast<double>(latent.release_day) / 365.25));
      latent.popularity = std::pow(static_cast<double>(++rank_in_taste[title.taste]),
                                   -options_.popularity_exponent);
      latent.factors = DrawFactors(random);
    }
  }

  void MakePopularityTables() {
    const uint32_t periods = options_.days / kPeriodDays + 1;
    tables_.resize(size_t{periods} * options_.tastes);
    for (uint32_t period = 0; period < periods; ++period) {
      const int64_t day = int64_t{period} * kPeriodDays;
      for (uint32_t title = 0; title < options_.titles; ++title) {
        const int64_t age = day - latent_[title].release_day;
        if (age < 0) continue;
        Table& table = tables_[size_t{period} * options_.tastes + service_.titles[title].taste];
        const double now =
            kPopularityFloor + std::exp(-static_cast<double>(age) / kPopularityDecayDays);
        const double before = table.cumulative.empty() ? 0 : table.cumulative.back();
        table.titles.push_back(title);
        table.cumulative.push_back(before + latent_[title].popularity * now);
      }
    }
  }

  uint32_t DrawTitle(uint32_t taste, int64_t day, core::Random& random) const {
    const auto period = static_cast<size_t>(day / kPeriodDays);
    const Table& table = tables_[period * options_.tastes + taste];
    const double at = random.Uniform() * table.cumulative.back();
    const auto found = std::upper_bound(table.cumulative.begin(), table.cumulative.end(), at);
    const auto index = std::min<size_t>(static_cast<size_t>(found - table.cumulative.begin()),
                                        table.titles.size() - 1);
    return table.titles[index];
  }

  void MakeMember(uint32_t member, core::Random& random) {
    const auto taste = static_cast<uint32_t>(random.Below(options_.tastes));
    const auto second_taste = static_cast<uint32_t>(random.Below(options_.tastes));
    service_.members.push_back({fmt::format("m{:04}", member + 1), taste});
    const Factors factors = DrawFactors(random);
    // exp(N(-s²/2, s²)) has the mean 1.
    const double activity =
        std::exp(kActivitySpread * random.Normal() - kActivitySpread * kActivitySpread / 2);
    const double wanted = std::round(options_.views_per_member_mean * activity);
    const auto views = static_cast<uint32_t>(
        std::clamp(wanted, std::min(3.0, options_.titles + 0.0), options_.titles + 0.0));
    const double generosity = 0.4 * random.Normal();
    const auto joined =
        static_cast<int64_t>(random.Uniform() * 0.8 * options_.days * kSecondsPerDay);
    const auto span = static_cast<uint64_t>(int64_t{options_.days} * kSecondsPerDay - joined);

    std::vector<int64_t> times(views);
    for (int64_t& time : times) time = joined + static_cast<int64_t>(random.Below(span));
    std::sort(times.begin(), times.end());
    std::unordered_set<uint32_t> watched;
    for (const int64_t time : times) {
      for (int draw = 0; draw < kDrawsPerView; ++draw) {
        const bool follows_taste = random.Uniform() >= options_.noise;
        const uint32_t from = !follows_taste ? static_cast<uint32_t>(random.Below(options_.tastes))
                              : random.Uniform() < kSecondTasteShare ? second_taste
                                                                     : taste;
        const uint32_t title = DrawTitle(from, time / kSecondsPerDay, random);
        const double affinity = Affinity(latent_[title].factors, factors);
        const double suits = 1 / (1 + std::exp(-kPreferenceStrength * affinity));
        if ((follows_taste && random.Uniform() >= suits) || !watched.insert(title).second) continue;
        const double rating = 3.4 + generosity + 0.5 * affinity + 0.6 * random.Normal();
        service_.interactions.push_back(
            {member, title, kStart + time, std::clamp(std::round(rating * 2) / 2, 0.5, 5.0)});
        break;
      }
    }
  }

  SimulationOptions options_;
  core::Random random_;
  SimulatedService service_;
  std::vector<LatentTitle> latent_;
  std::vector<Table> tables_;  // periods × tastes
};

}  // namespace

core::Result<SimulatedService> Simulate(const SimulationOptions& options) {
  KLIEG_TRY(Check(options));
  return Simulator(options).Run();
}

std::string InteractionsCsv(const SimulatedService& service) {
  std::string out = "member,title,time,value\n";
  for (const SimulatedInteraction& row : service.interactions) {
    fmt::format_to(std::back_inserter(out), "{},{},{},{:.1f}\n", service.members[row.member].id,
                   service.titles[row.title].id, row.time, row.value);
  }
  return out;
}

std::string TitlesCsv(const SimulatedService& service) {
  std::string out = "title,name,year,genres\n";
  for (const SimulatedTitle& title : service.titles) {
    fmt::format_to(std::back_inserter(out), "{},{},{},{}\n", title.id, title.name, title.year,
                   fmt::join(title.genres, "|"));
  }
  return out;
}

core::Status WriteSimulatedService(const SimulatedService& service,
                                   const std::filesystem::path& folder) {
  KLIEG_TRY(core::MakeFolder(folder));
  KLIEG_TRY(core::WriteFileAtomically(folder / "titles.csv", TitlesCsv(service)));
  return core::WriteFileAtomically(folder / "interactions.csv", InteractionsCsv(service));
}

}  // namespace klieg::personalize
