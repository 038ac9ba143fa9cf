package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TestTenantValues deploys for a tenant, whose values for the templates of the
// project and of a library variable set reach the steps.
func TestTenantValues(t *testing.T) {
	o := newOffice(t)
	o.process(tell("Hello", "#{Url} #{Region} #{Color}"))
	tenant := &catalog.Tenant{}
	var url, region string
	o.do(func(tx *store.Tx) error {
		l := &catalog.LibraryVariableSet{Templates: []catalog.Parameter{{Name: "Region"}, {Name: "Color", DefaultValue: kind.Property{Text: "blue"}}}}
		l.SpaceID, l.Name = space, "Common"
		if err := catalog.LibraryVariableSets.Put(tx, l); err != nil {
			return err
		}
		p, err := catalog.Projects.Get(tx, o.project.ID)
		if err != nil {
			return err
		}
		p.TenantedDeploymentMode, p.IncludedLibraryVariableSetIDs = "Tenanted", []string{l.ID}
		p.Templates = []catalog.Parameter{{Name: "Url"}}
		if err := catalog.Projects.Put(tx, p); err != nil {
			return err
		}
		url, region = p.Templates[0].ID, l.Templates[0].ID
		tenant.SpaceID, tenant.Name = space, "Acme"
		tenant.ProjectEnvironments = map[string][]string{p.ID: {o.dev.ID}}
		return catalog.Tenants.Put(tx, tenant)
	})
	r := o.release(deploy.NewRelease{Version: "1.0.0"})
	in := deploy.NewDeployments{Space: space, Release: r, Environments: []string{o.dev.ID}, Tenants: []string{tenant.ID}}
	_, err := o.service.CreateDeployments(t.Context(), in)
	if err == nil || !strings.Contains(details(err), `"Url"`) || !strings.Contains(details(err), `"Region"`) || strings.Contains(details(err), "Color") {
		t.Errorf("without values: %v", err)
	}
	o.do(func(tx *store.Tx) error {
		v, err := catalog.TenantVariablesOf(tx, tenant)
		if err != nil {
			return err
		}
		library := ""
		owners, err := catalog.TemplateOwners(tx, tenant)
		for _, owner := range owners {
			if owner.Project == nil {
				library = owner.ID
			}
		}
		v.Values = []catalog.TenantValue{
			{OwnerID: o.project.ID, TemplateID: url, Environments: []string{o.dev.ID}, Value: kind.Property{Text: "https://acme"}},
			{OwnerID: library, TemplateID: region, Value: kind.Property{Text: "north"}},
		}
		if err != nil {
			return err
		}
		return catalog.TenantVariableSets.Put(tx, v)
	})
	made, err := o.service.CreateDeployments(t.Context(), in)
	if err != nil {
		t.Fatal(details(err))
	}
	o.work()
	if got := o.until(made[0].Task.ID, done); got.State != task.Success {
		t.Fatalf("%s: %s", got.State, got.Error)
	}
	if said := o.said(); !slices.Contains(said, "Hello@: https://acme north blue") {
		t.Errorf("%q", said)
	}
}
