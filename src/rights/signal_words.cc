#include "rights/signal_words.h"

#include <algorithm>
#include <array>

namespace klieg::rights {
namespace {

constexpr PurposeBits Bit(Purpose purpose) {
  return PurposeBits{1} << static_cast<uint32_t>(purpose);
}

constexpr PurposeBits kLearn =
    Bit(Purpose::kRecommend) | Bit(Purpose::kForecast) | Bit(Purpose::kSchedule);
constexpr PurposeBits kAnalyse = kLearn | Bit(Purpose::kMeasure);
constexpr PurposeBits kGenerate = Bit(Purpose::kTrainGenerative);
constexpr PurposeBits kThirdParty = Bit(Purpose::kLicenseThirdParty);
/// What a generator makes possible, so that whoever refuses one refuses these.
constexpr PurposeBits kMadeByGenerators =
    kGenerate | kThirdParty | Bit(Purpose::kSyntheticPerformer) | Bit(Purpose::kCreateReplica);
constexpr PurposeBits kAllButRemoval =
    ((PurposeBits{1} << kPurposeCount) - 1) & ~Bit(Purpose::kRemove);

constexpr std::array<SignalWord, 4> kCawg = {{
    {"data_mining", Bit(Purpose::kMeasure), kAnalyse},
    {"ai_inference", 0, kAnalyse | kGenerate},
    {"ai_training", kLearn, kLearn},
    {"ai_generative_training", kGenerate, kMadeByGenerators},
}};
constexpr std::array<SignalWord, 2> kAipref = {{
    {"train-ai", kGenerate, kMadeByGenerators},
    {"search", Bit(Purpose::kRecommend), Bit(Purpose::kRecommend)},
}};
constexpr std::array<SignalWord, 1> kTdmrep = {{
    {"tdm", kAnalyse, kAnalyse | kMadeByGenerators},
}};
constexpr std::array<SignalWord, 6> kRsl = {{
    {"all", kAnalyse | kGenerate, kAllButRemoval},
    {"ai-all", kLearn | kGenerate, kLearn | kMadeByGenerators},
    {"ai-train", kLearn | kGenerate, kLearn | kMadeByGenerators},
    {"ai-input", 0, kGenerate},
    {"ai-index", 0, Bit(Purpose::kRecommend)},
    {"search", Bit(Purpose::kRecommend), Bit(Purpose::kRecommend)},
}};
/// From the narrowest prohibition to the widest: the first that covers what is refused is written.
constexpr std::array<SignalWord, 7> kIptc = {{
    {"DMI-PROHIBITED-GENAIMLTRAINING", 0, kMadeByGenerators},
    {"DMI-PROHIBITED-AIMLTRAINING", 0, kLearn | kMadeByGenerators},
    {"DMI-PROHIBITED", 0, kAllButRemoval},
    {"DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", 0, kAllButRemoval},
    {"DMI-PROHIBITED-SEECONSTRAINT", 0, kAllButRemoval},
    {"DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR", 0, kAllButRemoval},
    {"DMI-PROHIBITED-SEELINKEDRIGHTSEXPR", 0, kAllButRemoval},
}};
constexpr std::array<SignalWord, 7> kOdrl = {{
    {"use", kAnalyse, kAllButRemoval},
    {"derive", 0, kLearn | kMadeByGenerators},
    {"aggregate", 0, kAnalyse | kGenerate},
    {"extract", 0, kAnalyse | kGenerate},
    {"distribute", 0, kThirdParty},
    {"sell", 0, kThirdParty},
    {"transfer", 0, kThirdParty},
}};

/// Calls `visit` with each of the purposes.
template <class Visit>
void ForEach(PurposeBits purposes, Visit visit) {
  for (const Purpose purpose : AllPurposes()) {
    if ((purposes & Bit(purpose)) != 0) visit(purpose);
  }
}

}  // namespace

std::span<const SignalWord> SignalWords(SignalKind kind) {
  switch (kind) {
    case SignalKind::kCawg:
      return kCawg;
    case SignalKind::kAipref:
      return kAipref;
    case SignalKind::kTdmrep:
      return kTdmrep;
    case SignalKind::kRsl:
      return kRsl;
    case SignalKind::kIptc:
      return kIptc;
    case SignalKind::kOdrl:
      break;
  }
  return kOdrl;
}

const SignalWord* FindSignalWord(SignalKind kind, std::string_view word) {
  const std::span<const SignalWord> words = SignalWords(kind);
  const auto found = std::ranges::find(words, word, &SignalWord::word);
  return found == words.end() ? nullptr : &*found;
}

void Refuse(Preferences& preferences, PurposeBits purposes) {
  ForEach(purposes, [&](Purpose purpose) { preferences[purpose] = Consent::kRefused; });
}

void Permit(Preferences& preferences, PurposeBits purposes) {
  ForEach(purposes, [&](Purpose purpose) {
    if (preferences[purpose] == Consent::kUnknown) preferences[purpose] = Consent::kPermitted;
  });
}

PurposeBits Those(const Preferences& preferences, Consent consent) {
  PurposeBits purposes = 0;
  for (const Purpose purpose : AllPurposes()) {
    if (preferences[purpose] == consent) purposes |= Bit(purpose);
  }
  return purposes;
}

bool AnyIs(const Preferences& preferences, PurposeBits purposes, Consent consent) {
  return (Those(preferences, consent) & purposes) != 0;
}

bool AllAre(const Preferences& preferences, PurposeBits purposes, Consent consent) {
  return purposes != 0 && (Those(preferences, consent) & purposes) == purposes;
}

}  // namespace klieg::rights
