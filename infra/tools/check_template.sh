#!/usr/bin/env bash
# Asks SAM, cfn-lint and checkov what they think of template.yaml, and plants mistakes that each has to find. Nothing here reaches AWS:
# the key is invented, and SAM wants one only to be asked.
set -euo pipefail
cd "$(dirname "$0")/../.."
export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=nobody AWS_SECRET_ACCESS_KEY=nothing AWS_EC2_METADATA_DISABLED=true
export SAM_CLI_TELEMETRY=0

echo "== sam validate: SAM's own transform"
sam validate --template template.yaml
echo "== sam validate --lint: cfn-lint on what we wrote"
sam validate --lint --template template.yaml
echo "== cfn-lint on what the transform makes of it"
python infra/tools/lint_transform.py template.yaml
echo "== planted mistakes: each must be found"
python infra/tools/lint_transform.py --planted template.yaml
echo "== checkov: hardening; what it may say is argued where it stands"
python infra/tools/planted.py checkov .tools/checkov/bin/checkov
echo "== planted mistakes: SAM must find each"
python infra/tools/planted.py sam
echo "== our own checks, and what they find of what is planted"
go test -count=1 ./infra/template
echo "== sam build: every function for arm64, the very programs that make build makes"
mkdir -p build
sam build --no-cached --template template.yaml --build-dir build/sam >build/sam.log 2>&1 || { cat build/sam.log; exit 1; }
make --no-print-directory build >build/make.log 2>&1 || { cat build/make.log; exit 1; }
ours() { for f in functions/*/bootstrap; do sha256sum "build/$(basename "$(dirname "$f")")/bootstrap"; done; }
diff <(sha256sum build/sam/*/bootstrap | cut -d' ' -f1 | sort) <(ours | cut -d' ' -f1 | sort) ||
  { echo "sam build and make build differ"; exit 1; }
[[ $(ours | cut -d' ' -f1 | sort -u | wc -l) -eq $(ls -d functions/*/bootstrap | wc -l) ]] ||
  { echo "two functions have the same program"; exit 1; }
