// Command bootstrap is sign-in as Lambda runs it: on the table, on Cognito, and
// with the pepper.
package main

import (
	"time"

	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/infra/boot"
	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/parameter"
	"github.com/sparekey/sparekey/shared/settings"
	"github.com/sparekey/sparekey/shared/slowhash"
	"github.com/sparekey/sparekey/shared/web"
)

func main() { boot.Start(wire) }

func wire(env *settings.Reader) (any, error) {
	base, site := boot.From(env), web.NewSite(env.Site("BASE_URL"))
	secret := parameter.Config{
		Name: env.String("PEPPER_PARAMETER"), Region: base.Region, Endpoint: env.Emulator("SSM_ENDPOINT"),
		Credentials: base.Credentials, HTTP: base.HTTP,
	}
	users := cognito.Config{
		Pool: env.String("POOL_ID"), Client: env.String("CLIENT_ID"), ClientSecret: env.String("CLIENT_SECRET"),
		Region: base.Region, Endpoint: env.Emulator("COGNITO_ENDPOINT"),
		Credentials: base.Credentials, Jitter: boot.Jitter, HTTP: base.HTTP,
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	reading := boot.Begin(secret.Pepper)
	store := base.Store()
	edge := base.Edge("sign-in", site, store, signin.Pages)
	keys, err := reading()
	if err != nil {
		return nil, err
	}
	flow := signin.Flow{Table: store, Credentials: cognito.Open(users), Pepper: keys, Hash: slowhash.Argon2id, Now: time.Now}
	return edge.Serve(flow.Routes()), nil
}
