#!/bin/sh
# Fetch the design system that the pages are built on, without its licensed fonts and its brand's colours. Needs npm.
set -eu
cd "$(dirname "$0")/.."
version=10.6.1
target=src/wardbench/campus/web/static/web/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "nhsuk-frontend@$version" >/dev/null && tar xzf "nhsuk-frontend-$version.tgz")
sed -e 's/@font-face{[^}]*}//g' \
    -e 's/Frutiger W01,arial,sans-serif/Arial,"Liberation Sans",sans-serif/g' \
    -e 's/Frutiger W01/Arial/g' \
    -e 's/#005eb8/#0d5c75/gI; s/#004b93/#0a4659/gI; s/#002f5c/#062c38/gI; s/#003087/#08394a/gI' \
    -e 's/#337ec6/#3d7d91/gI; s/#0055a6/#0b5068/gI; s/#003d78/#083848/gI; s/#004281/#093f50/gI' \
    -e 's/#c7dcef/#c9e0e6/gI; s/#d9e7f4/#dcebef/gI; s/#ccdff1/#cfe4e9/gI' \
    -e 's#/\*\# sourceMappingURL=.*\*/##' \
    -e 's#url(/assets/images/#url(images/#g' \
    "$work/package/dist/nhsuk/nhsuk-frontend.min.css" >"$target/design.css"
sed -e 's#^//\# sourceMappingURL=.*##' "$work/package/dist/nhsuk/nhsuk-frontend.min.js" >"$target/design.js"
mkdir -p "$target/images"
for name in $(grep -o 'url(images/[^)]*)' "$target/design.css" | sed 's#url(images/\(.*\))#\1#' | sort -u); do
    cp "$work/package/dist/nhsuk/assets/images/$name" "$target/images/$name"
done
if grep -q 'https\?://[^w]' "$target/design.css" && grep -o 'url(http[^)]*)' "$target/design.css"; then
    echo "the style sheet still asks another host" >&2
    exit 1
fi
echo "$version" >"$target/VERSION"
