#include "data/name_codes.h"

#include <utility>

namespace klieg::data {

IntegerCodes::IntegerCodes(std::vector<int64_t> sorted) : sorted_(std::move(sorted)) {
  if (sorted_.empty()) return;
  const uint64_t span =
      static_cast<uint64_t>(sorted_.back()) - static_cast<uint64_t>(sorted_.front());
  const auto count = static_cast<uint32_t>(sorted_.size());
  // At most 32 bytes a name and 4 MiB.
  if (span < uint64_t{8} * count + (uint64_t{1} << 20)) {
    dense_.assign(span + 1, kNone);
    for (uint32_t code = 0; code < count; ++code) {
      dense_[static_cast<uint64_t>(sorted_[code]) - static_cast<uint64_t>(sorted_.front())] = code;
    }
    return;
  }
  sparse_.reserve(count);
  for (uint32_t code = 0; code < count; ++code) sparse_.emplace(sorted_[code], code);
}

uint32_t IntegerCodes::Find(int64_t id) const {
  if (!dense_.empty()) {
    const uint64_t place = static_cast<uint64_t>(id) - static_cast<uint64_t>(sorted_.front());
    return place < dense_.size() ? dense_[place] : kNone;
  }
  const auto found = sparse_.find(id);
  return found == sparse_.end() ? kNone : found->second;
}

std::vector<std::string> IntegerCodes::Names() const {
  std::vector<std::string> names;
  names.reserve(sorted_.size());
  for (const int64_t id : sorted_) names.push_back(std::to_string(id));
  return names;
}

TextCodes::TextCodes(const std::vector<std::string>& sorted) {
  codes_.reserve(sorted.size());
  for (const std::string& name : sorted) codes_.emplace(name, static_cast<uint32_t>(codes_.size()));
}

uint32_t TextCodes::Find(std::string_view name) const {
  const auto found = codes_.find(name);
  return found == codes_.end() ? IntegerCodes::kNone : found->second;
}

}  // namespace klieg::data
