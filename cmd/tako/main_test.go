package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/takodeploy/tako/internal/config"
)

func TestCommandsFor(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "tako server "},
		{"frob", "tako server "},
		{"admin", "tako admin backup "},
		{"admin frob", "tako admin COMMAND --help"},
		{"server --frob", "tako server --help tells"},
	} {
		t.Run(test.args, func(t *testing.T) {
			var c commands
			_, err := config.Parse(&c, strings.Fields(test.args), kong.Name("tako"))
			if got := commandsFor(err); err == nil || !strings.Contains(got, test.want) {
				t.Errorf("%v, then %q, which lacks %q", err, got, test.want)
			}
		})
	}
}
