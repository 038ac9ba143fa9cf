package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names lists a set's variables.
func (v *versioned) names(set any) (all []string) {
	for _, one := range at(set, "Variables").([]any) {
		all = append(all, v.text(one, "Name"))
	}
	return all
}

// TestSecretsOnBranch sends secrets along with the variables of a branch: they
// are kept in the database, where they are read, and deployments have both.
func TestSecretsOnBranch(t *testing.T) {
	v := newVersioned(t)
	v.convert()
	set := v.get(v.on("main", "variables")).(thing)
	set["Variables"] = append(set["Variables"].([]any), thing{"Name": "Colour", "Value": "red"}, thing{"Name": "Word", "Value": hush + "-new", "Type": "Sensitive"})
	answer := v.put(v.on("main", "variables"), set)
	if diff := cmp.Diff([]string{"Greeting", "Colour"}, v.names(answer)); diff != "" {
		t.Errorf("on the branch, -want +got\n%s", diff)
	}
	if got := v.show("main", "variables.ocl"); strings.Contains(got, hush) || strings.Contains(got, "Word") || !strings.Contains(got, "Colour") {
		t.Errorf("the repository has %s", got)
	}
	kept := v.get(v.project + "/variables")
	if diff := cmp.Diff([]string{"Secret", "Word"}, v.names(kept)); diff != "" || strings.Contains(fmt.Sprint(kept), hush) {
		t.Errorf("in the database: %v, -want +got\n%s", kept, diff)
	}

	// One that has its id is changed, those that are not sent stay, and nothing is
	// committed for it.
	before := v.origin.Run(v.origin.Dir, "rev-parse", "main")
	word := at(kept, "Variables").([]any)[1].(thing)
	word["Name"], word["Value"] = "Words", hush+"-newer"
	answer = v.get(v.on("main", "variables"))
	answer.(thing)["Variables"] = append(answer.(thing)["Variables"].([]any), word)
	v.put(v.on("main", "variables"), answer)
	if diff := cmp.Diff([]string{"Secret", "Words"}, v.names(v.get(v.project+"/variables"))); diff != "" {
		t.Errorf("in the database, -want +got\n%s", diff)
	}
	if after := v.origin.Run(v.origin.Dir, "rev-parse", "main"); after != before {
		t.Errorf("a commit was made for a secret alone: %s", after)
	}

	process := v.get(v.on("main", "deploymentprocesses")).(thing)
	process["Steps"].([]any)[0].(thing)["Actions"].([]any)[0].(thing)["Properties"].(thing)["Octopus.Action.Script.ScriptBody"] = `test "#{Colour} #{Words}" = "red ` + hush + `-newer" && echo fits`
	v.put(v.on("main", "deploymentprocesses"), process)
	v.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	v.deploys("1.0.0", "fits")

	// Who may not change variables cannot do it by this way either.
	viewer := v.who("userroles-projectviewer", anyPlace)
	viewer.want(403, "PUT", v.on("main", "variables"), thing{"Variables": []thing{{"Name": "Greeting", "Value": "hello"}, {"Name": "Mine", "Value": "x", "Type": "Sensitive"}}})
	if diff := cmp.Diff([]string{"Secret", "Words"}, v.names(v.get(v.project+"/variables"))); diff != "" {
		t.Errorf("after a refusal, -want +got\n%s", diff)
	}
}
