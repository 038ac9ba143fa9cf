package rule

import (
	"fmt"
	"slices"
	"strings"
)

// TenantMode says whether something takes part in tenanted deployments, in
// untenanted ones, or in both.
type TenantMode string

// The tenant modes, as on the wire.
const (
	Untenanted           TenantMode = "Untenanted"
	TenantedOrUntenanted TenantMode = "TenantedOrUntenanted"
	Tenanted             TenantMode = "Tenanted"
)

// AllowsTenant says whether a deployment for a tenant is allowed; the empty id
// is an untenanted deployment. An empty mode is Untenanted.
func (m TenantMode) AllowsTenant(tenant string) bool {
	if tenant == "" {
		return m != Tenanted
	}
	return m == Tenanted || m == TenantedOrUntenanted
}

// MatchTags says whether a set of tags passes a filter of canonical names
// ("Set/Tag"): one tag of each set that the filter mentions is enough, and every
// such set must have one. An empty filter restricts nothing.
func MatchTags(filter, tags []string) bool {
	passed := map[string]bool{}
	for _, wanted := range filter {
		set, _, _ := strings.Cut(strings.ToLower(wanted), "/")
		passed[set] = passed[set] || ContainsFold(tags, wanted)
	}
	for _, ok := range passed {
		if !ok {
			return false
		}
	}
	return true
}

// containsFold says whether a list has an entry, whatever its case.
func ContainsFold(list []string, entry string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, entry) })
}

// meetsFold says whether two lists have an entry in common, whatever its case.
func meetsFold(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return ContainsFold(b, s) })
}

// quoted lists names for a sentence.
func Quoted(names []string, last string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = fmt.Sprintf("%q", name)
	}
	if len(marked) < 2 {
		return strings.Join(marked, "")
	}
	return strings.Join(marked[:len(marked)-1], ", ") + " " + last + " " + marked[len(marked)-1]
}

// StreamTenant is a tenant as far as it matters for who gets a deployment.
type StreamTenant struct {
	ID, Name string
	Tags     []string
	Disabled bool
	// Connected says whether the tenant is connected to the project, and
	// Environments to which of its environments; empty are all of them.
	Connected    bool
	Environments []string
}

// ConnectedTo says whether the tenant is connected to an environment of the project.
func (t *StreamTenant) ConnectedTo(environment string) bool {
	return t.Connected && (len(t.Environments) == 0 || ContainsFold(t.Environments, environment))
}

// Streams lists for whom a release goes through its lifecycle on its own: ""
// is the untenanted stream, and every other entry a tenant's id, sorted by the
// order given. A channel with tenant tags has no other tenants.
func Streams(mode TenantMode, tenants []StreamTenant, channelTags []string) []string {
	var streams []string
	if mode.AllowsTenant("") {
		streams = append(streams, "")
	}
	for i := range tenants {
		t := &tenants[i]
		if mode.AllowsTenant(t.ID) && t.Connected && !t.Disabled && MatchTags(channelTags, t.Tags) {
			streams = append(streams, t.ID)
		}
	}
	return streams
}

// ChooseTenants gives the tenants that a person meant: those named, and besides
// them those whose tags pass the filter. Nothing chosen is nobody.
func ChooseTenants(tenants []StreamTenant, ids, filter []string) []StreamTenant {
	var chosen []StreamTenant
	for _, t := range tenants {
		if ContainsFold(ids, t.ID) || len(filter) > 0 && MatchTags(filter, t.Tags) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// Tenancy says for whom a machine, an account or a certificate is there.
type Tenancy struct {
	Mode       TenantMode // empty is inferred from the rest
	TenantIDs  []string
	TenantTags []string
}

// mode is the mode given, or else the one that the tenants and tags imply.
func (t *Tenancy) mode() TenantMode {
	switch {
	case t.Mode != "":
		return t.Mode
	case len(t.TenantIDs) > 0 || len(t.TenantTags) > 0:
		return Tenanted
	}
	return Untenanted
}

// Refuses says why something does not take part in a deployment for a tenant,
// or untenanted if its id is empty; "" when it does take part.
func (t *Tenancy) Refuses(tenant string, tags []string) string {
	mode := t.mode()
	if !mode.AllowsTenant(tenant) {
		if tenant == "" {
			return "it takes part in tenanted deployments only"
		}
		return "it takes part in untenanted deployments only"
	}
	if tenant == "" || len(t.TenantIDs) == 0 && len(t.TenantTags) == 0 || ContainsFold(t.TenantIDs, tenant) {
		return ""
	}
	if len(t.TenantTags) > 0 && MatchTags(t.TenantTags, tags) {
		return ""
	}
	return "it is not associated with the tenant"
}
