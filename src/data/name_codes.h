/// Dense codes of ids: the place of a name among the sorted names. Internal to src/data.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
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

/// Codes of distinct texts, given sorted by bytes. The texts must outlive this.
class TextCodes {
 public:
  explicit TextCodes(const std::vector<std::string>& sorted);
  /// The code of `name`, or IntegerCodes::kNone.
  uint32_t Find(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, uint32_t> codes_;
};

}  // namespace klieg::data
