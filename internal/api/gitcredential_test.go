package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/gitrepo/gittest"
)

func TestUsageOfGitCredential(t *testing.T) {
	v := newVersioned(t)
	credential := func(name string) string {
		return v.text(v.post("/api/Spaces-1/git-credentials", thing{"Name": name, "Details": thing{"Type": "UsernamePassword", "Username": gittest.User, "Password": hidden(gittest.Password)}}), "Id")
	}
	busy, idle := credential("busy"), credential("idle")
	v.want(200, "POST", v.project+"/git/convert", thing{"VersionControlSettings": with(v.settings(), "Credentials", thing{"Type": "Reference", "Id": busy})})
	role := v.post("/api/userroles", thing{"Name": "Credentials alone", "GrantedSpacePermissions": []string{"GitCredentialView"}})
	stranger := v.who(v.text(role, "Id"), func(*catalog.ScopedUserRole) {})
	shop := map[string]any{"ProjectId": v.id, "Slug": "web-shop", "Name": "Web shop"}
	for name, c := range map[string]struct {
		who *client
		id  string
		see []any
		not float64
	}{
		"in use":                 {v.client, busy, []any{shop}, 0},
		"not in use":             {v.client, idle, []any{}, 0},
		"in use for a stranger":  {stranger, busy, []any{}, 1},
		"nowhere for a stranger": {stranger, idle, []any{}, 0},
	} {
		got := c.who.get("/api/Spaces-1/git-credentials/" + c.id + "/usage")
		if d := cmp.Diff(map[string]any{"Projects": c.see, "OtherProjects": c.not}, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	v.refused(404, "GET", "/api/Spaces-1/git-credentials/GitCredentials-99/usage", nil)
}
