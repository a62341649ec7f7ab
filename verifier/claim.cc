#include "claim.h"

#include "json.h"

namespace klieg_verify {
namespace {

using Type = Value::Type;

void Require(bool holds, const std::string& otherwise) {
  if (!holds) throw DoesNotHold(otherwise);
}

/// YYYY-MM-DDTHH:MM:SS.ffffffZ with a day that the calendar has.
void RequireTime(std::string_view time) {
  static constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  bool good = time.size() == kForm.size();
  for (size_t i = 0; good && i < time.size(); ++i)
    good = kForm[i] == 'd' ? time[i] >= '0' && time[i] <= '9' : time[i] == kForm[i];
  Require(good, "a time is not written as the format says");
  const auto number = [&](size_t at, size_t digits) {
    return std::stoi(std::string(time.substr(at, digits)));
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int days = month == 2                                              ? (leap ? 29 : 28)
                   : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                           : 31;
  Require(year > 0 && month >= 1 && month <= 12 && number(8, 2) >= 1 && number(8, 2) <= days &&
              number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60,
          "a time is not in the calendar");
}

void RequireFormat(const Value& object, std::string_view kind) {
  Require(object.TextAt("kind") == kind, "this is no " + std::string(kind));
  Require(object.NumberAt("format") == 1, "it has another format than 1: use a newer klieg-verify");
}

Path PathOf(const Value& object) {
  Path path;
  for (const Value& one : object.At("path", Type::kList).values) {
    Require(one.type == Type::kText, "a path holds what is no digest");
    path.push_back(DigestFromHex(one.text));
  }
  return path;
}

struct Line {
  uint64_t sequence = 0;
  std::string time;
  Value body;
};

/// A line of the log, docs/formats/log.md, that registers a model.
Line ReadModelLine(std::string_view text) {
  Reader reader(text);
  Line line;
  reader.Expect("{\"sequence\":");
  const Value sequence = reader.ReadValue();
  Require(sequence.type == Type::kNumber && sequence.number >= 0, "the entry has no sequence");
  line.sequence = static_cast<uint64_t>(sequence.number);
  reader.Expect(",\"time\":\"");
  line.time = reader.Take(27);
  RequireTime(line.time);
  reader.Expect("\",\"kind\":\"model\",\"body\":");
  line.body = reader.ReadValue();
  Require(line.body.type == Type::kObject, "the entry's body is no object");
  reader.Expect(",\"previous\":\"");
  FromHex(reader.Take(64), 32);
  reader.Expect("\"");
  const Digest hash = Sha256(text.substr(0, reader.position()));
  reader.Expect(",\"hash\":\"");
  Require(DigestFromHex(reader.Take(64)) == hash, "the entry does not match its own hash");
  reader.Expect("\"}");
  reader.ExpectEnd();
  return line;
}

struct TrainingSet {
  Digest root;
  uint64_t size = 0;
};

/// A leaf that stands in the training set; its place and key.
struct Witness {
  uint64_t index = 0;
  Digest key;
  uint64_t rows = 0;
};

Witness CheckWitness(const Value& value, const TrainingSet& set) {
  value.WithExactly({"index", "key", "path", "rows"});
  const Witness witness = {value.NumberAt("index"), DigestFromHex(value.TextAt("key")),
                           value.NumberAt("rows")};
  std::string leaf = Bytes(witness.key);
  for (int shift = 56; shift >= 0; shift -= 8)
    leaf.push_back(static_cast<char>(witness.rows >> shift));
  Require(IsIncluded(witness.index, set.size, LeafHash(leaf), PathOf(value), set.root),
          "a leaf that is shown is not in the training set");
  return witness;
}

/// That the witnesses are neighbours and leave no place for the key.
void RequireGap(const std::vector<Witness>& shown, const Digest& key, const TrainingSet& set) {
  if (shown.empty()) {
    Require(set.size == 0 && set.root == Sha256(""),
            "no neighbours are shown, and the training set is not empty");
    return;
  }
  Require(shown.size() <= 2, "more than two neighbours are shown");
  const Witness& first = shown.front();
  const Witness& last = shown.back();
  if (shown.size() == 2) {
    Require(first.key < key && key < last.key, "the subject does not lie between the neighbours");
    Require(first.index + 1 == last.index, "the neighbours do not stand beside each other");
    return;
  }
  Require(first.key != key, "the neighbour shown is the subject itself");
  Require(key < first.key ? first.index == 0 : first.index + 1 == set.size,
          "one neighbour is shown, and it stands at no end of the training set");
}

SubjectClaim CheckSubject(const Value& proof, const Head& head) {
  proof.WithExactly({"claim", "format", "kind", "proves", "registration", "witnesses"});
  const Value& registration =
      proof.At("registration", Type::kObject).WithExactly({"index", "line", "path", "tree_size"});
  const uint64_t size = registration.NumberAt("tree_size");
  Require(size == head.size, "the proof was made for the head of " + std::to_string(size) +
                                 " entries, this head has " + std::to_string(head.size) +
                                 ": take the head of that size, or ask for a proof for this one");
  const std::string& text = registration.TextAt("line");
  const Line line = ReadModelLine(text);
  Require(line.sequence == registration.NumberAt("index"), "the entry stands at another place");
  Require(IsIncluded(line.sequence, size, LeafHash(text), PathOf(registration), head.root),
          "the model's entry is not in the log of this head");

  const Value& claimed =
      proof.At("claim", Type::kObject)
          .WithExactly({"artifact", "id", "kind", "name", "present", "rows", "version"});
  SubjectClaim claim;
  claim.kind = claimed.TextAt("kind");
  claim.id = claimed.TextAt("id");
  claim.present = claimed.At("present", Type::kBool).flag;
  claim.rows = claimed.NumberAt("rows");
  Require(claim.kind == "member" || claim.kind == "work" || claim.kind == "title",
          "the claim is about neither member, work nor title");
  Require(!claim.id.empty() && claim.id.size() <= 1024, "the id has not 1 to 1024 bytes");

  // From here on everything comes from the log's own line.
  claim.artifact = ToHex(DigestFromHex(line.body.TextAt("artifact")));
  claim.name = line.body.TextAt("name");
  claim.version = line.body.NumberAt("version");
  claim.entry = line.sequence;
  claim.recorded = line.time;
  Require(claim.artifact == claimed.TextAt("artifact") && claim.name == claimed.TextAt("name") &&
              claim.version == claimed.NumberAt("version"),
          "the claim names another model than the log's entry");
  const Value& body = line.body.At("training_set", Type::kObject);
  body.NumberAt("rows");
  const TrainingSet set = {DigestFromHex(body.TextAt("root")), body.NumberAt("subjects")};
  const std::string salt = ToHex(DigestFromHex(body.TextAt("salt")));
  const Digest key = Sha256("klieg subject v1\n" + salt + "\n" + claim.kind + ":" + claim.id);

  std::vector<Witness> shown;
  for (const Value& one : proof.At("witnesses", Type::kList).values)
    shown.push_back(CheckWitness(one, set));
  if (claim.present) {
    Require(shown.size() == 1 && shown[0].key == key, "the leaf shown is not the subject's");
    Require(shown[0].rows == claim.rows && claim.rows > 0, "the leaf shown has other rows");
  } else {
    Require(claim.rows == 0, "who is not in the training set has no rows");
    RequireGap(shown, key, set);
  }
  return claim;
}

void CheckRoot(const Value& value, const Head& head, const std::string& which) {
  value.WithExactly({"root", "tree_size"});
  Require(
      value.NumberAt("tree_size") == head.size && DigestFromHex(value.TextAt("root")) == head.root,
      "the proof is about another " + which + " head: it speaks of " +
          std::to_string(value.NumberAt("tree_size")) + " entries, the head of " +
          std::to_string(head.size));
}

}  // namespace

Head CheckHead(std::string_view text) {
  const Value object = ReadObjectText(text);
  RequireFormat(object, "klieg-tree-head");
  object.WithExactly(
      {"format", "kind", "log", "public_key", "root", "signature", "time", "tree_size"});
  Head head;
  head.size = object.NumberAt("tree_size");
  head.root = DigestFromHex(object.TextAt("root"));
  head.time = object.TextAt("time");
  head.key = object.TextAt("public_key");
  RequireTime(head.time);
  const std::string key = FromHex(head.key, 32);
  Require(DigestFromHex(object.TextAt("log")) == Sha256(key), "the head is of another key's log");
  const std::string signature = FromHex(object.TextAt("signature"), 64);
  // The text was canonical: taking one member out leaves canonical text.
  const std::string member = "\"signature\":\"" + object.TextAt("signature") + "\",";
  std::string message = "klieg signed tree head v1\n" + std::string(text);
  if (message.ends_with('\n')) message.pop_back();
  message.erase(message.find(member), member.size());
  Require(SignatureHolds(key, message, signature),
          "the head is not signed by the key that it names: it was changed or forged");
  return head;
}

std::optional<SubjectClaim> CheckProof(std::string_view text, const Head& head,
                                       const std::optional<Head>& since) {
  const Value proof = ReadObjectText(text);
  RequireFormat(proof, "klieg-proof");
  const std::string& proves = proof.TextAt("proves");
  if (proves == "subject") return CheckSubject(proof, head);
  Require(proves == "consistency", "it proves neither subject nor consistency");
  proof.WithExactly({"format", "from", "kind", "path", "proves", "to"});
  Require(since.has_value(), "this proof connects two heads: give the earlier one with --since");
  Require(since->key == head.key, "the two heads are signed by different keys");
  CheckRoot(proof.At("from", Type::kObject), *since, "earlier");
  CheckRoot(proof.At("to", Type::kObject), head, "later");
  Require(IsConsistent(since->size, head.size, since->root, head.root, PathOf(proof)),
          "the later log does not begin with the earlier one: history was rewritten");
  return std::nullopt;
}

}  // namespace klieg_verify
