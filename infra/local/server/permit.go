package server

import (
	"context"
	"fmt"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/template"
)

// permit refuses what the template does not let a function do, as IAM would, so
// that a missing permission is found here and not on the first day of school.
func permit(functions []template.Function) gate.Around {
	may := map[string]map[template.Need]bool{}
	for _, f := range functions {
		may[f.Folder] = map[template.Need]bool{}
		for _, granted := range f.Grants() {
			may[f.Folder][granted] = true
		}
	}
	return func(_ context.Context, c gate.Call, do func() error) error {
		for _, need := range template.Needs(c) {
			if !may[c.Function][need] {
				return fmt.Errorf("%w: %s may not %s", gate.ErrForbidden, c.Function, need)
			}
		}
		return do()
	}
}
