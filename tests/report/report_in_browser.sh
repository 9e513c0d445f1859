#!/bin/sh
# Opens the reports in a headless Chromium: no message in its console, nothing wider than the page or cut at 400 and
# 1400 pixels, legible charts, and a PDF.
#     report_in_browser.sh PROGRAM, which writes the reports into a folder
set -eu
program=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "skipped: no chromium"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "report_in_browser: $1" >&2; exit 1; }

"$program" "$folder"

# Measures every report in a frame of each width, and adds a line for each.
cat >"$folder/harness.html" <<'HTML'
<!DOCTYPE html>
<meta charset="utf-8">
<title>harness</title>
<body>
<script>
const pages = ['two', 'many', 'split', 'model', 'classes'], widths = [400, 1400];
let left = pages.length * widths.length;
function problems(frame) {
  const view = frame.contentWindow, page = view.document, found = [];
  if (page.documentElement.scrollWidth > view.innerWidth)
    found.push('is ' + page.documentElement.scrollWidth + ' pixels wide');
  for (const element of page.body.querySelectorAll('*')) {
    if (element.ownerSVGElement || (element.closest('.scroll') && !element.matches('.scroll'))) continue;
    const box = element.getBoundingClientRect();
    if (box.right > view.innerWidth + 1 || box.left < -1)
      found.push(element.tagName + ' is cut: ' + element.textContent.slice(0, 40));
  }
  for (const image of page.querySelectorAll('svg')) {
    const frame = image.getBoundingClientRect();
    for (const text of image.querySelectorAll('text')) {
      const box = text.getBoundingClientRect(), name = image.querySelector('title').textContent;
      const size = parseFloat(text.getAttribute('font-size')) * frame.width / image.viewBox.baseVal.width;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1)
        found.push('text of ' + name + ' is cut: ' + text.textContent.slice(0, 40));
      if (size < 7) found.push('text of ' + name + ' has ' + size + ' pixels');
    }
  }
  if (page.querySelectorAll('h1').length != 1) found.push('has no h1, or several');
  if (page.querySelector('script, link, object, [src]') || view.performance.getEntriesByType('resource').length)
    found.push('loads something, or has a script');
  return found.length ? [...new Set(found)].slice(0, 8).join('; ') : 'good';
}
for (const name of pages) for (const width of widths) {
  const frame = document.createElement('iframe');
  frame.width = width;
  frame.height = 900;
  frame.style.border = 0;
  frame.onload = () => {
    const line = document.createElement('p');
    line.textContent = 'RESULT ' + name + ' ' + width + ': ' + problems(frame);
    document.body.append(line);
    if (!--left) document.body.append('all done');
  };
  frame.src = name + '.html';
  document.body.append(frame);
}
</script>
HTML

run() {
  "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-extensions --user-data-dir="$folder/profile" \
    --enable-logging=stderr --log-level=0 --host-resolver-rules='MAP * ~NOTFOUND' "$@"
}

run --allow-file-access-from-files --virtual-time-budget=60000 --dump-dom "file://$folder/harness.html" \
  >"$folder/dom.txt" 2>"$folder/log.txt" || fail "chromium: $(tail -5 "$folder/log.txt")"
grep -q 'all done' "$folder/dom.txt" || fail "no result: $(tail -5 "$folder/log.txt")"
grep -o 'RESULT [a-z]* [0-9]*: [^<]*' "$folder/dom.txt" >"$folder/results.txt"
cat "$folder/results.txt"
[ "$(grep -c ': good$' "$folder/results.txt")" -eq 10 ] || fail "not all pages are good"
if grep ':CONSOLE' "$folder/log.txt"; then fail "messages in the console"; fi

for name in two model; do
  run --no-pdf-header-footer --print-to-pdf="$folder/$name.pdf" "file://$folder/$name.html" 2>"$folder/log.txt" ||
    fail "printing $name: $(tail -5 "$folder/log.txt")"
  [ "$(head -c 5 "$folder/$name.pdf")" = "%PDF-" ] || fail "$name.pdf is no PDF"
  [ "$(wc -c <"$folder/$name.pdf")" -gt 20000 ] || fail "$name.pdf is nearly empty"
done
