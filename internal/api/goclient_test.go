package api

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What follows is what the Go client reads and others do not.

func TestFreezesComeUnderTheirOwnName(t *testing.T) {
	v := newVillage(t)
	begin := time.Now().Add(time.Hour).UTC()
	for _, name := range []string{"A", "B"} {
		v.call(201, "POST", "/api/deploymentfreezes", map[string]any{"Name": name, "Start": begin, "End": begin.Add(time.Hour)})
	}
	page := v.call(200, "GET", "/api/deploymentfreezes?take=1", nil)
	got := []any{at(page, "Count"), at(page, "TotalResults"), at(page, "DeploymentFreezes", 0, "Name"), at(page, "DeploymentFreezes", 1), at(page, "Items", 0, "Name")}
	if d := cmp.Diff([]any{2.0, 2.0, "A", nil, "A"}, got); d != "" {
		t.Error(d)
	}
}

func TestRootOfSpaceSaysWhatServerThisIs(t *testing.T) {
	h := newHarness(t)
	system, space := h.call(200, "GET", "/api", nil), h.call(200, "GET", "/api/Spaces-1", nil)
	for _, member := range []string{"Application", "Version", "ApiVersion", "InstallationId"} {
		if s := at(space, member); s == nil || s != at(system, member) {
			t.Errorf("%s is %v of the space and %v of the system", member, s, at(system, member))
		}
	}
	if at(space, "Id") != "Spaces-1" || at(space, "Links", "Self") != "/api/Spaces-1" {
		t.Errorf("%v", space)
	}
}

func TestArchiveCertificate(t *testing.T) {
	h := newHarness(t)
	id := h.make("certificates", map[string]any{"Name": "Web", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(testCertificate(t)))})[0]
	path := "/api/Spaces-1/certificates/" + id
	if c := h.call(200, "POST", path+"/archive", nil); at(c, "Archived") == nil || at(c, "Id") != id {
		t.Errorf("archived: %v", c)
	}
	if c := h.call(200, "GET", path, nil); at(c, "Archived") == nil {
		t.Errorf("read: %v", c)
	}
	if c := h.call(200, "POST", path+"/unarchive", nil); at(c, "Archived") != nil {
		t.Errorf("unarchived: %v", c)
	}
	reader := h.member("eve", h.role("CertificateView", "EnvironmentView", "TenantView"))
	h.call(403, "POST", path+"/archive", nil, "X-Octopus-ApiKey", reader)
	h.call(404, "POST", "/api/Spaces-1/certificates/Certificates-99/archive", nil)
}

func TestRolesMayBeEmpty(t *testing.T) {
	h := newHarness(t)
	role := h.call(201, "POST", "/api/userroles", map[string]any{"Name": "None yet", "GrantedSpacePermissions": nil, "GrantedSystemPermissions": nil})
	if d := cmp.Diff([]any{}, at(role, "GrantedSpacePermissions")); d != "" {
		t.Error(d)
	}
}
