package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Region is where everything is, as far as an emulator has regions.
const Region = "us-east-1"

// ask calls an operation of a service without its client, which would not send
// what Amazon's API does not know.
func ask(ctx context.Context, endpoint, service, target string, in, into any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	kind := "application/x-amz-json-1.1"
	if service == "dynamodb" {
		kind = "application/x-amz-json-1.0"
	}
	return post(ctx, endpoint, service, http.Header{"Content-Type": {kind}, "X-Amz-Target": {target}}, body, into)
}

// Anybody is whom an emulator lets in.
var Anybody = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return anybody, nil
})

var anybody = aws.Credentials{AccessKeyID: "anybody", SecretAccessKey: "anything"}

func post(ctx context.Context, endpoint, service string, header http.Header, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, anybody, request, hex.EncodeToString(hash[:]), service, Region, time.Now()); err != nil {
		return err
	}
	response, err := Client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %.200s", response.Status, answer)
	case into == nil:
		return nil
	}
	return json.Unmarshal(answer, into)
}
