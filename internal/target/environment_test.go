package target

import (
	"slices"
	"strings"
	"testing"
)

// TestOwnEnvironment checks that scripts on the built-in worker are given the
// machine's environment and none of the server's settings.
func TestOwnEnvironment(t *testing.T) {
	for _, name := range []string{"TAKO_MASTER_KEY", "TAKO_ADMIN_PASSWORD", "TAKO_SMTP_PASSWORD_FILE", "ADMIN_PASSWORD", "ADMIN_API_KEY", "MASTER_KEY", "MASTER_KEY_FILE", "DB_CONNECTION_STRING"} {
		t.Setenv(name, "secret")
	}
	t.Setenv("TAKO_AGENT_IDLE", "5s")
	t.Setenv("SOME_VARIABLE", "kept")
	env := ownEnvironment()
	for _, pair := range env {
		if name, value, _ := strings.Cut(pair, "="); value == "secret" {
			t.Errorf("scripts are given %s", name)
		}
	}
	for _, want := range []string{"TAKO_AGENT_IDLE=5s", "SOME_VARIABLE=kept"} {
		if !slices.Contains(env, want) {
			t.Errorf("scripts are not given %s", want)
		}
	}
}
