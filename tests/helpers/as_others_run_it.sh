#!/bin/sh
# Run tests as other people's machines run them: by a user without root's rights, whose programs are isolated in user namespaces;
# from a checkout that cannot be written to; without /dev/shm and without a home; with 64 open files; with another seed of hashes;
# and by `python -O`, which removes every assert of the packages (pytest keeps those of the tests).
#
#     tests/helpers/as_others_run_it.sh PYTHON [ARGUMENT OF PYTEST...]
set -eu
[ $# -gt 0 ] || { echo "expected: $0 PYTHON [ARGUMENT OF PYTEST...]" >&2; exit 2; }
NOBODY=65534
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups "$0" "$@"
fi
checkout=$(cd "$(dirname "$0")/../.." && pwd)
python=$1
shift
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
mkdir "$own/tmp" "$own/empty"
cd "$checkout"
ulimit -n 64
bwrap --dev-bind / / --ro-bind "$checkout" "$checkout" --bind "$own/tmp" "$own/tmp" --ro-bind "$own/empty" /dev/shm \
    --unsetenv HOME --unsetenv XDG_CACHE_HOME --setenv TMPDIR "$own/tmp" --setenv PYTHONHASHSEED 77 \
    --setenv PYTHONDONTWRITEBYTECODE 1 --chdir "$checkout" --die-with-parent -- \
    "$python" -O -m pytest -p no:cacheprovider --basetemp "$own/tmp/pytest" -W ignore::pytest.PytestConfigWarning -m 'not slow' "$@"
