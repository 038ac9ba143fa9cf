package parcel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

const password, hidden = "correct horse battery", "s3cr3t-never-shown"

// site is an installation.
type site struct {
	*testing.T
	db  *store.DB
	ids map[string]string // by what a body calls a resource
}

func newSite(t *testing.T, open func(testing.TB) *store.DB) *site {
	t.Helper()
	s := &site{t, open(t), map[string]string{}}
	s.db.Key = secret.NewKey()
	s.do(func(tx *store.Tx) error {
		_, err := catalog.Seed(tx, catalog.AdminSeed{Username: "ada"})
		return err
	})
	return s
}

func explained(err error) string {
	if f, ok := err.(*fault.Error); ok {
		return f.Message + "\n" + strings.Join(f.Details, "\n")
	}
	return fmt.Sprint(err)
}

func (s *site) do(f func(tx *store.Tx) error) {
	s.Helper()
	if err := s.db.Do(s.Context(), f); err != nil {
		s.Fatal(explained(err))
	}
}

// fill puts ids into a body: <name> stands for what was put under the name.
func (s *site) fill(body string) []byte {
	for name, id := range s.ids {
		body = strings.ReplaceAll(body, "<"+name+">", id)
	}
	if strings.Contains(body, "<") {
		s.Helper()
		s.Fatalf("%s names something unknown", body)
	}
	return []byte(body)
}

// put makes a resource as a client would, and remembers its id.
func (s *site) put(name, plural, body string) {
	s.Helper()
	s.do(func(tx *store.Tx) error {
		k := lookup(plural)
		r, err := k.Decode(s.fill(body))
		if err != nil {
			return err
		}
		if !k.Info().System {
			kind.BaseOf(r).SpaceID = kind.DefaultSpace
		}
		err = k.PutAny(tx, r)
		s.ids[name] = kind.BaseOf(r).ID
		return err
	})
}

// change changes one that is there.
func (s *site) change(plural, id, body string) {
	s.Helper()
	s.do(func(tx *store.Tx) error {
		r, err := lookup(plural).GetAny(tx, string(s.fill(id)))
		if err != nil {
			return err
		}
		if err := lookup(plural).Merge(s.fill(body), r); err != nil {
			return err
		}
		return lookup(plural).PutAny(tx, r)
	})
}

// find remembers the id of what is there.
func (s *site) find(name, plural, title string) {
	s.Helper()
	s.do(func(tx *store.Tx) error {
		r, err := lookup(plural).FindAny(tx, kind.DefaultSpace, title)
		if err == nil {
			s.ids[name] = kind.BaseOf(r).ID
		}
		return err
	})
}

// furnish makes a project that uses much, and another that it does not need.
func (s *site) furnish() {
	const held = `{"HasValue":true,"NewValue":"` + hidden + `"}`
	s.put("ops", "Teams", `{"Name":"Ops"}`)
	s.put("ring", "TagSets", `{"Name":"Ring","Tags":[{"Name":"Alpha"}]}`)
	s.put("prod", "Environments", `{"Name":"Production"}`)
	s.put("dev", "Environments", `{"Name":"Development","Slug":"dev-1"}`)
	s.put("way", "Lifecycles", `{"Name":"Way","Phases":[{"Name":"One","OptionalDeploymentTargets":["<dev>"]},{"Name":"Two","OptionalDeploymentTargets":["<prod>"]}]}`)
	s.put("group", "ProjectGroups", `{"Name":"Shops"}`)
	s.put("proxy", "Proxies", `{"Name":"Px","Host":"proxy","Password":`+held+`}`)
	s.put("library", "LibraryVariableSets", `{"Name":"Common","Templates":[{"Name":"Greeting"}]}`)
	s.change("VariableSets", "variableset-<library>", `{"Variables":[{"Name":"Shared","Value":"`+hidden+`","IsSensitive":true,"Scope":{"Environment":["<prod>"]}}]}`)
	s.put("feed", "Feeds", `{"Name":"Nu","FeedType":"NuGet","FeedUri":"https://packages.example/v3","Username":"u","Password":`+held+`}`)
	s.put("shop", "Projects", `{"Name":"Shop","LifecycleId":"<way>","ProjectGroupId":"<group>","IncludedLibraryVariableSetIds":["<library>"],
		"Templates":[{"Name":"Token","DisplaySettings":{"Octopus.ControlType":"Sensitive"}},{"Name":"Colour"}]}`)
	s.put("other", "Projects", `{"Name":"Other","LifecycleId":"<way>","ProjectGroupId":"<group>"}`)
	s.put("hotfix", "Channels", `{"Name":"Hotfix","ProjectId":"<shop>","LifecycleId":"<way>","TenantTags":["Ring/Alpha"]}`)
	s.put("acme", "Tenants", `{"Name":"Acme","TenantTags":["Ring/Alpha"],"ProjectEnvironments":{"<shop>":["<prod>"],"<other>":["<dev>"]}}`)
	s.put("account", "Accounts", `{"Name":"Root","AccountType":"UsernamePassword","Username":"root","Password":`+held+`,"TenantedDeploymentParticipation":"TenantedOrUntenanted","TenantIds":["<acme>"]}`)
	s.put("web", "Machines", `{"Name":"web-1","EnvironmentIds":["<prod>"],"Roles":["web"],"Endpoint":{"CommunicationStyle":"Ssh","Host":"h","AccountId":"<account>","Fingerprint":"SHA256:x","ProxyId":"<proxy>"}}`)
	s.put("template", "ActionTemplates", `{"Name":"Greet","ActionType":"Octopus.Script","Properties":{"Octopus.Action.Script.ScriptBody":"echo"},"Parameters":[{"Name":"Who"}]}`)
	s.change("ActionTemplates", "<template>", `{"Description":"two"}`)
	s.change("DeploymentProcesses", "deploymentprocess-<shop>", `{"Steps":[
		{"Name":"Ask","Actions":[{"Name":"Ask","ActionType":"Octopus.Manual","Properties":{"Octopus.Action.Manual.Instructions":"?","Octopus.Action.Manual.ResponsibleTeamIds":"<ops>,teams-everyone"}}]},
		{"Name":"Say","Properties":{"Octopus.Action.TargetRoles":"web"},"Actions":[{"Name":"Say","ActionType":"Octopus.Script","Channels":["<hotfix>"],"Environments":["<prod>"],
		 "Properties":{"Octopus.Action.Template.Id":"<template>","Octopus.Action.Template.Version":"1","Who":`+held+`,"Octopus.Action.Script.ScriptBody":"echo <shop>, said"}}]}]}`)
	s.put("restart", "Runbooks", `{"Name":"Restart","ProjectId":"<shop>","EnvironmentScope":"Specified","Environments":["<dev>"]}`)
	s.change("Runbooks", "<restart>", `{"CancelQueuedTasks":false}`)
	s.change("RunbookProcesses", "RunbookProcess-<restart>", `{"Steps":[{"Name":"Go","Actions":[{"Name":"Go","ActionType":"Octopus.Script","Properties":{"Octopus.Action.Script.ScriptBody":"x"}}]}]}`)
	s.change("VariableSets", "variableset-<shop>", `{"Variables":[
		{"Name":"Key","Value":"`+hidden+`","Type":"Sensitive","Scope":{"Channel":["<hotfix>"],"Machine":["<web>"],"TenantTag":["Ring/Alpha"]}},
		{"Name":"Login","Value":"<account>","Type":"UsernamePasswordAccount"},{"Name":"Plain","Value":"1"}]}`)
	s.put("nightly", "ProjectTriggers", `{"Name":"Nightly","ProjectId":"<shop>","Filter":{"FilterType":"CronExpressionSchedule","CronExpression":"0 0 3 * * *"},"Action":{"ActionType":"RunRunbook","RunbookId":"<restart>","EnvironmentIds":["<dev>"]}}`)
	s.change("Projects", "<shop>", `{"ProvisioningRunbookId":"<restart>"}`)
	s.change("LibraryVariableSets", "<library>", `{"Templates":[{"Name":"Greeting"},{"Name":"Way in","DefaultValue":"<account>","DisplaySettings":{"Octopus.ControlType":"UsernamePasswordAccount"}}]}`)
	s.giveValues()
}

// giveValues gives the tenant values for the project's templates.
func (s *site) giveValues() {
	s.do(func(tx *store.Tx) error {
		tenant, err := catalog.Tenants.Get(tx, s.ids["acme"])
		if err != nil {
			return err
		}
		project, err := catalog.Projects.Get(tx, s.ids["shop"])
		if err != nil {
			return err
		}
		v, err := catalog.TenantVariablesOf(tx, tenant)
		if err != nil {
			return err
		}
		for _, t := range project.Templates {
			text := "blue"
			if t.Sensitive() {
				text = hidden
			}
			v.Values = append(v.Values, catalog.TenantValue{OwnerID: project.ID, TemplateID: t.ID, Environments: []string{s.ids["prod"]}, Value: kind.Property{Text: text}})
		}
		return catalog.TenantVariableSets.Put(tx, v)
	})
}

func (s *site) pack(projects ...string) *Parcel {
	s.Helper()
	p, err := Pack(s.Context(), s.db, Ask{Space: "Default", Projects: projects, Password: password, Version: "1.2.3"})
	if err != nil {
		s.Fatal(explained(err))
	}
	return p
}

// sent is what arrives of a parcel through a file.
func sent(t *testing.T, p *Parcel) *Parcel {
	t.Helper()
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(file.String(), hidden) || strings.Contains(file.String(), `"Mark"`) {
		t.Error("the file tells of secrets")
	}
	read, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func (s *site) take(p *Parcel, ask Arrival) Taken {
	s.Helper()
	ask.Password = password
	taken, err := Take(s.Context(), s.db, p, ask)
	if err != nil {
		s.Fatal(explained(err))
	}
	return taken
}

// content gives what a parcel holds, by names in place of ids, secrets opened.
func content(t *testing.T, p *Parcel) map[string]string {
	t.Helper()
	key, err := p.key(password)
	if err != nil {
		t.Fatal(err)
	}
	names, all := map[string]string{p.SpaceID: "the space"}, map[string]string{}
	trees := make([]map[string]any, len(p.Documents))
	for i, d := range p.Documents {
		v, err := tree(d.Data)
		if err != nil {
			t.Fatal(err)
		}
		if err := opened(v, key); err != nil {
			t.Fatal(err)
		}
		trees[i] = v.(map[string]any)
		names[d.ID] = title(d.Kind, trees[i], d.Kind)
		values, _ := trees[i]["Values"].([]any)
		for _, e := range values {
			delete(e.(map[string]any), "Id")
		}
		delete(trees[i], "IsDisabled") // triggers rest where they arrive
	}
	for _, n := range p.Named {
		names[n.ID] = n.Name
	}
	name := func(id string) string {
		if n, ok := names[id]; ok {
			return n
		}
		return id
	}
	for i, d := range p.Documents {
		owner, _ := trees[i][withOwner[d.Kind]].(string)
		text, err := json.Marshal(rewritten(trees[i], name))
		if err != nil {
			t.Fatal(err)
		}
		// A template's versions are numbered anew.
		all[names[d.ID]+" of "+name(owner)] = strings.ReplaceAll(string(text), `"Octopus.Action.Template.Version":"1"`, `"Octopus.Action.Template.Version":"0"`)
	}
	return all
}

func engines(t *testing.T, story func(t *testing.T, from, to *site)) {
	open := map[string]func(testing.TB) *store.DB{"sqlite": storetest.SQLite, "postgresql": storetest.Postgres}
	for _, way := range [][2]string{{"sqlite", "sqlite"}, {"sqlite", "postgresql"}, {"postgresql", "sqlite"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			t.Parallel()
			story(t, newSite(t, open[way[0]]), newSite(t, open[way[1]]))
		})
	}
}

func TestProjectsArriveAsTheyWere(t *testing.T) {
	engines(t, func(t *testing.T, from, to *site) {
		from.furnish()
		to.put("ops", "Teams", `{"Name":"Ops"}`)
		for _, name := range []string{"a", "b", "c"} { // so that numbers differ
			to.put(name, "Environments", `{"Name":"`+name+`"}`)
			to.put(name, "Projects", `{"Name":"`+name+`","LifecycleId":"`+defaultOf(to, "Lifecycles")+`","ProjectGroupId":"`+defaultOf(to, "ProjectGroups")+`"}`)
		}
		p := sent(t, from.pack("Shop"))
		if taken := to.take(p, Arrival{}); len(taken.Changed) > 0 || len(taken.Made) < 15 {
			t.Errorf("%+v", taken)
		}
		if diff := cmp.Diff(content(t, p), content(t, to.pack("shop"))); diff != "" {
			t.Errorf("what has arrived differs (-sent +arrived):\n%s", diff)
		}
		if taken := to.take(p, Arrival{}); len(taken.Made)+len(taken.Changed) > 0 {
			t.Errorf("the second time changes something: %+v", taken)
		}
		if taken := to.take(p, Arrival{Overwrite: true}); len(taken.Made)+len(taken.Changed) > 0 {
			t.Errorf("what is the same is written over: %+v", taken)
		}
	})
}

// defaultOf gives the resource of a kind that the space was born with.
func defaultOf(s *site, plural string) (id string) {
	s.do(func(tx *store.Tx) error {
		docs, err := tx.Find(store.Query{Kind: plural, Take: 1, OrderBy: "created, id"})
		id = docs[0].ID
		return err
	})
	return id
}

func TestASpaceArrivesWhole(t *testing.T) {
	engines(t, func(t *testing.T, from, to *site) {
		from.furnish()
		to.put("ops", "Teams", `{"Name":"Ops"}`)
		p := sent(t, from.pack())
		taken := to.take(p, Arrival{Space: "Moved"})
		if taken.Space != "Moved" || len(taken.Changed) > 0 {
			t.Errorf("%+v", taken)
		}
		back, err := Pack(t.Context(), to.db, Ask{Space: "Moved", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(content(t, p), content(t, back)); diff != "" {
			t.Errorf("what has arrived differs (-sent +arrived):\n%s", diff)
		}
		if taken := to.take(p, Arrival{Space: "moved"}); len(taken.Made)+len(taken.Changed) > 0 {
			t.Errorf("the second time changes something: %+v", taken)
		}
	})
}

func TestWhatIsThereAlready(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.furnish()
	to.put("ops", "Teams", `{"Name":"Ops"}`)
	to.take(from.pack("Shop", "Other"), Arrival{})
	for name, of := range map[string][2]string{"account": {"Accounts", "Root"}, "shop": {"Projects", "Shop"}, "other": {"Projects", "Other"}, "acme": {"Tenants", "Acme"}, "prod": {"Environments", "Production"}} {
		to.find(name, of[0], of[1])
	}
	to.change("Accounts", "<account>", `{"Username":"theirs","Password":{"HasValue":true,"NewValue":"another"}}`)
	to.change("VariableSets", "variableset-<shop>", `{"Variables":[{"Name":"Plain","Value":"2"}]}`)
	to.change("Tenants", "<acme>", `{"ProjectEnvironments":{"<other>":["<prod>"]}}`)
	p := sent(t, from.pack("Shop"))

	trial := to.take(p, Arrival{Trial: true})
	taken := to.take(p, Arrival{})
	if diff := cmp.Diff(trial, taken); diff != "" {
		t.Errorf("the trial said something else (-trial +done):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Tenant 'Acme'", "Variable set of Project 'Shop'"}, taken.Changed); diff != "" || len(taken.Made) > 0 {
		t.Errorf("made %q, changed (-want +got):\n%s", taken.Made, diff)
	}
	to.do(func(tx *store.Tx) error {
		account, err := catalog.Accounts.Get(tx, to.ids["account"])
		if err != nil {
			return err
		}
		if account.Username != "theirs" {
			t.Error("what is shared was written over without being told to")
		}
		tenant, err := catalog.Tenants.Get(tx, to.ids["acme"])
		if len(tenant.ProjectEnvironments) != 2 {
			t.Errorf("the tenant is connected to %v", tenant.ProjectEnvironments)
		}
		return err
	})
	if over := to.take(p, Arrival{Overwrite: true}); !strings.Contains(strings.Join(over.Changed, ","), "Account 'Root'") {
		t.Errorf("told to write over, it changed %q", over.Changed)
	}
}

func TestRefusals(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.furnish()
	p := from.pack("Shop")
	ask := func(password secret.Text) error {
		_, err := Pack(t.Context(), from.db, Ask{Space: "Default", Projects: []string{"Shop"}, Password: password})
		return err
	}
	take := func(password secret.Text) error {
		_, err := Take(t.Context(), to.db, sent(t, p), Arrival{Password: password})
		return err
	}
	read := func(text string) error {
		_, err := Read(strings.NewReader(text))
		return err
	}
	whole, _ := json.Marshal(p)
	before := events(to)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no password for secrets":   {ask(""), "give a password"},
		"a short password":          {ask("short"), "at least 12"},
		"no password to open":       {take(""), "give the password"},
		"another password":          {take("correct horse bakery"), "not the one"},
		"a team that is not here":   {take(password), "Team 'Ops' is named in the export"},
		"half a file":               {read(string(whole[:len(whole)/2])), "no whole export"},
		"some other file":           {read(`{"Name":"x"}`), "no export of Tako"},
		"a later form":              {read(`{"Form":4,"SpaceID":"Spaces-1","Version":"9.0"}`), "use a newer one"},
		"what is not to be carried": {read(`{"Form":1,"SpaceID":"Spaces-1","Documents":[{"Kind":"Releases","ID":"Releases-1"}]}`), "no such thing is carried"},
	} {
		if !strings.Contains(explained(c.err), c.want) || !fault.Is(c.err, fault.Invalid) {
			t.Errorf("%s: %s", name, explained(c.err))
		}
	}
	if events(to) != before {
		t.Error("what was refused has left something")
	}
}

// TestNothingHalf has the last document fail, after all others were made.
func TestNothingHalf(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.furnish()
	to.put("ops", "Teams", `{"Name":"Ops"}`)
	p := from.pack("Shop")
	last := &p.Documents[len(p.Documents)-1]
	last.Data = bytes.ReplaceAll(last.Data, []byte("0 0 3 * * *"), []byte("never"))
	remark(t, p)
	before := events(to)
	_, err := Take(t.Context(), to.db, p, Arrival{Password: password})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "Trigger 'Nightly' cannot be imported") {
		t.Error(err)
	}
	if events(to) != before {
		t.Error("some of it was imported")
	}
}

// remark makes what a test has changed as if it had been made so.
func remark(t *testing.T, p *Parcel) {
	t.Helper()
	key, err := secret.KeyOf(password, p.Salt)
	if err != nil {
		t.Fatal(err)
	}
	if p.Whole, err = p.whole(key); err != nil {
		t.Fatal(err)
	}
}

func events(s *site) (n int) {
	s.do(func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&n}, "select count(*) from event")
		return err
	})
	return n
}

func TestBothEndsSayThatItWas(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.furnish()
	to.put("ops", "Teams", `{"Name":"Ops"}`)
	to.take(from.pack("Shop"), Arrival{})
	for site, want := range map[*site]string{from: "What belongs to Shop of space Default was exported to a file, with secrets, under a password", to: "What belongs to Shop of space Default, exported "} {
		var data string
		site.do(func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&data}, "select data from event where category in ('Exported', 'Imported') order by id desc limit 1")
			return err
		})
		if !strings.Contains(data, want) {
			t.Errorf("the audit trail says %s", data)
		}
	}
}

func TestMain(m *testing.M) {
	kind.Distrust()
	os.Exit(m.Run())
}
