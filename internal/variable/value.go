// Package variable decides which value each variable has at one place of a
// deployment, and can say why.
//
// A variable is a name with any number of values, each limited to the places
// where it applies: an environment, a machine, a step, a tenant and so on. At
// one place of a deployment several of them may apply, and the most specific
// wins. The package also knows where values come from besides people: what the
// server knows of a deployment, what earlier steps put out, what was asked for
// when the deployment was created. It does no I/O; callers hand in plain
// values and take plain values back.
package variable

import "strings"

// Source says who gave a value.
type Source int

// The sources of a value. A value of the project beats one of a library set
// that is as specific in every other way.
const (
	FromProject Source = iota // the project's own variables
	FromLibrary               // an included library set
	FromTenant                // a tenant's value of a variable template
	FromSystem                // what the server knows of the deployment
	FromOutput                // put out by an earlier step
	FromPrompt                // entered when the deployment was created
	FromTrigger               // given by the trigger that created the deployment
	FromParent                // passed by the deployment that started this one
)

// sourceNames are the words used for a source in a sentence.
var sourceNames = [...]string{
	"the project", "a library set", "the tenant", "the server", "an earlier step",
	"the deployment's form", "the trigger", "the parent deployment",
}

// String names the source as a sentence would.
func (s Source) String() string {
	if s < 0 || int(s) >= len(sourceNames) {
		return "an unknown source"
	}
	return sourceNames[s]
}

// The types of a value. Any type but String and Sensitive holds the id of
// something whose parts become variables of their own.
const (
	TypeString       = "String"
	TypeSensitive    = "Sensitive"
	TypeCertificate  = "Certificate"
	TypeAWS          = "AmazonWebServicesAccount"
	TypeAzure        = "AzureAccount"
	TypeGoogle       = "GoogleCloudAccount"
	TypeUserPassword = "UsernamePasswordAccount"
	TypeGenericOidc  = "GenericOidcAccount"
	TypeWorkerPool   = "WorkerPool"
)

// Value is one value of a variable with the places where it applies.
type Value struct {
	ID        string
	Name      string
	Value     string
	Type      string // one of the Type constants; empty is a String
	Sensitive bool
	Scope     Scope
	Source    Source
	Owner     string // the set it belongs to, for sentences and for ties
	Order     int    // the set's place among the included sets
	Prompt    *Prompt
}

// IsSensitive says whether the value must never be shown. The type alone is
// enough, because clients send the flag and the type independently.
func (v *Value) IsSensitive() bool { return v.Sensitive || v.Type == TypeSensitive }

// Prompt is what is asked when a deployment is created.
type Prompt struct {
	Label       string
	Description string
	Required    bool
	Display     map[string]string // display settings, by their wire names
}

// Scope limits a value to the places that match one entry of every list that
// has any. The flags mark values that no person scoped.
type Scope struct {
	Environment  []string
	Machine      []string
	Role         []string
	TargetRole   []string
	Action       []string
	Channel      []string
	Tenant       []string
	TenantTag    []string
	ProcessOwner []string
	Project      []string

	Private          bool // built in: nothing overrides it
	ParentDeployment bool // passed by a step that deploys a release
	Trigger          bool // given by a trigger
	User             bool // entered by a person for this deployment
	ProjectTemplate  bool // the default of a tenant's variable template
}

// Context is one place of a deployment: what scopes are compared with. Ids,
// tags and roles are compared without regard to case; an empty field is absent.
type Context struct {
	Environment       string
	ParentEnvironment string // of an ephemeral environment
	Tenant            string
	TenantTags        []string
	Channel           string
	ProcessOwner      string // the project of a deployment, or the runbook
	Project           string

	Action       string
	Step         string // the step around the action; an action scope may name either
	Machine      string
	MachineRoles []string
	TargetRoles  []string // the roles the step asks for

	// Label turns an id into what a person calls it; nil leaves ids as they are.
	Label func(field Field, id string) string
}

// fold makes names and ids comparable without regard to case.
func fold(s string) string { return strings.ToLower(s) }
