#!/usr/bin/env bash
# Makes the files of the corpus anew, with programs of Debian:
#   apt-get install --no-install-recommends libreoffice-writer libreoffice-calc libreoffice-impress \
#     libreoffice-writer2latex python3-uno pandoc groff ghostscript qpdf python3
#   pip install msoffcrypto-tool
# Each program writes the formats in its own way; what a test expects of a file is in corpus.ts.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
sources="$here/sources"
out="$here/files"
HOME="$(mktemp -d)"
export HOME
trap 'rm -rf "$HOME"' EXIT
mkdir -p "$out"
cd "$out"

office() { # source, formats…
  local source="$1"
  shift
  for format in "$@"; do soffice --headless --convert-to "$format" --outdir "$out" "$sources/$source" >/dev/null; done
}
office report.fodt doc docx odt rtf html pdf epub
office budget.fods xls xlsx ods csv
office slides.fodp ppt pptx odp pdf

for format in docx odt rtf pptx epub; do pandoc --standalone "$sources/letter.md" -o "letter.$format"; done

groff -Tps -ms "$sources/note.ms" | ps2pdf - note.pdf
qpdf --object-streams=generate note.pdf note-packed.pdf
qpdf --encrypt secret secret 256 -- note.pdf note-locked.pdf
qpdf --encrypt '' secret 256 -- note.pdf note-owner.pdf

/usr/bin/python3 "$sources/lock.py" "$sources" "$out"
for file in report.docx budget.xlsx; do msoffcrypto-tool -e -p secret "$file" "locked.${file##*.}"; done
python3 "$sources/mail.py"
