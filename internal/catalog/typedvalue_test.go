package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TestValuesThatNameSomething gives ids to typed variables, to defaults of
// templates and to tenants: each must be of something that is there and of the
// right type, which then cannot be deleted.
func TestValuesThatNameSomething(t *testing.T) {
	s := newShelf(t)
	aws, err := create(s, Accounts, `{"Name":"Cloud","AccountType":"AmazonWebServicesAccount","AccessKey":"a","SecretKey":{"HasValue":true,"NewValue":"x"}}`)
	s.must(err)
	token, err := create(s, Accounts, `{"Name":"T","AccountType":"Token","Token":{"HasValue":true,"NewValue":"x"}}`)
	s.must(err)
	library, err := create(s, LibraryVariableSets, `{"Name":"Common"}`)
	s.must(err)
	step, err := create(s, ActionTemplates, `{"Name":"Greet","ActionType":"Octopus.Script"}`)
	s.must(err)
	template := `{"Id":"asked","Name":"Where","DefaultValue":%s,"DisplaySettings":{"Octopus.ControlType":"AmazonWebServicesAccount"}}`
	owner, err := create(s, Projects, fmt.Sprintf(`{"Name":"Asker","ProjectGroupId":%q,"LifecycleId":%q,"Templates":[`+template+`]}`, s.project.ProjectGroupID, s.project.LifecycleID, `""`))
	s.must(err)
	tenant, err := create(s, Tenants, fmt.Sprintf(`{"Name":"Acme","ProjectEnvironments":{%q:[]}}`, owner.ID))
	s.must(err)
	onWire := func(p kind.Property) string {
		raw, err := json.Marshal(p)
		s.must(err)
		return string(raw)
	}
	writers := map[string]func(value kind.Property) error{
		"variable": func(value kind.Property) error {
			_, err := change(s, VariableSets, s.project.VariableSetID, fmt.Sprintf(`{"Variables":[{"Id":"v","Name":"Where","Type":"AmazonWebServicesAccount","Value":%q}]}`, value.Text))
			return err
		},
		"project template": func(value kind.Property) error {
			_, err := change(s, Projects, s.project.ID, fmt.Sprintf(`{"Templates":[`+template+`]}`, onWire(value)))
			return err
		},
		"library template": func(value kind.Property) error {
			_, err := change(s, LibraryVariableSets, library.ID, fmt.Sprintf(`{"Templates":[`+template+`]}`, onWire(value)))
			return err
		},
		"step template": func(value kind.Property) error {
			_, err := change(s, ActionTemplates, step.ID, fmt.Sprintf(`{"Parameters":[`+template+`]}`, onWire(value)))
			return err
		},
		"tenant": func(value kind.Property) error {
			return s.db.Do(t.Context(), func(tx *store.Tx) error {
				v, err := TenantVariablesOf(tx, tenant)
				if err != nil {
					return err
				}
				v.Values = []TenantValue{{OwnerID: owner.ID, TemplateID: "asked", Value: value}}
				return TenantVariableSets.Put(tx, v)
			})
		},
	}
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			for value, why := range map[string]string{
				"Accounts-99":    "names the account 'Accounts-99', which does not exist in space " + testSpace,
				s.environment.ID: "which does not exist",
				"Cloud":          "Its value must be an id",
				token.ID:         "names the account 'T' (" + token.ID + "), which is of the type Token. Name an account of the type AmazonWebServicesAccount or ",
			} {
				if err := write(kind.Property{Text: value}); !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), why) || !strings.Contains(explain(err), "Where") {
					t.Errorf("%q: want %q, got %v", value, why, explain(err))
				}
			}
			s.must(write(kind.Property{Text: "#{Elsewhere}"}))
			s.must(write(kind.Property{Text: aws.ID}))
			s.must(write(kind.Property{Text: aws.ID}))
			s.refuse(fault.Invalid, "in use", func(tx *store.Tx) error { return Accounts.Delete(tx, aws.ID) })
			if sealed := kind.NewSensitive(aws.ID); name != "variable" { // whose value is no object
				err := write(kind.Property{Secret: &sealed})
				if why := "must be an id, as text: it was sent as a sensitive value"; !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), why) {
					t.Errorf("sealed: want %q, got %v", why, explain(err))
				}
			}
			s.must(write(kind.Property{}))
			s.do(func(tx *store.Tx) error {
				users, err := tx.UsedBy(aws.ID, 5)
				if len(users) > 0 {
					t.Errorf("still used by %v", users)
				}
				return err
			})
		})
	}
}
