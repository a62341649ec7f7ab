/// A 32-bit index that knows what it counts: a TitleIndex cannot be passed where a MemberIndex is
/// meant.
///
///     using TitleIndex = core::TypedIndex<struct TitleTag>;
///     TitleIndex title(7);   title.value() == 7
#pragma once

#include <compare>
#include <cstdint>

namespace klieg::core {

template <class Tag>
class TypedIndex {
 public:
  constexpr TypedIndex() = default;
  constexpr explicit TypedIndex(uint32_t value) : value_(value) {}
  constexpr uint32_t value() const { return value_; }
  constexpr auto operator<=>(const TypedIndex&) const = default;

 private:
  uint32_t value_ = 0;
};

}  // namespace klieg::core
