#include "rights/signing_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

PrivateKey KeyOf(std::string_view seed_hex) {
  std::array<uint8_t, 32> seed{};
  const std::string bytes = Unhex(seed_hex);
  std::copy(bytes.begin(), bytes.end(), seed.begin());
  return PrivateKey::FromSeed(seed).value();
}

struct Vector {
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032, section 7.1, tests 1 to 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"}};

TEST(SigningKey, TheVectorsOfRfc8032) {
  for (const Vector& vector : kVectors) {
    const PrivateKey key = KeyOf(vector.seed);
    EXPECT_EQ(key.public_key().Hex(), vector.public_key);
    const std::string message = Unhex(vector.message);
    const Signature signature = key.Sign(message).value();
    EXPECT_EQ(signature.Hex(), vector.signature);
    EXPECT_TRUE(VerifySignature(key.public_key(), message, signature));
  }
}

TEST(SigningKey, AnotherMessageKeyOrSignatureIsRefused) {
  const PrivateKey key = KeyOf(kVectors[1].seed);
  const PrivateKey other = KeyOf(kVectors[2].seed);
  const Signature signature = key.Sign("head").value();
  EXPECT_TRUE(VerifySignature(key.public_key(), "head", signature));
  EXPECT_EQ(VerifySignature(key.public_key(), "heed", signature).error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(VerifySignature(key.public_key(), "", signature));
  EXPECT_FALSE(VerifySignature(other.public_key(), "head", signature));
  for (size_t i = 0; i < signature.bytes.size(); ++i) {
    Signature bad = signature;
    bad.bytes[i] ^= 1;
    EXPECT_FALSE(VerifySignature(key.public_key(), "head", bad)) << i;
  }
  PublicKey no_point;
  no_point.bytes.fill(0xff);
  EXPECT_FALSE(VerifySignature(no_point, "head", signature));
}

TEST(SigningKey, TextFormsAreReadBackAndNothingElse) {
  const PrivateKey key = PrivateKey::Generate().value();
  const std::string hex = key.public_key().Hex();
  EXPECT_EQ(PublicKey::FromHex(hex).value(), key.public_key());
  const Signature signature = key.Sign("x").value();
  EXPECT_EQ(Signature::FromHex(signature.Hex()).value(), signature);
  for (const std::string& bad : {std::string(), hex + "0", hex.substr(1), std::string(64, 'g'),
                                 std::string(64, 'A'), " " + hex.substr(1)}) {
    EXPECT_FALSE(PublicKey::FromHex(bad)) << bad;
    EXPECT_FALSE(Signature::FromHex(bad + bad.substr(0, 64))) << bad;
  }
}

TEST(SigningKey, TwoKeysAreNeverTheSame) {
  EXPECT_NE(PrivateKey::Generate()->public_key(), PrivateKey::Generate()->public_key());
}

class KeyFileTest : public ::testing::Test {
 protected:
  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  fs::path path_ = folder_.path() / "key.pem";
};

TEST_F(KeyFileTest, AKeyComesBackAndOnlyItsOwnerMayReadIt) {
  const PrivateKey key = PrivateKey::Generate().value();
  const mode_t before = ::umask(0);
  ASSERT_TRUE(key.Save(path_));
  ::umask(before);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const PrivateKey loaded = PrivateKey::Load(path_).value();
  EXPECT_EQ(loaded.public_key(), key.public_key());
  EXPECT_EQ(loaded.Sign("a").value(), key.Sign("a").value()) << "Ed25519 signs without dice";
  EXPECT_TRUE(core::ReadFile(path_)->starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1) << "nothing is left over";
}

TEST_F(KeyFileTest, AKeyIsNeverOverwritten) {
  const PrivateKey key = PrivateKey::Generate().value();
  ASSERT_TRUE(key.Save(path_));
  EXPECT_EQ(PrivateKey::Generate()->Save(path_).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(PrivateKey::Load(path_)->public_key(), key.public_key());
}

TEST_F(KeyFileTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(PrivateKey::Generate()->Save(path_));
  for (const unsigned mode : {0640U, 0604U, 0620U, 0601U}) {
    fs::permissions(path_, static_cast<fs::perms>(mode));
    const core::Error error = PrivateKey::Load(path_).error();
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.message, HasSubstr("chmod 600"));
  }
  fs::permissions(path_, static_cast<fs::perms>(0400));
  EXPECT_TRUE(PrivateKey::Load(path_));
}

TEST_F(KeyFileTest, WhatIsNoKeyIsSaidToBeNone) {
  EXPECT_EQ(PrivateKey::Load(path_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(PrivateKey::Load(folder_.path()).error().code, ErrorCode::kInvalidArgument);
  for (const std::string_view text :
       {"", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "hello"}) {
    ASSERT_TRUE(core::WriteFileAtomically(path_, text));
    fs::permissions(path_, static_cast<fs::perms>(0600));
    EXPECT_EQ(PrivateKey::Load(path_).error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST_F(KeyFileTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(PrivateKey::Generate()->Save(folder_.path() / "none" / "key.pem").error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace klieg::rights
