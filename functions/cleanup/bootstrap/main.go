// Command bootstrap is the sweep as Lambda runs it: on the table, and on Cognito
// to end sign-ins. It holds no secret and never checks or sets a password.
package main

import (
	"time"

	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/infra/boot"
	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/shared/settings"
)

func main() { boot.Start(wire) }

func wire(env *settings.Reader) (any, error) {
	base := boot.From(env)
	users := cognito.Config{
		Pool: env.String("POOL_ID"), Region: base.Region, Endpoint: env.Emulator("COGNITO_ENDPOINT"),
		Credentials: base.Credentials, Jitter: boot.Jitter, HTTP: base.HTTP,
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	flow := cleanup.Flow{Table: base.Store(), Sessions: cognito.Open(users), Log: base.Log, Now: time.Now}
	return flow.Run, nil
}
