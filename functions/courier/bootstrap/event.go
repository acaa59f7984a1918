package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/shared/table"
)

// event is what wakes the courier: a batch of the table's stream, of which it
// reads the keys, or the minute, which says nothing that matters.
type event struct {
	Records []struct {
		DynamoDB struct {
			Keys struct{ PK, SK struct{ S string } }
		} `json:"dynamodb"`
	}
}

// handler tells the two apart. A batch never fails: what does not go now is due,
// and the minute finds it.
func handler(flow courier.Flow) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, raw json.RawMessage) error {
		keys, fed, err := read(raw)
		switch {
		case err != nil:
			return err
		case fed:
			flow.Feed(ctx, keys)
			return nil
		}
		return flow.Run(ctx)
	}
}

func read(raw json.RawMessage) (keys []table.Key, fed bool, err error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, false, fmt.Errorf("read event: %w", err)
	}
	for _, record := range e.Records {
		at := record.DynamoDB.Keys
		keys = append(keys, table.Key{PK: at.PK.S, SK: at.SK.S})
	}
	return keys, e.Records != nil, nil
}
