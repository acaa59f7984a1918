//go:build race

package promises_test

// slow: the race detector makes everything eight times slower, and the stories
// under faults are one thing after another. They meet every call and every
// fault, but not each with each.
const slow = true
