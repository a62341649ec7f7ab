/// How a grantor signs a grant, on a machine of their own.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/records.h"

namespace klieg::rights {

/// What is signed: "klieg grant v1\n" and GrantText.
std::string GrantSigningText(const Grant& grant);

/// kInvalidArgument unless `signature` (128 hexadecimal digits) is that of `public_key` (64) over
/// GrantSigningText.
core::Status CheckGrantSignature(const Grant& grant, std::string_view public_key,
                                 std::string_view signature);

}  // namespace klieg::rights
