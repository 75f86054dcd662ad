#!/bin/sh
# Resolve the dependencies of pyproject.toml into the hash-locked files. Needs uv.
set -eu
cd "$(dirname "$0")/.."
for kind in "requirements.lock" "requirements-dev.lock --group dev" \
    "requirements-postgres.lock --extra postgres" "requirements-spark.lock --extra spark" \
    "requirements-saml.lock --extra saml"; do
    # shellcheck disable=SC2086
    set -- $kind
    file=$1
    shift
    uv pip compile pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --quiet --output-file "$file"
    python3 scripts/lock_digest.py --write "$file"
done
