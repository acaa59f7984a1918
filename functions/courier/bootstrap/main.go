// Command bootstrap is the courier as Lambda runs it: on the table, on SES, and
// with the pepper.
package main

import (
	"time"

	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/infra/boot"
	"github.com/sparekey/sparekey/infra/parameter"
	"github.com/sparekey/sparekey/infra/ses"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/settings"
	"github.com/sparekey/sparekey/shared/web"
)

func main() { boot.Start(wire) }

func wire(env *settings.Reader) (any, error) {
	base, site := boot.From(env), web.NewSite(env.Site("BASE_URL"))
	secret := parameter.Config{
		Name: env.String("PEPPER_PARAMETER"), Region: base.Region, Endpoint: env.Emulator("SSM_ENDPOINT"),
		Credentials: base.Credentials, HTTP: base.HTTP,
	}
	post := ses.Config{
		ConfigurationSet: env.String("CONFIGURATION_SET"), Region: base.Region, Endpoint: env.Emulator("SES_ENDPOINT"),
		Credentials: base.Credentials, HTTP: base.HTTP,
	}
	rate := env.Int("SEND_RATE", 1, 10_000)
	if err := env.Err(); err != nil {
		return nil, err
	}
	reading := boot.Begin(secret.Pepper)
	store := base.Store()
	districts := base.Districts(store)
	keys, err := reading()
	if err != nil {
		return nil, err
	}
	flow := courier.Flow{
		Table: store, Mail: ses.Open(post), Districts: districts, Pepper: keys, Site: site, Words: i18n.Default,
		Log: base.Log, Now: time.Now, Pause: boot.Pause, Rate: rate,
	}
	return handler(flow), nil
}
