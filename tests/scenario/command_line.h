/// Runs the real program as a user would, in a folder of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"

namespace klieg::scenario {

struct Outcome {
  int status = -1;     ///< Exit status; 128 + signal when killed.
  std::string output;  ///< Standard output.
  std::string errors;  ///< Standard error.
  nlohmann::json Json() const { return nlohmann::json::parse(output); }
};

/// A folder with a workspace in it and files to import.
class Desk {
 public:
  Desk();
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path workspace() const { return folder() / "workspace"; }

  /// `klieg words…` in the folder, with KLIEG_WORKSPACE set.
  Outcome Klieg(const std::vector<std::string>& words) const;
  /// `klieg-verify words…` in the folder.
  Outcome Verify(const std::vector<std::string>& words) const;
  /// Starts it and kills it with SIGKILL as soon as `when` holds (unless it ended by itself).
  Outcome KliegKilledWhen(const std::vector<std::string>& words,
                          const std::function<bool()>& when) const;

  std::filesystem::path Write(const std::string& name, const std::string& text) const;
  /// A terms file that permits these purposes, TOML list items: "\"recommend\", \"measure\"".
  std::filesystem::path WriteTerms(const std::string& purposes,
                                   const std::string& expires = "never") const;

  /// init, simulate and import of a small service as dataset "films".
  void PrepareFilms(int members = 300, int titles = 200) const;

 private:
  core::TemporaryFolder folder_;
};

}  // namespace klieg::scenario
