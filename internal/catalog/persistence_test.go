package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
)

func TestPersistenceSettings(t *testing.T) {
	given := PersistenceSettings{URL: " https://example.com/x.git ", DefaultBranch: "refs/heads/main", BasePath: "/.octopus/web/"}
	var wrong fault.Complaints
	given.Check(&wrong)
	want := PersistenceSettings{URL: "https://example.com/x.git", DefaultBranch: "main", BasePath: ".octopus/web", Credentials: &ProjectGitIdentity{Type: GitAnonymous}, ProtectedBranchNamePatterns: given.ProtectedBranchNamePatterns}
	if diff := cmp.Diff(want, given); diff != "" || wrong.Err() != nil {
		t.Errorf("%v\n%s", wrong.Err(), diff)
	}
	if got := given.File("variables.ocl"); got != ".octopus/web/variables.ocl" {
		t.Errorf("the file is %s", got)
	}
	for base, want := range map[string]string{"": ".octopus", "/": ".octopus", "a//b": "a/b"} {
		s := PersistenceSettings{URL: "https://example.com", DefaultBranch: "main", BasePath: base}
		if s.Check(&wrong); s.BasePath != want {
			t.Errorf("%q is %s, want %s", base, s.BasePath, want)
		}
	}
}

func TestWrongPersistenceSettings(t *testing.T) {
	for _, test := range []struct {
		settings PersistenceSettings
		want     string
	}{
		{PersistenceSettings{URL: "", DefaultBranch: "m"}, "PersistenceSettings.Url must be"},
		{PersistenceSettings{URL: "ssh://git@example.com/x", DefaultBranch: "m"}, "a Git credential of the type SshKeyPair"},
		{PersistenceSettings{URL: "git@example.com:x", DefaultBranch: "m", Credentials: &ProjectGitIdentity{Type: GitUsernamePassword, Username: "u"}}, "a Git credential of the type SshKeyPair"},
		{PersistenceSettings{URL: "ssh://git:word@example.com/x", DefaultBranch: "m"}, "PersistenceSettings.Url must be"},
		{PersistenceSettings{URL: "/srv/x.git", DefaultBranch: "m"}, "PersistenceSettings.Url must be"},
		{PersistenceSettings{URL: "ext::sh -c x", DefaultBranch: "m"}, "PersistenceSettings.Url must be"},
		{PersistenceSettings{URL: "https://u:p@example.com/x", DefaultBranch: "m"}, "must not hold a user name or a password"},
		{PersistenceSettings{URL: "https://example.com", DefaultBranch: " "}, "DefaultBranch must not be empty"},
		{PersistenceSettings{URL: "https://example.com", DefaultBranch: "m", BasePath: "a/../../b"}, "BasePath must be a folder"},
		{PersistenceSettings{URL: "https://example.com", DefaultBranch: "m", BasePath: ".git/hooks"}, "BasePath must be a folder"},
		{PersistenceSettings{URL: "https://example.com", DefaultBranch: "m", Credentials: &ProjectGitIdentity{Type: GitUsernamePassword}}, "Credentials.Username"},
		{PersistenceSettings{URL: "https://example.com", DefaultBranch: "m", Credentials: &ProjectGitIdentity{Type: GitReferenced}}, "Credentials.Id"},
	} {
		var wrong fault.Complaints
		test.settings.Check(&wrong)
		if text := strings.Join(wrong, "\n"); len(wrong) != 1 || !strings.Contains(text, test.want) {
			t.Errorf("%+v: %q, want %q", test.settings, text, test.want)
		}
	}
}

func TestProtectedBranches(t *testing.T) {
	s := PersistenceSettings{DefaultBranch: "main", ProtectedBranchNamePatterns: []string{"release/*", "*-stable", "one*two*three"}}
	for branch, want := range map[string]bool{
		"main": false, "release/1": true, "release/1/2": true, "release": false, "v2-stable": true, "stable": false, "one-two-three": true, "onetwo": false, "one-two-threes": false,
	} {
		if got := s.Protects(branch); got != want {
			t.Errorf("%s is protected: %v, want %v", branch, got, want)
		}
	}
	s.ProtectedBranchNamePatterns = []string{strings.Repeat("*a", 30) + "b"} // of which trying everything would not end
	if s.Protects(strings.Repeat("a", 200)) || !s.Protects(strings.Repeat("a", 200)+"b") {
		t.Error("a pattern with many stars does not match")
	}
	s.ProtectedBranchNamePatterns = nil
	s.ProtectedDefaultBranch = true
	if !s.Protects("main") || s.Protects("maine") {
		t.Error("the default branch alone is protected by name")
	}
}

func TestGitOverSSH(t *testing.T) {
	for address, want := range map[string]GitSSHAddress{
		"git@example.com:acme/shop.git":             {"git", "example.com:22", "acme/shop.git"},
		"git@example.com:/srv/shop.git":             {"git", "example.com:22", "/srv/shop.git"},
		"git@[::1]:shop":                            {"git", "[::1]:22", "shop"},
		"ssh://git@example.com/acme/shop.git":       {"git", "example.com:22", "/acme/shop.git"},
		"ssh://example.com:2222/shop.git":           {"", "example.com:2222", "/shop.git"},
		"ssh://git@[fe80::1]:2222/~ada/shop.git":    {"git", "[fe80::1]:2222", "~ada/shop.git"},
		"SSH://git@example.com/shop%20of%20all.git": {"git", "example.com:22", "/shop of all.git"},
	} {
		if got, ok := GitOverSSH(address); !ok || got != want {
			t.Errorf("%s is %+v, %v, want %+v", address, got, ok, want)
		}
	}
	for _, address := range []string{"", "https://example.com/x", "example.com:x", "ext::sh -c x", "a@ext::sh -c x", "ssh://example.com", "ssh://example.com/", "ssh:///x", "ssh://u:p@example.com/x", "ssh://example.com/x?y", "git@example.com:", "git@-x:y", "/srv/x", "file:///x", "git@example.com:a\nb"} {
		if got, ok := GitOverSSH(address); ok {
			t.Errorf("%q is %+v", address, got)
		}
	}
}
