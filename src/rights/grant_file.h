/// Grants as people write them, and as they send them once signed.
///
///     # grant.toml
///     grantor = "ada"
///     grantee = "studio"
///     works = ["heist"]
///     permits = ["forecast", "schedule"]
///     refuses = ["generative", "replica"]
///     from = "2026-01-01"
///     until = "never"
///     separate = true                          # signed by itself, not within standard terms
///     description = "specific"                 # none, general, specific
///     describes = "Forecasting the audience of The Heist from its script"
///     evidence = "sha256 of the signed document"     # optional
///     project = "heist"                        # optional: for this production only
///     supersedes = ["g-0123456789abcdef"]      # optional
///     members = ["films/42"]                   # viewing histories, granted by members
///     [conditions]                             # optional: facts the use must have
///     deliverable = ["internal", "temporary"]
///
/// docs/formats/grant.md describes both forms key by key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/records.h"
#include "rights/signing_key.h"

namespace klieg::rights {

/// Reads TOML. Errors as of ParseTerms.
core::Result<Grant> ParseGrantFile(std::string_view toml, std::string_view name);

/// Signs with the grantor's key: the text to send, {"grant":{…},"public_key":…,"signature":…}.
core::Result<std::string> SignGrant(const Grant& grant, const PrivateKey& key);

/// A grant from a file of either form, at most 1 MiB. Of the signed form the signature is read, not
/// checked: who the grantor's key belongs to is the book's business.
core::Result<SignedGrant> ReadGrant(const std::filesystem::path& path);
core::Result<SignedGrant> ParseSignedGrant(std::string_view text, std::string_view name);

}  // namespace klieg::rights
