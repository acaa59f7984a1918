// Package parameter reads a secret from Systems Manager's Parameter Store.
//
// It promises that what it reads is in no error and no log. It makes one call of
// one service, so it speaks to it without that service's SDK client, which would
// cost every start of a function more than the call (docs/decisions/0010).
//
// It leaves what the secret means to its caller. Read [Read].
package parameter

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sparekey/sparekey/shared/pepper"
)

// Config says which parameter, and how to reach it.
type Config struct {
	Name        string
	Region      string
	Endpoint    string // empty: Amazon's own
	Credentials aws.CredentialsProvider
	HTTP        interface {
		Do(*http.Request) (*http.Response, error)
	}
	// Wait is how long to wait before the second try, doubling; 100 ms if 0.
	Wait time.Duration
}

const (
	tries    = 5
	deadline = 8 * time.Second // Lambda gives a start ten
	patience = 2 * time.Second // of one try: a lost packet is not the end of a start
	most     = 64 << 10        // bytes; a parameter has 8 KB at most
)

// errAgain says that the same may do better in a moment.
var errAgain = errors.New("not now")

// Read reads the parameter and decrypts it. When many functions start at once,
// Parameter Store refuses some: those wait and ask again.
func Read(ctx context.Context, c Config) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	wait := cmp.Or(c.Wait, 100*time.Millisecond)
	for try := 1; ; try++ {
		value, err := c.ask(ctx)
		if err == nil || try == tries || !errors.Is(err, errAgain) {
			return value, wrap(c.Name, err)
		}
		select {
		case <-ctx.Done():
			return "", wrap(c.Name, err)
		case <-time.After(wait << (try - 1)):
		}
	}
}

func wrap(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read parameter %s: %w", name, err)
}

func (c Config) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := c.request(ctx)
	if err != nil {
		return "", err
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAgain, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAgain, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", refused(response.StatusCode, body)
	}
	var answer struct {
		Parameter struct{ Type, Value string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", errors.New("the answer is not JSON") // without what it says: the secret may be in it
	}
	if answer.Parameter.Type != "SecureString" || answer.Parameter.Value == "" {
		return "", errors.New("not a SecureString with a value")
	}
	return answer.Parameter.Value, nil
}

// request asks for GetParameter, in AWS's JSON 1.1, signed (SigV4).
func (c Config) request(ctx context.Context) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{"Name": c.Name, "WithDecryption": true})
	if err != nil {
		return nil, err
	}
	endpoint := cmp.Or(c.Endpoint, "https://ssm."+c.Region+"."+domain(c.Region))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	who, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return request, v4.NewSigner().SignHTTP(ctx, who, request, hex.EncodeToString(sum[:]), "ssm", c.Region, time.Now())
}

// domain is where a region's services are: China has its own.
func domain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// refused tells a refusal by its name, which says what to mend; its sentence may
// repeat what was asked, and is left out.
func refused(status int, body []byte) error {
	var fault struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(body, &fault)
	name := fault.Type[strings.LastIndexByte(fault.Type, '#')+1:]
	if status >= http.StatusInternalServerError || strings.Contains(name, "Throttling") || name == "TooManyRequestsException" {
		return fmt.Errorf("%w: %d %s", errAgain, status, name)
	}
	return fmt.Errorf("%d %s", status, name)
}

// Pepper reads the pepper.
func (c Config) Pepper() (pepper.Pepper, error) {
	text, err := Read(context.Background(), c)
	if err != nil {
		return pepper.Pepper{}, err
	}
	return pepper.Parse(text)
}
