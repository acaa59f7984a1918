package tools

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/sparekey/sparekey/infra/emulator"
)

// Mail is one that SES took.
type Mail struct {
	ID           string
	Source       string
	Destinations []string // whom the headers name too, beside the envelope's: moto's own
	Raw          string   `json:"raw_data"`
}

// Mails are all that SES took in the moto there, by its own account.
func Mails(t testing.TB, endpoint string) []Mail {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/moto-api/data.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := emulator.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var data struct{ SES struct{ RawMessage []Mail } }
	if err := json.NewDecoder(response.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	return data.SES.RawMessage
}
