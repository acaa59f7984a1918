package main

import (
	"slices"
	"testing"

	"github.com/sparekey/sparekey/shared/table"
)

func TestAnEventIsABatchOfKeysOrTheMinute(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		keys  []table.Key
		fed   bool
		fails bool
	}{
		"a batch of the stream": {
			event: `{"Records":[
				{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"Keys":{"PK":{"S":"REQUEST#7KQM2D9X"},"SK":{"S":"-"}},"SequenceNumber":"1","SizeBytes":20,"StreamViewType":"KEYS_ONLY"}},
				{"eventName":"INSERT","dynamodb":{"Keys":{"PK":{"S":"NOTICE#1"},"SK":{"S":"-"}}}}]}`,
			keys: []table.Key{{PK: "REQUEST#7KQM2D9X", SK: "-"}, {PK: "NOTICE#1", SK: "-"}}, fed: true,
		},
		"a batch of nothing": {event: `{"Records":[]}`, fed: true},
		"the minute":         {event: `{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`},
		"no JSON":            {event: `Records`, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			keys, fed, err := read([]byte(c.event))
			if !slices.Equal(keys, c.keys) || fed != c.fed || (err != nil) != c.fails {
				t.Errorf("got %v, %v, %v", keys, fed, err)
			}
		})
	}
}
