// Package drift holds together what is written in more than one place: the
// template, docs/openapi.yaml, the functions' routes, settings and drivers, the
// problems and their pages. It is tests and nothing else; when two places differ,
// one of them is named.
package drift
