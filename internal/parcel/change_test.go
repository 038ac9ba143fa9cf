package parcel

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestChangedFile has somebody who does not know the password move a secret to
// where they could read it, and somebody lay the file out anew.
func TestChangedFile(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.furnish()
	to.put("ops", "Teams", `{"Name":"Ops"}`)
	p := from.pack("Shop")
	sealed := regexp.MustCompile(`sealed1\.[^"]+`).FindString(string(p.Documents[slices.IndexFunc(p.Documents, func(d Document) bool { return d.Kind == "Proxies" })].Data))
	for name, change := range map[string]func(p *Parcel){
		"a secret as a property": func(p *Parcel) {
			at := slices.IndexFunc(p.Documents, func(d Document) bool { return d.Kind == "DeploymentProcesses" })
			p.Documents[at].Data = bytes.Replace(p.Documents[at].Data, []byte(`"Who": {`), []byte(`"HasValue": true, "Sealed": "`+sealed+`", "Who": {`), 1)
		},
		"another space":  func(p *Parcel) { p.Space = "Other" },
		"one less":       func(p *Parcel) { p.Documents = p.Documents[:len(p.Documents)-1] },
		"another name":   func(p *Parcel) { p.Named[0].Name = "Everyone" },
		"without a mark": func(p *Parcel) { p.Whole = "" },
	} {
		changed := sent(t, p)
		change(changed)
		if _, err := Take(t.Context(), to.db, changed, Arrival{Password: password}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "not as it was made") {
			t.Errorf("%s: %s", name, explained(err))
		}
	}
	var anew any
	whole, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(whole, &anew)
	}
	if err != nil {
		t.Fatal(err)
	}
	if whole, err = json.MarshalIndent(anew, "", "\t"); err != nil {
		t.Fatal(err)
	}
	again, err := Read(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	to.take(again, Arrival{})
}

// TestWordsOfSecrets carries properties that are only called as parts of secrets
// are, and what has their form.
func TestWordsOfSecrets(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.find("way", "Lifecycles", "Default Lifecycle")
	from.find("group", "ProjectGroups", "Default Project Group")
	from.put("shop", "Projects", `{"Name":"Shop","LifecycleId":"<way>","ProjectGroupId":"<group>"}`)
	from.change("DeploymentProcesses", "deploymentprocess-<shop>", `{"Steps":[{"Name":"Go","Actions":[{"Name":"Go","ActionType":"Octopus.Script","Properties":{"Sealed":"with wax","Secret":"S","Octopus.Action.Script.ScriptBody":"x"}}]}]}`)
	p := from.pack("Shop")
	to.take(sent(t, p), Arrival{})
	if want, got := content(t, p), content(t, to.pack("Shop")); cmp.Diff(want, got) != "" {
		t.Error(cmp.Diff(want, got))
	}
}

// TestNumbersThatStoodForNothing exports a step for a team that is gone: at the
// other end another team has its number.
func TestNumbersThatStoodForNothing(t *testing.T) {
	from, to := newSite(t, storetest.SQLite), newSite(t, storetest.SQLite)
	from.find("way", "Lifecycles", "Default Lifecycle")
	from.find("group", "ProjectGroups", "Default Project Group")
	from.put("shop", "Projects", `{"Name":"Shop","LifecycleId":"<way>","ProjectGroupId":"<group>"}`)
	from.put("gone", "Teams", `{"Name":"Operators"}`)
	from.change("DeploymentProcesses", "deploymentprocess-<shop>", `{"Steps":[{"Name":"Ask","Actions":[{"Name":"Ask","ActionType":"Octopus.Manual","Properties":{"Octopus.Action.Manual.Instructions":"?","Octopus.Action.Manual.ResponsibleTeamIds":"<gone>"}}]}]}`)
	from.do(func(tx *store.Tx) error { return lookup("Teams").DeleteAny(tx, from.ids["gone"]) })
	p := from.pack("Shop")
	before := events(to)
	to.take(sent(t, p), Arrival{Trial: true})
	to.put("others", "Teams", `{"Name":"Interns"}`)
	if from.ids["gone"] != to.ids["others"] {
		t.Fatal("the teams have different numbers")
	}
	_, err := Take(t.Context(), to.db, sent(t, p), Arrival{Password: password})
	if text := explained(err); !fault.Is(err, fault.Invalid) || !strings.Contains(text, "Team 'Interns'") || !strings.Contains(text, "of Project 'Shop'") {
		t.Error(text)
	}
	if events(to) != before+1 {
		t.Error("what was refused has left something")
	}
}
