#include "personalize/simulated_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"

namespace klieg::personalize {
namespace {

const SimulatedService& Default() {
  static const SimulatedService service = Simulate({}).value();
  return service;
}

std::vector<uint32_t> ViewsPerTitle(const SimulatedService& service) {
  std::vector<uint32_t> views(service.titles.size(), 0);
  for (const SimulatedInteraction& row : service.interactions) ++views[row.title];
  return views;
}

std::vector<std::set<uint32_t>> Histories(const SimulatedService& service) {
  std::vector<std::set<uint32_t>> histories(service.members.size());
  for (const SimulatedInteraction& row : service.interactions)
    histories[row.member].insert(row.title);
  return histories;
}

TEST(SimulatedService, HasTheShapeAskedFor) {
  const SimulatedService& service = Default();
  EXPECT_EQ(service.members.size(), 800U);
  EXPECT_EQ(service.titles.size(), 1200U);
  const double mean = static_cast<double>(service.interactions.size()) / 800;
  EXPECT_GT(mean, 48);
  EXPECT_LT(mean, 66);
  for (const std::set<uint32_t>& history : Histories(service)) EXPECT_GE(history.size(), 1U);
}

TEST(SimulatedService, NoMemberWatchesATitleTwice) {
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (const SimulatedInteraction& row : Default().interactions) {
    EXPECT_TRUE(seen.insert({row.member, row.title}).second);
  }
}

TEST(SimulatedService, RowsAreOrderedByTimeAndWithinTheLog) {
  const std::vector<SimulatedInteraction>& rows = Default().interactions;
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                             [](const auto& a, const auto& b) { return a.time < b.time; }));
  EXPECT_GE(rows.front().time, 1'672'531'200);
  EXPECT_LT(rows.back().time, 1'672'531'200 + 720 * 86'400);
}

TEST(SimulatedService, RatingsAreHalfStepsAndVary) {
  std::set<double> values;
  for (const SimulatedInteraction& row : Default().interactions) values.insert(row.value);
  EXPECT_GE(values.size(), 8U);
  EXPECT_GE(*values.begin(), 0.5);
  EXPECT_LE(*values.rbegin(), 5.0);
  for (const double value : values) EXPECT_EQ(value * 2, static_cast<int>(value * 2));
}

TEST(SimulatedService, PopularityFollowsAPowerLaw) {
  std::vector<uint32_t> views = ViewsPerTitle(Default());
  std::sort(views.rbegin(), views.rend());
  const double all = std::accumulate(views.begin(), views.end(), 0.0);
  const double top =
      std::accumulate(views.begin(), views.begin() + static_cast<long>(views.size() / 10), 0.0);
  EXPECT_GT(top / all, 0.35);
  EXPECT_LT(top / all, 0.85);
}

TEST(SimulatedService, WithoutAPowerLawViewsAreSpreadEvenly) {
  std::vector<uint32_t> views = ViewsPerTitle(Simulate({.popularity_exponent = 0}).value());
  std::sort(views.rbegin(), views.rend());
  const double all = std::accumulate(views.begin(), views.end(), 0.0);
  const double top =
      std::accumulate(views.begin(), views.begin() + static_cast<long>(views.size() / 10), 0.0);
  EXPECT_LT(top / all, 0.3);
}

TEST(SimulatedService, MembersDifferInActivity) {
  std::vector<size_t> sizes;
  for (const std::set<uint32_t>& history : Histories(Default())) sizes.push_back(history.size());
  std::sort(sizes.begin(), sizes.end());
  EXPECT_GT(sizes[sizes.size() * 9 / 10], 4 * sizes[sizes.size() / 10]);
}

// Mean Jaccard similarity of the histories of members of one taste and of different tastes.
std::pair<double, double> OverlapWithinAndAcross(const SimulatedService& service) {
  const std::vector<std::set<uint32_t>> histories = Histories(service);
  double sum[2] = {0, 0};
  double count[2] = {0, 0};
  for (size_t a = 0; a < 200; ++a) {
    for (size_t b = 0; b < a; ++b) {
      std::vector<uint32_t> both;
      std::set_intersection(histories[a].begin(), histories[a].end(), histories[b].begin(),
                            histories[b].end(), std::back_inserter(both));
      const double united =
          static_cast<double>(histories[a].size() + histories[b].size() - both.size());
      const int across = service.members[a].taste == service.members[b].taste ? 0 : 1;
      sum[across] += static_cast<double>(both.size()) / united;
      ++count[across];
    }
  }
  return {sum[0] / count[0], sum[1] / count[1]};
}

TEST(SimulatedService, MembersOfOneTasteOverlapMore) {
  const auto [within, across] = OverlapWithinAndAcross(Default());
  EXPECT_GT(within, 2 * across);
}

TEST(SimulatedService, PureNoiseHasNoTastes) {
  const auto [within, across] = OverlapWithinAndAcross(Simulate({.noise = 1}).value());
  EXPECT_LT(within, 1.15 * across);
}

TEST(SimulatedService, GenresFollowTheTaste) {
  std::map<uint32_t, std::map<std::string, int>> genres_of;
  std::map<uint32_t, int> titles_of;
  for (const SimulatedTitle& title : Default().titles) {
    ++titles_of[title.taste];
    EXPECT_GE(title.genres.size(), 1U);
    EXPECT_LE(title.genres.size(), 3U);
    EXPECT_EQ(std::set<std::string>(title.genres.begin(), title.genres.end()).size(),
              title.genres.size());
    for (const std::string& genre : title.genres) ++genres_of[title.taste][genre];
  }
  std::set<std::string> main_genres;
  for (const auto& [taste, counts] : genres_of) {
    const auto main =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    EXPECT_GT(main->second, titles_of[taste] * 6 / 10) << taste;
    main_genres.insert(main->first);
  }
  EXPECT_EQ(main_genres.size(), 8U);
}

TEST(SimulatedService, WhatIsPopularDrifts) {
  const SimulatedService& service = Default();
  const int64_t middle = 1'672'531'200 + 360 * 86'400;
  std::map<uint32_t, int> before;
  std::map<uint32_t, int> after;
  for (const SimulatedInteraction& row : service.interactions)
    ++(row.time < middle ? before : after)[row.title];
  const auto top = [](const std::map<uint32_t, int>& views) {
    std::vector<std::pair<int, uint32_t>> order;
    for (const auto& [title, count] : views) order.emplace_back(count, title);
    std::sort(order.rbegin(), order.rend());
    std::set<uint32_t> titles;
    for (size_t i = 0; i < 50; ++i) titles.insert(order[i].second);
    return titles;
  };
  std::vector<uint32_t> both;
  const std::set<uint32_t> first = top(before);
  const std::set<uint32_t> second = top(after);
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(both));
  EXPECT_LT(both.size(), 45U);
  EXPECT_GT(both.size(), 10U);
}

TEST(SimulatedService, NoTitleIsWatchedBeforeItsYear) {
  for (const SimulatedInteraction& row : Default().interactions) {
    const int64_t year_begins =
        static_cast<int64_t>((Default().titles[row.title].year - 1970) * 365.25 * 86'400);
    EXPECT_GE(row.time, year_begins - 40 * 86'400);  // A period of popularity lasts 30 days.
  }
}

TEST(SimulatedService, NamesAreUniqueAndNeedNoQuotes) {
  std::set<std::string> names;
  const SimulatedService service = Simulate({.members = 1, .titles = 6'000}).value();
  for (const SimulatedTitle& title : service.titles) {
    EXPECT_TRUE(names.insert(title.name).second) << title.name;
    EXPECT_EQ(title.name.find_first_of(",\"\n\r|"), std::string::npos) << title.name;
  }
}

TEST(SimulatedService, SameSeedSameBytes) {
  const SimulatedService again = Simulate({}).value();
  EXPECT_EQ(InteractionsCsv(again), InteractionsCsv(Default()));
  EXPECT_EQ(TitlesCsv(again), TitlesCsv(Default()));
}

TEST(SimulatedService, AnotherSeedAnotherService) {
  const SimulatedService other = Simulate({.seed = 2}).value();
  EXPECT_NE(InteractionsCsv(other), InteractionsCsv(Default()));
  EXPECT_NE(TitlesCsv(other), TitlesCsv(Default()));
}

TEST(SimulatedService, TheSmallestServiceHasOneView) {
  const auto service = Simulate({.members = 1, .titles = 1, .tastes = 1, .days = 1});
  ASSERT_TRUE(service);
  EXPECT_LE(service->interactions.size(), 1U);
  EXPECT_EQ(service->titles.size(), 1U);
}

TEST(SimulatedService, OptionsOutOfRangeAreRefused) {
  const SimulationOptions wrong[] = {
      {.members = 0},
      {.titles = 0},
      {.members = 20'000'000},
      {.members = 9'000'000, .views_per_member_mean = 1000},
      {.titles = 5, .tastes = 6},
      {.tastes = 0},
      {.views_per_member_mean = 0},
      {.views_per_member_mean = std::numeric_limits<double>::quiet_NaN()},
      {.popularity_exponent = -1},
      {.noise = 1.5},
      {.days = 0}};
  for (const SimulationOptions& options : wrong) {
    const auto service = Simulate(options);
    ASSERT_FALSE(service);
    EXPECT_EQ(service.error().code, core::ErrorCode::kInvalidArgument);
    EXPECT_NE(service.error().message.find("must be"), std::string::npos);
  }
}

TEST(SimulatedService, FilesHoldTheColumnsInOrder) {
  const auto folder = core::TemporaryFolder::Make();
  ASSERT_TRUE(folder);
  const std::filesystem::path target = folder->path() / "new" / "service";
  ASSERT_TRUE(WriteSimulatedService(Default(), target));
  const std::string interactions = core::ReadFile(target / "interactions.csv").value();
  const std::string titles = core::ReadFile(target / "titles.csv").value();
  EXPECT_TRUE(interactions.starts_with("member,title,time,value\nm"));
  EXPECT_TRUE(titles.starts_with("title,name,year,genres\nt0001,"));
  EXPECT_EQ(static_cast<size_t>(std::count(interactions.begin(), interactions.end(), '\n')),
            Default().interactions.size() + 1);
  EXPECT_EQ(std::count(titles.begin(), titles.end(), '\n'), 1201);
}

TEST(SimulatedService, AFolderThatCannotBeMadeIsAnError) {
  const auto folder = core::TemporaryFolder::Make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(core::WriteFileAtomically(folder->path() / "file", "x"));
  EXPECT_FALSE(WriteSimulatedService(Default(), folder->path() / "file" / "below"));
}

}  // namespace
}  // namespace klieg::personalize
