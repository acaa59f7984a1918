package runtime_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/infra/runtime"
)

// The same link is pressed three times at once, each time with another password,
// and its code is typed once, in four processes. One of them wins.
func TestOfAllWhoHoldAProofAtOnceOneWins(t *testing.T) {
	s := newStack(t)
	s.settle()
	var processes []*runtime.Process
	for range 4 {
		processes = append(processes, s.another("verifytoken"))
	}
	for round := range 6 {
		v := s.victim(t, round)
		v.hasLink()
		pressed := [][]byte{v.setsByLink(), v.setsByLink(), v.setsByCode(), v.setsByLink()}
		answers := make([]events.APIGatewayProxyResponse, len(pressed))
		var work sync.WaitGroup
		for i, p := range processes {
			work.Go(func() {
				raw, err := p.Invoke(t.Context(), pressed[i])
				if err == nil {
					err = json.Unmarshal(raw, &answers[i])
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		v.rests()
		winner := -1
		for i, a := range answers {
			switch {
			case a.StatusCode == http.StatusOK && winner < 0:
				winner = i
			case !slices.Contains([]int{http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity}, a.StatusCode):
				t.Errorf("round %d, press %d: %d %s", round, i, a.StatusCode, a.Body)
			}
		}
		v.isAccounted()
		if right := v.right(); winner < 0 || len(right) != 1 || right[0] != v.chosen[winner] || v.audits()["password-changed"] != 1 {
			t.Errorf("round %d: press %d won, %q is right of %q, audit %v", round, winner, right, v.chosen, v.audits())
		}
	}
}
