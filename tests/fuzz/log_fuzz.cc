// Logs: any bytes are verified or refused; and a log that the bytes are an edit to never verifies
// as another one.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/check.h"
#include "rights/canonical_json.h"
#include "rights/log_line.h"

namespace {

using namespace klieg;  // NOLINT: a program of one file.

std::string MakeLog() {
  std::string text;
  core::Digest previous;
  for (uint64_t i = 0; i < 3; ++i) {
    rights::LogEntry entry{
        i, core::Timestamp{int64_t{1} << 50}, "decision", R"({"a":"b"})", previous, {}};
    text += rights::RenderLogLine(entry).value();
    previous = entry.hash;
  }
  return text;
}

/// Writes the bytes over the log at a place that the first two choose. Whatever verifies then is a
/// prefix of the log.
void CheckEdit(std::string_view bytes) {
  if (bytes.size() < 3) return;
  static const std::string log = MakeLog();
  const size_t at =
      (static_cast<uint8_t>(bytes[0]) * 256U + static_cast<uint8_t>(bytes[1])) % log.size();
  const std::string_view patch = bytes.substr(2);
  std::string edited = log.substr(0, at);
  edited.append(patch);
  if (at + patch.size() < log.size()) edited.append(log.substr(at + patch.size()));
  const auto summary = rights::VerifyLogBytes(edited);
  if (!summary) return;
  size_t length = 0;
  for (uint64_t i = 0; i < summary->entries; ++i) length = edited.find('\n', length) + 1;
  KLIEG_CHECK(log.starts_with(edited.substr(0, length)), "an edited log verifies");
}

/// The reader of canonical JSON against another program's parser and writer.
void CheckJson(std::string_view bytes) {
  if (!rights::CheckCanonicalJson(bytes)) return;
  const nlohmann::json value = nlohmann::json::parse(bytes, nullptr, false);
  KLIEG_CHECK(!value.is_discarded() && value.dump() == bytes, "not the one text of its value: {}",
              bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(rights::VerifyLogBytes(bytes));
  CheckEdit(bytes);
  CheckJson(bytes);
  return 0;
}
