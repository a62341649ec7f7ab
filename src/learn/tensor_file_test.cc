#include "learn/tensor_file.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/file.h"

namespace klieg::learn {
namespace {

class TensorFileTest : public testing::Test {
 protected:
  /// A small file with one array of each kind; returns its digest.
  core::Digest WriteSample() {
    core::Matrix<float> matrix(3, 5);
    std::iota(matrix.data(), matrix.data() + 15, 0.0F);
    const std::vector<uint32_t> small = {1, 2, 3};
    const std::vector<int64_t> large = {-1, 2};
    const std::vector<std::string> strings = {"a", "", "Amélie"};
    TensorFileWriter writer;
    writer.SetHeader(R"({"kind":"sample"})");
    writer.Add("matrix", matrix.view().Rows(1, 2));
    writer.Add("wide", core::MatrixView<const float>(matrix.data(), 3, 2, 5));
    writer.Add("small", std::span<const uint32_t>(small));
    writer.Add("large", std::span<const int64_t>(large));
    writer.Add("strings", std::span<const std::string>(strings));
    return writer.Write(path()).value();
  }
  std::filesystem::path path() const { return folder_.path() / "sample"; }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
};

TEST_F(TensorFileTest, WhatWasWrittenIsRead) {
  const core::Digest digest = WriteSample();
  const TensorFile file = TensorFile::Open(path()).value();
  EXPECT_EQ(file.header(), R"({"kind":"sample"})");
  const auto matrix = file.Floats("matrix").value();
  EXPECT_EQ(matrix.rows(), 2U);
  EXPECT_EQ(matrix(1, 4), 14);
  const auto wide = file.Floats("wide").value();
  EXPECT_EQ(wide.columns(), 2U);
  EXPECT_EQ(wide(2, 1), 11);
  EXPECT_EQ(file.Uint32s("small").value()[2], 3U);
  EXPECT_EQ(file.Int64s("large").value()[0], -1);
  EXPECT_EQ(file.Strings("strings").value(), (std::vector<std::string>{"a", "", "Amélie"}));
  EXPECT_TRUE(TensorFile::Verify(path(), digest).has_value());
}

TEST_F(TensorFileTest, SameContentGivesSameBytes) { EXPECT_EQ(WriteSample(), WriteSample()); }

TEST_F(TensorFileTest, AFlippedByteIsFound) {
  const core::Digest digest = WriteSample();
  std::string bytes = core::ReadFile(path()).value();
  for (size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    ASSERT_TRUE(core::WriteFileAtomically(path(), damaged).has_value());
    EXPECT_EQ(TensorFile::Verify(path(), digest).error().code, core::ErrorCode::kCorrupt) << i;
    // Opening may or may not notice, but must never read outside the file.
    if (auto file = TensorFile::Open(path())) {
      static_cast<void>(file->Floats("matrix"));
      static_cast<void>(file->Strings("strings"));
    }
  }
}

TEST_F(TensorFileTest, AFileCutShortAnywhereIsCorrupt) {
  WriteSample();
  const std::string bytes = core::ReadFile(path()).value();
  for (size_t size = 0; size + 64 < bytes.size(); size += 5) {
    ASSERT_TRUE(core::WriteFileAtomically(path(), bytes.substr(0, size)).has_value());
    const auto file = TensorFile::Open(path());
    ASSERT_FALSE(file.has_value()) << size;
    EXPECT_EQ(file.error().code, core::ErrorCode::kCorrupt);
  }
}

TEST_F(TensorFileTest, ANewerFormatIsNamed) {
  WriteSample();
  std::string bytes = core::ReadFile(path()).value();
  bytes[8] = 9;
  ASSERT_TRUE(core::WriteFileAtomically(path(), bytes).has_value());
  EXPECT_EQ(TensorFile::Open(path()).error().code, core::ErrorCode::kVersion);
}

TEST_F(TensorFileTest, AnArrayOfAnotherTypeIsNotHandedOut) {
  WriteSample();
  const TensorFile file = TensorFile::Open(path()).value();
  EXPECT_FALSE(file.Floats("small").has_value());
  EXPECT_FALSE(file.Floats("absent").has_value());
}

TEST_F(TensorFileTest, AFolderThatIsNotThereLeavesNothingBehind) {
  TensorFileWriter writer;
  EXPECT_EQ(writer.Write(folder_.path() / "no" / "such").error().code, core::ErrorCode::kIo);
}

}  // namespace
}  // namespace klieg::learn
