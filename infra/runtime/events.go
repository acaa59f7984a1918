package runtime

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Request is a request as API Gateway's REST API tells of it to a function: which
// of its resources it matched, and the variables of the path.
func Request(r *http.Request, body []byte, resource, stage string, variables map[string]string) []byte {
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	headers := r.Header.Clone()
	headers.Set("Host", r.Host)
	headers.Set("X-Forwarded-For", source)
	headers.Set("X-Forwarded-Port", "443")
	headers.Set("X-Forwarded-Proto", "https")
	now := time.Now().UTC()
	text, encoded := bodyOf(body)
	return encode(map[string]any{
		"resource": resource, "path": r.URL.Path, "httpMethod": r.Method,
		"headers": lastOf(headers), "multiValueHeaders": headers,
		"queryStringParameters": lastOf(r.URL.Query()), "multiValueQueryStringParameters": orNull(r.URL.Query()),
		"pathParameters": orNull(variables), "stageVariables": nil,
		"requestContext": map[string]any{
			"resourceId": "4f3k2j", "resourcePath": resource, "httpMethod": r.Method, "path": "/" + stage + r.URL.Path,
			"accountId": "000000000000", "apiId": "a1b2c3d4e5", "stage": stage, "protocol": "HTTP/1.1",
			"domainName": r.Host, "domainPrefix": strings.Split(r.Host, ".")[0],
			"requestId": newID(), "extendedRequestId": "JKJaXmPLvHcESHA=",
			"requestTime": now.Format("02/Jan/2006:15:04:05 -0700"), "requestTimeEpoch": now.UnixMilli(),
			"identity": map[string]any{
				"sourceIp": source, "userAgent": r.UserAgent(), "user": nil, "userArn": nil, "caller": nil, "accessKey": nil,
				"accountId": nil, "cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "cognitoAuthenticationType": nil,
				"cognitoAuthenticationProvider": nil, "principalOrgId": nil,
			},
		},
		"body": text, "isBase64Encoded": encoded,
	})
}

// bodyOf is a body as API Gateway hands it over; none is null.
func bodyOf(body []byte) (text any, encoded bool) {
	switch {
	case len(body) == 0:
		return nil, false
	case !utf8.Valid(body):
		return base64.StdEncoding.EncodeToString(body), true
	}
	return string(body), false
}

// lastOf has the last value of each name, or is null.
func lastOf[M ~map[string][]string](all M) any {
	last := map[string]string{}
	for name, values := range all {
		last[name] = values[len(values)-1]
	}
	return orNull(last)
}

func orNull[M ~map[string]V, V any](m M) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// Get is the event of a plain GET of a path, for which no variables but those
// given are known.
func Get(path, resource string, variables map[string]string) []byte {
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path}, Host: "reset.example.org", RemoteAddr: "203.0.113.7:52000",
		Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en-US,en;q=0.9"}, "User-Agent": {phone}},
	}
	return Request(r, nil, resource, "v", variables)
}

// Post is the event of a form that a browser posts from a page of that origin.
func Post(path, resource, origin string, variables map[string]string, fields url.Values) []byte {
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: path}, Host: "reset.example.org", RemoteAddr: "203.0.113.7:52000",
		Header: http.Header{
			"Accept": {"text/html"}, "Accept-Language": {"en-US,en;q=0.9"}, "User-Agent": {phone},
			"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}, "Sec-Fetch-Site": {"same-origin"},
		},
	}
	return Request(r, []byte(fields.Encode()), resource, "v", variables)
}

const phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"

// Scheduled is what EventBridge sends when a schedule's moment has come.
func Scheduled(at time.Time) []byte {
	return encode(map[string]any{
		"version": "0", "id": newID(), "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
		"time": at.UTC().Format(time.RFC3339), "region": "eu-west-1",
		"resources": []string{"arn:aws:events:eu-west-1:000000000000:rule/minute"}, "detail": map[string]any{},
	})
}

// Change is one record of a table's stream that carries keys only.
type Change struct{ ID, Event, Sequence, PK, SK string }

// Stream is what the stream's poller sends: a batch of records.
func Stream(batch []Change) []byte {
	records := make([]map[string]any, len(batch))
	for i, c := range batch {
		records[i] = map[string]any{
			"eventID": c.ID, "eventName": c.Event, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
			"eventSourceARN": "arn:aws:dynamodb:eu-west-1:000000000000:table/sparekey/stream/2026-01-01T00:00:00.000",
			"dynamodb": map[string]any{
				"Keys":                        map[string]any{"PK": map[string]string{"S": c.PK}, "SK": map[string]string{"S": c.SK}},
				"ApproximateCreationDateTime": time.Now().Unix(),
				"SequenceNumber":              c.Sequence, "SizeBytes": len(c.PK) + len(c.SK) + 4, "StreamViewType": "KEYS_ONLY",
			},
		}
	}
	return encode(map[string]any{"Records": records})
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings, numbers and maps of them
	}
	return raw
}
