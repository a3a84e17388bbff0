#!/bin/sh
# Make a virtual environment anew in the folder $1 with the first of the Pythons $2 … that can; or say why none can.
set -eu
folder=$1
shift

# Any Python, however old, understands this.
suitable='
import sys
if sys.version_info < (3, 11):
    print("is Python %d.%d.%d" % sys.version_info[:3])
else:
    try:
        import ensurepip, venv
        print("suitable")
    except ImportError:
        print("lacks venv (on Debian: apt-get install python%d.%d-venv)" % sys.version_info[:2])
'
refused=
for python in "$@"; do
    command -v "$python" >/dev/null || continue
    answer=$("$python" -c "$suitable" 2>/dev/null) || answer="does not run"
    if [ "$answer" = suitable ]; then
        # What an interrupted set-up left behind is not built upon.
        exec "$python" -m venv --clear "$folder"
    fi
    refused="$refused, $python ${answer:-is no Python}"
done
[ -n "$refused" ] || refused=", ${*:-PYTHON is empty}${1:+: not found}"
echo "Reveille needs Python 3.11 or later with venv (${refused#, }):" \
    "install it (on Debian: apt-get install python3 python3-venv), or name yours: make PYTHON=/path/to/python" >&2
exit 1
