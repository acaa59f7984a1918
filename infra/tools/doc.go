// Package tools starts what plays AWS in the second tier of the tests.
//
// It promises one emulator for each test binary that asks, on a free port of this
// machine, which dies with the binary, however that dies. Without
// SPAREKEY_TEST_AWS=1 it skips the tests that ask; with it, a missing emulator
// fails them. It leaves installing to make tools.
//
// Read [Dynoxide] or [Moto] first.
package tools
