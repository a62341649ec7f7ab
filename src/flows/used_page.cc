#include "flows/used_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "flows/document_outline.h"
#include "flows/document_text.h"
#include "flows/html_text.h"

namespace klieg::flows {
namespace {

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

/// "your work", "your works", "your viewing history": what the page is about.
std::string Material(const UsedReport& report) {
  if (report.works.empty() && !report.members.empty()) return "your viewing history";
  return report.works.size() > 1 ? "your works" : "your work";
}

bool IsPlural(const UsedReport& report) { return report.works.size() > 1; }

uint64_t ModelsInUse(const UsedReport& report) {
  return static_cast<uint64_t>(std::ranges::count_if(report.models, [](const UsedModel& model) {
    return model.quarantine.empty() && model.removed_into.empty() && !model.refused_now;
  }));
}

uint64_t DecisionsRefused(const UsedReport& report);

std::string Capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string Entry(uint64_t sequence) { return fmt::format("log entry {}", sequence); }

/// What the subject of a row or an obligation is called on the page.
std::string SubjectName(const UsedReport& report, const std::string& subject) {
  for (const UsedWork& used : report.works) {
    if (subject == "work " + used.work.id)
      return "“" + (used.work.title.empty() ? used.work.id : used.work.title) + "”";
  }
  if (subject.starts_with("member ")) return "your viewing history (" + subject.substr(7) + ")";
  return subject;
}

std::string Tag(const char* kind, const std::string& text) {
  return fmt::format("<span class=\"tag {}\">{}</span>", kind, Escape(text));
}

std::string ModelState(const UsedModel& model) {
  if (!model.removed_into.empty()) return Tag("good", "Taken out since");
  if (!model.quarantine.empty()) return Tag("stop", "Locked: may not be used");
  if (model.refused_now) return Tag("stop", "May not be used: refused");
  if (!model.replaced_by.empty()) return Tag("quiet", "Replaced by a newer version");
  return Tag("plain", "May be used");
}

std::string Fact(const std::string& name, const std::string& html) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", Escape(name), html);
}

std::string Header(const UsedReport& report) {
  std::string out = fmt::format(
      "<header>\n<p class=\"kind\">{}</p>\n<h1 class=\"answer\">{}</h1>\n",
      Escape(fmt::format("How {} {} used · {}",
                         report.is_member ? "a viewing history" : "the work of " + report.name,
                         "was", report.is_member ? report.name : report.role)),
      Escape(UsedAnswer(report)));
  if (!report.generative) {
    Append(
        out,
        "<p class=\"lede\">The log has no permission to train systems that make new content with "
        "{}, to make or use a digital replica, or to hand {} to somebody outside.</p>\n",
        Material(report), IsPlural(report) ? "them" : "it");
  }
  const auto met = static_cast<uint64_t>(std::ranges::count_if(
      report.obligations, [](const UsedObligation& one) { return one.met.has_value(); }));
  Append(out,
         "<ul class=\"tallies\">\n<li><b>{}</b> {} made with {}</li>\n<li><b>{}</b> of them may be "
         "used today</li>\n<li><b>{}</b> {} for your sake</li>\n<li><b>{}</b> owed to you and "
         "open</li>\n</ul>\n",
         CountText(report.models.size()), report.models.size() == 1 ? "model" : "models",
         Material(report), CountText(ModelsInUse(report)), CountText(DecisionsRefused(report)),
         DecisionsRefused(report) == 1 ? "refusal" : "refusals",
         CountText(report.obligations.size() - met));
  return out + "</header>\n";
}

std::string Works(const UsedReport& report) {
  if (report.works.empty()) return {};
  std::string out = fmt::format("<section>\n<h2>Your {}</h2>\n<ul class=\"steps\">\n",
                                IsPlural(report) ? "works" : "work");
  for (const UsedWork& used : report.works) {
    const rights::Work& work = used.work;
    Append(out, "<li><h3>{}</h3>\n<p class=\"soft small\">You are on record as {}",
           Escape(work.title.empty() ? work.id : work.title), Escape(JoinWords(used.rights)));
    if (!used.on_behalf_of.empty()) Append(out, " on behalf of {}", Escape(used.on_behalf_of));
    Append(out, ". The platform knows it as <code>{}</code>", Escape(work.id));
    if (!work.titles.empty()) {
      std::vector<std::string> titles;
      for (size_t i = 0; i < work.titles.size() && i < 6; ++i)
        titles.push_back("<code>" + Escape(work.titles[i].Text()) + "</code>");
      if (work.titles.size() > 6)
        titles.push_back(CountOf(work.titles.size() - 6, "more title", "more titles"));
      Append(out, " and finds it in its data as {}", JoinWords(titles));
    }
    out += ".</p></li>\n";
  }
  return out + "</ul>\n</section>\n";
}

std::string Said(const std::vector<rights::Purpose>& purposes, bool yes) {
  if (purposes.empty()) return {};
  std::string out = fmt::format("<ul class=\"said {}\">\n", yes ? "yes" : "no");
  for (const rights::Purpose purpose : purposes) {
    Append(out, "<li><b aria-hidden=\"true\">{}</b>{} {}</li>\n", yes ? "✓" : "×",
           yes ? "Yes to" : "No to", Escape(PurposePhrase(purpose)));
  }
  return out + "</ul>\n";
}

std::string PeriodText(const UsedStatement& one) {
  if (one.withdrawal || (!one.period.from && !one.period.until)) return {};
  std::string text;
  if (one.period.from) text += "from " + DateText(*one.period.from);
  if (one.period.until) text += (text.empty() ? "until " : " until ") + DateText(*one.period.until);
  return text;
}

std::string StatementState(const UsedStatement& one) {
  if (!one.superseded_by.empty()) return Tag("quiet", "Replaced by " + one.superseded_by);
  if (!one.in_force) return Tag("quiet", "Not in force");
  return Tag("good", "In force");
}

std::string Statements(const UsedReport& report) {
  std::string out = "<section>\n<h2>What was said</h2>\n";
  if (report.statements.empty()) {
    return out +
           "<p class=\"notice\">Nothing is on record from you: no permission, no refusal and no "
           "withdrawal. Uses that analyse, like recommending and measuring, were then decided by "
           "the "
           "terms of whoever owns the data. Anything that makes new content, a replica, or a copy "
           "for somebody outside is refused until you say yes.</p>\n</section>\n";
  }
  out += "<ul class=\"steps\">\n";
  for (const UsedStatement& one : report.statements) {
    const std::string about = one.about.empty() ? "everything of " + one.by : JoinWords(one.about);
    Append(out,
           "<li><div class=\"top\"><h3>{}</h3>{}</div>\n<p class=\"when\">{}, said by {} (<code>{}"
           "</code>, {})</p>\n",
           one.withdrawal ? "Withdrawn" : "Consent", StatementState(one),
           Escape(DateText(one.time)), Escape(one.by), Escape(one.id), Entry(one.log_entry));
    Append(out, "<p>About {}{}{}.</p>\n", Escape(about),
           one.project.empty() ? "" : ", for the project " + Escape(one.project) + " only",
           PeriodText(one).empty() ? "" : ", " + Escape(PeriodText(one)));
    out += Said(one.permits, true) + Said(one.refuses, false);
    if (!one.withdrawal) {
      Append(out, "<p class=\"soft small\">{}</p>\n",
             one.is_signed      ? "Signed with your key, and checked."
             : one.has_document ? "The fingerprint of a signed document is on record."
                                : "Neither a signature nor a document is on record.");
    }
    if (!one.reason.empty())
      Append(out, "<p class=\"soft small\">Reason: {}</p>\n", Escape(one.reason));
    out += "</li>\n";
  }
  return out + "</ul>\n</section>\n";
}

std::string PermissionText(const UsedPermission& permission) {
  std::string out;
  if (!permission.consents.empty()) {
    std::vector<std::string> ids;
    for (const std::string& id : permission.consents)
      ids.push_back("<code>" + Escape(id) + "</code>");
    out = "Your consent " + JoinWords(ids);
  } else {
    out = "Nothing from you stood against it";
  }
  if (!permission.owners.empty()) {
    std::vector<std::string> owners;
    for (const std::string& owner : permission.owners) owners.push_back(Escape(owner));
    out += "; the terms of " + JoinWords(owners) + " permit it";
  }
  return fmt::format("{} (decided {}, {})", out, Escape(DateText(permission.time)),
                     Entry(permission.log_entry));
}

std::string ModelCardHtml(const UsedReport& report, const UsedModel& model) {
  std::string out = fmt::format(
      "<article class=\"card\">\n<div class=\"top\"><h3>{}</h3>{}</div>\n<p class=\"when\">Made {} "
      "for "
      "{}</p>\n<dl>\n",
      Escape(model.label), ModelState(model), Escape(DateText(model.made)),
      Escape(PurposePhrase(std::string_view(model.purpose))));
  for (const UsedRows& one : model.rows) {
    std::string text = CountOf(one.rows, "row", "rows") + " of " + SubjectName(report, one.subject);
    if (!one.title.empty()) {
      text += fmt::format(
          "; made before your work was on record, so that the training set knows it as title {}",
          one.title);
    }
    out += Fact("Rows from you", Escape(text));
  }
  for (const UsedPermission& permission : model.permissions)
    out += Fact("On whose permission", PermissionText(permission));
  if (model.permissions.empty())
    out += Fact("On whose permission", "Missing: the log holds no decision for it");
  out += Fact("Used since",
              model.times_used == 0
                  ? "Never, by the log"
                  : Escape(fmt::format("{}, last on {}", CountOf(model.times_used, "time", "times"),
                                       DateText(*model.last_used))));
  if (!model.quarantine.empty()) {
    out += Fact("Locked", Escape(fmt::format("{}, because: {}", DateText(*model.quarantined),
                                             model.quarantine)));
  }
  if (!model.removed_into.empty()) {
    out += Fact("Taken out", Escape(fmt::format("{}: {} was made from it without your material",
                                                DateText(*model.removed), model.removed_into)));
  }
  if (!model.replaced_by.empty() && model.removed_into.empty())
    out += Fact("Newer version", Escape(model.replaced_by));
  out += Fact("In the log", Entry(model.log_entry) + ", training set <code>" +
                                Escape(model.root.substr(0, 16)) + "…</code>");
  return out + "</dl>\n</article>\n";
}

std::string Models(const UsedReport& report) {
  std::string out = fmt::format("<section>\n<h2>What was made with {}</h2>\n", Material(report));
  if (report.models.empty()) {
    out += fmt::format("<p>Nothing. No model on record has {} in its training set.</p>\n",
                       Material(report));
  }
  for (const UsedModel& model : report.models) out += ModelCardHtml(report, model);
  if (!report.models_without.empty()) {
    std::vector<std::string> names;
    for (const UsedModel& model : report.models_without)
      names.push_back(
          fmt::format("<b>{}</b> ({})", Escape(model.label), Escape(DateText(model.made))));
    Append(out,
           "<p>Made from the same data <b>without</b> {}: {}. You can have that proved: see “Check "
           "it yourself”.</p>\n",
           Material(report), JoinWords(names));
  }
  for (const std::string& problem : report.unreadable) {
    Append(out,
           "<p class=\"notice\">Missing: whether you are in this model cannot be told, because its "
           "training set cannot be read. {}</p>\n",
           Escape(problem));
  }
  return out + "</section>\n";
}

std::string Uses(const UsedReport& report) {
  if (report.uses.empty()) return {};
  std::string out =
      "<section>\n<h2>Other uses</h2>\n<p>Permitted uses from which no model came. How many of the "
      "rows were yours is not counted for these.</p>\n<table>\n<thead><tr><th "
      "scope=\"col\">When</th>"
      "<th scope=\"col\">What for</th><th scope=\"col\">In the words of who asked</th><th "
      "scope=\"col\">In the log</th></tr></thead>\n<tbody>\n";
  for (const UsedOnce& use : report.uses) {
    std::string what = Capital(PurposePhrase(std::string_view(use.purpose)));
    if (!use.project.empty()) what += ", project " + use.project;
    if (use.asked_only) {
      what += " (permission was asked and given; the log does not see what was done with it)";
    } else if (!use.certain) {
      what += " (the data may hold rows of yours)";
    }
    Append(out,
           "<tr><th scope=\"row\">{}</th><td data-label=\"What for\">{}</td><td data-label=\"In "
           "the words of who asked\">{} <span class=\"soft\">({})</span></td><td "
           "data-label=\"In the log\">entry {}</td></tr>\n",
           Escape(DateText(use.time)), Escape(what),
           use.reason.empty() ? "nothing was stated" : Escape(use.reason), Escape(use.actor),
           use.log_entry);
  }
  return out + "</tbody></table>\n</section>\n";
}

std::string RefusalTitle(const UsedReport& report, UsedRefusal::What what) {
  switch (what) {
    case UsedRefusal::What::kRun:
      return "A run was stopped";
    case UsedRefusal::What::kRows:
      return Capital(Material(report)) + (IsPlural(report) ? " were" : " was") + " left out";
    case UsedRefusal::What::kModel:
      return "A model was not allowed to be used";
    case UsedRefusal::What::kQuestion:
      return "A request was turned down";
  }
  return "A refusal";
}

/// One decision may rest on several rules: they stand beside each other in the report.
bool SameDecision(const UsedRefusal& a, const UsedRefusal& b) {
  return a.log_entry == b.log_entry && a.what == b.what;
}

uint64_t DecisionsRefused(const UsedReport& report) {
  uint64_t count = 0;
  for (size_t i = 0; i < report.refusals.size(); ++i) {
    if (i == 0 || !SameDecision(report.refusals[i - 1], report.refusals[i])) ++count;
  }
  return count;
}

std::string RuleHtml(const UsedRefusal& refusal) {
  return fmt::format(
      "<p class=\"soft small\">The rule: {} <span>({}, version {}, clause {}; {})</span></p>\n",
      Escape(refusal.says), Escape(refusal.pack), Escape(refusal.version), Escape(refusal.clause),
      Escape(refusal.source));
}

std::string Refusals(const UsedReport& report) {
  std::string out = "<section>\n<h2>Refused for your sake</h2>\n";
  if (report.refusals.empty())
    return out + "<p>Nothing was refused on your account so far.</p>\n</section>\n";
  out += "<ul class=\"steps\">\n";
  for (size_t i = 0; i < report.refusals.size(); ++i) {
    const UsedRefusal& refusal = report.refusals[i];
    if (i == 0 || !SameDecision(report.refusals[i - 1], refusal)) {
      Append(out, "<li><div class=\"top\"><h3>{}</h3>{}</div>\n<p class=\"when\">{}, {}</p>\n",
             Escape(RefusalTitle(report, refusal.what)), Tag("stop", "Refused"),
             Escape(DateText(refusal.time)), Entry(refusal.log_entry));
      Append(out, "<p>Somebody wanted it for {}{}",
             Escape(PurposePhrase(std::string_view(refusal.purpose))),
             refusal.project.empty() ? "" : " in the project " + Escape(refusal.project));
      if (!refusal.reason.empty())
        Append(out, " (“{}”, by {})", Escape(refusal.reason), Escape(refusal.actor));
      out += ".</p>\n";
    }
    out += RuleHtml(refusal);
    const bool last =
        i + 1 == report.refusals.size() || !SameDecision(refusal, report.refusals[i + 1]);
    if (last) out += "</li>\n";
  }
  return out + "</ul>\n</section>\n";
}

std::string_view ObligationPhrase(const std::string& kind) {
  if (kind == "pay") return "A payment";
  if (kind == "notify") return "A notice";
  if (kind == "wait") return "Time to answer";
  return "A new question";
}

std::string Obligations(const UsedReport& report) {
  std::string out = "<section>\n<h2>What you are owed</h2>\n";
  if (report.obligations.empty()) {
    return out +
           "<p>Nothing is on record: no permission that was used came with a payment, a notice or "
           "a "
           "waiting time.</p>\n</section>\n";
  }
  out += "<ul class=\"steps\">\n";
  for (const UsedObligation& one : report.obligations) {
    Append(out,
           "<li><div class=\"top\"><h3>{}</h3>{}</div>\n<p>{}, for {}{}.</p>\n<p class=\"soft "
           "small\">Asked for by {} since {} (<code>{}</code>).{}</p></li>\n",
           ObligationPhrase(one.kind),
           one.met ? Tag("good", "Met on " + DateText(*one.met)) : Tag("stop", "Open"),
           Escape(one.what.empty() ? "Not described" : Capital(one.what)),
           Escape(SubjectName(report, one.subject)),
           one.project.empty() ? "" : ", project " + Escape(one.project), Escape(one.source),
           Escape(DateText(one.opened)), Escape(one.id),
           one.evidence.empty() ? "" : " Shown by: " + Escape(one.evidence) + ".");
  }
  return out +
         "</ul>\n<p class=\"soft small\">While one is open, the use that it belongs to is "
         "blocked.</p>\n</section>\n";
}

/// What a proof is asked for: "house@1 --work heist", of the newest model where there is one.
std::string ProofQuestion(const UsedReport& report) {
  std::string subject = "--work WORK";
  if (!report.works.empty()) {
    subject = "--work " + report.works.front().work.id;
  } else if (!report.members.empty()) {
    subject = "--member " + report.members.front().Text();
  }
  for (auto model = report.models.rbegin(); model != report.models.rend(); ++model) {
    for (const UsedRows& one : model->rows) {
      if (!one.title.empty()) continue;  // The work is not in it by its name.
      const size_t blank = one.subject.find(' ');
      return fmt::format("{} --{} {}", model->label, one.subject.substr(0, blank),
                         one.subject.substr(blank + 1));
    }
  }
  if (!report.models_without.empty()) return report.models_without.back().label + " " + subject;
  if (report.models.empty()) return "MODEL " + subject;
  return fmt::format("{} --title {}", report.models.back().label,
                     report.models.back().rows.front().title);
}

std::string Check(const UsedReport& report) {
  return fmt::format(
      "<section>\n<h2>Check it yourself</h2>\n"
      "<p>You need not believe this page. Ask the house for a proof about a model; it is a small "
      "file:</p>\n<pre>klieg prove {0} -o proof.json</pre>\n"
      "<p>Then check it on your own computer, without the house and without a network, against the "
      "head of the log that the house has published:</p>\n"
      "<pre>klieg-verify proof.json --head head.json</pre>\n"
      "<p>It answers whether {1} in that model, and with how many rows; a proof or a head that "
      "somebody altered is turned down. This page is as of {2}, the last written {3}. The "
      "fingerprint of that log is:</p>\n<pre>{4}</pre>\n"
      "<p>If a head published for {5} entries has another fingerprint, the history was "
      "rewritten, or this page was.</p>\n</section>\n",
      Escape(ProofQuestion(report)), Material(report) + (IsPlural(report) ? " are" : " is"),
      CountOf(report.log_entries, "log entry", "log entries"), DateTimeText(report.log_time),
      report.log_root.Hex(), CountText(report.log_entries));
}

std::string Words() {
  return "<section>\n<h2>What the words mean</h2>\n<dl>\n"
         "<div><dt>Model</dt><dd>What a computer has learnt from data, kept in a file. The models "
         "here "
         "rank or count; they write, draw and speak nothing.</dd></div>\n"
         "<div><dt>Row</dt><dd>One record of the data: that somebody watched a title.</dd></div>\n"
         "<div><dt>Training set</dt><dd>All rows that one model was made from.</dd></div>\n"
         "<div><dt>Terms</dt><dd>What the owner of the data permits.</dd></div>\n"
         "<div><dt>Log</dt><dd>A diary of every permission, refusal and use. Entries are only "
         "added; "
         "none can be changed without it showing.</dd></div>\n"
         "<div><dt>Locked</dt><dd>The platform refuses to load the model, for example after a "
         "withdrawal. The log calls it quarantine.</dd></div>\n</dl>\n</section>\n";
}

std::string Limits() {
  return "<section>\n<h2>What this page cannot tell</h2>\n<p>It tells what went through this "
         "platform. Somebody who owns a copy of the material could use it elsewhere, and no log "
         "here "
         "would show it. It is not legal advice.</p>\n</section>\n";
}

}  // namespace

std::string UsedAnswer(const UsedReport& report) {
  const std::string material = Capital(Material(report));
  const std::string_view verb = IsPlural(report) ? "are" : "is";
  if (report.works.empty() && report.members.empty())
    return fmt::format("No work of {} is on record.", report.name);
  if (report.models.empty()) {
    return fmt::format("{} {} in no model{}.", material, verb,
                       report.uses.empty() ? "" : ", but the log has other uses");
  }
  std::vector<std::string> phrases;
  for (const UsedModel& model : report.models) {
    std::string phrase = PurposePhrase(std::string_view(model.purpose));
    if (std::ranges::count(phrases, phrase) == 0) phrases.push_back(std::move(phrase));
  }
  const uint64_t in_use = ModelsInUse(report);
  std::string state = "all may be used";
  if (in_use == 0) {
    state = report.models.size() == 1 ? "it may no longer be used" : "none may be used any more";
  } else if (report.models.size() == 1) {
    state = "it may be used";
  } else if (in_use == 2 && report.models.size() == 2) {
    state = "both may be used";
  } else if (in_use < report.models.size()) {
    state = fmt::format("{} may be used", CountText(in_use));
  }
  return fmt::format("{} {} in {} for {}; {}.", material, verb,
                     CountOf(report.models.size(), "model", "models"), JoinWords(phrases), state);
}

std::string UsedPageHtml(const UsedReport& report) {
  std::string out = DocumentPageHead("How it was used: " + report.name);
  out += Header(report) + "<main>\n" + Statements(report) + Works(report) + Models(report) +
         Refusals(report) + Uses(report) + Obligations(report) + Check(report) + Words() +
         Limits() + "</main>\n";
  Append(out,
         "<footer><p>Generated by Klieg for {} (<code>{}</code>) from the rights log as of {}. "
         "Nothing "
         "on this page was typed by hand; it loads nothing and sends nothing.</p></footer>\n",
         Escape(report.name), Escape(report.id), Escape(DateTimeText(report.log_time)));
  return out + DocumentPageFoot();
}

}  // namespace klieg::flows
