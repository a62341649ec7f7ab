#include "data/name_codes.h"

#include <algorithm>
#include <functional>
#include <numeric>
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

TextCodes::TextCodes() : slots_(1024) {}

uint32_t TextCodes::Intern(std::string_view name) {
  const size_t full_hash = std::hash<std::string_view>()(name);
  const auto hash = static_cast<uint32_t>(full_hash);
  const size_t mask = slots_.size() - 1;
  size_t place = hash & mask;
  while (slots_[place].code != IntegerCodes::kNone) {
    if (slots_[place].hash == hash && names_[slots_[place].code] == name) return slots_[place].code;
    place = (place + 1) & mask;
  }
  const auto code = static_cast<uint32_t>(names_.size());
  slots_[place] = {code, hash};
  names_.emplace_back(name);
  if (names_.size() * 2 > slots_.size()) Grow();
  return code;
}

void TextCodes::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.code == IntegerCodes::kNone) continue;
    size_t place = slot.hash & mask;
    while (slots_[place].code != IntegerCodes::kNone) place = (place + 1) & mask;
    slots_[place] = slot;
  }
}

std::vector<uint32_t> TextCodes::Sort() {
  std::vector<uint32_t> order(names_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return names_[a] < names_[b]; });
  std::vector<uint32_t> final_codes(names_.size());
  std::vector<std::string> sorted;
  sorted.reserve(names_.size());
  for (const uint32_t code : order) {
    final_codes[code] = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(names_[code]));
  }
  names_ = std::move(sorted);
  slots_.clear();
  return final_codes;
}

}  // namespace klieg::data
