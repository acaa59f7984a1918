package gateway_test

import "testing"

// From API Gateway's event to its answer, with a flow that does nothing.
func BenchmarkServe(b *testing.B) {
	run, logs := serve(b, echo, nil)
	event := post(formType, "username=mlopez71&email=maria.lopez%40example.org")
	b.ReportAllocs()
	for b.Loop() {
		run(event)
		logs.Reset()
	}
}
