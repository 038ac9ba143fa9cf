package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// plains gives the opened values of a set by name.
func plains(s *shelf, id string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	s.do(func(tx *store.Tx) error {
		for _, v := range get(s.t, tx, VariableSets, id).Variables {
			plain, err := v.Plain(tx)
			if err != nil {
				return err
			}
			all[v.Name] = plain
		}
		return nil
	})
	return all
}

func TestSensitiveVariables(t *testing.T) {
	s := newShelf(t)
	id := s.project.VariableSetID
	set, err := change(s, VariableSets, id, `{"Version":0,"Variables":[
		{"Name":"Plain","Value":"p","Type":"String"},
		{"Name":"Secret","Value":"s3cret","Type":"Sensitive","IsSensitive":false},
		{"Name":"Flagged","Value":"fl4gged","Type":"","IsSensitive":true},
		{"Name":"Empty","Type":"Sensitive"},
		{"Name":"Smuggled","Type":"String","Value":"x","Secret":{"HasValue":true,"Sealed":"abc"}}]}`)
	s.must(err)
	w := wire(s, VariableSets, id)
	var values []any
	for _, v := range w["Variables"].([]any) {
		m := v.(map[string]any)
		values = append(values, m["Name"], m["Value"], m["Type"], m["IsSensitive"])
		if _, ok := m["Secret"]; ok {
			t.Errorf("the wire has the store's form: %v", m)
		}
	}
	want := []any{"Plain", "p", "String", false, "Secret", nil, "Sensitive", true, "Flagged", nil, "Sensitive", true, "Empty", nil, "Sensitive", true, "Smuggled", "x", "String", false}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	stored := map[string]string{"Plain": "p", "Secret": "s3cret", "Flagged": "fl4gged", "Empty": "", "Smuggled": "x"}
	if diff := cmp.Diff(stored, plains(s, id)); diff != "" {
		t.Error(diff)
	}
	s.do(func(tx *store.Tx) error {
		d, err := tx.Get("", id)
		if err == nil && strings.Contains(string(d.Data), "s3cret") {
			t.Error("the value is stored as it is")
		}
		return err
	})
	// Sent back whole, with a new value for one and a new type for another.
	for _, v := range w["Variables"].([]any) {
		switch m := v.(map[string]any); m["Name"] {
		case "Empty":
			m["Value"] = "now"
		case "Flagged":
			m["Type"], m["IsSensitive"] = "String", false
		}
	}
	body, err := json.Marshal(w)
	s.must(err)
	_, err = change(s, VariableSets, id, string(body))
	s.must(err)
	stored["Empty"], stored["Flagged"] = "now", "" // a secret never becomes readable
	if diff := cmp.Diff(stored, plains(s, id)); diff != "" {
		t.Error(diff)
	}
	if _, err := change(s, VariableSets, id, string(body)); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale version: %v", err)
	}
	if set.ProjectID != s.project.ID || w["ProjectId"] != nil || w["ScopeValues"] != nil {
		t.Errorf("members: %v %v %v", set.ProjectID, w["ProjectId"], w["ScopeValues"])
	}
}

func TestAuditShowsNoSecret(t *testing.T) {
	s := newShelf(t)
	id := s.project.VariableSetID
	_, err := change(s, VariableSets, id, `{"Version":0,"Variables":[{"Id":"v","Name":"Secret","Value":"s3cret-one","Type":"Sensitive"}]}`)
	s.must(err)
	_, err = change(s, VariableSets, id, `{"Version":1,"Variables":[{"Id":"v","Name":"Secret","Value":"s3cret-two","Type":"Sensitive"}]}`)
	s.must(err)
	s.do(func(tx *store.Tx) error {
		found := 0
		err := tx.Query(func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			found++
			if strings.Contains(text, "s3cret") || strings.Contains(text, "Sealed") {
				t.Errorf("the audit trail has %s", text)
			}
			if !strings.Contains(text, "Mark") {
				t.Errorf("the audit trail does not show that the secret changed: %s", text)
			}
			return nil
		}, "select data from event where document = $1 and category = 'Modified'", id)
		if found != 2 {
			t.Errorf("%d events", found)
		}
		return err
	})
}

// What has no name of its own is told apart by what it is of.
func TestAuditNamesWhatItIsAbout(t *testing.T) {
	s := newShelf(t)
	_, err := change(s, VariableSets, s.project.VariableSetID, `{"Version":0,"Variables":[]}`)
	s.must(err)
	s.do(func(tx *store.Tx) error {
		events, _, err := tx.Events(store.EventQuery{Take: 1000})
		var all []string
		for _, e := range events {
			all = append(all, e.Message)
		}
		for _, want := range []string{"Variable set of " + s.project.Name + " was changed", "Deployment process of " + s.project.Name + " was created"} {
			if !slices.Contains(all, want) {
				t.Errorf("nothing says %q: %q", want, all)
			}
		}
		return err
	})
}

func TestVariableRules(t *testing.T) {
	s := newShelf(t)
	library, err := create(s, LibraryVariableSets, `{"Name":"Shared"}`)
	s.must(err)
	tests := map[string]struct{ set, variable, want string }{
		"no name":         {s.project.VariableSetID, `{"Name":" "}`, "must not be empty"},
		"unknown type":    {s.project.VariableSetID, `{"Name":"a","Type":"Number"}`, "not one of"},
		"environment":     {s.project.VariableSetID, `{"Name":"a","Scope":{"Environment":["Environments-9"]}}`, "does not exist"},
		"channel":         {s.project.VariableSetID, `{"Name":"a","Scope":{"Channel":["Channels-9"]}}`, "does not exist"},
		"machine":         {s.project.VariableSetID, `{"Name":"a","Scope":{"Machine":["Machines-9"]}}`, "The scope of variable 'a' refers to 'Machines-9', which does not exist in space " + testSpace},
		"machine of lib":  {library.VariableSetID, `{"Name":"a","Scope":{"Machine":["` + s.environment.ID + `"]}}`, "which does not exist"},
		"tag":             {s.project.VariableSetID, `{"Name":"a","Scope":{"TenantTag":["a/b"]}}`, "no tag"},
		"step in library": {library.VariableSetID, `{"Name":"a","Scope":{"Action":["x"]}}`, "only variables of a project"},
		"strange scope":   {s.project.VariableSetID, `{"Name":"a","Scope":{"Tenant":["Tenants-1"]}}`, "cannot be scoped to"},
		"value of list":   {s.project.VariableSetID, `{"Name":"a","Value":["x"]}`, "cannot be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := change(s, VariableSets, test.set, `{"Version":0,"Variables":[`+test.variable+`]}`)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), test.want) {
				t.Errorf("want %q, got %s", test.want, explain(err))
			}
		})
	}
	_, err = change(s, VariableSets, library.VariableSetID, `{"Version":0,"Variables":[{"Name":"a","Scope":{"Environment":["`+s.environment.ID+`"],"Role":["web"]}}]}`)
	s.must(err)
	s.refuse(fault.Invalid, "variableset-Library", func(tx *store.Tx) error { return Environments.Delete(tx, s.environment.ID) })
	_, err = change(s, Projects, s.project.ID, `{"IncludedLibraryVariableSetIds":["`+library.ID+`"]}`)
	s.must(err)
	s.refuse(fault.Invalid, "'Shop'", func(tx *store.Tx) error { return LibraryVariableSets.Delete(tx, library.ID) })
	_, err = change(s, Projects, s.project.ID, `{"IncludedLibraryVariableSetIds":[]}`)
	s.must(err)
	s.do(func(tx *store.Tx) error { return LibraryVariableSets.Delete(tx, library.ID) })
	s.refuse(fault.NotFound, "", func(tx *store.Tx) error {
		_, err := VariableSets.Get(tx, library.VariableSetID)
		return err
	})
}

func TestScriptModuleIsRenamedWithItsVariables(t *testing.T) {
	s := newShelf(t)
	m, err := create(s, LibraryVariableSets, `{"Name":"Tools","ContentType":"scriptmodule"}`)
	s.must(err)
	_, err = create(s, LibraryVariableSets, `{"Name":"Tools","ContentType":"Variables"}`)
	s.must(err)
	_, err = change(s, VariableSets, m.VariableSetID, `{"Version":0,"Variables":[{"Name":"Octopus.Script.Module[Tools]","Value":"echo"},{"Name":"Octopus.Script.Module.Language[Tools]","Value":"Bash"}]}`)
	s.must(err)
	m, err = change(s, LibraryVariableSets, m.ID, `{"Name":"Gear","ContentType":"Variables"}`)
	s.must(err)
	if m.ContentType != ContentScriptModule {
		t.Errorf("the content became %s", m.ContentType)
	}
	if diff := cmp.Diff(map[string]string{ScriptModuleBody("Gear"): "echo", ScriptModuleSyntax("Gear"): "Bash"}, plains(s, m.VariableSetID)); diff != "" {
		t.Error(diff)
	}
	var total int
	s.do(func(tx *store.Tx) (err error) {
		_, total, err = LibraryVariableSets.List(tx, kind.Query{Space: testSpace, Match: map[string]string{"ContentType": ContentScriptModule}})
		return err
	})
	if total != 1 {
		t.Errorf("%d script modules", total)
	}
}

// TestTypedVariables refuses values of typed variables that name nothing, and
// leaves those alone that are not new.
func TestTypedVariables(t *testing.T) {
	s := newShelf(t)
	id := s.project.VariableSetID
	a, err := create(s, Accounts, `{"Name":"T","AccountType":"UsernamePassword","Username":"x"}`)
	s.must(err)
	account := a.ID
	write := func(typ, value string) error {
		version := fmt.Sprint(wire(s, VariableSets, id)["Version"])
		_, err := change(s, VariableSets, id, `{"Version":`+version+`,"Variables":[{"Id":"v","Name":"Who","Type":"`+typ+`","Value":"`+value+`"}]}`)
		return err
	}
	for _, c := range []struct{ typ, value, why string }{
		{"UsernamePasswordAccount", account, ""},
		{"AmazonWebServicesAccount", "", ""},
		{"AmazonWebServicesAccount", "#{Other}", ""},
		{"String", "Accounts-99", ""},
		{"AmazonWebServicesAccount", "Accounts-99", "Variable 'Who' of the type AmazonWebServicesAccount names the account 'Accounts-99', which does not exist in space " + testSpace + "."},
		{"Certificate", account, "names the certificate '" + account},
		{"WorkerPool", "nowhere", "names the worker pool 'nowhere'"},
	} {
		err := write(c.typ, c.value)
		if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(explain(err), c.why)) {
			t.Errorf("%s %q: %v", c.typ, c.value, err)
		}
	}
}
