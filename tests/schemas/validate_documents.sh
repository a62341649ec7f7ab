#!/bin/bash
# validate_documents.sh WRITE_DOCUMENTS SOURCE WORK: writes sample documents and validates them with ajv. The validator and
# the schemas of CycloneDX come from npm, pinned by package-lock.json, into WORK; without them the test fails.
set -euo pipefail
write=$1 source=$2 work=$3

mkdir -p "$work"
exec 9>"$work/lock"
flock 9
if ! cmp -s "$source/tests/schemas/package-lock.json" "$work/package-lock.json" || [ ! -d "$work/node_modules/ajv" ]; then
  command -v npm >/dev/null || { echo "FAIL: no npm on the PATH (apt-get install nodejs npm)"; exit 1; }
  rm -rf "$work/node_modules" "$work/package-lock.json"
  cp "$source/tests/schemas/package.json" "$work/"
  mkdir -p "$work/fetch" && cp "$source/tests/schemas/package.json" "$source/tests/schemas/package-lock.json" "$work/fetch/"
  (cd "$work/fetch" && npm ci --ignore-scripts --omit=optional --omit=peer --no-audit --no-fund --loglevel=error) ||
    { echo "FAIL: npm could not fetch the validator; the documents were not checked"; exit 1; }
  mv "$work/fetch/node_modules" "$work/node_modules"
  cp "$source/tests/schemas/package-lock.json" "$work/package-lock.json"
fi

rm -rf "$work/documents"
"$write" "$work/documents"
cd "$work"
node "$source/tests/schemas/validate.mjs" "$work/documents" "$source"
