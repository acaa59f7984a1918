// Package supply holds what comes with our code to what may be in it: modules with
// known vulnerabilities, modules that a bill of materials leaves out, and secrets.
//
// It promises that each scan has found something planted before what it says of
// our code counts. It leaves scanning to govulncheck, cyclonedx-gomod and gitleaks,
// which make tools installs, and what may stay to two files beside it, where each
// exception says why: accepted.txt and gitleaks.toml.
//
// Without SPAREKEY_TEST_SUPPLY=1 the scans are skipped; with it, a missing tool
// fails them. Read docs/decisions/0017 first.
package supply
