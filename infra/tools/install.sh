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

golangci-lint() { # version, program
  if ! "$(dirname "$2")/golangci-lint" version 2>/dev/null | grep -qF "${1#v}"; then
    GOBIN=$(cd "$(dirname "$0")/../.." && pwd)/$(dirname "$2") \
      go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$1"
  fi
  ln -sf golangci-lint "$2"
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
