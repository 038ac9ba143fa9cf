package api

import (
	"fmt"
	"maps"
	"testing"
)

// What a client wrote of a role comes back, and nothing that nobody wrote.
func TestRestrictionsOfRoles(t *testing.T) {
	c := newClient(t)
	role := thing{"Name": "Clerk", "GrantedSpacePermissions": []string{"ProjectView"}}
	made := c.post("/api/userroles", role).(thing)
	self := "/api/userroles/" + c.text(made, "Id")
	for _, step := range []struct {
		sent any
		want string
	}{{nil, "[]"}, {[]string{"Tenants", "Projects"}, "[Tenants Projects]"}, {nil, "[]"}} {
		body := with(maps.Clone(role), "Description", step.want)
		if step.sent != nil {
			body["SupportedRestrictions"] = step.sent
		}
		c.put(self, body)
		if got := fmt.Sprint(at(c.get(self), "SupportedRestrictions")); got != step.want {
			t.Errorf("%v was sent, and %s came back", step.sent, got)
		}
	}
	if got := fmt.Sprint(made["SupportedRestrictions"]); got != "[]" {
		t.Errorf("a new role: %s", got)
	}
	const builtIn = "/api/userroles/userroles-projectdeployer"
	want := "[Projects ProjectGroups Environments Tenants]"
	c.put(builtIn, with(c.get(builtIn).(thing), "SupportedRestrictions", []string{}))
	if got := fmt.Sprint(at(c.get(builtIn), "SupportedRestrictions")); got != want {
		t.Errorf("a built-in role: %s", got)
	}
}
