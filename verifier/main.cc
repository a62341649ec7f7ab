// klieg-verify: checks a proof of Klieg against a signed head, offline. It shares no code with the
// platform that made the proof; see docs/formats/proofs.md.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "claim.h"
#include "json.h"

namespace klieg_verify {
namespace {

constexpr char kUsage[] =
    "usage: klieg-verify [PROOF.json] --head HEAD.json [--since EARLIER-HEAD.json]\n"
    "                    [--key HEX|FILE] [--member ID | --work ID | --title ID]\n"
    "                    [--model DIGEST] [--json]\n\n"
    "Without a proof only the head's signature is checked. --key is the public key that the house\n"
    "published; --member, --work, --title and --model say what the proof must be about.\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong usage or a file that cannot be read.\n";

/// The command line is wrong, or a file cannot be read.
struct CannotCheck : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) throw CannotCheck("cannot read '" + path + "', or it is empty");
  return text;
}

struct Arguments {
  std::string proof;
  std::map<std::string, std::string> options;  ///< By name, without dashes.
  bool json = false;

  std::optional<std::string> Option(const std::string& name) const {
    const auto found = options.find(name);
    if (found == options.end()) return std::nullopt;
    return found->second;
  }
};

Arguments ReadArguments(const std::vector<std::string>& words) {
  static const std::string kNames = " head since key member work title model ";
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--json") {
      arguments.json = true;
    } else if (word.starts_with("--")) {
      const std::string name = word.substr(2);
      if (kNames.find(" " + name + " ") == std::string::npos)
        throw CannotCheck("there is no option " + word);
      if (i + 1 == words.size()) throw CannotCheck(word + " needs a value");
      if (!arguments.options.emplace(name, words[++i]).second)
        throw CannotCheck(word + " is given twice");
    } else if (arguments.proof.empty() && !word.empty()) {
      arguments.proof = word;
    } else {
      throw CannotCheck("one proof at a time: '" + word + "' is one too many");
    }
  }
  if (!arguments.Option("head")) throw CannotCheck("--head is missing");
  const size_t subjects = arguments.options.count("member") + arguments.options.count("work") +
                          arguments.options.count("title");
  if (subjects > 1) throw CannotCheck("give one of --member, --work and --title");
  if (arguments.proof.empty() &&
      (subjects > 0 || arguments.Option("since") || arguments.Option("model")))
    throw CannotCheck("these options need a proof");
  return arguments;
}

/// 64 hexadecimal digits, or a file that holds them.
std::string ReadHex(const std::string& value, const std::string& what, bool may_be_file) {
  std::string hex = value;
  if (may_be_file && hex.size() != 64) hex = ReadFile(value);
  if (hex.ends_with('\n')) hex.pop_back();
  try {
    return ToHex(FromHex(hex, 32));
  } catch (const DoesNotHold& error) {
    throw CannotCheck(what + ": " + error.what());
  }
}

void CheckExpected(const Arguments& arguments, const SubjectClaim& claim) {
  for (const char* kind : {"member", "work", "title"}) {
    const auto id = arguments.Option(kind);
    if (id && (claim.kind != kind || claim.id != *id))
      throw DoesNotHold("the proof is about " + claim.kind + " " + Quote(claim.id) + ", not " +
                        kind + " " + Quote(*id));
  }
  const auto model = arguments.Option("model");
  if (model && claim.artifact != ReadHex(*model, "--model", false))
    throw DoesNotHold("the proof is about the model file " + claim.artifact);
}

std::string KeyNote(bool key_given) {
  return key_given ? "the key that you gave"
                   : "NOT COMPARED: give --key with the key that the house published";
}

void PrintText(const Head& head, const std::optional<Head>& since,
               const std::optional<SubjectClaim>& claim, bool proof, bool key_given) {
  std::string what = "the head is signed by the key that it names";
  std::string limits = "that anything in the log is true, or that nothing is missing from it.";
  if (claim) {
    what = claim->kind + " " + Quote(claim->id) + " was " + (claim->present ? "" : "NOT ") +
           "in the training set of model " + Quote(claim->name) + " version " +
           std::to_string(claim->version) +
           (claim->present ? ", with " + std::to_string(claim->rows) + " rows" : "");
    limits =
        "that the model file was trained on this set and nothing else (derive it again with\n"
        "`klieg verify model` for that), that the set names everybody rightly, or that nobody\n"
        "trained another model elsewhere.";
  } else if (proof) {
    what = "the log of " + std::to_string(head.size) + " entries begins with the log of " +
           std::to_string(since->size) + " entries: nothing recorded before was changed";
    limits = "that what was recorded is true or complete.";
  }
  std::printf("HOLDS: %s.\n", what.c_str());
  if (claim) {
    std::printf("  model file  %s\n", claim->artifact.c_str());
    std::printf("  recorded    as entry %llu of the log, %s\n",
                static_cast<unsigned long long>(claim->entry), claim->recorded.c_str());
  }
  if (since) std::printf("  since       the head of %s\n", since->time.c_str());
  std::printf("  log head    of %s, %llu entries, root %s\n", head.time.c_str(),
              static_cast<unsigned long long>(head.size), ToHex(head.root).c_str());
  std::printf("  key         %s\n              %s\n", head.key.c_str(), KeyNote(key_given).c_str());
  std::printf("This does not prove %s\n", limits.c_str());
}

void PrintJson(const Head& head, const std::optional<Head>& since,
               const std::optional<SubjectClaim>& claim, bool proof, bool key_given) {
  std::string text = "{\"holds\":true,\"key\":\"" + head.key +
                     "\",\"key_compared\":" + (key_given ? "true" : "false") + ",\"proves\":" +
                     (claim   ? "\"subject\""
                      : proof ? "\"consistency\""
                              : "\"head\"");
  if (since) text += ",\"since_tree_size\":" + std::to_string(since->size);
  if (claim)
    text += ",\"artifact\":\"" + claim->artifact + "\",\"entry\":" + std::to_string(claim->entry) +
            ",\"id\":" + Quote(claim->id) + ",\"kind\":\"" + claim->kind +
            "\",\"name\":" + Quote(claim->name) +
            ",\"present\":" + (claim->present ? "true" : "false") + ",\"recorded\":\"" +
            claim->recorded + "\",\"rows\":" + std::to_string(claim->rows) +
            ",\"version\":" + std::to_string(claim->version);
  std::printf("%s,\"root\":\"%s\",\"time\":\"%s\",\"tree_size\":%llu}\n", text.c_str(),
              ToHex(head.root).c_str(), head.time.c_str(),
              static_cast<unsigned long long>(head.size));
}

void Run(const Arguments& arguments) {
  const auto key_option = arguments.Option("key");
  const std::string key = key_option ? ReadHex(*key_option, "--key", true) : "";
  const Head head = CheckHead(ReadFile(*arguments.Option("head")));
  if (key_option && head.key != key)
    throw DoesNotHold("the head is signed by the key " + head.key + ", not by the one given");
  std::optional<Head> since;
  if (arguments.Option("since")) since = CheckHead(ReadFile(*arguments.Option("since")));
  std::optional<SubjectClaim> claim;
  if (!arguments.proof.empty()) claim = CheckProof(ReadFile(arguments.proof), head, since);
  if (claim) CheckExpected(arguments, *claim);
  const bool proof = !arguments.proof.empty();
  if (claim && since) throw CannotCheck("--since is for proofs of consistency");
  if (proof && !claim && arguments.options.size() > (key_option ? 3U : 2U))
    throw CannotCheck("this proof is about two heads, not about a subject or a model");
  (arguments.json ? PrintJson : PrintText)(head, since, claim, proof, key_option.has_value());
}

int Report(bool json, int status, const char* message) {
  if (json) {
    std::printf("{\"holds\":false,\"checked\":%s,\"why\":%s}\n", status == 1 ? "true" : "false",
                Quote(message).c_str());
  } else {
    std::fprintf(stderr, "%s: %s\n", status == 1 ? "DOES NOT HOLD" : "klieg-verify", message);
  }
  return status;
}

int Main(const std::vector<std::string>& words) {
  bool json = false;
  for (const std::string& word : words) json = json || word == "--json";
  if (words.empty() || words[0] == "--help") {
    std::fputs(kUsage, words.empty() ? stderr : stdout);
    return words.empty() ? 2 : 0;
  }
  try {
    Run(ReadArguments(words));
    return 0;
  } catch (const DoesNotHold& error) {
    return Report(json, 1, error.what());
  } catch (const std::exception& error) {
    return Report(json, 2, error.what());
  }
}

}  // namespace
}  // namespace klieg_verify

int main(int argc, char** argv) {
  return klieg_verify::Main(std::vector<std::string>(argv + 1, argv + argc));
}
