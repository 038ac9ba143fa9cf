package trigger_test

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/gitrepo/gittest"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

func TestGitTriggers(t *testing.T) { each(t, testGitTriggers) }

func testGitTriggers(t *testing.T, y *yard) {
	origin := gittest.New(t)
	cache := gitrepo.New(t.TempDir())
	cache.Certificates = origin.CA
	y.service.Git = &gitproject.Service{DB: y.db, Repositories: cache}
	credential := &catalog.GitCredential{Name: "Robot"}
	credential.SpaceID = space
	y.do(func(tx *store.Tx) error {
		credential.Details = catalog.GitCredentialDetails{Type: "UsernamePassword", Username: gittest.User, Password: kind.NewSensitive(gittest.Password)}
		if err := catalog.GitCredentials.Put(tx, credential); err != nil {
			return err
		}
		return y.steps(tx, catalog.Step{Name: "Apply it", Actions: []catalog.Action{{Name: "Apply it", ActionType: "Test.Nothing",
			GitDependencies: []catalog.GitDependency{{RepositoryURI: origin.URL, DefaultBranch: "main", GitCredentialType: "Library", GitCredentialID: credential.ID}}}}})
	})
	one := y.trigger(catalog.TriggerFilter{FilterType: catalog.FilterGit, Sources: []catalog.GitTriggerSource{{DeploymentActionSlug: "apply-it", IncludeFilePaths: []string{"app/**/*.yaml", "chart"}, ExcludeFilePaths: []string{"**/test*"}}}},
		catalog.TriggerAction{ActionType: catalog.ActionCreateRelease})
	look := func(what string, releases int) {
		t.Helper()
		y.due(one)
		if got := y.releases(); got != releases {
			t.Errorf("%s: %d releases, want %d; %s", what, got, releases, y.state(one).LastResult)
		}
	}
	look("what is there already", 0)
	look("nothing new", 0)
	origin.Commit("main", "words", map[string]string{"README.md": "more", "app/test.yaml": "x"})
	look("files that it is not for", 0)
	origin.Commit("main", "a file", map[string]string{"app/deep/web.yaml": "x"})
	look("a file that it is for", 1)
	look("nothing new again", 1)
	origin.Commit("other", "elsewhere", map[string]string{"app/web.yaml": "x"})
	look("another branch", 1)
	origin.Commit("main", "two", map[string]string{"chart/templates/a": "x"})
	origin.Commit("main", "at once", map[string]string{"chart/templates/b": "x"})
	look("two commits at once", 2)
	y.do(func(tx *store.Tx) error {
		return y.steps(tx, catalog.Step{Name: "Other", Actions: []catalog.Action{{Name: "Other", ActionType: "Test.Nothing"}}})
	})
	look("without the dependency", 2)
	if got := y.state(one).LastResult; !strings.Contains(got, "has none of the Git dependencies") {
		t.Error(got)
	}
}
