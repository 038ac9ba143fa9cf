package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/takodeploy/tako/operator/control"
)

// TestWhoMaySignIn settles it from the arguments and says what is missing.
func TestWhoMaySignIn(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	users := "--users=" + file("- {name: otto, role: operator, tokenSHA256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}\n")
	issuer := []string{"--oidc-issuer=https://id.example.com", "--oidc-client=cloud", "--url=https://cloud.example.com", "--oidc-operator=platform", "--oidc-viewer=support,staff"}
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"nobody", nil, "give --users, --oidc-issuer or both"},
		{"tokens", []string{users}, ""},
		{"an issuer", issuer, ""},
		{"both", append([]string{users}, issuer...), ""},
		{"an issuer and no way back", issuer[:2], "--url"},
		{"a key", []string{users, "--session-key=" + file(strings.Repeat("k", 32))}, ""},
		{"a short key", []string{users, "--session-key=" + file("k")}, "give 32 or more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p struct {
				Control desk `cmd:""`
			}
			parser, err := kong.New(&p)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(append([]string{"control"}, test.args...)); err != nil {
				t.Fatal(err)
			}
			var c control.Control
			err = p.Control.admit(&c)
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Error(err)
				}
				return
			}
			vouches := strings.Contains(strings.Join(test.args, " "), "--oidc")
			if err != nil || len(c.Key) < 32 || vouches != (c.OIDC != nil) || vouches && (len(c.OIDC.Viewers) != 2 || c.OIDC.Claim != "groups" || c.OIDC.NameClaim != "email") {
				t.Errorf("%+v: %v", c.OIDC, err)
			}
		})
	}
}
