package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

// instant is a table that answers at once, for what a function needs at its
// start: the district is there, nothing else is, and every write is done. Beside
// Dynoxide it tells what a function costs by itself.
type instant struct {
	endpoint string // of Dynoxide, which is asked for the district once

	mu       sync.Mutex
	district []byte
}

func (i *instant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case bytes.Contains(body, []byte("DISTRICT#springfield")):
		_, _ = w.Write(i.find(r, body))
	case operation == "UpdateItem":
		_, _ = io.WriteString(w, `{"Attributes":{"tally":{"N":"1"}}}`)
	case operation == "Query":
		_, _ = io.WriteString(w, `{"Items":[],"Count":0,"ScannedCount":0}`)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

func (i *instant) find(r *http.Request, body []byte) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.district != nil {
		return i.district
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, i.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	i.district, _ = io.ReadAll(response.Body)
	return i.district
}
