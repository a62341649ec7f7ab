/// The reference pages of purposes, facts and packs, generated from the tables that the program
/// decides by: docs/reference/{purposes,facts,packs}.md. `klieg policy purposes`, `facts` and `packs
/// --markdown` print them, and a test fails when a page is not what these say.
#pragma once

#include <string>

namespace klieg::rights {

std::string PurposesMarkdown();
std::string FactsMarkdown();
std::string PacksMarkdown();

}  // namespace klieg::rights
