package template

import (
	"encoding/json"
	"fmt"
)

func readFilter(pattern string) (Filter, error) {
	var p struct {
		EventName []string `json:"eventName"`
		DynamoDB  struct {
			Keys struct {
				PK struct {
					S []struct {
						Prefix string `json:"prefix"`
					} `json:"S"`
				} `json:"PK"`
			} `json:"Keys"`
		} `json:"dynamodb"`
	}
	if err := json.Unmarshal([]byte(pattern), &p); err != nil {
		return Filter{}, fmt.Errorf("read filter: %w", err)
	}
	if len(p.EventName) != 1 || len(p.DynamoDB.Keys.PK.S) != 1 {
		return Filter{}, fmt.Errorf("filter %s: one event and one prefix", pattern)
	}
	return Filter{Event: p.EventName[0], Prefix: p.DynamoDB.Keys.PK.S[0].Prefix}, nil
}
