package journey

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestAProjectGoesToAnotherServer has a project and its secrets go by a file from
// one running server to another, whose database is of the other engine.
func TestAProjectGoesToAnotherServer(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t, ""), newWorld(t, storetest.PostgresURL(t))
	const kept = "s3cr3t-never-shown"
	from.furnish()
	project := from.project("Shop", object{"Name": "Say", "Actions": []object{{"Name": "Say", "ActionType": "Octopus.Script", "Properties": object{"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptBody": "echo \"sum $(printf %s \"$(get_octopusvariable Key)\" | sha256sum)\"", "Octopus.Action.Script.Syntax": "Bash"}}}})
	from.variables(project, hidden("Key", kept), text("Plain", "1"))

	file := filepath.Join(from.dir, "shop.json")
	admin := func(w *world, want string, args ...string) {
		t.Helper()
		cmd := exec.Command(w.server.Program, append([]string{"admin"}, args...)...)
		cmd.Env = append(w.server.Env, "TAKO_DATA="+w.data)
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || strings.Contains(string(out), kept) {
			t.Fatalf("%q ended with %v and said:\n%s", args, err, out)
		}
	}
	admin(from, "give a password", "export", "--project", "Shop", file)
	if _, err := os.Stat(file); err == nil {
		t.Error("what was refused has left a file")
	}
	admin(from, "Its secrets are sealed", "export", "--project", "Shop", "--password", "correct horse battery", file)
	written, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(written), kept) {
		t.Fatalf("the file: %v\n%.2000s", err, written)
	}
	admin(to, "is not the one", "import", "--password", "correct horse bakery", file)
	admin(to, "Nothing was done", "import", "--password", "correct horse battery", "--dry-run", file)
	to.refused(404, "GET", "/api/Spaces-1/projects/shop", nil, "not found")
	admin(to, "made: Project 'Shop'", "import", "--password", "correct horse battery", file)
	admin(to, "0 made, 0 changed", "import", "--password", "correct horse battery", file)

	arrived := id(to.get("/api/Spaces-1/projects/shop"))
	variables := objects(to.get("/api/Spaces-1/variables/variableset-" + arrived)["Variables"])
	if len(variables) != 2 || variables[0]["IsSensitive"] != true || variables[1]["Value"] != "1" {
		t.Errorf("the variables that have arrived: %v", variables)
	}
	if said := objects(to.get("/api/events?eventCategories=Imported")["Items"]); len(said) != 1 {
		t.Errorf("%d imports are in the audit trail", len(said))
	}
	task := to.deploy("Shop", to.release("Shop", nil), "Development", nil)
	to.wait(task, "Success")
	if sum := fmt.Sprintf("sum %x", sha256.Sum256([]byte(kept))); !strings.Contains(to.raw(task), sum) {
		t.Errorf("the secret is another here: %s is not in\n%s", sum, to.raw(task))
	}
}
