package deploy_test

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TestUnknownSelections checks that what a release selects of packages and Git
// references that the process does not have is refused, and nothing made.
func TestUnknownSelections(t *testing.T) { each(t, testUnknownSelections) }

func testUnknownSelections(t *testing.T, o *office) {
	s := tell("First", "hi")
	s.Actions[0].Packages = []catalog.PackageReference{{PackageID: "Web", FeedID: "feeds-builtin"}}
	s.Actions[0].GitDependencies = []catalog.GitDependency{{Name: "Charts", RepositoryURI: "https://git.example/x", DefaultBranch: "main"}}
	off := tell("Off", "hi")
	off.Actions[0].IsDisabled, off.Actions[0].Packages = true, []catalog.PackageReference{{PackageID: "Old", FeedID: "feeds-builtin"}}
	o.process(s, off)
	packages := func(action, reference, version string) deploy.NewRelease {
		return deploy.NewRelease{Selected: []catalog.SelectedPackage{{ActionName: action, PackageReferenceName: reference, Version: version}}}
	}
	for name, test := range map[string]struct {
		in   deploy.NewRelease
		want []string
	}{
		"step":             {packages("Frist", "", "1.0.0"), []string{"SelectedPackages[0]", "'Frist'", "It has those of 'First', 'Off'."}},
		"reference":        {packages("First", "Extra", "1.0.0"), []string{"SelectedPackages[0]", "'Extra'", "'First'"}},
		"override":         {deploy.NewRelease{Packages: []string{"First:Extra:1.0.0"}}, []string{"First:Extra:1.0.0", `"First"`}},
		"git step":         {deploy.NewRelease{GitResources: []string{"Frist:main"}}, []string{"GitResources[0]", "Frist:main", "'Charts' of 'First'"}},
		"git dependency":   {deploy.NewRelease{GitResources: []string{"First:Chart:main"}}, []string{"GitResources[0]", "'Charts' of 'First'"}},
		"no git reference": {deploy.NewRelease{GitResources: []string{"First:Charts:"}}, []string{"GitResources[0]"}},
		"selected git":     {deploy.NewRelease{SelectedGit: []catalog.SelectedGitResource{{ActionName: "First", GitResourceReferenceName: "x"}}}, []string{"SelectedGitResources[0]", "'x'"}},
		"process in git":   {deploy.NewRelease{GitRef: "refs/heads/main"}, []string{"GitRef", "not in Git"}},
	} {
		test.in.Space, test.in.Project = space, o.project.ID
		_, err := o.service.CreateRelease(t.Context(), test.in)
		for _, part := range test.want {
			if !fault.Is(err, fault.Invalid) || !strings.Contains(details(err), part) {
				t.Errorf("%s: %q is not in %v", name, part, details(err))
			}
		}
	}
	o.release(packages("Off", "", "3.0.0")) // of a disabled step, as clients of before may send
	r := o.release(deploy.NewRelease{GitResources: []string{"first:charts:refs/heads/x:y"}})
	if len(r.SelectedGitResources) != 1 || r.SelectedGitResources[0].GitReferenceResource.GitRef != "refs/heads/x:y" || r.SelectedGitResources[0].ActionName != "First" {
		t.Errorf("the Git references are %+v", r.SelectedGitResources)
	}
}

// TestFeedThatWentAway checks that a release of a process whose feed has gone
// says which step wants it.
func TestFeedThatWentAway(t *testing.T) { each(t, testFeedThatWentAway) }

func testFeedThatWentAway(t *testing.T, o *office) {
	o.service.Feeds = &feed.Feeds{DB: o.db}
	elsewhere := &catalog.Feed{FeedType: "Helm", FeedURI: "https://charts.example"}
	elsewhere.Name, elsewhere.SpaceID = "Elsewhere", space
	o.do(func(tx *store.Tx) error { return catalog.Feeds.Put(tx, elsewhere) })
	s := tell("First", "hi")
	s.Actions[0].Packages = []catalog.PackageReference{{PackageID: "Web", FeedID: "Elsewhere"}}
	o.process(s)
	o.do(func(tx *store.Tx) error { return catalog.Feeds.Delete(tx, elsewhere.ID) })
	for _, versions := range [][]string{nil, {"First:1.0.0"}} {
		_, err := o.service.CreateRelease(t.Context(), deploy.NewRelease{Space: space, Project: o.project.ID, Packages: versions})
		if want := `Package "Web" of step "First": its feed 'Elsewhere' is not there (any more). Choose another feed`; !fault.Is(err, fault.Invalid) || !strings.Contains(details(err), want) {
			t.Errorf("with versions %v: %q is not in %v", versions, want, details(err))
		}
	}
}

// TestSettingsThatBecomeNonsense checks that numbers and conditions that make
// no sense only when their variables are known are told in the log.
func TestSettingsThatBecomeNonsense(t *testing.T) { each(t, testSettingsThatBecomeNonsense) }

func testSettingsThatBecomeNonsense(t *testing.T, o *office) {
	first, second := tell("First", "hi"), tell("Second", "there")
	first.Actions[0].Properties[catalog.SettingRetries] = kind.Property{Text: "#{Times}"}
	second.Condition = string(plan.IfVariable)
	second.Properties = map[string]kind.Property{catalog.SettingStepCondition: {Text: "#{NoSuchThing}"}}
	o.process(first, second)
	o.variables(text("Times", "often"))
	o.work()
	end := o.until(o.deploy(o.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")[0].Task.ID, done)
	var log strings.Builder
	if err := wholeLog(t.Context(), o.queue, end.ID, &log); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`Action 'First': the property Octopus.Action.AutoRetry.MaximumCount is "often", which is not a whole number`,
		`Warning  |   Skipped. Its condition "#{NoSuchThing}" cannot be evaluated and so counts as not true: The following tokens were unable to be evaluated: '#{NoSuchThing}'.`,
	} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is not in the log:\n%s", part, log.String())
		}
	}
	if end.State != task.Success || len(o.said()) != 1 {
		t.Errorf("%s, and it said %v", end.State, o.said())
	}
}
