// Proofs: any bytes are verified or refused, and what verifies is a true statement, however the
// bytes were come by.
//
// The input is either a whole text, or a list of edits to a good proof: each takes three bytes
// (what, where, with which). A small log with one model and a training set of seven is the truth.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "rights/log_line.h"
#include "rights/proof.h"

namespace {

using namespace klieg;  // NOLINT: a program of one file.
using nlohmann::json;
using rights::SubjectKind;

constexpr size_t kMaxEditBytes = 1 + 3 * 8;

struct World {
  rights::SubjectTree set;
  rights::MerkleTree tree;
  rights::TreeHead head;
  std::vector<std::string> proofs;
};

World MakeWorld() {
  std::vector<rights::Subject> subjects;
  for (int i = 0; i < 7; ++i) subjects.push_back({SubjectKind::kMember, std::to_string(i), 3});
  World world{rights::SubjectTree::Make({}, subjects).value(), {}, {}, {}};
  const std::string body = fmt::format(
      R"({{"artifact":"{}","name":"house","training_set":{{"root":"{}","rows":{},"salt":"{}",)"
      R"("subjects":{}}},"version":1}})",
      core::Digest().Hex(), world.set.root().Hex(), world.set.rows(), world.set.salt().Hex(),
      world.set.size());
  rights::LogEntry registration{
      0, core::Timestamp{int64_t{1} << 50}, std::string(rights::kModelEntryKind), body, {}, {}};
  std::string line = rights::RenderLogLine(registration).value();
  line.pop_back();
  for (const std::string& one : {line, std::string("b"), std::string("c")}) {
    world.tree.Append(rights::LeafHash(one));
  }
  const auto key = rights::PrivateKey::FromSeed(core::HashBytes("fuzz").bytes).value();
  world.head = rights::SignTreeHead(key, world.tree, core::Timestamp{int64_t{1} << 50}).value();
  for (const char* id : {"3", "7", "8", "9"}) {
    world.proofs.push_back(
        rights::MakeSubjectProof(registration, world.tree, 3, world.set, SubjectKind::kMember, id)
            .value());
  }
  return world;
}

const World& TheWorld() {
  static const World world = MakeWorld();
  return world;
}

void CheckTrue(std::string_view proof) {
  const auto claim = rights::VerifyProof(proof, TheWorld().head);
  if (!claim) return;
  KLIEG_CHECK(claim->kind == rights::ProvenClaim::Kind::kSubject, "nothing else was signed");
  KLIEG_CHECK(claim->rows == TheWorld().set.Find(claim->subject_kind, claim->id),
              "a false statement verifies: {}", proof);
}

/// All values of a JSON text that hold no others, in order.
void CollectLeaves(json& value, std::vector<json*>& leaves) {
  if (!value.is_structured()) {
    leaves.push_back(&value);
    return;
  }
  for (json& one : value) CollectLeaves(one, leaves);
}

void CheckEdited(const uint8_t* data, size_t size) {
  const std::vector<std::string>& proofs = TheWorld().proofs;
  json proof = json::parse(proofs[data[0] % proofs.size()]);
  json other = json::parse(proofs[data[0] / 16 % proofs.size()]);
  for (size_t i = 1; i + 2 < std::min(size, kMaxEditBytes); i += 3) {
    std::vector<json*> leaves;
    CollectLeaves(proof, leaves);
    std::vector<json*> others;
    CollectLeaves(other, others);
    json& leaf = *leaves[data[i + 1] % leaves.size()];
    json& witnesses = proof["witnesses"];
    switch (data[i] % 7) {
      case 0:
        leaf = *others[data[i + 2] % others.size()];
        break;
      case 1:
        if (leaf.is_number()) leaf = data[i + 2];
        break;
      case 2:
        if (leaf.is_boolean()) leaf = !leaf.get<bool>();
        break;
      case 3:
        if (leaf.is_string() && !leaf.get_ref<std::string&>().empty()) {
          auto& text = leaf.get_ref<std::string&>();
          text[data[i + 2] % text.size()] = "0123456789abcdef"[data[i + 2] % 16];
        }
        break;
      case 4:
        witnesses = other["witnesses"];
        break;
      case 5:
        if (!witnesses.empty()) witnesses.erase(data[i + 1] % witnesses.size());
        break;
      default:
        if (!other["witnesses"].empty() && witnesses.size() < 4) {
          witnesses.push_back(other["witnesses"][data[i + 1] % other["witnesses"].size()]);
        }
    }
  }
  CheckTrue(proof.dump());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CheckTrue({reinterpret_cast<const char*>(data), size});
  if (size > 3) CheckEdited(data, size);
  return 0;
}
