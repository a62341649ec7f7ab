#include "personalize/hyper_parameters.h"

#include <gtest/gtest.h>

namespace klieg::personalize {
namespace {

const std::vector<HyperParameter> kDeclared = {{.name = "lambda",
                                                .type = HyperParameterType::kReal,
                                                .default_value = "500",
                                                .low = 0,
                                                .high = 1e6,
                                                .tune_low = 1,
                                                .tune_high = 1000,
                                                .logarithmic = true,
                                                .meaning = "ridge"},
                                               {.name = "epochs",
                                                .type = HyperParameterType::kInteger,
                                                .default_value = "16",
                                                .low = 1,
                                                .high = 100,
                                                .tune_low = 4,
                                                .tune_high = 32,
                                                .meaning = "passes"},
                                               {.name = "solver",
                                                .type = HyperParameterType::kChoice,
                                                .default_value = "exact",
                                                .tune_low = 0,
                                                .tune_high = 1,
                                                .choices = {"exact", "cg"},
                                                .meaning = "how rows are solved"}};

TEST(HyperParameters, DefaultsStandUnlessSet) {
  const auto values = HyperParameters::Make(kDeclared, {{"lambda", "2.5"}}).value();
  EXPECT_EQ(values.Real("lambda"), 2.5);
  EXPECT_EQ(values.Integer("epochs"), 16);
  EXPECT_EQ(values.Text("solver"), "exact");
}

TEST(HyperParameters, AnUnknownNameListsWhatThereIs) {
  const auto refused = HyperParameters::Make(kDeclared, {{"lamda", "1"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("lambda, epochs, solver"), std::string::npos);
  EXPECT_FALSE(HyperParameters::Make(kDeclared, {{"ease.lambda", "1"}}).has_value());
}

TEST(HyperParameters, ValuesThatDoNotFitAreRefused) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"lambda", "-1"}, {"epochs", "1.5"}, {"solver", "fast"}}) {
    EXPECT_FALSE(HyperParameters::Make(kDeclared, {{name, value}}).has_value()) << name;
  }
  EXPECT_FALSE(HyperParameters::Make(kDeclared, {{"lambda", "nan"}}).has_value());
  EXPECT_FALSE(HyperParameters::Make(kDeclared, {{"lambda", "inf"}}).has_value());
  EXPECT_FALSE(HyperParameters::Make(kDeclared, {{"lambda", "1 "}}).has_value());
  EXPECT_FALSE(HyperParameters::Make(kDeclared, {{"lambda", ""}}).has_value());
}

TEST(HyperParameters, ComponentsKeepTheirOwnNames) {
  std::vector<HyperParameter> declared = kDeclared;
  declared.push_back({.name = "*",
                      .type = HyperParameterType::kText,
                      .default_value = "",
                      .meaning = "components"});
  const auto values =
      HyperParameters::Make(declared, {{"ease.lambda", "7"}, {"ials.epochs", "3"}}).value();
  EXPECT_EQ(values.Component("ease"), (std::map<std::string, std::string>{{"lambda", "7"}}));
}

TEST(HyperParameters, DrawsAreValidRepeatableAndLeaveFixedValuesAlone) {
  core::Random one(9);
  core::Random two(9);
  for (int i = 0; i < 50; ++i) {
    const auto free = DrawHyperParameters(kDeclared, {}, one);
    const auto fixed = DrawHyperParameters(kDeclared, {{"lambda", "3"}}, two);
    EXPECT_TRUE(HyperParameters::Make(kDeclared, free).has_value());
    EXPECT_EQ(fixed.at("lambda"), "3");
    EXPECT_EQ(fixed.at("epochs"), free.at("epochs"));
    EXPECT_EQ(fixed.at("solver"), free.at("solver"));
  }
}

}  // namespace
}  // namespace klieg::personalize
