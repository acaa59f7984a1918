package runtime_test

import (
	"github.com/sparekey/sparekey/infra/dynamo/stream"
	"github.com/sparekey/sparekey/infra/runtime"
)

// read returns what is new on the table's stream, from its beginning on.
func (s *stack) read() (batch []runtime.Change) {
	s.t.Helper()
	var err error
	if s.stream == nil {
		if s.stream, err = stream.Open(s.t.Context(), s.rows); err != nil {
			s.t.Fatal(err)
		}
	}
	changes, err := s.stream.Read(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range changes {
		batch = append(batch, runtime.Change{ID: c.ID, Event: c.Event, Sequence: c.Sequence, PK: c.Key.PK, SK: c.Key.SK})
	}
	return batch
}
