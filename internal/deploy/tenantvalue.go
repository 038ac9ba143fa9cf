package deploy

import (
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// tenantValues reads what a tenant has for the templates of a project and of
// the library variable sets that the project includes, secrets opened, and what
// it lacks in an environment.
func tenantValues(tx *store.Tx, project *catalog.Project, tenant *catalog.Tenant, environment string) ([]variable.Value, []variable.Missing, error) {
	owners, err := catalog.TemplateOwners(tx, tenant)
	if err != nil {
		return nil, nil, err
	}
	stored, err := catalog.TenantVariablesOf(tx, tenant)
	if err != nil {
		return nil, nil, err
	}
	var sets []variable.TemplateSet
	for i := range owners {
		o := &owners[i]
		set := variable.TemplateSet{Owner: o.Name}
		if o.Project != nil {
			if o.ID != project.ID {
				continue
			}
			set.Project = o.ID
		} else if set.Order = 1 + slices.Index(project.IncludedLibraryVariableSetIDs, o.ID); set.Order == 0 {
			continue
		}
		for j := range o.Templates {
			t, err := templateOf(tx, &o.Templates[j])
			if err != nil {
				return nil, nil, err
			}
			set.Templates = append(set.Templates, t)
		}
		sets = append(sets, set)
	}
	given := make([]variable.TenantValue, len(stored.Values))
	for i := range stored.Values {
		v := &stored.Values[i]
		given[i] = variable.TenantValue{TemplateID: v.TemplateID, Environments: v.Environments}
		if given[i].Value, err = plainProperty(tx, v.Value); err != nil {
			return nil, nil, fmt.Errorf("reading a variable of tenant %s: %w", tenant.ID, err)
		}
	}
	values, missing := variable.Tenanted(tenant.ID, sets, given, []string{environment})
	return values, missing, nil
}

func templateOf(tx *store.Tx, p *catalog.Parameter) (variable.Template, error) {
	fallback, err := plainProperty(tx, p.DefaultValue)
	if err != nil {
		return variable.Template{}, fmt.Errorf("reading the default of template %s: %w", p.ID, err)
	}
	t := variable.Template{ID: p.ID, Name: p.Name, Default: fallback, Sensitive: p.Sensitive()}
	switch control := p.DisplaySettings[catalog.ControlType]; control {
	case "Sensitive", "Certificate", "WorkerPool", "AmazonWebServicesAccount", "AzureAccount", "GoogleCloudAccount", "UsernamePasswordAccount", "GenericOidcAccount":
		t.Type = control
	}
	return t, nil
}

func plainProperty(tx *store.Tx, p kind.Property) (string, error) {
	if p.Secret != nil {
		return p.Secret.Open(tx)
	}
	return p.Text, nil
}

// needValues complains of what the tenant has no value for.
func (o *order) needValues(tx *store.Tx, p pair, wrong *fault.Complaints) error {
	if p.tenant == nil {
		return nil
	}
	_, missing, err := tenantValues(tx, o.project, p.tenant, p.environment.ID)
	for i := range missing {
		wrong.Add("%s", missing[i].Sentence())
	}
	return err
}
