#!/usr/bin/env bash
# Installs one pinned tool into .tools, unless it is there. make tools calls it.
set -euo pipefail

dynoxide() { # version, root
  if ! grep -qsF "dynoxide-rs $1 " "$2/.crates.toml"; then # the program itself tells another version
    cargo install --force dynoxide-rs --version "$1" --locked --no-default-features \
      --features native-sqlite,http-server,cli --root "$2"
  fi
  touch "$2/ready"
}

venv() { # requirements, folder
  [[ -x $2/bin/python ]] || python3 -m venv "$2"
  "$2/bin/pip" install --quiet --disable-pip-version-check -r "$1"
  touch "$2/ready"
}

program() { # package, version, program with its version behind it
  local dir name=${3##*/}
  dir=$(cd "$(dirname "$0")/../.." && pwd)/$(dirname "$3") name=${name%-"$2"}
  if ! go version -m "$dir/$name" 2>/dev/null | grep -qE "^\smod\s\S+\s$2(\s|$)"; then
    GOBIN=$dir go install "$1@$2"
  fi
  ln -sf "$name" "$3"
}

# The reports of golang.org/x/vulndb, made into the database that govulncheck reads by
# the command that makes the public one.
vulndb() { # version, folder
  local reports
  reports=$(go mod download -json "golang.org/x/vulndb@$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  rm -rf "$2"
  go run "golang.org/x/vulndb/cmd/indexdb@$1" -vulns "$reports/data/osv" -out "$2"
  touch "$2/$1"
}

chromium() { # what stands for it
  if ! type -P chromium >/dev/null; then
    local root=()
    [[ $(id -u) -eq 0 ]] || root=(sudo)
    "${root[@]}" apt-get update -q && "${root[@]}" apt-get install -qy --no-install-recommends chromium
  fi
  mkdir -p "$(dirname "$1")"
  ln -sfn "$(type -P chromium)" "$1"
}

"$@"
