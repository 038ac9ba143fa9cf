package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A VariableSet holds the variables of a project or of a library variable set.
// Copies of it, made for releases, are documents of the same type.
type VariableSet struct {
	kind.Base
	OwnerID   string     `json:"OwnerId" kind:"readonly,ref=*,filter"`
	Version   int        `json:"Version" kind:"version"`
	Variables []Variable `json:"Variables"`
	// ScopeValues is filled in when a set is read, never stored.
	ScopeValues *ScopeValues `json:"ScopeValues,omitempty" kind:"readonly"`
	// ProjectID is the owner when that is a project, for permissions.
	ProjectID string `json:"ProjectId,omitempty" kind:"readonly,within=project"`

	born  bool // with its owner, which is the only way
	gone  bool // with its owner
	inGit bool // and not in the database
	asIs  bool // the same as another set
}

// InGit marks a set as one whose variables are stored in Git, whose rules are
// the same as those of others.
func (s *VariableSet) InGit() { s.inGit = true }

// AsItIs marks a set as made of another one, in which variables may name what is
// gone by now: that is nothing that somebody has just written.
func (s *VariableSet) AsItIs() { s.asIs = true }

// A Variable is one value of a name, for the places that its scope names.
type Variable struct {
	ID          string        `json:"Id"`
	Name        string        `json:"Name" kind:"required,max=1000"`
	Value       *string       `json:"Value"`
	Description string        `json:"Description"`
	Type        string        `json:"Type" kind:"enum=String|Sensitive|Certificate|AmazonWebServicesAccount|AzureAccount|WorkerPool|UsernamePasswordAccount|GenericOidcAccount|GoogleCloudAccount"`
	Scope       VariableScope `json:"Scope"`
	IsEditable  bool          `json:"IsEditable"`
	IsSensitive bool          `json:"IsSensitive"`
	Prompt      *Prompt       `json:"Prompt"`

	// Secret holds the value of a sensitive variable. On the wire such a
	// variable has a Value instead, which is null unless it is replaced.
	Secret *kind.Sensitive `json:"Secret,omitempty"`
}

// VariableScope names the places where a value applies: one of each dimension
// that is not empty.
type VariableScope struct {
	Environment  []string `json:"Environment,omitempty" kind:"ref=Environments"`
	Machine      []string `json:"Machine,omitempty"`
	Action       []string `json:"Action,omitempty"`
	Role         []string `json:"Role,omitempty"`
	Channel      []string `json:"Channel,omitempty" kind:"ref=Channels"`
	TenantTag    []string `json:"TenantTag,omitempty"`
	ProcessOwner []string `json:"ProcessOwner,omitempty"`
}

// UnmarshalJSON refuses dimensions that it does not know: to leave one out would
// give the value to places that it is not meant for.
func (s *VariableScope) UnmarshalJSON(data []byte) error {
	var sent map[string][]string
	if err := json.Unmarshal(data, &sent); err != nil {
		return fmt.Errorf("reading the scope of a variable: %w", err)
	}
	*s = VariableScope{}
	for name, values := range sent {
		if len(values) == 0 {
			continue
		}
		dimension := s.dimension(name)
		if dimension == nil {
			return fmt.Errorf("variables cannot be scoped to %q", name)
		}
		*dimension = values
	}
	return nil
}

func (s *VariableScope) dimension(name string) *[]string {
	switch strings.ToLower(name) {
	case "environment":
		return &s.Environment
	case "machine":
		return &s.Machine
	case "action":
		return &s.Action
	case "role":
		return &s.Role
	case "channel":
		return &s.Channel
	case "tenanttag":
		return &s.TenantTag
	case "processowner":
		return &s.ProcessOwner
	}
	return nil
}

// Prompt asks for a value when a deployment is created.
type Prompt struct {
	Label           string            `json:"Label"`
	Description     string            `json:"Description"`
	Required        bool              `json:"Required"`
	DisplaySettings map[string]string `json:"DisplaySettings"`
}

// ScopeValues lists what the scopes of a set's variables may name.
type ScopeValues struct {
	Environments []ScopeValue        `json:"Environments"`
	Machines     []ScopeValue        `json:"Machines"`
	Actions      []ScopeValue        `json:"Actions"`
	Roles        []ScopeValue        `json:"Roles"`
	Channels     []ScopeValue        `json:"Channels"`
	TenantTags   []ScopeValue        `json:"TenantTags"`
	Processes    []ProcessScopeValue `json:"Processes"`
}

// ScopeValue is one thing a scope may name.
type ScopeValue struct {
	ID   string `json:"Id"`
	Name string `json:"Name"`
}

// ProcessScopeValue is one process that a scope may name.
type ProcessScopeValue struct {
	ID          string `json:"Id"`
	Name        string `json:"Name"`
	ProcessType string `json:"ProcessType"`
}

// The types of a variable that have a meaning of their own here.
const (
	VariableString    = "String"
	VariableSensitive = "Sensitive"
)

// VariableSets holds the variables of projects and of library variable sets,
// and their snapshots.
var VariableSets = kind.Register(kind.Kind[VariableSet]{
	Plural:      "VariableSets",
	Singular:    "Variable set",
	Path:        "variables",
	Permissions: kind.All("VariableView", "VariableEdit"),
	Frozen:      func(s *VariableSet) bool { return IsSnapshot(s.ID) || isManifest(s) },
	Owner:       func(s *VariableSet) string { return snapshotOf(s.ID) },
	Rules:       variableSetRules,
	References:  variableReferences,
	Outgoing: func(s *VariableSet) {
		s.ProjectID = ""
		for i := range s.Variables {
			s.Variables[i].Secret = nil
		}
	},
	Deleting: func(_ *store.Tx, s *VariableSet) error {
		if !s.gone {
			return fault.New(fault.Invalid, "A variable set goes with its owner and cannot be deleted by itself.")
		}
		return nil
	},
})

// isManifest tells the sets that belong to one deployment or runbook run.
func isManifest(s *VariableSet) bool {
	return strings.HasPrefix(s.OwnerID, "Deployments-") || strings.HasPrefix(s.OwnerID, "RunbookRuns-")
}

// Plain gives the value of a variable, opened when it is sensitive.
func (v *Variable) Plain(tx *store.Tx) (string, error) {
	if v.Secret != nil {
		return v.Secret.Open(tx)
	}
	if v.Value == nil {
		return "", nil
	}
	return *v.Value, nil
}

func variableSetRules(tx *store.Tx, next, old *VariableSet, c *fault.Complaints) error {
	if old == nil && !next.born {
		return fault.New(fault.Invalid, "A variable set comes with its owner and cannot be created by itself.")
	}
	next.ScopeValues = nil
	next.ProjectID = ""
	if strings.HasPrefix(next.OwnerID, "Projects-") {
		next.ProjectID = next.OwnerID
	}
	if err := checkWhere(tx, next, c); err != nil {
		return err
	}
	before := map[string]*Variable{}
	if old != nil {
		for i := range old.Variables {
			before[old.Variables[i].ID] = &old.Variables[i]
		}
	}
	seen := map[string]bool{}
	for i := range next.Variables {
		v := &next.Variables[i]
		if v.ID == "" || seen[v.ID] {
			v.ID = newGUID()
		}
		seen[v.ID] = true
		checkVariable(v, before[v.ID])
		if err := checkNamed(tx, next, v, before[v.ID], c); err != nil {
			return err
		}
		if err := checkMachines(tx, next, v, before[v.ID], c); err != nil {
			return err
		}
		if err := checkTags(tx, next.SpaceID, "", "The scope of variable '"+v.Name+"'", &v.Scope.TenantTag, c); err != nil {
			return err
		}
		if next.ProjectID == "" && len(v.Scope.Action)+len(v.Scope.Channel) > 0 {
			c.Add("Variable '%s' is scoped to a step or a channel, which only variables of a project can be.", v.Name)
		}
	}
	return nil
}

// checkWhere keeps variables of a project in Git that are no secrets out of the
// database.
func checkWhere(tx *store.Tx, next *VariableSet, c *fault.Complaints) error {
	if next.ProjectID == "" {
		return nil
	}
	p, err := found(kind.Of[Project]().Get(tx, next.ProjectID))
	if err != nil || p == nil || p.PersistenceSettings.ConversionState == nil || !p.PersistenceSettings.ConversionState.VariablesAreInGit {
		return err
	}
	for i := range next.Variables {
		v := &next.Variables[i]
		if !v.Hidden() && !next.inGit {
			c.Add("Variable '%s' is not sensitive, and such variables of project '%s' are in Git. Put it on a branch, at /projects/%s/{gitRef}/variables.", v.Name, p.Name, p.ID)
		}
	}
	return nil
}

// Hidden says whether a variable is sensitive, stored or as a client sends it.
func (v *Variable) Hidden() bool {
	return v.IsSensitive || strings.EqualFold(v.Type, VariableSensitive)
}

// checkVariable brings a variable from its wire form to its stored form. The
// type alone makes it sensitive, because clients send the flag and the type
// independently; the flag alone does too, since nobody sets it by accident.
func checkVariable(v, old *Variable) {
	v.Name = strings.TrimSpace(v.Name)
	v.IsEditable = true
	v.IsSensitive = v.Hidden()
	if !v.IsSensitive {
		v.Secret = nil
		return
	}
	v.Type = VariableSensitive
	switch {
	case v.Value != nil:
		s := kind.NewSensitive(*v.Value)
		v.Secret, v.Value = &s, nil
	case v.Secret != nil && v.Secret.Sealed != "": // as it was read, or copied from another set
	case old != nil && old.Secret != nil && old.Secret.HasValue:
		v.Secret = &kind.Sensitive{HasValue: true}
	default:
		v.Secret = nil
	}
}

// checkNamed refuses a value that should name an account, a certificate or a
// worker pool and names none. Copies hold what was right once, and of what is
// stored already nobody can be asked to mend all before changing one.
func checkNamed(tx *store.Tx, set *VariableSet, v, old *Variable, c *fault.Complaints) error {
	if v.Value == nil || set.asIs || IsSnapshot(set.ID) || isManifest(set) {
		return nil
	}
	if old != nil && old.Value != nil && *old.Value == *v.Value && old.Type == v.Type {
		return nil
	}
	return typedValue{typ: v.Type, text: *v.Value}.check(tx, set.SpaceID, "Variable '"+v.Name+"'", c)
}

// checkMachines refuses a scope of machines that are not there. One that is gone
// since leaves its id behind: without it the value would be for all of them.
func checkMachines(tx *store.Tx, set *VariableSet, v, old *Variable, c *fault.Complaints) error {
	if set.asIs {
		return nil
	}
	var names []Named
	for _, id := range v.Scope.Machine {
		if old == nil || !slices.Contains(old.Scope.Machine, id) {
			names = append(names, Named{Member: "The scope of variable '" + v.Name + "'", ID: id, Kinds: []string{"Machines"}})
		}
	}
	return CheckNamed(tx, set.SpaceID, names, c)
}

// variableReferences keeps what typed variables hold, and the tags they are
// scoped to, from being deleted.
func variableReferences(s *VariableSet) []store.Reference {
	var refs []store.Reference
	for _, v := range s.Variables {
		refs = append(refs, tagReferences(s.SpaceID, "TenantTag", v.Scope.TenantTag)...)
		if v.Value != nil {
			refs = append(refs, typedValue{typ: v.Type, text: *v.Value}.references("Variables")...)
		}
	}
	return refs
}
