//go:build race

package sim_test

// raced: under the race detector everything takes six times as long, and finds
// less, because one goroutine runs at a time. A sample is lived through there.
const raced = true
