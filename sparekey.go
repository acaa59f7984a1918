// Package sparekey holds the two documents that describe the service from
// outside: what is deployed, and what it answers. The local run reads the one, so
// a route that is not deployed does not exist there either; tests hold both
// against the code.
package sparekey

import _ "embed" // the documents

// Template is template.yaml: the stack.
//
//go:embed template.yaml
var Template []byte

// OpenAPI is docs/openapi.yaml: every route, field, answer and problem.
//
//go:embed docs/openapi.yaml
var OpenAPI []byte
