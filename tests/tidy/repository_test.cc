// The repository is tested like the code in it: what depends on what, and that its pages point
// somewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "core/file.h"

namespace klieg {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, int> kRanks = {{"core", 0},  {"rights", 1},      {"learn", 1},
                                           {"data", 2},  {"personalize", 3}, {"platform", 3},
                                           {"flows", 4}, {"cli", 5}};

std::vector<fs::path> FilesUnder(const fs::path& folder,
                                 const std::vector<std::string>& extensions) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() &&
        std::find(extensions.begin(), extensions.end(), extension) != extensions.end()) {
      files.push_back(entry.path());
    }
  }
  return files;
}

std::string Read(const fs::path& path) { return core::ReadFile(path).value(); }

TEST(Repository, IncludesGoOnlyToLowerRanks) {
  const fs::path source = fs::path(KLIEG_SOURCE_DIR) / "src";
  const std::regex include_line(R"(^\s*#\s*include\s+"([a-z]+)/)");
  size_t seen = 0;
  for (const fs::path& file : FilesUnder(source, {".h", ".cc"})) {
    const std::string module = fs::relative(file, source).begin()->string();
    ASSERT_TRUE(kRanks.contains(module)) << file << ": module without a rank";
    std::ifstream stream(file);
    std::string line;
    for (size_t number = 1; std::getline(stream, line); ++number) {
      std::smatch match;
      if (!std::regex_search(line, match, include_line)) continue;
      const std::string other = match[1];
      const auto rank = kRanks.find(other);
      if (rank == kRanks.end() || other == module) continue;
      ++seen;
      EXPECT_LT(rank->second, kRanks.at(module)) << file.string() << ":" << number << " includes "
                                                 << other << ", which is not of lower rank";
    }
  }
  EXPECT_GT(seen, 20U) << "the test read no include lines: its pattern is wrong";
}

TEST(Repository, ThirdPartyHeadersStayInTheirModule) {
  const fs::path source = fs::path(KLIEG_SOURCE_DIR) / "src";
  const std::map<std::string, std::string> owner = {{"duckdb.h", "data"},
                                                    {"soci/", "platform"},
                                                    {"cblas.h", "learn"},
                                                    {"hwy/", "learn"},
                                                    {"CLI/", "cli"}};
  for (const fs::path& file : FilesUnder(source, {".h", ".cc"})) {
    const std::string module = fs::relative(file, source).begin()->string();
    const std::string text = Read(file);
    for (const auto& [header, home] : owner) {
      if (module == home) continue;
      EXPECT_EQ(text.find("#include <" + header), std::string::npos)
          << file << " includes " << header;
      EXPECT_EQ(text.find("#include \"" + header), std::string::npos)
          << file << " includes " << header;
    }
  }
}

// Headers that give rows or models without asking the gate stay within their module.
TEST(Repository, WhatNeedsNoPermitIsIncludedByItsOwnModuleOnly) {
  const fs::path source = fs::path(KLIEG_SOURCE_DIR) / "src";
  const std::vector<std::string> internal = {"data/snapshot_files.h", "data/table_reader.h",
                                             "data/row_rules.h", "personalize/model_file.h"};
  size_t seen = 0;
  for (const char* folder : {"src", "bench", "verifier", "tests/fuzz"}) {
    for (const fs::path& file : FilesUnder(fs::path(KLIEG_SOURCE_DIR) / folder, {".h", ".cc"})) {
      const std::string module = fs::relative(file, source).begin()->string();
      const std::string text = Read(file);
      for (const std::string& header : internal) {
        if (text.find("#include \"" + header) == std::string::npos) continue;
        ++seen;
        EXPECT_TRUE(header.starts_with(module + "/")) << file << " includes " << header;
      }
    }
  }
  EXPECT_GE(seen, internal.size()) << "one of these headers is gone: look for what took its place";
}

// A verifier that shares code with the prover would share its mistakes.
TEST(Repository, TheVerifierIncludesNothingOfTheRest) {
  for (const fs::path& file : FilesUnder(fs::path(KLIEG_SOURCE_DIR) / "verifier", {".h", ".cc"})) {
    if (file.filename().string().ends_with("_test.cc")) continue;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
      if (!line.starts_with("#include \"")) continue;
      const std::string name = line.substr(10, line.rfind('"') - 10);
      EXPECT_TRUE(fs::exists(file.parent_path() / name) ||
                  fs::exists(file.parent_path().parent_path() / name))
          << file << ": " << line;
      EXPECT_FALSE(fs::exists(fs::path(KLIEG_SOURCE_DIR) / "src" / name)) << file << ": " << line;
    }
  }
}

TEST(Repository, HeadersOpenWithTheirPurpose) {
  for (const fs::path& file : FilesUnder(fs::path(KLIEG_SOURCE_DIR) / "src", {".h"})) {
    EXPECT_TRUE(Read(file).starts_with("/// ")) << file << " does not begin with what it is for";
  }
}

TEST(Repository, LinksInPagesLeadSomewhere) {
  const fs::path root = KLIEG_SOURCE_DIR;
  const std::regex link(R"(\]\(([^)#\s]+)[^)]*\))");
  std::vector<fs::path> pages = FilesUnder(root / "docs", {".md"});
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  for (const fs::path& module : FilesUnder(root / "src", {".md"})) pages.push_back(module);
  for (const fs::path& page : pages) {
    const std::string text = Read(page);
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const std::string target = (*match)[1];
      if (target.starts_with("http") || target.starts_with("mailto:")) continue;
      EXPECT_TRUE(fs::exists(page.parent_path() / target)) << page << " links to " << target;
    }
  }
}

}  // namespace
}  // namespace klieg
