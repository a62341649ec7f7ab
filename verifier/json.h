/// Canonical JSON (docs/formats/log.md), read strictly: one text for one value, no member twice.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace klieg_verify {

/// What was shown does not hold: the message says why. Thrown from anywhere, caught in main: a
/// program that only ever stops at the first fault needs no other way to hand one up.
struct DoesNotHold : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Value {
  enum class Type { kNull, kBool, kNumber, kText, kList, kObject };
  Type type = Type::kNull;
  bool flag = false;
  int64_t number = 0;
  std::string text;
  std::vector<std::string> keys;  ///< Of an object, as long as `values`.
  std::vector<Value> values;      ///< Of an object or a list.

  /// The member, or DoesNotHold when it is missing or of another type.
  const Value& At(std::string_view key, Type wanted) const;
  const std::string& TextAt(std::string_view key) const { return At(key, Type::kText).text; }
  uint64_t NumberAt(std::string_view key) const;  ///< Not negative.

  /// DoesNotHold unless these, in this order, are all the members.
  const Value& WithExactly(std::initializer_list<std::string_view> members) const;
};

/// Reads from the front of a text; DoesNotHold names the byte.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  Value ReadValue(int depth = 1);
  void Expect(std::string_view word);
  std::string_view Take(size_t count);
  size_t position() const { return at_; }
  void ExpectEnd() const;

 private:
  [[noreturn]] void Fail(std::string_view expected) const;
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool TakeIf(char c);
  std::string ReadText();
  char ReadEscape();
  void CopyCharacter(std::string& to);
  int64_t ReadNumber();
  Value ReadObject(int depth);
  Value ReadList(int depth);

  std::string_view text_;
  size_t at_ = 0;
};

/// A whole text that is one object; one newline may follow it.
Value ReadObjectText(std::string_view text);

/// A JSON text of the bytes, which also a terminal shows as what they are.
std::string Quote(std::string_view text);

}  // namespace klieg_verify
