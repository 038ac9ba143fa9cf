package parcel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPackagesOfAProcess are those of its steps, of scripts that name more of them,
// and of no other member.
func TestPackagesOfAProcess(t *testing.T) {
	v, err := tree([]byte(`{"Steps":[{"Actions":[{"Packages":[{"PackageId":"Acme.Web","FeedId":"Feeds-1"},{"PackageId":"tools"}],"Properties":{"Octopus.Action.Package.PackageId":"Acme.DB","Note":"Other"}}]}],"Id":"Elsewhere"}`))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	usedBy(v, used)
	if d := cmp.Diff(map[string]bool{"acme.web": true, "tools": true, "acme.db": true}, used); d != "" {
		t.Error(d)
	}
}
