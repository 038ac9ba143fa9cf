package catalog

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A valueType is a type of variables whose values are ids of resources.
type valueType struct {
	plural, noun string
	accounts     []string // types of accounts that it takes
}

var valueTypes = map[string]valueType{
	"Certificate":              {plural: "Certificates", noun: "certificate"},
	"WorkerPool":               {plural: "WorkerPools", noun: "worker pool"},
	"AmazonWebServicesAccount": {"Accounts", "account", []string{AccountAWS, AccountAWSOIDC, AccountAWSRole}},
	"AzureAccount":             {"Accounts", "account", []string{AccountAzure, AccountAzureOIDC, AccountAzureClassic}},
	"GoogleCloudAccount":       {"Accounts", "account", []string{AccountGoogle, AccountGoogleOIDC}},
	"UsernamePasswordAccount":  {"Accounts", "account", []string{AccountPassword}},
	"GenericOidcAccount":       {"Accounts", "account", []string{AccountOIDC}},
}

// A typedValue is what somebody has put where the id of a resource belongs: as
// the value of a variable, of a tenant or of a prompt, or as a default.
type typedValue struct {
	typ, text string
	sealed    bool // it was sent as a sensitive value, so that text is empty
}

// typedOf is the value of a property; text is not told of one that is sealed.
func typedOf(typ string, p *kind.Property) typedValue {
	return typedValue{typ: typ, text: p.Text, sealed: p.Secret != nil && p.Secret.HasValue}
}

// names gives what the value must be the id of. A value that an expression gives
// is known only when something is deployed.
func (v typedValue) names() (valueType, bool) {
	t, typed := valueTypes[v.typ]
	return t, typed && v.text != "" && !strings.Contains(v.text, "#{")
}

// check refuses a value that should name an account, a certificate or a worker
// pool of the space and does not, or names an account of another type. what
// begins the sentence.
func (v typedValue) check(tx *store.Tx, space, what string, c *fault.Complaints) error {
	want, ok := v.names()
	if t, typed := valueTypes[v.typ]; typed && v.sealed {
		c.Add("%s of the type %s must be an id, as text: it was sent as a sensitive value. Name the %s by its id.", what, v.typ, t.noun)
	}
	if !ok {
		return nil
	}
	known, err := tx.Lock([]string{v.text})
	if err != nil {
		return err
	}
	if there, ok := known[v.text]; !ok || there.Kind != want.plural || there.Space != space {
		c.Add("%s of the type %s names the %s '%s', which does not exist in space %s. Its value must be an id.", what, v.typ, want.noun, v.text, space)
		return nil
	}
	if want.accounts == nil {
		return nil
	}
	a, err := kind.Of[Account]().Get(tx, v.text)
	if err != nil {
		return err
	}
	if !slices.Contains(want.accounts, a.AccountType) {
		c.Add("%s of the type %s names the account '%s' (%s), which is of the type %s. Name an account of the type %s.", what, v.typ, a.Name, a.ID, a.AccountType, strings.Join(want.accounts, " or "))
	}
	return nil
}

// references keeps what the value names from being deleted.
func (v typedValue) references(member string) []store.Reference {
	if _, ok := v.names(); !ok || !strings.Contains(v.text, "-") {
		return nil
	}
	return []store.Reference{{Field: member, Target: v.text}}
}

// CheckAnswer refuses the answer to a prompt that names nothing, as the value of
// a variable is refused.
func CheckAnswer(tx *store.Tx, space, name, typ, text string, c *fault.Complaints) error {
	return typedValue{typ: typ, text: text}.check(tx, space, "The value for the prompted variable '"+name+"'", c)
}

// answerReferences keeps what the answers to prompts name until what they were
// given for has ended: only then is it stored without them.
func (e *Execution) answerReferences() (refs []store.Reference) {
	for i := range e.Manifest {
		if v := &e.Manifest[i]; v.Value != nil {
			refs = append(refs, typedValue{typ: v.Type, text: *v.Value}.references("FormValues")...)
		}
	}
	return refs
}
