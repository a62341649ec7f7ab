// Signed heads, files of heads and lists of subjects: any bytes are read or refused; what is read
// has one text, and no edit of a signed head still verifies.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "rights/head_file.h"
#include "rights/subject_tree.h"
#include "rights/tree_head.h"

namespace {

using namespace klieg;  // NOLINT: a program of one file.

rights::TreeHead MakeHead() {
  rights::MerkleTree tree;
  for (const char* line : {"a", "b", "c"}) tree.Append(rights::LeafHash(line));
  const auto key = rights::PrivateKey::FromSeed(core::HashBytes("fuzz").bytes).value();
  return rights::SignTreeHead(key, tree, core::Timestamp{int64_t{1} << 50}).value();
}

/// Writes the bytes over the head's text at a place that the first two choose.
void CheckEdit(std::string_view bytes) {
  static const rights::TreeHead good = MakeHead();
  static const std::string text = rights::CanonicalText(good);
  if (bytes.size() < 3) return;
  const size_t at =
      (static_cast<uint8_t>(bytes[0]) * 256U + static_cast<uint8_t>(bytes[1])) % text.size();
  const std::string_view patch = bytes.substr(2);
  std::string edited = text.substr(0, at);
  edited.append(patch);
  if (at + patch.size() < text.size()) edited.append(text.substr(at + patch.size()));
  const auto head = rights::ParseTreeHead(edited);
  if (!head || !rights::VerifyTreeHead(*head, good.public_key)) return;
  KLIEG_CHECK(*head == good, "an edited head verifies: {}", edited);
}

void CheckSubjects(const std::string& bytes) {
  const auto tree = rights::SubjectTree::Parse(bytes);
  if (tree) KLIEG_CHECK(tree->Bytes() == bytes, "two texts for one list of subjects");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto head = rights::ParseTreeHead(bytes); head) {
    const std::string text = rights::CanonicalText(*head);
    KLIEG_CHECK(bytes == text || bytes == text + '\n', "two texts for one head");
    static_cast<void>(rights::VerifyTreeHead(*head));
  }
  if (const auto heads = rights::ParseHeads(bytes); heads) {
    KLIEG_CHECK(heads->whole_bytes <= bytes.size(), "more than there is");
  }
  CheckSubjects(std::string(bytes));
  // With beginning and checksum in place, so that what lies between is reached.
  std::string framed = std::string("KLIEGSUB\0\0\0\0\0\0\0\1", 16).append(bytes);
  framed.append(core::HashBytes(framed).view());
  CheckSubjects(framed);
  CheckEdit(bytes);
  return 0;
}
