// Package tools gives the second tier of the tests what plays AWS.
//
// It promises one emulator of each kind to each test binary that asks, which dies
// with the binary, however that dies. Without SPAREKEY_TEST_AWS=1 it skips the
// tests that ask; with it, a missing emulator fails them, so that nobody takes
// silence for success. What runs without tests starts its own, by package
// emulator.
//
// Read [Dynoxide] or [Moto] first.
package tools
