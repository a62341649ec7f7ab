/// Heads and proofs, checked: docs/formats/heads.md and docs/formats/proofs.md, step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tree.h"

namespace klieg_verify {

struct Head {
  uint64_t size = 0;
  Digest root;
  std::string time;
  std::string key;  ///< 64 hexadecimal digits.
};

/// DoesNotHold unless the text is a head that is signed by the key it names.
Head CheckHead(std::string_view text);

/// What a subject proof shows.
struct SubjectClaim {
  std::string kind;
  std::string id;
  bool present = false;
  uint64_t rows = 0;
  std::string artifact;
  std::string name;
  uint64_t version = 0;
  uint64_t entry = 0;
  std::string recorded;
};

/// DoesNotHold unless the proof follows from the heads. Returns the claim of a subject proof;
/// nothing of a consistency proof, which needs `since`.
std::optional<SubjectClaim> CheckProof(std::string_view text, const Head& head,
                                       const std::optional<Head>& since);

}  // namespace klieg_verify
