package deploy

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// The rules of this package are about plain values. What is here makes such
// values of what is stored.

func phasesOf(l *catalog.Lifecycle) []rule.Phase {
	phases := make([]rule.Phase, len(l.Phases))
	for i := range l.Phases {
		p := &l.Phases[i]
		phases[i] = rule.Phase{
			ID: p.ID, Name: p.Name, Automatic: p.AutomaticDeploymentTargets, Manual: p.OptionalDeploymentTargets,
			Minimum: p.MinimumEnvironmentsBeforePromotion, Optional: p.IsOptionalPhase, Priority: p.IsPriorityPhase,
		}
	}
	return phases
}

func environmentsOf(tx *store.Tx, space string) ([]rule.LifecycleEnvironment, []*catalog.Environment, error) {
	all, err := catalog.Environments.PeekAll(tx, kind.Query{Space: space})
	if err != nil {
		return nil, nil, err
	}
	plain := make([]rule.LifecycleEnvironment, len(all))
	for i, e := range all {
		plain[i] = rule.LifecycleEnvironment{ID: e.ID, Name: e.Name, SortOrder: e.SortOrder, Ephemeral: e.Type != "" && e.Type != catalog.StaticEnvironment}
	}
	return plain, all, nil
}

func channelOf(c *catalog.Channel) rule.Channel {
	plain := rule.Channel{ID: c.ID, Name: c.Name, Default: c.IsDefault, GitReferences: c.GitReferenceRules, TenantTags: c.TenantTags}
	for i := range c.Rules {
		r := &c.Rules[i]
		made := rule.ChannelRule{
			VersionRange: r.VersionRange, Tag: r.Tag, VersionTag: r.VersionTagRegex,
			ByPublished: strings.EqualFold(r.VersioningStrategy, "MostRecentlyPublished"),
		}
		for _, p := range r.ActionPackages {
			made.Packages = append(made.Packages, rule.ChannelPackage{Action: p.DeploymentAction, Reference: p.PackageReference})
		}
		plain.Rules = append(plain.Rules, made)
	}
	return plain
}

func channelsOf(tx *store.Tx, project *catalog.Project) ([]*catalog.Channel, error) {
	all, _, err := catalog.Channels.List(tx, kind.Query{Space: project.SpaceID, Match: map[string]string{"ProjectId": project.ID}})
	return all, err
}

// machinesOf reads the deployment targets of an environment. An ephemeral one
// has those of its parent too.
func machinesOf(tx *store.Tx, environment *catalog.Environment) ([]rule.Machine, map[string]*catalog.Machine, error) {
	space, places := environment.SpaceID, []string{environment.ID}
	if environment.ParentEnvironmentID != "" {
		places = append(places, environment.ParentEnvironmentID)
	}
	all, err := catalog.Machines.PeekAll(tx, kind.Query{Space: space, Refer: map[string][]string{"EnvironmentIds": places}})
	if err != nil {
		return nil, nil, err
	}
	policies, err := catalog.MachinePolicies.PeekAll(tx, kind.Query{Space: space})
	if err != nil {
		return nil, nil, err
	}
	offline := map[string]bool{}
	for _, p := range policies {
		offline[p.ID] = p.MachineConnectivityPolicy.MachineConnectivityBehavior == "MayBeOfflineAndCanBeSkipped"
	}
	machines := make([]rule.Machine, len(all))
	byID := make(map[string]*catalog.Machine, len(all))
	for i, m := range all {
		byID[m.ID] = m
		machines[i] = rule.Machine{
			ID: m.ID, Name: m.Name, Environments: m.EnvironmentIDs, Roles: m.Roles, Disabled: m.IsDisabled,
			Health: rule.Health(m.HealthStatus), MayBeOffline: offline[m.MachinePolicyID],
			Tenancy: rule.Tenancy{Mode: rule.TenantMode(m.TenantedDeploymentParticipation), TenantIDs: m.TenantIDs, TenantTags: m.TenantTags},
		}
		if len(places) > 1 && !slices.Contains(m.EnvironmentIDs, environment.ID) {
			machines[i].Environments = append([]string{environment.ID}, m.EnvironmentIDs...)
		}
	}
	return machines, byID, nil
}

func connectivityOf(p catalog.ConnectivityPolicy) rule.Connectivity {
	return rule.Connectivity{
		SkipUnavailable: p.SkipMachineBehavior == "SkipUnavailableMachines", SkipRoles: p.TargetRoles,
		ExcludeUnhealthy: p.ExcludeUnhealthyTargets, AllowNoTargets: p.AllowDeploymentsToNoTargets,
	}
}

func tenantOf(t *catalog.Tenant, project string) rule.StreamTenant {
	environments, connected := t.ProjectEnvironments[project]
	return rule.StreamTenant{ID: t.ID, Name: t.Name, Tags: t.TenantTags, Disabled: t.IsDisabled, Connected: connected, Environments: environments}
}

// tenantsOf reads the tenants that are connected to a project.
func tenantsOf(tx *store.Tx, space, project string) ([]*catalog.Tenant, []rule.StreamTenant, error) {
	all, _, err := catalog.Tenants.List(tx, kind.Query{Space: space, Refer: map[string][]string{"ProjectEnvironments": {project}}})
	if err != nil {
		return nil, nil, err
	}
	plain := make([]rule.StreamTenant, len(all))
	for i, t := range all {
		plain[i] = tenantOf(t, project)
	}
	return all, plain, nil
}

// valuesOf makes values of the variables of a set. Secrets stay closed unless
// they are asked for.
func valuesOf(tx *store.Tx, set *catalog.VariableSet, from variable.Source, owner string, order int, open bool) ([]variable.Value, error) {
	values := make([]variable.Value, 0, len(set.Variables))
	for i := range set.Variables {
		v := &set.Variables[i]
		value := variable.Value{
			ID: v.ID, Name: v.Name, Type: v.Type, Sensitive: v.IsSensitive, Source: from, Owner: owner, Order: order,
			Scope: variable.Scope{
				Environment: v.Scope.Environment, Machine: v.Scope.Machine, Role: v.Scope.Role, Action: v.Scope.Action,
				Channel: v.Scope.Channel, TenantTag: v.Scope.TenantTag, ProcessOwner: v.Scope.ProcessOwner,
			},
		}
		if p := v.Prompt; p != nil {
			value.Prompt = &variable.Prompt{Label: p.Label, Description: p.Description, Required: p.Required, Display: p.DisplaySettings}
		}
		if open || !value.IsSensitive() {
			text, err := v.Plain(tx)
			if err != nil {
				return nil, err
			}
			value.Value = text
		}
		values = append(values, value)
	}
	return values, nil
}

// readValues reads the variables of a project's set and of the library sets
// that it includes, live or as snapshots.
func readValues(tx *store.Tx, project *catalog.Project, projectSet string, librarySets []string, open bool) ([]variable.Value, error) {
	set, err := catalog.VariableSets.Peek(tx, projectSet)
	if err != nil {
		return nil, err
	}
	return valuesWith(tx, project, set, librarySets, open)
}

// addLibraries adds the variables of library sets.
func addLibraries(tx *store.Tx, values []variable.Value, librarySets []string, open bool) ([]variable.Value, error) {
	for i, id := range librarySets {
		set, err := catalog.VariableSets.Peek(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue // the library set was deleted, and so are its values
		}
		if err != nil {
			return nil, err
		}
		owner := set.OwnerID
		if library, err := catalog.LibraryVariableSets.Peek(tx, set.OwnerID); err == nil {
			owner = library.Name
		}
		more, err := valuesOf(tx, set, variable.FromLibrary, owner, i+1, open)
		if err != nil {
			return nil, err
		}
		values = append(values, more...)
	}
	return values, nil
}

// librarySetsOf lists the variable sets of the library sets that a project
// includes.
func librarySetsOf(tx *store.Tx, project *catalog.Project) ([]string, error) {
	var ids []string
	for _, id := range project.IncludedLibraryVariableSetIDs {
		library, err := catalog.LibraryVariableSets.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, library.VariableSetID)
	}
	return ids, nil
}

// liveValues reads the variables of a project as they are now, secrets closed.
func liveValues(tx *store.Tx, project *catalog.Project) ([]variable.Value, error) {
	libraries, err := librarySetsOf(tx, project)
	if err != nil {
		return nil, err
	}
	return readValues(tx, project, project.VariableSetID, libraries, false)
}

// ValuesFor reads the variables that a project has now, in an environment and,
// unless it is nil, for a tenant. What sensitive ones hold is not for showing.
// Those of a project in Git are of a revision.
func ValuesFor(tx *store.Tx, project *catalog.Project, revision *gitproject.Revision, tenant *catalog.Tenant, environment string) ([]variable.Value, error) {
	values, err := valuesNow(tx, project, revision)
	if err != nil || tenant == nil {
		return values, err
	}
	more, _, err := tenantValues(tx, project, tenant, environment)
	return append(values, more...), err
}

// roles are the target tags of a step; none means that it does not run on
// targets.
func rolesOf(s *catalog.Step) []string {
	var roles []string
	for role := range strings.SplitSeq(s.Properties["Octopus.Action.TargetRoles"].Text, ",") {
		if role = strings.TrimSpace(role); role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

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
	return variable.Template{ID: p.ID, Name: p.Name, Default: fallback, Sensitive: p.Sensitive(), Type: p.ValueType()}, nil
}

func plainProperty(tx *store.Tx, p kind.Property) (string, error) {
	if p.Secret != nil {
		return p.Secret.Open(tx)
	}
	return p.Text, nil
}

// needValues complains of what the tenant has no value for.
func (e *errand) needValues(tx *store.Tx, p pair, wrong *fault.Complaints) error {
	if p.tenant == nil {
		return nil
	}
	_, missing, err := tenantValues(tx, e.project, p.tenant, p.environment.ID)
	for i := range missing {
		wrong.Add("%s", missing[i].Sentence())
	}
	return err
}

// expand finds the parts of what a typed value names. A value is a text that
// anybody may have typed, so what it names must lie in the deployment's space:
// else it would give away what another space keeps.
func (g *occasion) expand(typ, id string) ([]variable.Part, error) {
	return g.Service.expand(g.project.SpaceID, typ, id)
}

func (s *Service) expand(space, typ, id string) (parts []variable.Part, err error) {
	err = s.DB.View(context.Background(), func(tx *store.Tx) error {
		if typ == variable.TypeCertificate {
			parts, err = certificateParts(tx, space, id)
			return err
		}
		a, err := catalog.Accounts.Get(tx, id)
		if err == nil && a.SpaceID != space {
			err = elsewhere("account", id, space)
		}
		if err != nil {
			return err
		}
		parts, err = accountParts(tx, a)
		return err
	})
	return parts, err
}

// elsewhere is the error of what lies in another space: there it might as well
// not be.
func elsewhere(what, id, space string) error {
	return fault.New(fault.NotFound, "There is no %s %s in space %s.", what, id, space)
}

// accountParts are the variables that a variable of an account's type becomes.
func accountParts(tx *store.Tx, a *catalog.Account) ([]variable.Part, error) {
	v := variable.Account{
		Type: a.AccountType, Username: a.Username, AccessKey: a.AccessKey, Region: a.Region, RoleArn: a.RoleArn,
		SessionDuration: string(a.SessionDuration), SubscriptionNumber: a.SubscriptionNumber, ClientID: a.ClientID, TenantID: a.TenantID,
		AzureEnvironment: a.AzureEnvironment, ResourceManagementEndpoint: a.ResourceManagementEndpointBaseURI,
		ActiveDirectoryEndpoint: a.ActiveDirectoryEndpointBaseURI, CertificateThumbprint: a.CertificateThumbprint,
		ServiceManagementEndpoint: a.ServiceManagementEndpointBaseURI, ServiceManagementEndpointSx: a.ServiceManagementEndpointSuffix,
		Audience: a.Audience,
	}
	for to, from := range map[*string]*kind.Sensitive{
		&v.Password: a.Password, &v.SecretKey: a.SecretKey, &v.Token: a.Token, &v.JSONKey: a.JSONKey,
		&v.PrivateKeyFile: a.PrivateKeyFile, &v.PrivateKeyPassphrase: a.PrivateKeyPassphrase,
	} {
		plain, err := from.Open(tx)
		if err != nil {
			return nil, err
		}
		*to = plain
	}
	return v.Parts(), nil
}

// certificateParts are the variables that a certificate variable becomes.
func certificateParts(tx *store.Tx, space, id string) ([]variable.Part, error) {
	c, err := catalog.Certificates.Get(tx, id)
	if err == nil && c.SpaceID != space {
		err = elsewhere("certificate", id, space)
	}
	if err != nil {
		return nil, err
	}
	m, err := c.Open(tx)
	if err != nil {
		return nil, err
	}
	v := variable.Certificate{
		Name: c.Name, Thumbprint: c.Thumbprint, HasPrivateKey: c.HasPrivateKey,
		CertificatePem: m.PEM(false), Subject: c.SubjectDistinguishedName, SubjectCommonName: c.SubjectCommonName,
		Issuer: c.IssuerDistinguishedName, IssuerCommonName: c.IssuerCommonName,
		NotBefore: c.NotBefore.Format(time.RFC3339), NotAfter: c.NotAfter.Format(time.RFC3339),
	}
	if v.RawOriginal, err = c.CertificateData.Open(tx); err != nil {
		return nil, err
	}
	if v.Password, err = c.Password.Open(tx); err != nil {
		return nil, err
	}
	v.Certificate = base64.StdEncoding.EncodeToString(m.Certificates[0].Raw)
	v.ChainPem = strings.TrimPrefix(m.PEM(true), v.CertificatePem)
	if !c.HasPrivateKey {
		return v.Parts(), nil
	}
	if v.PrivateKeyPem, err = m.PrivateKeyPEM(); err != nil {
		return nil, err
	}
	v.PrivateKey = base64.StdEncoding.EncodeToString([]byte(v.PrivateKeyPem))
	pfx, err := m.PFX("")
	if err != nil {
		return nil, err
	}
	v.Pfx = base64.StdEncoding.EncodeToString(pfx)
	return v.Parts(), nil
}
