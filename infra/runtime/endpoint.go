package runtime

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// invocation is one event on its way through the process.
type invocation struct {
	id       string
	event    []byte
	answered chan answer
}

// answer is what the process posted for an event.
type answer struct {
	body   []byte
	failed *Failure
}

func (a answer) failure() error {
	if a.failed == nil {
		return nil
	}
	return a.failed
}

// Failure is what a handler, or an init, says went wrong.
type Failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (f *Failure) Error() string { return f.Type + ": " + f.Message }

// The paths and headers of the Runtime API.
const (
	api            = "/2018-06-01/runtime"
	headerID       = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline = "Lambda-Runtime-Deadline-Ms"
	headerARN      = "Lambda-Runtime-Invoked-Function-Arn"
	headerTrace    = "Lambda-Runtime-Trace-Id"
)

// mostAnswer is Lambda's own bound.
const mostAnswer = 6 << 20

func (p *Process) endpoint() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+api+"/invocation/next", p.next)
	mux.HandleFunc("POST "+api+"/invocation/{id}/response", p.respond)
	mux.HandleFunc("POST "+api+"/invocation/{id}/error", p.fail)
	mux.HandleFunc("POST "+api+"/init/error", p.refuse)
	return mux
}

// next waits until there is an event. Its time runs from when it is handed over.
func (p *Process) next(w http.ResponseWriter, r *http.Request) {
	p.reached(&p.times.Next)
	select {
	case i := <-p.events:
		i.id = newID()
		p.mu.Lock()
		p.current = i
		p.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set(headerID, i.id)
		h.Set(headerDeadline, strconv.FormatInt(time.Now().Add(p.config.Timeout).UnixMilli(), 10))
		h.Set(headerARN, "arn:aws:lambda:eu-west-1:000000000000:function:"+p.config.Function)
		h.Set(headerTrace, "Root=1-00000000-000000000000000000000000;Sampled=0")
		_, _ = w.Write(i.event) // a process that is gone is seen elsewhere
	case <-r.Context().Done():
	}
}

func (p *Process) respond(w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	p.reached(&p.times.Response)
	p.finish(w, r, answer{body: body})
}

func (p *Process) fail(w http.ResponseWriter, r *http.Request) {
	if body, ok := read(w, r); ok {
		p.finish(w, r, answer{failed: failureOf(body)})
	}
}

// refuse keeps what the process says of its own init; that it ends then, it does
// itself.
func (p *Process) refuse(w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	p.mu.Lock()
	p.refused = failureOf(body)
	p.mu.Unlock()
	accept(w)
}

// finish hands the answer to whoever waits for it. An answer to an event that is
// not the current one is refused, as Lambda does.
func (p *Process) finish(w http.ResponseWriter, r *http.Request, a answer) {
	p.mu.Lock()
	i := p.current
	mine := i != nil && i.id == r.PathValue("id")
	if mine {
		p.current = nil
	}
	p.mu.Unlock()
	if !mine {
		http.Error(w, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	i.answered <- a
	accept(w)
}

func read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostAnswer))
	if err != nil {
		http.Error(w, `{"errorMessage":"Exceeded maximum allowed payload size","errorType":"RequestEntityTooLarge"}`,
			http.StatusRequestEntityTooLarge)
	}
	return body, err == nil
}

func accept(w http.ResponseWriter) {
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func failureOf(body []byte) *Failure {
	f := &Failure{}
	if err := json.Unmarshal(body, f); err != nil {
		f.Message = string(body)
	}
	return f
}

// reached notes the first time that the process came so far.
func (p *Process) reached(when *time.Duration) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if *when == 0 {
		*when = now.Sub(p.began)
	}
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
