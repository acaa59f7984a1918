// Command bootstrap is forgot-password as Lambda runs it. It holds no secret and
// reaches the table alone.
package main

import (
	"time"

	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/infra/boot"
	"github.com/sparekey/sparekey/shared/settings"
	"github.com/sparekey/sparekey/shared/web"
)

func main() { boot.Start(wire) }

func wire(env *settings.Reader) (any, error) {
	base, site := boot.From(env), web.NewSite(env.Site("BASE_URL"))
	if err := env.Err(); err != nil {
		return nil, err
	}
	store := base.Store()
	flow := forgotpassword.Flow{Table: store, Now: time.Now}
	return base.Edge("forgot-password", site, store, forgotpassword.Pages).Serve(flow.Routes()), nil
}
