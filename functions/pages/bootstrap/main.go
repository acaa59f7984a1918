// Command bootstrap is pages as Lambda runs it. It holds no secret and reads the
// districts' settings alone.
package main

import (
	"github.com/sparekey/sparekey/functions/pages"
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
	edge := base.Edge("pages", site, base.Store(), pages.Pages)
	flow := pages.Flow{Site: site, Districts: edge.Districts, Served: pages.Deployed, Root: nil} // a family types its district's short name
	return edge.Serve(flow.Routes()), nil
}
