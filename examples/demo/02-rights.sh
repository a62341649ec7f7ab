#!/usr/bin/env bash
# Act 2: a writer, a performer and a member, and what each can check. Run by ./dev demo after act 1, whose
# workspace it goes on with.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
klieg=$(readlink -f "${KLIEG:-build/dev/src/cli/klieg}")
verify=$(readlink -f "${KLIEG_VERIFY:-build/dev/verifier/klieg-verify}")
examples=$PWD/examples/rights
stage=$PWD/demo-workspace
[ -f "$stage/klieg.toml" ] || { echo "run examples/demo/01-personalize.sh first: it makes the workspace" >&2; exit 1; }
cd "$stage"

show() { printf '\n\033[1m$ klieg %s\033[0m\n' "$*"; "$klieg" "$@"; }
check() { printf '\n\033[1m$ klieg-verify %s\033[0m\n' "$*"; "$verify" "$@"; }
say() { printf '\n%s\n' "$*"; }
# A command that must end with this status: 3 is a refusal, 1 a proof that does not hold.
refused() {
  local expected=$1 status=0
  shift
  "$@" || status=$?
  say "exit status $status"
  [ "$status" = "$expected" ] || { echo "expected exit status $expected" >&2; exit 1; }
}

# Act 1 took MovieLens where it could, else its simulator: their ids differ.
if [ -d simulated ]; then
  member=m0017 title=$(sed -n 2p simulated/titles.csv | cut -d, -f1) filter=()
else
  member=17 title=6 filter=(--value-min 4)
fi

say "--- A writer permits analysis, and refuses generative training. She signs on her own machine. ---"
rm -f ada.key pia.key
ada=$("$klieg" rights key -o ada.key --json | node -pe 'JSON.parse(require("fs").readFileSync(0)).public_key')
pia=$("$klieg" rights key -o pia.key --json | node -pe 'JSON.parse(require("fs").readFileSync(0)).public_key')
show rights party add ada --name "Ada, a writer" --role writer --key "$ada"
show rights party add studio --name "The studio" --role company
show rights work add night-shift --kind screenplay --title "Night Shift" --holder ada=author \
  --title-id "films/$title" --authorship human --as literary
show rights sign "$examples/writer.toml" --key ada.key -o writer.signed.json
show rights grant writer.signed.json
show rights ask --work night-shift --purpose forecast
refused 3 show rights ask --work night-shift --purpose train-generative

say "A text that a machine wrote is not entered as literary material, whoever asks."
refused 3 show rights work add robo-script --kind screenplay --title "Robo" --holder ada=author --authorship generated --as literary

say "--- A performer consents to a replica, for one production. ---"
show rights party add pia --name "Pia, a performer" --role performer --key "$pia"
show rights work add pia-likeness --kind likeness --title "Pia's likeness" --holder pia=performer --subject living --age adult
show rights sign "$examples/performer.toml" --key pia.key -o performer.signed.json
show rights grant performer.signed.json
facts=(--declare replica=employment-based --declare notice=at-least-48h --declare strike=no
  --declare reason=stated --declare security=attested)
say "Pay is an obligation. Until it is met, nothing happens."
refused 3 show rights ask --work pia-likeness --purpose use-replica --project night-shift "${facts[@]}"
for obligation in $("$klieg" rights show obligations --json | node -pe 'JSON.parse(require("fs").readFileSync(0)).filter(o => o.met === null).map(o => o.id).join("\n")'); do
  show rights met "$obligation" --evidence "payslip of November"
done
show rights ask --work pia-likeness --purpose use-replica --project night-shift "${facts[@]}"
say "Another production is another consent."
refused 3 show rights ask --work pia-likeness --purpose use-replica --project night-shift-2 "${facts[@]}"

say "--- A member withdraws. ---"
show train ease --dataset films --name evening ${filter[@]+"${filter[@]}"} --quiet
show rights head -o published-head.json
show prove evening --member "$member" -o before.json --head published-head.json
check before.json --head published-head.json --member "films/$member"
say "A tampered copy does not hold."
sed 's/"rows":[0-9]*/"rows":1/' before.json >tampered.json
refused 1 check tampered.json --head published-head.json
show rights withdraw --member "films/$member" --reason "I asked for it" --quiet
say "The model that learnt from this member can no longer be loaded; the one that takes its place can, and did not."
refused 3 show recommend --model evening@1 --member "$member" --quiet
show verify removal evening --quiet
show rights head -o new-head.json
show prove evening --member "$member" -o after.json --head new-head.json
check after.json --head new-head.json --member "films/$member"
say "And history was not rewritten in between."
show prove --since published-head.json --head new-head.json -o history.json
check history.json --head new-head.json --since published-head.json

say "--- What the writer sees, and what her consent is worth. ---"
show prove evening --work night-shift -o writer-proof.json --head new-head.json
check writer-proof.json --head new-head.json --work night-shift
show rights price --without ada --dataset films --ranker ease ${filter[@]+"${filter[@]}"} --quiet
show rights used ada -o ada.html
show export card evening -o evening-card.html --format html
show export mlbom evening -o evening.cdx.json
show verify log
say "Her page: $stage/ada.html"
