#!/bin/bash
# report_in_browser.sh RENDER_REPORT PROBE_JS: looks at the sample report with Chromium. Exits with 77 where there is none.
set -euo pipefail
render=$1 probe=$2

browser=${KLIEG_CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
  [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
if [ -z "$browser" ]; then
  echo "skipped: no chromium on the PATH (apt-get install chromium, or name one in KLIEG_CHROMIUM)"
  exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
fail() { echo "FAIL $*"; failed=1; }

# Prints the page's DOM after its scripts ran; console messages go to FOLDER/log.
dump() {
  timeout 40 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir="$folder/profile" \
    --enable-logging=stderr --virtual-time-budget=3000 --window-size=1700,1200 --dump-dom "file://$1" 2>"$folder/log"
}

"$render" "$folder/report.html"

if grep -nEi 'https?://|//[a-z0-9.-]+\.[a-z]{2,}/|@import|url\(' "$folder/report.html"; then
  fail "the page names something outside itself"
fi

# The page as it is, under its own content security policy.
dump "$folder/report.html" >"$folder/dom.html" || { cat "$folder/log"; fail "chromium did not finish"; }
if grep 'CONSOLE' "$folder/log"; then fail "the console is not empty"; fi
grep -q 'aria-label="ndcg@100: sort"' "$folder/dom.html" || fail "the page's policy keeps its own script from running"

# A copy whose policy admits the probe, at the width of a phone and of a desk.
{
  sed "s/script-src '[^']*'/script-src 'unsafe-inline'/; s|<head>|<head><script>\
window.probeErrors=[];window.alert=function(){probeErrors.push('alert ran')};\
addEventListener('error',function(e){probeErrors.push(e.message\|\|'a resource failed')},true);\
document.addEventListener('securitypolicyviolation',function(e){probeErrors.push(e.violatedDirective)});</script>|" \
    "$folder/report.html"
  echo "<script>"
  cat "$probe"
  echo "</script>"
} >"$folder/probed.html"
cat >"$folder/frames.html" <<HTML
<!DOCTYPE html><meta charset="utf-8"><pre id="results"></pre><script>
addEventListener('message',function(e){document.getElementById('results').textContent+='\n'+e.data});</script>
<iframe src="probed.html" style="width:390px;height:800px;border:0"></iframe>
<iframe src="probed.html" style="width:1280px;height:800px;border:0"></iframe>
HTML
dump "$folder/frames.html" | grep -E '^[0-9]+ px: ' >"$folder/results" || { cat "$folder/log"; fail "the probe did not report"; }
cat "$folder/results"
for width in 390 1280; do
  count=$(grep -c "^$width px: ok " "$folder/results" || true)
  [ "$count" -eq 8 ] || fail "at $width px $count of 8 checks passed"
done
exit $failed
