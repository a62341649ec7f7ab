// klieg-verify against the library: proofs that src/rights makes are accepted, everything that was
// done to them is refused, and both verifiers agree on what lies between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "claim.h"
#include "core/file.h"
#include "core/random.h"
#include "json.h"
#include "rights/log.h"
#include "rights/log_line.h"
#include "rights/proof.h"

namespace klieg::rights {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

const core::Timestamp kTime = core::ParseTimestamp("2026-03-01T09:30:00.000001Z").value();
const SubjectSalt kSalt = core::HashBytes("salt");

PrivateKey TestKey(uint8_t number = 1) {
  std::array<uint8_t, 32> seed{};
  seed[0] = number;
  return PrivateKey::FromSeed(seed).value();
}

std::string RegistrationBody(const SubjectTree& set, int version) {
  return fmt::format(
      R"({{"actor":"ada","artifact":"{}","name":"house","training_set":{{"root":"{}","rows":{},)"
      R"("salt":"{}","subjects":{}}},"version":{}}})",
      core::HashBytes(fmt::format("model {}", version)).Hex(), set.root().Hex(), set.rows(),
      set.salt().Hex(), set.size(), version);
}

SubjectTree MembersTo(size_t count, const SubjectSalt& salt = kSalt) {
  std::vector<Subject> subjects;
  for (size_t i = 0; i < count; ++i)
    subjects.push_back({SubjectKind::kMember, std::to_string(i), i + 1});
  if (count > 1) subjects.push_back({SubjectKind::kWork, "D\u00fcne \"II\"", 7});
  return SubjectTree::Make(salt, subjects).value();
}

struct Outcome {
  int status = -1;
  std::string output;  ///< Both streams.
};

struct Desk {
  core::TemporaryFolder folder = core::TemporaryFolder::Make().value();

  std::string Put(const std::string& name, std::string_view text) const {
    const std::string path = (folder.path() / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static Outcome Verify(const std::vector<std::string>& words) {
    std::string command = KLIEG_VERIFY_BINARY;
    for (const std::string& word : words) command += " '" + word + "'";
    Outcome outcome;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char piece[4096];
    for (size_t count = 0; (count = std::fread(piece, 1, sizeof(piece), pipe)) > 0;)
      outcome.output.append(piece, count);
    const int status = ::pclose(pipe);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }

  Outcome Check(std::string_view proof, const TreeHead& head,
                const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words = {Put("proof.json", proof), "--head",
                                      Put("head.json", CanonicalText(head) + "\n")};
    words.insert(words.end(), options.begin(), options.end());
    return Verify(words);
  }
};

/// A log with three models among other entries, and what its proofs are made of.
class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<LogDraft> drafts;
    for (int i = 0; i < 20; ++i) {
      if (i == 4) drafts.push_back({kTime, "model", RegistrationBody(empty_, 1)});
      if (i == 9) drafts.push_back({kTime, "model", RegistrationBody(single_, 2)});
      if (i == 14) drafts.push_back({kTime, "model", RegistrationBody(members_, 3)});
      drafts.push_back({kTime, "note", fmt::format(R"({{"n":{}}})", i)});
    }
    Log log = Log::Open(desk_.folder.path() / "rights.log").value();
    entries_ = log.AppendBatch(drafts).value();
    tree_ = log.tree();
    head_ = SignTreeHead(key_, tree_, kTime).value();
  }

  std::string Prove(SubjectKind kind, std::string_view id) const {
    return MakeSubjectProof(entries_[16], tree_, tree_.size(), members_, kind, id).value();
  }

  TreeHead HeadAt(uint64_t size) const {
    MerkleTree tree;
    for (uint64_t i = 0; i < size; ++i) tree.Append(tree_.leaf(i));
    return SignTreeHead(key_, tree, kTime).value();
  }

  /// The stranger's answer, by call: its claim, or nothing when it refuses.
  static std::optional<klieg_verify::SubjectClaim> Stranger(const std::string& proof,
                                                            const TreeHead& head) {
    try {
      return klieg_verify::CheckProof(proof, klieg_verify::CheckHead(CanonicalText(head)), {});
    } catch (const klieg_verify::DoesNotHold&) {
      return std::nullopt;
    }
  }

  /// Whether the library accepts; and that the stranger agrees, with the same claim.
  static bool BothAccept(const std::string& proof, const TreeHead& head) {
    const core::Result<ProvenClaim> ours = VerifyProof(proof, head);
    const auto theirs = Stranger(proof, head);
    EXPECT_EQ(theirs.has_value(), ours.has_value()) << proof << "\n"
                                                    << (ours ? "accepted" : ours.error().message);
    if (!ours || !theirs) return false;
    EXPECT_EQ(theirs->id, ours->id);
    EXPECT_EQ(theirs->kind, SubjectKindName(ours->subject_kind));
    EXPECT_EQ(theirs->present, ours->rows.has_value());
    EXPECT_EQ(theirs->rows, ours->rows.value_or(0));
    EXPECT_EQ(theirs->artifact, ours->model.artifact.Hex());
    EXPECT_EQ(theirs->entry, ours->entry);
    return true;
  }

  Desk desk_;
  PrivateKey key_ = TestKey();
  SubjectTree empty_ = MembersTo(0);
  SubjectTree single_ = MembersTo(1);
  SubjectTree members_ = MembersTo(40);
  std::vector<LogEntry> entries_;
  MerkleTree tree_;
  TreeHead head_;
};

TEST_F(VerifyTest, AMemberWhoWasInTheTrainingSet) {
  const Outcome outcome = desk_.Check(Prove(SubjectKind::kMember, "7"), head_,
                                      {"--key", key_.public_key().Hex(), "--member", "7"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("HOLDS: member \"7\" was in the training set of model "
                                        "\"house\" version 3, with 8 rows"));
  EXPECT_THAT(outcome.output, HasSubstr("as entry 16 of the log"));
  EXPECT_THAT(outcome.output, HasSubstr("This does not prove"));
  EXPECT_THAT(outcome.output, HasSubstr("the key that you gave"));
}

TEST_F(VerifyTest, AMemberWhoWasNot) {
  const Outcome outcome = desk_.Check(Prove(SubjectKind::kMember, "77"), head_);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("member \"77\" was NOT in the training set"));
  EXPECT_THAT(outcome.output, HasSubstr("NOT COMPARED")) << "nobody said whose key it must be";
}

TEST_F(VerifyTest, EverySubjectOfEverySetIsProvenEitherWay) {
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(BothAccept(Prove(SubjectKind::kMember, std::to_string(i)), head_)) << i;
  }
  EXPECT_TRUE(BothAccept(Prove(SubjectKind::kWork, "D\u00fcne \"II\""), head_));
  EXPECT_TRUE(BothAccept(Prove(SubjectKind::kTitle, "7"), head_));
  EXPECT_TRUE(BothAccept(Prove(SubjectKind::kTitle, "a\n\x01\\\u20ac"), head_));
  for (const char* id : {"0", "1", "2", "3", "4"}) {
    EXPECT_TRUE(BothAccept(
        MakeSubjectProof(entries_[4], tree_, tree_.size(), empty_, SubjectKind::kMember, id)
            .value(),
        head_));
    EXPECT_TRUE(BothAccept(
        MakeSubjectProof(entries_[10], tree_, tree_.size(), single_, SubjectKind::kMember, id)
            .value(),
        head_));
  }
}

TEST_F(VerifyTest, AProofForEverySizeOfTheLog) {
  for (uint64_t size = 17; size <= tree_.size(); ++size) {
    const std::string proof =
        MakeSubjectProof(entries_[16], tree_, size, members_, SubjectKind::kMember, "7").value();
    EXPECT_TRUE(BothAccept(proof, HeadAt(size)));
    EXPECT_EQ(BothAccept(proof, head_), size == tree_.size());
  }
}

TEST_F(VerifyTest, WhatDoesNotBelongTogetherMakesNoProof) {
  const auto make = [&](size_t entry, uint64_t size, const SubjectTree& set, std::string_view id) {
    return MakeSubjectProof(entries_[entry], tree_, size, set, SubjectKind::kMember, id)
        .has_value();
  };
  EXPECT_TRUE(make(16, 23, members_, "7"));
  EXPECT_FALSE(make(16, 23, single_, "7")) << "another model's subjects";
  EXPECT_FALSE(make(16, 16, members_, "7")) << "not in the log yet";
  EXPECT_FALSE(make(16, 24, members_, "7")) << "a log that is not that long";
  EXPECT_FALSE(make(15, 23, members_, "7")) << "no registration";
  EXPECT_FALSE(make(16, 23, members_, ""));
  EXPECT_FALSE(make(16, 23, members_, "\xff"));
  LogEntry other = entries_[16];
  other.time.micros += 1;
  EXPECT_FALSE(MakeSubjectProof(other, tree_, 23, members_, SubjectKind::kMember, "7"));
}

TEST_F(VerifyTest, EveryFlippedByteOfAProofIsRefused) {
  for (const char* id : {"7", "77"}) {
    const std::string good = Prove(SubjectKind::kMember, id);
    for (size_t i = 0; i < good.size(); ++i) {
      for (const int mask : {0x01, 0x20}) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ mask);
        ASSERT_FALSE(BothAccept(bad, head_)) << i << " mask " << mask;
        if (i % 60 == 0 && mask == 1) {
          ASSERT_EQ(desk_.Check(bad, head_).status, 1) << i;
        }
      }
    }
    for (size_t length = 0; length < good.size(); length += 7) {
      ASSERT_FALSE(BothAccept(good.substr(0, length), head_)) << length;
    }
    EXPECT_TRUE(BothAccept(good + "\n", head_));
    EXPECT_FALSE(BothAccept(good + "\n\n", head_));
    EXPECT_FALSE(BothAccept(good + " ", head_));
  }
}

TEST_F(VerifyTest, EveryFlippedByteOfAHeadIsRefused) {
  const std::string proof = Prove(SubjectKind::kMember, "7");
  const std::string good = CanonicalText(head_);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_THROW(klieg_verify::CheckHead(bad), klieg_verify::DoesNotHold) << i;
    if (i % 40 == 0) {
      EXPECT_EQ(Desk::Verify({"--head", desk_.Put("bad.json", bad)}).status, 1) << i;
    }
  }
}

// Random edits of proofs as text, and of their meaning as JSON written canonically again, so that
// the mutant gets past the reader: both verifiers must say the same of each.
TEST_F(VerifyTest, BothVerifiersAgreeOnMutants) {
  core::Random random(20260501);
  std::vector<std::string> seeds;
  for (const char* id : {"7", "77", "78", "79"}) seeds.push_back(Prove(SubjectKind::kMember, id));
  seeds.push_back(
      MakeSubjectProof(entries_[4], tree_, tree_.size(), empty_, SubjectKind::kMember, "1")
          .value());
  const auto pick = [&](const nlohmann::json& list) { return random.Below(list.size()); };
  size_t accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = seeds[random.Below(seeds.size())];
    nlohmann::json proof = nlohmann::json::parse(text);
    const nlohmann::json other = nlohmann::json::parse(seeds[random.Below(seeds.size())]);
    nlohmann::json& witnesses = proof["witnesses"];
    nlohmann::json& path = proof["registration"]["path"];
    switch (random.Below(17)) {
      case 0:
        proof["claim"]["id"] = std::to_string(random.Below(80));
        break;
      case 1:
        proof["claim"]["present"] = !proof["claim"]["present"].get<bool>();
        break;
      case 2:
        proof["claim"]["rows"] = random.Below(10);
        break;
      case 3:
        proof["claim"]["kind"] = random.Below(2) == 0 ? "title" : "performer";
        break;
      case 4:
        if (!witnesses.empty()) witnesses.erase(pick(witnesses));
        break;
      case 5:
        if (!witnesses.empty()) witnesses.push_back(witnesses[pick(witnesses)]);
        break;
      case 6:
        witnesses = other["witnesses"];
        break;
      case 7:
        if (witnesses.size() > 1) std::swap(witnesses[0], witnesses[1]);
        break;
      case 8:
        if (!witnesses.empty()) witnesses[pick(witnesses)]["index"] = random.Below(50);
        break;
      case 9:
        path.erase(pick(path));
        break;
      case 10:
        path.push_back(path[pick(path)]);
        break;
      case 11:
        proof["registration"]["index"] = random.Below(23);
        break;
      case 12:
        proof["registration"]["tree_size"] = 20 + random.Below(6);
        break;
      case 13:
        proof["registration"] = other["registration"];
        break;
      case 14:
        proof["claim"] = other["claim"];
        break;
      case 15:
        proof["extra"] = 1;
        break;
      default:
        break;  // Only the text is edited, below.
    }
    text = proof.dump();
    if (random.Below(4) == 0) {
      const size_t at = random.Below(text.size());
      if (random.Below(2) == 0) {
        text.erase(at, 1 + random.Below(3));
      } else {
        text.insert(at, 1, " 0\"\\{}[],:\n"[random.Below(11)]);
      }
    }
    const bool both = BothAccept(text, head_);
    accepted += both ? 1 : 0;
    if (round % 60 == 0) {
      ASSERT_EQ(desk_.Check(text, head_).status, both ? 0 : 1) << text;
    }
  }
  EXPECT_GT(accepted, 100U) << "no mutant was harmless: the test compares refusals only";
  EXPECT_LT(accepted, 1500U);
}

// What a house that wants to deceive could try, with all hashes and signatures it can make itself.

/// The proof with the log's line replaced by one that the forger writes, hash and all; the path
/// cannot be made to fit.
TEST_F(VerifyTest, AnotherLineIsNotInTheLog) {
  nlohmann::json proof = nlohmann::json::parse(Prove(SubjectKind::kMember, "7"));
  LogEntry forged = entries_[16];
  const SubjectTree without = MembersTo(7);
  forged.body = RegistrationBody(without, 3);
  std::string line = RenderLogLine(forged).value();
  line.pop_back();
  proof["registration"]["line"] = line;
  const SubjectProof gap = without.Prove(SubjectKind::kMember, "7");
  proof["claim"]["present"] = false;
  proof["claim"]["rows"] = 0;
  proof["witnesses"] = nlohmann::json::array();
  for (const SubjectWitness& one : gap.witnesses) {
    nlohmann::json path = nlohmann::json::array();
    for (const core::Digest& digest : one.path) path.push_back(digest.Hex());
    proof["witnesses"].push_back({{"index", one.index},
                                  {"key", one.leaf.key.Hex()},
                                  {"path", path},
                                  {"rows", one.leaf.rows}});
  }
  EXPECT_FALSE(BothAccept(proof.dump(), head_));
  EXPECT_THAT(desk_.Check(proof.dump(), head_).output, HasSubstr("not in the log of this head"));
}

TEST_F(VerifyTest, NeighboursThatAreNotBesideEachOther) {
  // Member 7 is in the set; the leaves around 7's are shown as if they were neighbours.
  const SubjectWitness own = members_.Prove(SubjectKind::kMember, "7").witnesses[0];
  nlohmann::json proof = nlohmann::json::parse(Prove(SubjectKind::kMember, "7"));
  nlohmann::json around = nlohmann::json::array();
  for (int i = 0; i < 40; ++i) {
    const auto one = nlohmann::json::parse(Prove(SubjectKind::kMember, std::to_string(i)));
    const auto index = one["witnesses"][0]["index"].get<uint64_t>();
    if (index + 1 == own.index) around.insert(around.begin(), one["witnesses"][0]);
    if (index == own.index + 1) around.push_back(one["witnesses"][0]);
  }
  ASSERT_EQ(around.size(), 2U);
  proof["witnesses"] = around;
  proof["claim"]["present"] = false;
  proof["claim"]["rows"] = 0;
  EXPECT_FALSE(BothAccept(proof.dump(), head_));
  EXPECT_THAT(desk_.Check(proof.dump(), head_).output, HasSubstr("beside each other"));
}

TEST_F(VerifyTest, AnotherModelsLine) {
  nlohmann::json proof = nlohmann::json::parse(Prove(SubjectKind::kMember, "7"));
  proof["registration"] = nlohmann::json::parse(
      MakeSubjectProof(entries_[10], tree_, tree_.size(), single_, SubjectKind::kMember, "7")
          .value())["registration"];
  EXPECT_FALSE(BothAccept(proof.dump(), head_));
}

TEST_F(VerifyTest, AnotherSalt) {
  const SubjectTree salted = MembersTo(40, core::HashBytes("another"));
  nlohmann::json proof = nlohmann::json::parse(Prove(SubjectKind::kMember, "77"));
  const SubjectProof other = salted.Prove(SubjectKind::kMember, "77");
  for (size_t i = 0; i < std::min(other.witnesses.size(), proof["witnesses"].size()); ++i) {
    proof["witnesses"][i]["key"] = other.witnesses[i].leaf.key.Hex();
  }
  EXPECT_FALSE(BothAccept(proof.dump(), head_));
  std::string line = proof["registration"]["line"];
  line.replace(line.find(kSalt.Hex()), 64, salted.salt().Hex());
  proof["registration"]["line"] = line;
  EXPECT_FALSE(BothAccept(proof.dump(), head_));
}

TEST_F(VerifyTest, AHeadOfAnotherKeyIsNotTheHouses) {
  const TreeHead forged = SignTreeHead(TestKey(2), tree_, kTime).value();
  const std::string proof = Prove(SubjectKind::kMember, "7");
  EXPECT_EQ(desk_.Check(proof, forged).status, 0) << "without --key anybody's head will do";
  const std::string key = key_.public_key().Hex();
  EXPECT_EQ(desk_.Check(proof, forged, {"--key", key}).status, 1);
  EXPECT_EQ(desk_.Check(proof, head_, {"--key", key}).status, 0);
  EXPECT_EQ(desk_.Check(proof, head_, {"--key", desk_.Put("key", key + "\n")}).status, 0);
  EXPECT_FALSE(VerifyProof(proof, forged, {.key = key_.public_key()}));
}

TEST_F(VerifyTest, AnotherClaimThanTheOneAskedAbout) {
  const std::string proof = Prove(SubjectKind::kMember, "7");
  const std::string model = core::HashBytes("model 3").Hex();
  const auto status = [&](const std::vector<std::string>& options) {
    return desk_.Check(proof, head_, options).status;
  };
  EXPECT_EQ(status({"--member", "7", "--model", model}), 0);
  EXPECT_EQ(status({"--member", "8"}), 1);
  EXPECT_EQ(status({"--title", "7"}), 1);
  EXPECT_EQ(status({"--work", "7"}), 1);
  EXPECT_EQ(status({"--model", core::HashBytes("model 2").Hex()}), 1);
  EXPECT_FALSE(VerifyProof(proof, head_, {.kind = SubjectKind::kTitle}));
  EXPECT_FALSE(VerifyProof(proof, head_, {.id = "8"}));
  EXPECT_FALSE(VerifyProof(proof, head_, {.artifact = core::HashBytes("model 2")}));
  EXPECT_TRUE(VerifyProof(
      proof, head_,
      {.kind = SubjectKind::kMember, .id = "7", .artifact = core::HashBytes("model 3")}));
}

TEST_F(VerifyTest, AHeadOfAnotherSizeSaysWhatToDo) {
  const Outcome outcome = desk_.Check(Prove(SubjectKind::kMember, "7"), HeadAt(20));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("ask for a proof for this one"));
}

TEST_F(VerifyTest, HistoryThatGrewIsConsistent) {
  for (const uint64_t from : {1U, 2U, 13U, 16U, 22U, 23U}) {
    const TreeHead since = HeadAt(from);
    const std::string proof = MakeConsistencyProof(since, head_, tree_).value();
    EXPECT_TRUE(VerifyProof(proof, head_, {.since = since}));
    const Outcome outcome =
        desk_.Check(proof, head_, {"--since", desk_.Put("since.json", CanonicalText(since))});
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("nothing recorded before was changed"));
    EXPECT_EQ(desk_.Check(proof, head_).status, 1) << "the earlier head is needed";
  }
}

TEST_F(VerifyTest, HistoryThatWasRolledBackOrRewrittenIsNot) {
  const TreeHead since = HeadAt(15);
  const std::string since_path = desk_.Put("since.json", CanonicalText(since));
  const std::string proof = MakeConsistencyProof(since, head_, tree_).value();
  MerkleTree rewritten;
  for (uint64_t i = 0; i < tree_.size(); ++i) {
    rewritten.Append(i == 3 ? LeafHash("forged") : tree_.leaf(i));
  }
  const TreeHead other = SignTreeHead(key_, rewritten, kTime).value();
  EXPECT_FALSE(MakeConsistencyProof(since, other, rewritten));
  // The best a forger can do: the path of either tree, with the roots that the heads have.
  nlohmann::json forged = nlohmann::json::parse(proof);
  forged["to"]["root"] = other.root.Hex();
  EXPECT_FALSE(VerifyProof(forged.dump(), other, {.since = since}));
  EXPECT_EQ(desk_.Check(forged.dump(), other, {"--since", since_path}).status, 1);
  EXPECT_EQ(desk_.Check(proof, since, {"--since", desk_.Put("late", CanonicalText(head_))}).status,
            1)
      << "heads swapped";
  const TreeHead foreign = [&] {
    MerkleTree tree;
    for (uint64_t i = 0; i < 15; ++i) tree.Append(tree_.leaf(i));
    return SignTreeHead(TestKey(2), tree, kTime).value();
  }();
  EXPECT_EQ(
      desk_.Check(proof, head_, {"--since", desk_.Put("foreign", CanonicalText(foreign))}).status,
      1);
  EXPECT_FALSE(VerifyProof(proof, head_, {.since = foreign}));
}

TEST_F(VerifyTest, EveryFlippedByteOfAConsistencyProofIsRefused) {
  const TreeHead since = HeadAt(13);
  const std::string good = MakeConsistencyProof(since, head_, tree_).value();
  const klieg_verify::Head later = klieg_verify::CheckHead(CanonicalText(head_));
  const klieg_verify::Head earlier = klieg_verify::CheckHead(CanonicalText(since));
  EXPECT_NO_THROW(klieg_verify::CheckProof(good, later, earlier));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    ASSERT_FALSE(VerifyProof(bad, head_, {.since = since})) << i;
    ASSERT_THROW(klieg_verify::CheckProof(bad, later, earlier), klieg_verify::DoesNotHold) << i;
  }
}

/// The first line of a page that begins so, behind `from`.
std::string LineOf(const std::string& page, std::string_view beginning, size_t from = 0) {
  const size_t begin = page.find(beginning, from);
  return begin == std::string::npos ? "" : page.substr(begin, page.find('\n', begin) - begin);
}

TEST_F(VerifyTest, ThePagesShowWhatVerifies) {
  const fs::path pages = fs::path(KLIEG_SOURCE_DIR) / "docs/formats";
  const std::string heads = core::ReadFile(pages / "heads.md").value();
  const std::string proofs = core::ReadFile(pages / "proofs.md").value();
  const std::string head = LineOf(heads, R"({"format":1,"kind":"klieg-tree-head")");
  const std::string since = LineOf(proofs, R"({"format":1,"kind":"klieg-tree-head")");
  const TreeHead parsed = ParseTreeHead(head).value();
  const Outcome subject = desk_.Check(LineOf(proofs, R"({"claim")"), parsed, {"--member", "42"});
  EXPECT_EQ(subject.status, 0) << subject.output;
  const Outcome consistency = desk_.Check(LineOf(proofs, R"({"format":1,"from")"), parsed,
                                          {"--since", desk_.Put("since.json", since)});
  EXPECT_EQ(consistency.status, 0) << consistency.output;
}

TEST_F(VerifyTest, AHeadAlone) {
  const std::string head = desk_.Put("head.json", CanonicalText(head_));
  EXPECT_EQ(Desk::Verify({"--head", head}).status, 0);
  EXPECT_EQ(Desk::Verify({"--head", head, "--key", key_.public_key().Hex()}).status, 0);
  EXPECT_EQ(Desk::Verify({"--head", head, "--key", std::string(64, '0')}).status, 1);
}

TEST_F(VerifyTest, AWrongCommandLineOrAFileThatIsNotThereIsTwo) {
  const std::string head = desk_.Put("head.json", CanonicalText(head_));
  const std::string proof = desk_.Put("proof.json", Prove(SubjectKind::kMember, "7"));
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {proof},
      {proof, "--head"},
      {proof, "--head", "/none"},
      {"/none", "--head", head},
      {proof, "--head", desk_.folder.path().string()},
      {proof, proof, "--head", head},
      {proof, "--head", head, "--head", head},
      {proof, "--head", head, "--what", "x"},
      {proof, "--head", head, "--member", "7", "--title", "7"},
      {proof, "--head", head, "--model", "7"},
      {proof, "--head", head, "--key", "7"},
      {proof, "--head", head, "--since", head},
      {"--head", head, "--member", "7"}};
  for (const std::vector<std::string>& words : wrong) {
    const Outcome outcome = Desk::Verify(words);
    EXPECT_EQ(outcome.status, 2) << ::testing::PrintToString(words) << outcome.output;
  }
  EXPECT_EQ(Desk::Verify({"--help"}).status, 0);
}

TEST_F(VerifyTest, WhatIsPrintedCannotCommandATerminal) {
  const std::string proof = Prove(SubjectKind::kMember, "\x1b[2J\u009b7m\x7f");
  const Outcome outcome = desk_.Check(proof, head_);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr(R"("\u001b[2J\u009b7m\u007f")"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace klieg::rights
