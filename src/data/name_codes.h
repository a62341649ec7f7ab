/// Dense codes of ids: the place of a name among the sorted names. Internal to src/data.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace klieg::data {

/// Codes of distinct integers, given sorted: an array where they lie close together, a hash table
/// elsewhere.
class IntegerCodes {
 public:
  explicit IntegerCodes(std::vector<int64_t> sorted);
  size_t size() const { return sorted_.size(); }
  /// The code of `id`, or kNone.
  uint32_t Find(int64_t id) const;
  std::vector<std::string> Names() const;

  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

 private:
  std::vector<int64_t> sorted_;
  std::vector<uint32_t>
      dense_;  // [max - min + 1], kNone where there is none; empty when too sparse
  std::unordered_map<int64_t, uint32_t> sparse_;
};

/// Codes of texts that are met one by one: numbered as they come, sorted at the end.
///
/// Open addressing with linear probing (Knuth, TAOCP 6.4, algorithm L): beside std::unordered_map one cache miss less
/// a look-up, of which there is one a row.
class TextCodes {
 public:
  TextCodes();
  /// The provisional code of `name`: the number of different names before it.
  uint32_t Intern(std::string_view name);
  size_t size() const { return names_.size(); }
  /// Sorts the names by bytes; gives the final code of each provisional one. Nothing may be interned afterwards.
  std::vector<uint32_t> Sort();
  std::vector<std::string> TakeNames() { return std::move(names_); }

 private:
  struct Slot {
    uint32_t code = IntegerCodes::kNone;
    uint32_t hash = 0;
  };
  void Grow();

  std::vector<std::string> names_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace klieg::data
