#include "rights/tree_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/file.h"
#include "rights/head_file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

const core::Timestamp kTime = core::ParseTimestamp("2026-03-01T09:30:00.000001Z").value();

core::Timestamp After(int64_t seconds) { return {kTime.micros + seconds * 1'000'000}; }

PrivateKey TestKey(uint8_t number = 1) {
  std::array<uint8_t, 32> seed{};
  seed[0] = number;
  return PrivateKey::FromSeed(seed).value();
}

MerkleTree TreeOf(size_t size, std::string_view name = "entry") {
  MerkleTree tree;
  for (size_t i = 0; i < size; ++i) tree.Append(LeafHash(fmt::format("{} {}", name, i)));
  return tree;
}

TreeHead HeadOf(const MerkleTree& tree, int64_t seconds = 0, uint8_t key = 1) {
  return SignTreeHead(TestKey(key), tree, After(seconds)).value();
}

TEST(TreeHead, TheSignatureIsOverTheDocumentedBytes) {
  const TreeHead head = HeadOf(TreeOf(5));
  const std::string without = fmt::format(
      R"({{"format":1,"kind":"klieg-tree-head","log":"{}","public_key":"{}","root":"{}",)"
      R"("time":"2026-03-01T09:30:00.000001Z","tree_size":5}})",
      TestKey().public_key().Id().Hex(), TestKey().public_key().Hex(), TreeOf(5).Root().Hex());
  EXPECT_TRUE(
      VerifySignature(head.public_key, "klieg signed tree head v1\n" + without, head.signature));
  std::string with = without;
  with.insert(with.find(R"("time")"), fmt::format(R"("signature":"{}",)", head.signature.Hex()));
  EXPECT_EQ(CanonicalText(head), with);
}

TEST(TreeHead, AHeadIsReadBack) {
  const TreeHead head = HeadOf(TreeOf(5));
  EXPECT_EQ(ParseTreeHead(CanonicalText(head)).value(), head);
  EXPECT_EQ(ParseTreeHead(CanonicalText(head) + "\n").value(), head);
  EXPECT_FALSE(ParseTreeHead(CanonicalText(head) + "\n\n"));
  EXPECT_TRUE(VerifyTreeHead(head));
  EXPECT_TRUE(VerifyTreeHead(head, TestKey().public_key()));
}

TEST(TreeHead, EveryFlippedByteIsFound) {
  const std::string good = CanonicalText(HeadOf(TreeOf(5)));
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {0x01, 0x20, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ mask);
      const core::Result<TreeHead> head = ParseTreeHead(bad);
      ASSERT_FALSE(head && VerifyTreeHead(*head, TestKey().public_key())) << i << ": " << bad;
    }
  }
}

TEST(TreeHead, WhatIsNoHeadIsSaidToBeNone) {
  const std::string good = CanonicalText(HeadOf(TreeOf(5)));
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(ParseTreeHead(good.substr(0, length)).error().code, ErrorCode::kCorrupt);
  }
  std::string more = good;
  more.insert(1, R"("extra":1,)");
  EXPECT_FALSE(ParseTreeHead(more)) << "a member too many";
  std::string newer = good;
  newer.replace(newer.find("\"format\":1"), 10, "\"format\":2");
  EXPECT_EQ(ParseTreeHead(newer).error().code, ErrorCode::kVersion);
  EXPECT_FALSE(ParseTreeHead("[]"));
  EXPECT_FALSE(ParseTreeHead(std::string(100'000, '[')));
}

TEST(TreeHead, AnotherKeyIsNotBelieved) {
  const TreeHead head = HeadOf(TreeOf(5), 0, 2);
  EXPECT_TRUE(VerifyTreeHead(head));
  EXPECT_THAT(VerifyTreeHead(head, TestKey().public_key()).error().message, HasSubstr("forged"));
  TreeHead renamed = head;
  renamed.log_id = TestKey().public_key().Id();
  EXPECT_FALSE(VerifyTreeHead(renamed));
  renamed.public_key = TestKey().public_key();
  EXPECT_FALSE(VerifyTreeHead(renamed)) << "the name fits the key, the signature does not";
}

TEST(TreeHead, ATimeThatCannotBeWrittenIsNotSigned) {
  const auto head = SignTreeHead(TestKey(), TreeOf(1), core::Timestamp{INT64_MAX / 2});
  EXPECT_EQ(head.error().code, ErrorCode::kInvalidArgument);
}

class HeadFileTest : public ::testing::Test {
 protected:
  HeadFile Open() { return HeadFile::Open(path_).value(); }
  std::string Bytes() { return core::ReadFile(path_).value(); }
  void Put(std::string_view bytes) { ASSERT_TRUE(core::WriteFileAtomically(path_, bytes)); }
  /// Three heads of a growing tree.
  void Record() {
    HeadFile file = Open();
    for (const size_t size : {3U, 3U, 8U}) {
      ASSERT_TRUE(file.Append(HeadOf(TreeOf(size), static_cast<int64_t>(size)), TreeOf(size)));
    }
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  fs::path path_ = folder_.path() / "rights.heads";
};

TEST_F(HeadFileTest, HeadsComeBackInOrder) {
  EXPECT_FALSE(Open().Latest());
  EXPECT_FALSE(fs::exists(path_)) << "looking makes no file";
  Record();
  const HeadFile file = Open();
  ASSERT_THAT(file.heads(), SizeIs(3));
  EXPECT_EQ(file.heads()[0].tree_size, 3U);
  EXPECT_EQ(file.Latest(), HeadOf(TreeOf(8), 8));
  EXPECT_TRUE(file.CheckHeadsAgainst(TreeOf(8)));
  EXPECT_TRUE(file.CheckHeadsAgainst(TreeOf(1000)));
}

TEST_F(HeadFileTest, ALogThatWasRolledBackOrRewrittenIsFound) {
  Record();
  const HeadFile file = Open();
  const core::Error shorter = file.CheckHeadsAgainst(TreeOf(7)).error();
  EXPECT_EQ(shorter.code, ErrorCode::kCorrupt);
  EXPECT_THAT(shorter.message, HasSubstr("8 entries"));
  EXPECT_THAT(shorter.message, HasSubstr("rolled back"));
  EXPECT_THAT(file.CheckHeadsAgainst(TreeOf(8, "other")).error().message,
              HasSubstr("(3 entries, root"));
}

TEST_F(HeadFileTest, AHeadThatDoesNotFitIsNotAdded) {
  Record();
  const std::string before = Bytes();
  HeadFile file = Open();
  const auto refused = [&](const TreeHead& head, const MerkleTree& tree) {
    const core::Status status = file.Append(head, tree);
    EXPECT_FALSE(status);
    return status ? std::string() : status.error().message;
  };
  EXPECT_THAT(refused(HeadOf(TreeOf(7), 20), TreeOf(7)), HasSubstr("rolled back"));
  EXPECT_THAT(refused(HeadOf(TreeOf(7), 20), TreeOf(9)), HasSubstr("is smaller"));
  EXPECT_THAT(refused(HeadOf(TreeOf(9, "other"), 20), TreeOf(9, "other")),
              HasSubstr("history was rewritten"));
  EXPECT_THAT(refused(HeadOf(TreeOf(9, "other"), 20), TreeOf(9)), HasSubstr("rewritten"));
  EXPECT_THAT(refused(HeadOf(TreeOf(9), 20), TreeOf(8)), HasSubstr("rolled back"));
  EXPECT_THAT(refused(HeadOf(TreeOf(9), 7), TreeOf(9)), HasSubstr("clock"));
  EXPECT_THAT(refused(HeadOf(TreeOf(9), 20, 2), TreeOf(9)), HasSubstr("new key"));
  TreeHead unsigned_head = HeadOf(TreeOf(9), 20);
  unsigned_head.time = After(21);
  EXPECT_THAT(refused(unsigned_head, TreeOf(9)), HasSubstr("signature"));
  EXPECT_EQ(Bytes(), before);
  EXPECT_TRUE(file.Append(HeadOf(TreeOf(9), 20), TreeOf(9)));
}

TEST_F(HeadFileTest, EveryFlippedByteIsFound) {
  Record();
  const std::string good = Bytes();
  for (size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    const core::Result<RecordedHeads> heads = ParseHeads(bad);
    ASSERT_FALSE(heads) << i;
    ASSERT_EQ(heads.error().code, ErrorCode::kCorrupt);
    ASSERT_THAT(heads.error().message, HasSubstr("line "));
  }
  std::string bad = good;
  bad.back() = ' ';
  EXPECT_THAT(ParseHeads(bad).error().message, HasSubstr("newline"));
}

TEST_F(HeadFileTest, LinesMovedOrRepeatedAreFound) {
  Record();
  const std::string good = Bytes();
  const size_t first = good.find('\n') + 1;
  const size_t second = good.find('\n', first) + 1;
  const std::string last = good.substr(second);
  EXPECT_FALSE(ParseHeads(last + good.substr(0, second)));
  EXPECT_FALSE(ParseHeads(good + good.substr(0, first)));
  EXPECT_TRUE(ParseHeads(good + last)) << "the same head twice says nothing wrong";
  EXPECT_FALSE(ParseHeads(good + "\n"));
}

TEST_F(HeadFileTest, TruncationAtEveryLengthLeavesAPrefixThatGoesOn) {
  Record();
  const std::string good = Bytes();
  const size_t second = good.rfind('\n', good.size() - 2) + 1;
  for (size_t length = second; length < good.size(); length += 17) {
    const RecordedHeads heads = ParseHeads(good.substr(0, length)).value();
    ASSERT_THAT(heads.heads, SizeIs(2)) << length;
    ASSERT_EQ(heads.torn_tail, length > second) << length;
  }
  for (const size_t length : {second, second + 1, good.size() - 2, good.size() - 1}) {
    Put(good.substr(0, length));
    HeadFile file = Open();
    const size_t kept = length == good.size() - 1 ? 3 : 2;
    EXPECT_THAT(file.heads(), SizeIs(kept));
    ASSERT_TRUE(file.Append(HeadOf(TreeOf(10), 30), TreeOf(10)));
    EXPECT_THAT(file.heads(), SizeIs(kept + 1));
    const RecordedHeads again = ParseHeads(Bytes()).value();
    EXPECT_THAT(again.heads, SizeIs(kept + 1));
    EXPECT_FALSE(again.torn_tail || again.newline_missing);
    ASSERT_TRUE(file.Append(HeadOf(TreeOf(11), 31), TreeOf(11)));
    EXPECT_THAT(ParseHeads(Bytes()).value().heads, SizeIs(kept + 2));
  }
}

TEST_F(HeadFileTest, TwoWritersSeeEachOther) {
  HeadFile one = Open();
  HeadFile other = Open();
  ASSERT_TRUE(one.Append(HeadOf(TreeOf(5), 5), TreeOf(5)));
  EXPECT_THAT(other.Append(HeadOf(TreeOf(4), 6), TreeOf(5)).error().message,
              HasSubstr("is smaller"));
  ASSERT_TRUE(other.Append(HeadOf(TreeOf(6), 6), TreeOf(6)));
  ASSERT_TRUE(one.Append(HeadOf(TreeOf(7), 7), TreeOf(7)));
  EXPECT_THAT(Open().heads(), SizeIs(3));
}

TEST_F(HeadFileTest, AFileThatBecameShorterOrAnotherIsCorrupt) {
  Record();
  HeadFile file = Open();
  const std::string good = Bytes();
  Put(good.substr(0, good.find('\n') + 1));
  EXPECT_EQ(file.Append(HeadOf(TreeOf(9), 20), TreeOf(9)).error().code, ErrorCode::kCorrupt);
  fs::remove(path_);
  EXPECT_EQ(file.Append(HeadOf(TreeOf(9), 20), TreeOf(9)).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace klieg::rights
