package catalog

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// The ways in which something takes part in deployments with and without a
// tenant.
const (
	Untenanted           = "Untenanted"
	TenantedOrUntenanted = "TenantedOrUntenanted"
	Tenanted             = "Tenanted"
)

// participate completes and checks how a target, account or certificate takes
// part: one that names tenants is for them only, if nothing else is said.
func participate(mode *string, tenants, tags []string, c *fault.Complaints) {
	modes := []string{Untenanted, TenantedOrUntenanted, Tenanted}
	at := slices.IndexFunc(modes, func(m string) bool { return strings.EqualFold(m, strings.TrimSpace(*mode)) })
	switch {
	case at >= 0:
		*mode = modes[at]
	case *mode != "":
		c.Add("TenantedDeploymentParticipation is %q, which is not one of %s.", *mode, strings.Join(modes, ", "))
	case len(tenants)+len(tags) > 0:
		*mode = Tenanted
	default:
		*mode = Untenanted
	}
}
