package server

import (
	"context"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/table"
)

// feed hands what is new on the table's stream to the functions whose filters let
// it pass, until nothing is left. What is not handed over, the minute finds.
func (s *Server) feed() {
	s.feeding.Lock()
	defer s.feeding.Unlock()
	for {
		batch, err := s.changes(context.Background())
		if err != nil {
			s.log.Error("feed", "cause", err.Error())
		}
		if len(batch) == 0 {
			return
		}
		for _, f := range s.template.Functions {
			for part := range slices.Chunk(passing(f.Feed, batch), 10) {
				s.invoke(context.Background(), func(ctx context.Context) { s.functions[f.Folder].feed(ctx, part) })
			}
		}
	}
}

// passing are the keys of what some filter lets pass.
func passing(filters []template.Filter, batch []Change) (mine []table.Key) {
	for _, change := range batch {
		if slices.ContainsFunc(filters, func(f template.Filter) bool {
			return f.Event == change.Event && strings.HasPrefix(change.Key.PK, f.Prefix)
		}) {
			mine = append(mine, change.Key)
		}
	}
	return mine
}
