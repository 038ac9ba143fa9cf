package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// RootDocument is where every client begins.
type RootDocument struct {
	Application          string
	Version              string
	APIVersion           string `json:"ApiVersion"`
	InstallationID       string `json:"InstallationId"`
	IsEarlyAccessProgram bool
	HasLongTermSupport   bool
	Links                map[string]string
}

// Within 3.0.0 and 3.0.99 the .NET client takes the server for one it knows.
const apiVersion = "3.0.0"

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "", Handle: a.root, Open: true, Summary: "The root document", Answer: RootDocument{}},
		{Method: "GET", Pattern: "S/", Handle: a.spaceRoot, Summary: "The root document of a space", Answer: SpaceDocument{}},
		{Method: "GET", Pattern: "capabilities", Handle: a.capabilities, Open: true, Summary: "What this server can do"},
		{Method: "GET", Pattern: "configuration/feature-toggles", Handle: a.featureToggles, Query: []string{"Name"}, Summary: "Feature toggles"},
		{Method: "GET", Pattern: "octopusservernodes/ping", Handle: a.ping, Open: true, Summary: "Answers when the server does"},
	}
})

// root lists the system's links and, when there is a default space, its links
// too: clients that name no space have no other source.
func (a *API) root(r *Request) (any, error) {
	doc := a.document(map[string]string{"Self": "/api", "SpaceHome": "/api/{spaceId}"})
	a.links(doc.Links, systemLinks, "/api", &a.routes.system)
	ok, err := a.spaces.exists(r.Context(), a.DB, kind.DefaultSpace)
	if err != nil {
		return nil, err
	}
	if ok {
		a.links(doc.Links, spaceLinks, "/api/"+kind.DefaultSpace, &a.routes.space)
	}
	return doc, nil
}

func (a *API) document(links map[string]string) RootDocument {
	return RootDocument{Application: "Octopus Deploy", Version: a.Version, APIVersion: apiVersion, InstallationID: a.install, Links: links}
}

// SpaceDocument is where a client begins that has been told its space. What
// server this is stands in the root document alone.
type SpaceDocument struct {
	ID    string `json:"Id"`
	Links map[string]string
}

func (a *API) spaceRoot(r *Request) (any, error) {
	links := map[string]string{"Self": r.Base()}
	a.links(links, spaceLinks, r.Base(), &a.routes.space)
	for _, name := range []string{"Tasks", "Events", "Teams", "Interruptions", "ScopedUserRoles"} {
		if path, ok := systemLinks[name]; ok {
			links[name] = r.Base() + path
		}
	}
	return SpaceDocument{r.Space, links}, nil
}

// capabilities names what single clients ask for before they use it.
func (a *API) capabilities(*Request) (any, error) {
	return map[string][]string{"Capabilities": {"CreateReleaseCommandV1", "CreateDeploymentUntenantedCommandV1", "CreateDeploymentTenantedCommandV1", "CreateRunbookRunCommandV1"}}, nil
}

type toggle struct {
	Name      string
	IsEnabled bool
}

// toggles are the ones clients ask for by name. One that is not listed is off.
var toggles = []toggle{
	{"CommonVariableScopingFeatureToggle", true},
	{"partial-updates-on-variables", true},
	{"indicate-missing-packages-for-release", false},
	{"EphemeralEnvironmentsFeatureToggle", true},
	{"EphemeralEnvironmentsManualDeploymentsFeatureToggle", true},
}

func (a *API) featureToggles(r *Request) (any, error) {
	found := []toggle{}
	for _, t := range toggles {
		if name := r.Q("Name"); name == "" || name == t.Name {
			found = append(found, t)
		}
	}
	return map[string]any{"FeatureToggles": found}, nil
}

func (a *API) ping(r *Request) (any, error) {
	if err := a.DB.Ping(r.Context()); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The database cannot be reached.")
	}
	return map[string]string{"Node": a.Node}, nil
}

// spaceName is the name of the request's space, for sentences and links.
func (r *Request) spaceName() (string, error) {
	var name string
	err := r.View(func(tx *store.Tx) error {
		s, err := catalog.Spaces.Get(tx, r.Space)
		if err == nil {
			name = s.Name
		}
		return err
	})
	return name, err
}
