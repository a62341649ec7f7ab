#include "rights/merkle_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/file.h"
#include "core/random.h"

namespace klieg::rights {
namespace {

using core::Digest;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// The second opinion: the definitions of RFC 9162, 2.1, word for word, on lists of leaf hashes.

using Leaves = std::span<const Digest>;

size_t NaiveSplit(size_t n) {
  size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

Digest NaiveRoot(Leaves d) {
  if (d.empty()) return core::HashBytes("");
  if (d.size() == 1) return d[0];
  const size_t k = NaiveSplit(d.size());
  const std::string bytes = std::string("\x01") + std::string(NaiveRoot(d.first(k)).view()) +
                            std::string(NaiveRoot(d.subspan(k)).view());
  return core::HashBytes(bytes);
}

MerklePath NaivePath(size_t m, Leaves d) {
  if (d.size() == 1) return {};
  const size_t k = NaiveSplit(d.size());
  MerklePath path = m < k ? NaivePath(m, d.first(k)) : NaivePath(m - k, d.subspan(k));
  path.push_back(NaiveRoot(m < k ? d.subspan(k) : d.first(k)));
  return path;
}

MerklePath NaiveSubproof(size_t m, Leaves d, bool complete) {
  if (m == d.size()) return complete ? MerklePath{} : MerklePath{NaiveRoot(d)};
  const size_t k = NaiveSplit(d.size());
  MerklePath path =
      m <= k ? NaiveSubproof(m, d.first(k), complete) : NaiveSubproof(m - k, d.subspan(k), false);
  path.push_back(NaiveRoot(m <= k ? d.subspan(k) : d.first(k)));
  return path;
}

std::vector<Digest> MakeLeaves(size_t count) {
  std::vector<Digest> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(LeafHash(fmt::format("leaf {}", i)));
  return leaves;
}

MerkleTree TreeOf(Leaves leaves) {
  MerkleTree tree;
  for (const Digest& leaf : leaves) tree.Append(leaf);
  return tree;
}

TEST(MerkleTree, TheNineRootsOfRfc6962) {
  using namespace std::string_literals;
  // The inputs and roots of the test data that implementations of RFC 6962 share.
  const std::vector<std::string> inputs = {""s,
                                           "\x00"s,
                                           "\x10"s,
                                           "\x20\x21"s,
                                           "\x30\x31"s,
                                           "\x40\x41\x42\x43"s,
                                           "\x50\x51\x52\x53\x54\x55\x56\x57"s,
                                           "\x60\x61\x62\x63\x64\x65\x66\x67"
                                           "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"s};
  const std::vector<std::pair<std::string, std::string>> roots = {
      {"e3b0c442", "b855"}, {"6e340b9c", "a01d"}, {"fac54203", "c125"},
      {"aeb6bcfe", "6e77"}, {"d37ee418", "14b7"}, {"4e3bbb1f", "64d4"},
      {"76e67dad", "87ef"}, {"ddb89be4", "4c8c"}, {"5dc9da79", "4328"}};
  MerkleTree tree;
  std::vector<Digest> leaves;
  for (size_t size = 0; size < roots.size(); ++size) {
    const std::string root = tree.Root().Hex();
    EXPECT_TRUE(root.starts_with(roots[size].first)) << size << ": " << root;
    EXPECT_TRUE(root.ends_with(roots[size].second)) << size << ": " << root;
    EXPECT_EQ(tree.Root(), NaiveRoot(leaves)) << size;
    if (size == inputs.size()) break;
    tree.Append(LeafHash(inputs[size]));
    leaves.push_back(core::HashBytes(std::string("\0", 1) + inputs[size]));
  }
}

TEST(MerkleTree, EveryRootAndProofIsThatOfTheDefinition) {
  constexpr size_t kMost = 130;
  const std::vector<Digest> leaves = MakeLeaves(kMost);
  const MerkleTree tree = TreeOf(leaves);
  for (size_t size = 0; size <= kMost; ++size) {
    const Leaves first(leaves.data(), size);
    const Digest root = NaiveRoot(first);
    ASSERT_EQ(tree.Root(size).value(), root) << size;
    for (size_t index = 0; index < size; ++index) {
      const MerklePath path = tree.InclusionProof(index, size).value();
      ASSERT_EQ(path, NaivePath(index, first)) << index << " of " << size;
      ASSERT_TRUE(VerifyInclusion({index, size}, leaves[index], path, root));
    }
    for (size_t from = 1; from <= size; ++from) {
      const MerklePath path = tree.ConsistencyProof(from, size).value();
      ASSERT_EQ(path, NaiveSubproof(from, first, true)) << from << " to " << size;
      ASSERT_TRUE(VerifyConsistency({from, *tree.Root(from)}, {size, root}, path));
    }
  }
}

TEST(MerkleTree, ProofsOfLargerTreesHold) {
  const std::vector<Digest> leaves = MakeLeaves(4200);
  const MerkleTree tree = TreeOf(leaves);
  core::Random random(11);
  for (const size_t size : {127U, 128U, 129U, 1000U, 4095U, 4096U, 4097U, 4200U}) {
    const Digest root = tree.Root(size).value();
    EXPECT_EQ(root, NaiveRoot(Leaves(leaves.data(), size)));
    for (int i = 0; i < 40; ++i) {
      const uint64_t index = random.Below(size);
      EXPECT_TRUE(VerifyInclusion({index, size}, leaves[index],
                                  tree.InclusionProof(index, size).value(), root));
      const uint64_t from = 1 + random.Below(size);
      EXPECT_TRUE(VerifyConsistency({from, *tree.Root(from)}, {size, root},
                                    tree.ConsistencyProof(from, size).value()));
    }
  }
}

TEST(MerkleTree, WhatIsNotThereCannotBeProven) {
  const MerkleTree tree = TreeOf(MakeLeaves(5));
  EXPECT_FALSE(tree.Root(6));
  EXPECT_FALSE(tree.InclusionProof(5, 5));
  EXPECT_FALSE(tree.InclusionProof(0, 6));
  EXPECT_FALSE(tree.InclusionProof(0, 0));
  EXPECT_FALSE(tree.ConsistencyProof(0, 5));
  EXPECT_FALSE(tree.ConsistencyProof(3, 2));
  EXPECT_FALSE(tree.ConsistencyProof(3, 6));
  EXPECT_THAT(tree.InclusionProof(7, 6).error().message,
              HasSubstr("entry 7 among the first 6 was asked for, there are 5"));
  EXPECT_FALSE(MerkleTree().InclusionProof(0, 0));
}

// Every way to spoil a proof that we could think of, over trees of many shapes. One that leaves the
// statement true (swapping a digest with itself, say) does not count as spoilt.

struct Inclusion {
  LeafPlace place;
  Digest leaf;
  MerklePath path;
  Digest root;
  bool operator==(const Inclusion& other) const {
    return place.index == other.place.index && place.tree_size == other.place.tree_size &&
           leaf == other.leaf && path == other.path && root == other.root;
  }
};

Digest RandomDigest(core::Random& random) {
  Digest digest;
  for (uint8_t& byte : digest.bytes) byte = static_cast<uint8_t>(random.Below(256));
  return digest;
}

void FlipBit(Digest& digest, core::Random& random) {
  digest.bytes[random.Below(32)] ^= static_cast<uint8_t>(1U << random.Below(8));
}

/// Spoils a path in the way numbered, if the path is long enough for it.
void SpoilPath(int way, MerklePath& path, core::Random& random) {
  const size_t at = path.empty() ? 0 : random.Below(path.size());
  const auto place = path.begin() + static_cast<long>(at);
  switch (way) {
    case 0:
      if (!path.empty()) FlipBit(path[at], random);
      break;
    case 1:
      if (!path.empty()) path.pop_back();
      break;
    case 2:
      if (!path.empty()) path.erase(path.begin());
      break;
    case 3:
      path.push_back(RandomDigest(random));
      break;
    case 4:
      path.insert(path.begin(), RandomDigest(random));
      break;
    case 5:
      if (path.size() > 1) std::swap(path[at], path[(at + 1) % path.size()]);
      break;
    case 6:
      path.clear();
      break;
    case 7:
      for (Digest& digest : path) digest = RandomDigest(random);
      break;
    case 8:
      path.insert(place, path.empty() ? Digest() : path[at]);
      break;
    case 9:
      path.insert(path.end(), 70, Digest());
      break;
    default:
      std::reverse(path.begin(), path.end());
  }
}
constexpr int kPathWays = 11;

uint64_t OtherNumber(uint64_t number, core::Random& random) {
  switch (random.Below(7)) {
    case 0:
      return number + 1;
    case 1:
      return number - 1;
    case 2:
      return number * 2;
    case 3:
      return number / 2;
    case 4:
      return number ^ 2;
    case 5:
      return UINT64_MAX - random.Below(3);
    default:
      return random.Below(1 << 20);
  }
}

TEST(MerkleTree, EverySpoiltInclusionProofIsRefused) {
  const std::vector<Digest> leaves = MakeLeaves(300);
  const MerkleTree tree = TreeOf(leaves);
  core::Random random(20260401);
  size_t good = 0;
  size_t refused = 0;
  for (int round = 0; round < 1500; ++round) {
    const uint64_t size = 1 + random.Below(leaves.size());
    const uint64_t index = random.Below(size);
    const Inclusion proof = {
        {index, size}, leaves[index], *tree.InclusionProof(index, size), *tree.Root(size)};
    ASSERT_TRUE(VerifyInclusion(proof.place, proof.leaf, proof.path, proof.root));
    ++good;
    Inclusion bad = proof;
    const int way = static_cast<int>(random.Below(kPathWays + 6));
    if (way < kPathWays) SpoilPath(way, bad.path, random);
    if (way == kPathWays) FlipBit(bad.leaf, random);
    if (way == kPathWays + 1) FlipBit(bad.root, random);
    if (way == kPathWays + 2) bad.place.index = OtherNumber(index, random);
    if (way == kPathWays + 3) bad.leaf = leaves[(index + 1) % leaves.size()];
    if (way == kPathWays + 4) bad.root = tree.Root(size - 1).value();
    if (way == kPathWays + 5) bad.place = {size, size};
    if (bad == proof) continue;
    ASSERT_FALSE(VerifyInclusion(bad.place, bad.leaf, bad.path, bad.root))
        << "round " << round << ", way " << way << ": " << index << " of " << size;
    ++refused;
  }
  EXPECT_GT(good, 500U);
  EXPECT_GT(refused, 1000U);
}

// Another size may have the same path from the same leaf to the same root (RFC 9162 commits to the
// size in the signed head, not in the root): then the statement about the leaf is the same, and the
// size is checked against the head. What must not happen is another leaf or another place of one.
TEST(MerkleTree, AnotherSizeNeverMovesALeaf) {
  const std::vector<Digest> leaves = MakeLeaves(40);
  const MerkleTree tree = TreeOf(leaves);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const MerklePath path = tree.InclusionProof(index, size).value();
      for (uint64_t other = 1; other <= leaves.size(); ++other) {
        const uint64_t wrong = (index + 1) % size;
        if (wrong != index) {
          ASSERT_FALSE(VerifyInclusion({wrong, other}, leaves[index], path, *tree.Root(size)));
        }
        if (other == size) continue;
        ASSERT_FALSE(VerifyInclusion({index, other}, leaves[index], path, *tree.Root(other)));
      }
    }
  }
}

struct Consistency {
  TreeRoot from;
  TreeRoot to;
  MerklePath path;
  bool operator==(const Consistency& other) const {
    return from.size == other.from.size && from.root == other.from.root &&
           to.size == other.to.size && to.root == other.to.root && path == other.path;
  }
};

TEST(MerkleTree, EverySpoiltConsistencyProofIsRefused) {
  const std::vector<Digest> leaves = MakeLeaves(300);
  const MerkleTree tree = TreeOf(leaves);
  core::Random random(20260402);
  size_t refused = 0;
  for (int round = 0; round < 1500; ++round) {
    const uint64_t to = 1 + random.Below(leaves.size());
    const uint64_t from = 1 + random.Below(to);
    const Consistency proof = {
        {from, *tree.Root(from)}, {to, *tree.Root(to)}, *tree.ConsistencyProof(from, to)};
    ASSERT_TRUE(VerifyConsistency(proof.from, proof.to, proof.path));
    Consistency bad = proof;
    const int way = static_cast<int>(random.Below(kPathWays + 6));
    if (way < kPathWays) SpoilPath(way, bad.path, random);
    if (way == kPathWays) FlipBit(bad.from.root, random);
    if (way == kPathWays + 1) FlipBit(bad.to.root, random);
    if (way == kPathWays + 2) std::swap(bad.from.root, bad.to.root);
    if (way == kPathWays + 3) std::swap(bad.from, bad.to);
    if (way == kPathWays + 4) bad.from.size = 0;
    if (way == kPathWays + 5) bad.from.root = tree.Root(from - 1).value();
    if (bad == proof) continue;
    ASSERT_FALSE(VerifyConsistency(bad.from, bad.to, bad.path))
        << "round " << round << ", way " << way << ": " << from << " to " << to;
    ++refused;
  }
  EXPECT_GT(refused, 1000U);
}

TEST(MerkleTree, ARewrittenHistoryHasNoConsistencyProof) {
  std::vector<Digest> leaves = MakeLeaves(20);
  const MerkleTree published = TreeOf(leaves);
  leaves[3] = LeafHash("another");
  const MerkleTree rewritten = TreeOf(leaves);
  for (uint64_t from = 4; from <= 20; ++from) {
    for (const MerkleTree* tree : {&published, &rewritten}) {
      EXPECT_FALSE(VerifyConsistency({from, *published.Root(from)}, {20, rewritten.Root()},
                                     tree->ConsistencyProof(from, 20).value()));
    }
  }
}

TEST(MerkleTree, AMessageSaysWhatIsWrong) {
  const std::vector<Digest> leaves = MakeLeaves(8);
  const MerkleTree tree = TreeOf(leaves);
  MerklePath path = tree.InclusionProof(2, 8).value();
  const auto message = [&](LeafPlace place, const Digest& root) {
    return VerifyInclusion(place, leaves[2], path, root).error().message;
  };
  EXPECT_THAT(message({8, 8}, tree.Root()), HasSubstr("no entry 8 in a tree of 8"));
  EXPECT_THAT(message({2, 8}, Digest()), HasSubstr("leads to the root"));
  path.pop_back();
  EXPECT_THAT(message({2, 8}, tree.Root()), HasSubstr("too short"));
  path.resize(5);
  EXPECT_THAT(message({2, 8}, tree.Root()), HasSubstr("2 digests more"));
  EXPECT_THAT(VerifyConsistency({9, {}}, {8, {}}, {}).error().message, HasSubstr("rolled back"));
}

// Published cases.

/// Base64 to bytes; nothing when it is none.
std::optional<std::string> FromBase64(const std::string& text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const size_t value = kDigits.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  return bytes;
}

/// A digest of 32 bytes; our type has no other length, so that reading is where others are refused.
std::optional<Digest> ReadDigest(const nlohmann::json& value) {
  if (!value.is_string()) return std::nullopt;
  const std::optional<std::string> bytes = FromBase64(value.get<std::string>());
  if (!bytes || bytes->size() != 32) return std::nullopt;
  Digest digest;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

std::optional<MerklePath> ReadPath(const nlohmann::json& value) {
  MerklePath path;
  if (value.is_null()) return path;
  for (const nlohmann::json& one : value) {
    const std::optional<Digest> digest = ReadDigest(one);
    if (!digest) return std::nullopt;
    path.push_back(*digest);
  }
  return path;
}

bool HoldsAsInclusion(const nlohmann::json& one) {
  const auto leaf = ReadDigest(one.at("leafHash"));
  const auto root = ReadDigest(one.at("root"));
  const auto path = ReadPath(one.at("proof"));
  if (!leaf || !root || !path) return false;
  LeafPlace place{one.at("leafIdx").get<uint64_t>(), 0};
  if (one.contains("treeSize")) {
    place.tree_size = one.at("treeSize").get<uint64_t>();
  } else {
    // A subtree [start, end) that begins where a complete one of its size would is a tree of its
    // own: draft-ietf-plants-merkle-tree-certs, 4.3.
    const auto start = one.at("start").get<uint64_t>();
    const auto end = one.at("end").get<uint64_t>();
    if (start >= end || place.index < start) return false;
    if (start % std::bit_ceil(end - start) != 0) return false;
    place = {place.index - start, end - start};
  }
  return VerifyInclusion(place, *leaf, *path, *root).has_value();
}

bool HoldsAsConsistency(const nlohmann::json& one) {
  const auto root1 = ReadDigest(one.at("root1"));
  const auto root2 = ReadDigest(one.at("root2"));
  const auto path = ReadPath(one.at("proof"));
  if (!root1 || !root2 || !path) return false;
  const bool subtree = one.contains("end");
  return VerifyConsistency({one.at(subtree ? "end" : "size1").get<uint64_t>(), *root1},
                           {one.at(subtree ? "size" : "size2").get<uint64_t>(), *root2}, *path)
      .has_value();
}

/// Whether the case's statement can be read as 32-byte digests at all.
bool HasOddRoots(const nlohmann::json& one) {
  for (const char* key : {"root", "root1", "root2", "leafHash"}) {
    if (one.contains(key) && !ReadDigest(one.at(key))) return true;
  }
  return false;
}

TEST(MerkleTree, PublishedCasesAgree) {
  const char* folder = std::getenv("KLIEG_MERKLE_CASES");
  if (folder == nullptr) {
    GTEST_SKIP() << "set KLIEG_MERKLE_CASES to the folder 'testdata' of a copy of "
                    "https://github.com/transparency-dev/merkle";
  }
  size_t agree = 0;
  size_t stricter = 0;
  size_t beyond = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const auto one = nlohmann::json::parse(core::ReadFile(entry.path()).value());
    const bool inclusion = one.contains("leafIdx");
    // Consistency of a subtree that does not begin at 0 is no part of RFC 9162.
    if (!inclusion && one.contains("start") && one.at("start").get<uint64_t>() != 0) {
      ++beyond;
      continue;
    }
    const bool holds = inclusion ? HoldsAsInclusion(one) : HoldsAsConsistency(one);
    const bool expected = !one.at("wantErr").get<bool>();
    // Where we are stricter: a root that is not 32 bytes long is none over SHA-256; and a proof
    // that something begins with nothing is refused, because it says nothing.
    if (expected && (HasOddRoots(one) || (one.contains("end") && one.at("end") == 0))) {
      ++stricter;
      EXPECT_FALSE(holds);
      continue;
    }
    EXPECT_EQ(holds, expected) << entry.path();
    agree += holds == expected ? 1 : 0;
  }
  RecordProperty("agree", static_cast<int>(agree));
  std::printf("%zu published cases agree; %zu are refused on purpose; %zu are beyond RFC 9162\n",
              agree, stricter, beyond);
  EXPECT_GT(agree, 190U) << "the folder holds fewer cases than were published";
}

}  // namespace
}  // namespace klieg::rights
