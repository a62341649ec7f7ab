// klieg rights party | work | grant | sign | key
#include <fmt/format.h>

#include <algorithm>

#include "cli/rights_verb.h"
#include "core/file.h"
#include "rights/grant_file.h"
#include "rights/signing_key.h"

namespace klieg::cli {
namespace {

struct PartyOptions {
  rights::Party party;
  std::string role = "person";
};

core::Status AddParty(Invocation& call, PartyOptions options) {
  KLIEG_ASSIGN(options.party.role, rights::ParsePartyRole(options.role));
  std::ranges::sort(options.party.represents);
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::LogEntry entry,
               session->gate().RecordParty(options.party, session->actor()));
  PrintEntry(call, entry,
             fmt::format("party {}: {}, {}", options.party.id, options.party.name, options.role));
  return {};
}

struct WorkOptions {
  rights::Work work;
  std::string kind;
  std::string as = "none";
  std::string authorship = "undeclared";
  std::string subject = "unstated";
  std::string age = "unstated";
  bool disclosed = false;
  std::string file;
  std::vector<std::string> holders;
  std::vector<std::string> titles;
};

template <class T>
core::Status SetNamed(rights::Attribute attribute, const std::string& name, T& value) {
  KLIEG_ASSIGN(const uint8_t index, rights::ParseAttributeValue(attribute, name));
  value = static_cast<T>(index);
  return {};
}

core::Status AddWork(Invocation& call, WorkOptions options) {
  rights::Work& work = options.work;
  KLIEG_TRY(SetNamed(rights::Attribute::kMaterial, options.kind, work.material));
  KLIEG_TRY(SetNamed(rights::Attribute::kAuthorship, options.authorship, work.authorship));
  KLIEG_TRY(SetNamed(rights::Attribute::kSubject, options.subject, work.subject));
  KLIEG_TRY(SetNamed(rights::Attribute::kAge, options.age, work.age));
  KLIEG_ASSIGN(work.standing, rights::ParseWorkStanding(options.as));
  if (options.disclosed) work.disclosure = rights::Disclosure::kDisclosed;
  KLIEG_ASSIGN(const auto holders, ParseSettings(options.holders));
  for (const auto& [party, right] : holders) work.holders.push_back({party, right});
  for (const std::string& title : options.titles) {
    KLIEG_ASSIGN(rights::SubjectRef ref, rights::ParseSubjectRef(title));
    work.titles.push_back(std::move(ref));
  }
  std::ranges::sort(work.titles);
  if (!options.file.empty()) {
    KLIEG_ASSIGN(const core::Digest digest, core::HashFile(options.file));
    work.content = digest.Hex();
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::LogEntry entry, session->gate().RecordWork(work, session->actor()));
  PrintEntry(call, entry, fmt::format("work {}: {}, {}", work.id, work.title, options.kind));
  return {};
}

struct GrantOptions {
  std::string file;
  std::string evidence;
};

std::string NoticeOf(const rights::Grant& grant, core::Timestamp now) {
  if (grant.period.from && *grant.period.from > now) {
    return fmt::format("; it is not in force before {}",
                       core::FormatTimestamp(*grant.period.from).substr(0, 10));
  }
  return "";
}

core::Status RecordGrant(Invocation& call, const GrantOptions& options) {
  KLIEG_ASSIGN(rights::SignedGrant grant, rights::ReadGrant(options.file));
  if (!options.evidence.empty()) {
    KLIEG_ASSIGN(const core::Digest digest, core::HashFile(options.evidence));
    const std::string hex = digest.Hex();
    if (!grant.grant.evidence.empty() && grant.grant.evidence != hex) {
      return core::Fail(
          core::ErrorCode::kInvalidArgument,
          "'{}' is not the document that the grant names: its SHA-256 is {}, the grant "
          "says {}",
          options.evidence, hex, grant.grant.evidence);
    }
    if (grant.grant.evidence.empty() && !grant.signature.empty()) {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "the grant was signed without naming a document: the grantor must add "
                        "evidence = \"{}\" and sign again",
                        hex);
    }
    grant.grant.evidence = hex;
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::LogEntry entry, session->gate().RecordGrant(grant, session->actor()));
  PrintEntry(call, entry,
             fmt::format("grant {} of {}{}{}", rights::GrantId(grant.grant), grant.grant.grantor,
                         grant.signature.empty() ? "" : ", signature verified",
                         NoticeOf(grant.grant, session->gate().Now())));
  return {};
}

struct SignOptions {
  std::string file;
  std::string key;
  std::string output;
};

core::Status Sign(const SignOptions& options) {
  KLIEG_ASSIGN(const rights::SignedGrant grant, rights::ReadGrant(options.file));
  KLIEG_ASSIGN(const rights::PrivateKey key, rights::PrivateKey::Load(options.key));
  KLIEG_ASSIGN(const std::string text, rights::SignGrant(grant.grant, key));
  KLIEG_TRY(core::WriteFileAtomically(options.output, text + "\n"));
  fmt::print("{} signed with key {}: {}\n", rights::GrantId(grant.grant),
             key.public_key().Hex().substr(0, 12), options.output);
  return {};
}

core::Status MakeKey(const Invocation& call, const std::string& output) {
  KLIEG_ASSIGN(const rights::PrivateKey key, rights::PrivateKey::Generate());
  KLIEG_TRY(key.Save(output));
  if (call.json) {
    fmt::print("{{\"public_key\": \"{}\"}}\n", key.public_key().Hex());
  } else {
    fmt::print("private key in {} (keep it to yourself)\npublic key {}\n", output,
               key.public_key().Hex());
  }
  return {};
}

}  // namespace

void AddRightsRecords(CLI::App& rights, Invocation& invocation) {
  CLI::App* party = rights.add_subcommand("party", "Record people, companies, guilds, estates");
  party->require_subcommand(1);
  auto party_options = std::make_shared<PartyOptions>();
  CLI::App* add_party =
      AddVerb(*party, invocation, "add", "Record a party, or a new state of one",
              "klieg rights party add ada --name 'Ada Writer' --role writer --key 3f2a…");
  AddJson(*add_party, invocation);
  add_party->add_option("ID", party_options->party.id, "Short name: a-z, 0-9, -, _ and .")
      ->required();
  add_party->add_option("--name", party_options->party.name, "Name in full")->required();
  add_party->add_option("--role", party_options->role,
                        "person, writer, performer, member, company, guild or estate");
  add_party->add_option("--key", party_options->party.public_key,
                        "Public Ed25519 key (klieg rights key); grants must then be signed");
  add_party->add_option("--represents", party_options->party.represents,
                        "Party for whom this one may consent (repeatable)");
  add_party->callback([&invocation, party_options] {
    invocation.action = [party_options](Invocation& call) {
      return AddParty(call, *party_options);
    };
  });

  CLI::App* work = rights.add_subcommand("work", "Record works and who holds which right in them");
  work->require_subcommand(1);
  auto work_options = std::make_shared<WorkOptions>();
  CLI::App* add_work = AddVerb(
      *work, invocation, "add", "Record a work, or a new state of one",
      "klieg rights work add heist --kind screenplay --title 'The Heist' --holder ada=author "
      "--title-id films/1 --authorship human --as literary");
  AddJson(*add_work, invocation);
  add_work->add_option("ID", work_options->work.id, "Short name: a-z, 0-9, -, _ and .")->required();
  add_work
      ->add_option("--kind", work_options->kind,
                   "screenplay, performance, voice, likeness, recording, title-metadata or "
                   "viewing-history")
      ->required();
  add_work->add_option("--title", work_options->work.title, "Title in full")->required();
  add_work->add_option("--holder", work_options->holders,
                       "PARTY=RIGHT, as in ada=author (repeatable)");
  add_work->add_option("--title-id", work_options->titles,
                       "FAMILY/ID of rows that stand for this work, as in films/1 (repeatable)");
  add_work->add_option("--authorship", work_options->authorship,
                       "Who wrote a text: human, mixed or generated");
  add_work->add_option("--generated", work_options->work.generated,
                       "Which parts were generated, in words");
  add_work->add_flag("--disclosed", work_options->disclosed,
                     "The writer who works on it was told of what was generated");
  add_work->add_option("--as", work_options->as,
                       "Enter the text as literary or source material; the packs decide");
  add_work->add_option("--subject", work_options->subject, "The person shown: living or deceased");
  add_work->add_option("--age", work_options->age, "The person shown: adult or minor");
  add_work->add_option("--file", work_options->file, "The material: its SHA-256 is recorded");
  add_work->callback([&invocation, work_options] {
    invocation.action = [work_options](Invocation& call) { return AddWork(call, *work_options); };
  });

  auto grant_options = std::make_shared<GrantOptions>();
  CLI::App* grant = AddVerb(rights, invocation, "grant",
                            "Record what somebody permits or refuses (examples/rights/)",
                            "klieg rights grant grant.toml --evidence contract.pdf");
  AddJson(*grant, invocation);
  grant->add_option("FILE", grant_options->file, "The grant: TOML, or signed by klieg rights sign")
      ->required();
  grant->add_option("--evidence", grant_options->evidence,
                    "The signed document: its SHA-256 becomes part of the grant");
  grant->callback([&invocation, grant_options] {
    invocation.action = [grant_options](Invocation& call) {
      return RecordGrant(call, *grant_options);
    };
  });

  auto sign_options = std::make_shared<SignOptions>();
  CLI::App* sign =
      rights.add_subcommand("sign", "Sign a grant with one's own key; needs no workspace");
  sign->footer("example: klieg rights sign grant.toml --key ada.key -o grant.signed.json");
  sign->add_option("FILE", sign_options->file, "The grant, as TOML")->required();
  sign->add_option("--key", sign_options->key, "Private key (klieg rights key)")->required();
  sign->add_option("-o,--output", sign_options->output, "Where the signed grant goes")->required();
  sign->callback([&invocation, sign_options] {
    invocation.action = [sign_options](Invocation&) { return Sign(*sign_options); };
  });

  auto key_output = std::make_shared<std::string>();
  CLI::App* key = rights.add_subcommand("key", "Make a key pair to sign grants with");
  key->footer("example: klieg rights key -o ada.key");
  AddJson(*key, invocation);
  key->add_option("-o,--output", *key_output, "File for the private key")->required();
  key->callback([&invocation, key_output] {
    invocation.action = [key_output](Invocation& call) { return MakeKey(call, *key_output); };
  });
}

}  // namespace klieg::cli
