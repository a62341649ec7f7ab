#!/usr/bin/env bash
# Act 1: from a viewing log to recommendations one can trust. Run by ./dev demo, which sets KLIEG.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
klieg=${KLIEG:-build/dev/src/cli/klieg}
stage=$PWD/demo-workspace

# What is typed is shown, so that it can be typed again.
show() { printf '\n\033[1m$ klieg %s\033[0m\n' "$*"; (cd "$stage" && "$klieg" "$@"); }
say() { printf '\n%s\n' "$*"; }

# MovieLens ml-latest-small as published by GroupLens; its two tables are pinned by SHA-256.
movielens_folder() {
  local folder=${KLIEG_DATA:-}/ml-latest-small
  if [ -n "${KLIEG_DATA:-}" ] && [ -f "$folder/ratings.csv" ]; then echo "$folder"; return 0; fi
  folder=$PWD/.deps/ml-latest-small
  if [ ! -f "$folder/ratings.csv" ]; then
    say "downloading MovieLens ml-latest-small (1 MB) from grouplens.org" >&2
    mkdir -p .deps
    node -e '
      fetch("https://files.grouplens.org/datasets/movielens/ml-latest-small.zip", {signal: AbortSignal.timeout(20000)})
        .then(r => { if (!r.ok) throw new Error(r.status); return r.arrayBuffer(); })
        .then(b => require("fs").writeFileSync(".deps/ml.zip.partial", Buffer.from(b)))
        .catch(() => process.exit(1))' 2>/dev/null || return 1
    mv .deps/ml.zip.partial .deps/ml.zip
    unzip -q -o .deps/ml.zip -d .deps || return 1
  fi
  (cd "$folder" && sha256sum --check --status) <<SUMS || { say "the download does not have the pinned checksums" >&2; return 1; }
aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646  ratings.csv
5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07  movies.csv
SUMS
  echo "$folder"
}

rm -rf "$stage"
"$klieg" init "$stage" >/dev/null
if films=$(movielens_folder); then
  say "Data: MovieLens ml-latest-small, 610 members (Harper and Konstan 2015)."
  show import interactions "$films/ratings.csv" --dataset films --terms "$PWD/examples/terms/movielens.toml"
  show import titles "$films/movies.csv" --dataset films --terms "$PWD/examples/terms/movielens.toml"
  filter=(--value-min 4 --interactions-min 5)
  member=17
else
  say "No KLIEG_DATA folder and no network: using the built-in simulator of a small service with planted tastes."
  show simulate "$stage/simulated" --members 800 --titles 1200 --seed 1
  show import interactions "$stage/simulated/interactions.csv" --dataset films --terms "$PWD/examples/terms/simulated.toml"
  show import titles "$stage/simulated/titles.csv" --dataset films --terms "$PWD/examples/terms/simulated.toml"
  filter=()
  member=m0017
fi

say "The gate: a part of the log comes under terms that permit measuring only. Training on it is refused, on record, with status 3."
if [ -n "${films:-}" ]; then log=$films/ratings.csv; else log=$stage/simulated/interactions.csv; fi
head -n 5000 "$log" >"$stage/part.csv"
show import interactions part.csv --dataset measured --terms "$PWD/examples/terms/measure-only.toml"
set +e
show train ease --dataset measured --name not-allowed
status=$?
set -e
say "exit status $status"
[ "$status" = 3 ] || { echo "the gate should have refused" >&2; exit 1; }

say "Hyper-parameters are chosen on validation members only; every trial is on record."
show tune edlae --dataset films --trials 8 ${filter[@]+"${filter[@]}"}
say "The judge: held-out members, the whole catalogue, intervals, and whether a difference is real."
show evaluate popularity item-knn ease edlae ials blend --dataset films --split strong --heldout 100 ${filter[@]+"${filter[@]}"} \
  --set ials.dimensions=64 --set item-knn.neighbours=100
show train blend --dataset films --name house --set of=edlae,ials --set ials.dimensions=64 ${filter[@]+"${filter[@]}"}
show recommend --model house --member "$member" --top 5 --explain --reasons 3
show lineage house
show report
show verify
say "The report: $stage/report.html"
