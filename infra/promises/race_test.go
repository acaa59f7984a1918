//go:build race

package promises_test

const race = true
