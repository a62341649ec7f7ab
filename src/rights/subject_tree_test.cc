#include "rights/subject_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/file.h"
#include "core/random.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

const SubjectSalt kSalt = core::HashBytes("salt");

std::vector<Subject> Members(size_t count) {
  std::vector<Subject> subjects;
  for (size_t i = 0; i < count; ++i) {
    subjects.push_back({SubjectKind::kMember, std::to_string(i), i + 1});
  }
  return subjects;
}

SubjectTree TreeOf(size_t count) { return SubjectTree::Make(kSalt, Members(count)).value(); }

TEST(SubjectTree, KeyAndLeafAreTheDocumentedBytes) {
  const core::Digest key = SubjectKey(kSalt, SubjectKind::kTitle, "a:b");
  EXPECT_EQ(key, core::HashBytes("klieg subject v1\n" + kSalt.Hex() + "\ntitle:a:b"));
  const std::string leaf = std::string(key.view()) + std::string("\0\0\0\0\0\0\x01\x02", 8);
  EXPECT_EQ(HashOfSubject({key, 258}), LeafHash(leaf));
}

TEST(SubjectTree, TheRootIsThatOfTheSortedLeaves) {
  std::map<core::Digest, uint64_t> sorted;
  for (const Subject& one : Members(21)) sorted[SubjectKey(kSalt, one.kind, one.id)] = one.rows;
  MerkleTree tree;
  for (const auto& [key, rows] : sorted) tree.Append(HashOfSubject({key, rows}));
  const SubjectTree made = TreeOf(21);
  EXPECT_EQ(made.root(), tree.Root());
  EXPECT_EQ(made.rows(), 21U * 22 / 2);
  EXPECT_EQ(made.size(), 21U);
}

TEST(SubjectTree, TheOrderInWhichSubjectsAreGivenDoesNotMatter) {
  std::vector<Subject> subjects = Members(50);
  std::reverse(subjects.begin(), subjects.end());
  EXPECT_EQ(SubjectTree::Make(kSalt, subjects)->root(), TreeOf(50).root());
}

TEST(SubjectTree, EverySubjectIsFoundAndNobodyElse) {
  const SubjectTree tree = TreeOf(300);
  for (uint64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(tree.Find(SubjectKind::kMember, std::to_string(i)), i + 1);
    EXPECT_FALSE(tree.Find(SubjectKind::kTitle, std::to_string(i))) << "kinds are apart";
    EXPECT_FALSE(tree.Find(SubjectKind::kMember, std::to_string(i + 300)));
  }
}

TEST(SubjectTree, WhatCannotBeProvenIsRefused) {
  const auto error = [](std::vector<Subject> subjects) {
    const core::Error found = SubjectTree::Make(kSalt, subjects).error();
    EXPECT_EQ(found.code, ErrorCode::kInvalidArgument);
    return found.message;
  };
  using enum SubjectKind;
  EXPECT_THAT(error({{kMember, "7", 1}, {kWork, "x", 1}, {kMember, "7", 2}}),
              HasSubstr("member '7' is listed twice"));
  EXPECT_THAT(error({{kMember, "7", 0}}), HasSubstr("no rows"));
  EXPECT_THAT(error({{kMember, "", 1}}), HasSubstr("UTF-8"));
  EXPECT_THAT(error({{kMember, "\xff", 1}}), HasSubstr("UTF-8"));
  EXPECT_THAT(error({{kMember, std::string(1025, 'x'), 1}}), HasSubstr("1025 bytes"));
  EXPECT_THAT(error({{kMember, "1", kMaxSubjectRows}, {kMember, "2", 1}}), HasSubstr("more than"));
}

TEST(SubjectTree, SaltsDiffer) {
  EXPECT_NE(RandomSalt().value(), RandomSalt().value());
  EXPECT_NE(SubjectTree::Make(core::HashBytes("other"), Members(5))->root(), TreeOf(5).root());
}

TEST(SubjectTree, KindsHaveNames) {
  for (const char* name : {"member", "work", "title"}) {
    EXPECT_EQ(SubjectKindName(ParseSubjectKind(name).value()), name);
  }
  EXPECT_THAT(ParseSubjectKind("Member").error().message, HasSubstr("member, work or title"));
}

TEST(SubjectProof, HoldsForEverySubjectInTreesOfEverySize) {
  for (size_t size = 0; size <= 40; ++size) {
    const SubjectTree tree = TreeOf(size);
    for (size_t i = 0; i < 60; ++i) {
      const SubjectProof proof = tree.Prove(SubjectKind::kMember, std::to_string(i));
      ASSERT_EQ(proof.rows.has_value(), i < size);
      const core::Status holds =
          VerifySubjectProof(RootOf(tree), SubjectKind::kMember, std::to_string(i), proof);
      ASSERT_TRUE(holds) << i << " of " << size << ": " << holds.error().message;
    }
  }
}

TEST(SubjectProof, AtTheEdgesOneNeighbourSuffices) {
  const SubjectTree tree = TreeOf(10);
  size_t edges = 0;
  for (size_t i = 10; i < 200; ++i) {
    const SubjectProof proof = tree.Prove(SubjectKind::kMember, std::to_string(i));
    if (proof.witnesses.size() != 1) continue;
    ++edges;
    const uint64_t index = proof.witnesses[0].index;
    EXPECT_TRUE(index == 0 || index == 9);
  }
  EXPECT_GT(edges, 3U);
  EXPECT_THAT(TreeOf(0).Prove(SubjectKind::kMember, "1").witnesses, SizeIs(0));
}

/// A proof that one who is in the set is not, from leaves that are truly in it.
TEST(SubjectProof, NeighboursThatAreNotBesideEachOtherHideNobody) {
  const SubjectTree tree = TreeOf(20);
  const SubjectSetRoot set = RootOf(tree);
  // The witnesses of all leaves, in order.
  std::map<uint64_t, SubjectWitness> leaves;
  std::map<uint64_t, std::string> ids;
  for (const Subject& one : Members(20)) {
    const SubjectWitness witness = tree.Prove(one.kind, one.id).witnesses[0];
    leaves[witness.index] = witness;
    ids[witness.index] = one.id;
  }
  const auto hides = [&](uint64_t index, std::vector<uint64_t> shown) {
    SubjectProof proof;
    for (const uint64_t one : shown) proof.witnesses.push_back(leaves.at(one));
    return VerifySubjectProof(set, SubjectKind::kMember, ids.at(index), proof).has_value();
  };
  for (uint64_t index = 0; index < 20; ++index) {
    EXPECT_FALSE(hides(index, {}));
    for (uint64_t a = 0; a < 20; ++a) {
      EXPECT_FALSE(hides(index, {a})) << index << " by " << a;
      for (uint64_t b = 0; b < 20; ++b) EXPECT_FALSE(hides(index, {a, b})) << index;
    }
    if (index > 0 && index < 19) {
      EXPECT_FALSE(hides(index, {index - 1, index, index + 1}));
    }
  }
}

TEST(SubjectProof, AnotherClaimIsRefused) {
  const SubjectTree tree = TreeOf(20);
  const SubjectSetRoot set = RootOf(tree);
  const SubjectProof in = tree.Prove(SubjectKind::kMember, "7");
  const SubjectProof out = tree.Prove(SubjectKind::kMember, "70");
  const auto holds = [](const SubjectSetRoot& root, SubjectKind kind, std::string_view id,
                        const SubjectProof& proof) {
    return VerifySubjectProof(root, kind, id, proof).has_value();
  };
  ASSERT_TRUE(holds(set, SubjectKind::kMember, "7", in));
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "8", in));
  EXPECT_FALSE(holds(set, SubjectKind::kTitle, "7", in));
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "7", out));
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "70", in));
  SubjectProof bad = in;
  bad.rows = *bad.rows + 1;
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "7", bad));
  bad = in;
  bad.witnesses[0].leaf.rows += 1;
  bad.rows = bad.witnesses[0].leaf.rows;
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "7", bad));
  bad = in;
  bad.rows = std::nullopt;
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "7", bad));
  bad = in;
  bad.witnesses.clear();
  EXPECT_FALSE(holds(set, SubjectKind::kMember, "7", bad));
  SubjectSetRoot other = set;
  other.salt = core::HashBytes("other");
  EXPECT_FALSE(holds(other, SubjectKind::kMember, "7", in));
  other = set;
  other.subjects = 3;
  EXPECT_FALSE(holds(other, SubjectKind::kMember, "7", in));
  other = set;
  other.root = core::HashBytes("");
  other.subjects = 0;
  EXPECT_FALSE(holds(other, SubjectKind::kMember, "7", in));
  EXPECT_TRUE(holds(other, SubjectKind::kMember, "7", {}));
}

class SubjectFileTest : public ::testing::Test {
 protected:
  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  fs::path path_ = folder_.path() / "subjects";
};

TEST_F(SubjectFileTest, ATreeComesBack) {
  for (const size_t size : {0U, 1U, 77U}) {
    const SubjectTree tree = TreeOf(size);
    ASSERT_TRUE(tree.Save(path_));
    EXPECT_EQ(fs::file_size(path_), 56 + 40 * size + 32);
    const SubjectTree loaded = SubjectTree::Load(path_).value();
    EXPECT_EQ(RootOf(loaded), RootOf(tree));
    EXPECT_EQ(loaded.Find(SubjectKind::kMember, "5"), tree.Find(SubjectKind::kMember, "5"));
    EXPECT_EQ(loaded.Bytes(), tree.Bytes());
  }
  EXPECT_EQ(SubjectTree::Load(folder_.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(SubjectTree::Load(folder_.path()));
}

TEST_F(SubjectFileTest, EveryFlippedByteAndEveryLengthIsFound) {
  const std::string good = TreeOf(5).Bytes();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(SubjectTree::Parse(bad)) << i;
    EXPECT_EQ(SubjectTree::Parse(good.substr(0, i)).error().code, ErrorCode::kCorrupt) << i;
  }
  EXPECT_FALSE(SubjectTree::Parse(good + '\0'));
}

/// A checksum that fits does not make leaves acceptable that Make would not write.
TEST_F(SubjectFileTest, LeavesOutOfOrderTwiceOrWithoutRowsAreFound) {
  const std::string good = TreeOf(3).Bytes();
  const std::string head = good.substr(0, 56);
  const auto leaf = [&](size_t i) { return good.substr(56 + 40 * i, 40); };
  const auto parses = [&](const std::string& leaves) {
    const std::string body = head + leaves;
    return SubjectTree::Parse(body + std::string(core::HashBytes(body).view())).has_value();
  };
  EXPECT_TRUE(parses(leaf(0) + leaf(1) + leaf(2)));
  EXPECT_FALSE(parses(leaf(1) + leaf(0) + leaf(2)));
  EXPECT_FALSE(parses(leaf(0) + leaf(0) + leaf(2)));
  EXPECT_FALSE(parses(leaf(0) + leaf(1)));
  EXPECT_FALSE(parses(leaf(0) + leaf(1) + leaf(2).substr(0, 32) + std::string(8, '\0')));
  EXPECT_FALSE(parses(leaf(0) + leaf(1) + leaf(2).substr(0, 32) + std::string(8, '\xff')));
}

TEST_F(SubjectFileTest, ALaterFormatAsksForTheNewerProgram) {
  std::string newer = TreeOf(2).Bytes();
  newer[15] = 2;
  EXPECT_EQ(SubjectTree::Parse(newer).error().code, ErrorCode::kVersion);
}

}  // namespace
}  // namespace klieg::rights
