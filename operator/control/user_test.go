package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadUsers(t *testing.T) {
	const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, test := range []struct{ name, text, says string }{
		{"two", "- {name: vera, role: viewer, tokenSHA256: " + sum + "}\n- {name: otto, role: operator, tokenSHA256: " + sum + "}\n", ""},
		{"two of one name", "- {name: a, role: viewer, tokenSHA256: " + sum + "}\n- {name: a, role: operator, tokenSHA256: " + sum + "}\n", "user 2"},
		{"no name", "- {role: viewer, tokenSHA256: " + sum + "}\n", "user 1"},
		{"another role", "- {name: a, role: admin, tokenSHA256: " + sum + "}\n", "viewer or operator"},
		{"the token itself", "- {name: a, role: viewer, tokenSHA256: secret}\n", "tokenSHA256"},
		{"half a sum", "- {name: a, role: viewer, tokenSHA256: 9f86}\n", "tokenSHA256"},
		{"a field of another program", "- {name: a, role: viewer, token: x}\n", "unknown field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "users.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			users, err := ReadUsers(path)
			switch {
			case test.says == "" && (err != nil || len(users) != 2 || users[1].Name != "otto"):
				t.Errorf("%+v %v", users, err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("%v", err)
			}
		})
	}
}
