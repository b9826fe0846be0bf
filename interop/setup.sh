#!/usr/bin/env bash
# Installs what the suite talks to: packages of npm into interop/ and examples/frameworks/, and, with apt-get and as root,
# those of Debian's that are missing. What is there already is left as it is.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

for folder in interop examples/frameworks; do
  # npm writes the file on the left when it has done all that the one on the right says.
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
  npm ci --ignore-scripts --prefix "$folder" || exit 1
done

packages=()
[ -x /usr/bin/chromium ] || packages+=(chromium)
[ -x /usr/sbin/nginx ] || packages+=(nginx-light)
[ -x /usr/sbin/haproxy ] || packages+=(haproxy)
[ -x /usr/bin/openssl ] || packages+=(openssl)
/usr/bin/python3 -c 'import websockets' 2>/dev/null || packages+=(python3-websockets)
[ "${#packages[@]}" -eq 0 ] && exit 0

echo "installing ${packages[*]}"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if apt-get update >"$log" 2>&1; then
  # One by one: what cannot be had is missing in its own cells only.
  for package in "${packages[@]}"; do
    apt-get install --yes --no-install-recommends "$package" >"$log" 2>&1 && continue
    echo "$package cannot be installed:"
    tail -n 5 "$log"
  done
else
  echo "apt-get update failed, nothing was installed:"
  tail -n 5 "$log"
fi
rm -f "$log"
