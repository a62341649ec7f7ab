#include "rights/grant_signature.h"

#include "rights/signing_key.h"

namespace klieg::rights {

std::string GrantSigningText(const Grant& grant) { return "klieg grant v1\n" + GrantText(grant); }

core::Status CheckGrantSignature(const Grant& grant, std::string_view public_key,
                                 std::string_view signature) {
  KLIEG_ASSIGN(const PublicKey key, PublicKey::FromHex(public_key));
  KLIEG_ASSIGN(const Signature signed_with, Signature::FromHex(signature));
  return VerifySignature(key, GrantSigningText(grant), signed_with);
}

}  // namespace klieg::rights
