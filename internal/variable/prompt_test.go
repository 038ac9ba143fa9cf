package variable

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
)

func prompted() []Value {
	return []Value{
		{ID: "1", Name: "Zone", Value: "eu", Prompt: &Prompt{Label: "a zone", Display: map[string]string{ControlTypeSetting: "Select", SelectOptionsSetting: "eu|Europe\nus | America\r\n\nasia"}}},
		{ID: "2", Name: "Ticket", Prompt: &Prompt{Required: true, Description: "which"}},
		{ID: "3", Name: "Password", Value: "stored", Type: TypeSensitive, Prompt: &Prompt{Label: "Beta"}},
		{ID: "4", Name: "OnlyRunbook", Prompt: &Prompt{}, Scope: Scope{ProcessOwner: []string{"Runbooks-1"}}},
		{ID: "5", Name: "OnlyProd", Prompt: &Prompt{}, Scope: Scope{Environment: []string{"Environments-2"}}},
		{ID: "6", Name: "Account", Type: TypeAWS, Value: "Accounts-1", Prompt: &Prompt{}},
		{ID: "7", Name: "Plain", Value: "x"},
		{ID: "8", Name: "ticket", Value: "T-1", Prompt: &Prompt{Label: "ticket here", Required: true}, Scope: Scope{Environment: []string{"Environments-3"}}},
	}
}

func TestPromptsForm(t *testing.T) {
	type row struct{ Name, Control, Default string }
	cases := []struct {
		name string
		ctx  Context
		want []row
	}{
		{"6 sorted by label else name, types give controls", Context{Environment: "Environments-1", ProcessOwner: "Projects-1"},
			[]row{{"Zone", "Select", "eu"}, {"Account", "AmazonWebServicesAccount", "Accounts-1"}, {"Password", "Sensitive", ""}, {"Ticket", "SingleLineText", ""}}},
		{"6 scoped to an environment", Context{Environment: "Environments-2", ProcessOwner: "Projects-1"},
			[]row{{"Zone", "Select", "eu"}, {"Account", "AmazonWebServicesAccount", "Accounts-1"}, {"Password", "Sensitive", ""}, {"OnlyProd", "SingleLineText", ""}, {"Ticket", "SingleLineText", ""}}},
		{"6 scoped to a runbook", Context{ProcessOwner: "Runbooks-1"},
			[]row{{"Zone", "Select", "eu"}, {"Account", "AmazonWebServicesAccount", "Accounts-1"}, {"Password", "Sensitive", ""}, {"OnlyRunbook", "SingleLineText", ""}, {"Ticket", "SingleLineText", ""}}},
		{"6 most specific of one name", Context{Environment: "Environments-3"},
			[]row{{"Zone", "Select", "eu"}, {"Account", "AmazonWebServicesAccount", "Accounts-1"}, {"Password", "Sensitive", ""}, {"ticket", "SingleLineText", "T-1"}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var got []row
			form := Prompts(prompted(), tc.ctx)
			for _, e := range form.Elements {
				got = append(got, row{e.Name, e.Display[ControlTypeSetting], e.Default})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	zone := Prompts(prompted(), Context{}).Elements[0]
	if diff := cmp.Diff([]Option{{"eu", "Europe"}, {"us", "America"}, {"asia", "asia"}}, zone.Options()); diff != "" {
		t.Error(diff)
	}
}

func TestPromptsApply(t *testing.T) {
	form := Prompts(prompted(), Context{Environment: "Environments-1"})
	values, unknown, err := form.Apply(map[string]string{"2": "T-9", "zone": "us", "password": "", "Typo": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Typo"}, unknown); diff != "" {
		t.Error(diff)
	}
	r := Resolve(append(prompted(), values...), Context{Environment: "Environments-1"})
	for name, want := range map[string]string{"Ticket": "T-9", "Zone": "us", "Password": "stored", "Account": "Accounts-1", "Plain": "x"} {
		if got, _ := r.Lookup(name); got == nil || got.Value != want {
			t.Errorf("%s is %+v, want %q", name, got, want)
		}
	}
	if w := r.Warnings(); len(w) != 0 {
		t.Errorf("warnings %q", w)
	}
	_, _, err = form.Apply(map[string]string{"Ticket": " \t"})
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid {
		t.Fatalf("6 required must not be blank: %v", err)
	}
	if diff := cmp.Diff([]string{`A value is required for variable "Ticket".`}, f.Details); diff != "" {
		t.Error(diff)
	}
}

func TestTenanted(t *testing.T) {
	sets := []TemplateSet{
		{Project: "Projects-1", Owner: "Shop", Templates: []Template{{ID: "t1", Name: "Host"}, {ID: "t2", Name: "Port", Default: "80"}}},
		{Owner: "Common", Templates: []Template{{ID: "t3", Name: "Alias"}, {ID: "t4", Name: "Nick", Optional: true}}},
	}
	given := []TenantValue{{TemplateID: "t1", Environments: []string{"E1"}, Value: "h"}, {TemplateID: "t1", Environments: []string{"E2"}, Value: " "}, {TemplateID: "t2", Environments: []string{"E2"}, Value: "8080"}}
	values, missing := Tenanted("T1", sets, given, []string{"E1", "E2"})
	var gone []string
	for _, m := range missing {
		gone = append(gone, m.Template.Name+" "+m.Environment)
	}
	if diff := cmp.Diff([]string{"Host E2", "Alias E1", "Alias E2"}, gone); diff != "" {
		t.Errorf("16.5 missing: %s", diff)
	}
	ix := NewIndex(values)
	for _, tc := range []struct{ name, tenant, env, variable, want string }{
		{"16.5 own value", "T1", "E1", "Host", "h"},
		{"16.5 default", "T1", "E1", "Port", "80"},
		{"16.5 own value beats default", "T1", "E2", "Port", "8080"},
		{"16.5 another tenant has the default", "T2", "E2", "Port", "80"},
		{"16.5 another tenant has no value", "T2", "E1", "Host", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if r, ok := ix.For(Context{Tenant: tc.tenant, Environment: tc.env, Project: "Projects-1"}).At(Spot{}).Lookup(tc.variable); ok {
				got = r.Value
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzOptions(f *testing.F) {
	f.Add("a|b\n\n|x\r\ny|")
	f.Fuzz(func(t *testing.T, text string) {
		e := Element{Display: map[string]string{SelectOptionsSetting: text}}
		if got := len(e.Options()); got > strings.Count(text, "\n")+1 {
			t.Errorf("%q gives %d options", text, got)
		}
	})
}
