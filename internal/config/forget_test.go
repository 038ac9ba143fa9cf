package config

import (
	"os"
	"testing"
)

func TestForgetLeavesNoSettingBehind(t *testing.T) {
	secrets := []string{"ADMIN_PASSWORD", "ADMIN_API_KEY", "MASTER_KEY", "DB_CONNECTION_STRING", "TAKO_MASTER_KEY", "AWS_SECRET_ACCESS_KEY", "TAKO_SMTP_PASSWORD"}
	for _, name := range secrets {
		t.Setenv(name, "secret")
	}
	t.Setenv("TAKO_AGENT", "/somewhere")
	Forget()
	for _, name := range secrets {
		if _, there := os.LookupEnv(name); there {
			t.Errorf("%s is still there", name)
		}
	}
	if os.Getenv("TAKO_AGENT") == "" {
		t.Error("what is meant for agents is gone")
	}
}
