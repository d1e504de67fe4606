#!/usr/bin/env bash
# Writes the reference as HTML, from the headers as users see them. Usage: docs/reference.sh FOLDER.
# Fails when a public name is not documented; exits 77 without Doxygen.
set -euo pipefail
folder=$(realpath -m "$1")
command -v doxygen >/dev/null || exit 77
cd "$(dirname "$(readlink -f "$0")")/.."
mkdir -p "$folder"

# The interpreter itself: a wrapper that looks for it would take longer than the filter, for each header.
PYTHON=$(python3 -c 'import sys; print(sys.executable)')
export PYTHON
{ cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = \"$folder\""; } | doxygen -
