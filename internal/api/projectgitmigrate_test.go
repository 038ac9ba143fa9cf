package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMigrateVariables moves a project to Git without its variables, and these
// afterwards.
func TestMigrateVariables(t *testing.T) {
	v := newVersioned(t)
	if text := v.refused(400, "POST", v.project+"/git/migrate-variables", thing{}); !strings.Contains(text, "is not in Git. Convert it first") {
		t.Error(text)
	}
	v.want(200, "POST", v.project+"/git/convert", thing{"VersionControlSettings": v.settings(), "KeepVariablesInDatabase": true})
	files := v.origin.Run(v.origin.Dir, "ls-tree", "-r", "--name-only", "main", ".octopus/shop/")
	if strings.Contains(files, "variables.ocl") || !strings.Contains(files, "deployment_process.ocl") {
		t.Errorf("the repository has %s", files)
	}
	p := v.get(v.project)
	for member, want := range map[string]string{"PersistenceSettings.ConversionState.VariablesAreInGit": "false", "Links.MigrateVariablesToGit": v.project + "/git/migrate-variables", "Links.Variables": "/api/Spaces-1/variables/variableset-" + v.id} {
		if got := v.text(p, member); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	if text := v.refused(400, "GET", v.on("main", "variables"), nil); !strings.Contains(text, "are not in Git: they are at /projects/") {
		t.Error(text)
	}

	// They are changed and used where they are.
	set := v.get(v.project + "/variables").(thing)
	if diff := cmp.Diff([]string{"Greeting", "Secret"}, v.names(set)); diff != "" {
		t.Errorf("in the database, -want +got\n%s", diff)
	}
	at(set, "Variables").([]any)[0].(thing)["Value"] = "good day"
	v.put(v.project+"/variables", set)
	v.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	v.deploys("1.0.0", "good day")

	v.who("userroles-projectviewer", anyPlace).want(403, "POST", v.project+"/git/migrate-variables", thing{})
	v.want(200, "POST", v.project+"/git/migrate-variables", thing{"Branch": "main", "CommitMessage": "Move them"})
	if got := v.show("main", "variables.ocl"); got != "variable \"Greeting\" {\n    value \"good day\" {}\n}" {
		t.Errorf("the variables are %s", got)
	}
	if got := v.origin.Run(v.origin.Dir, "log", "-1", "--format=%s by %an", "main"); got != "Move them by ada" {
		t.Errorf("the commit is %q", got)
	}
	if diff := cmp.Diff([]string{"Secret"}, v.names(v.get(v.project+"/variables"))); diff != "" {
		t.Errorf("in the database, -want +got\n%s", diff)
	}
	p = v.get(v.project)
	for member, want := range map[string]string{"PersistenceSettings.ConversionState.VariablesAreInGit": "true", "Links.MigrateVariablesToGit": "<nil>", "Links.Variables": v.project + "/{gitRef}/variables"} {
		if got := v.text(p, member); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	v.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "2.0.0"})
	v.deploys("2.0.0", "good day")
	if text := v.refused(400, "POST", v.project+"/git/migrate-variables", thing{}); !strings.Contains(text, "are in Git already") {
		t.Error(text)
	}
}
