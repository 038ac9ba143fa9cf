package projectfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/projectfile"
)

// names is a space in which a kind has certain slugs; the ids are the slugs
// with a mark.
type names map[string]string

func (n names) ID(kind, slug string) (string, bool, error) {
	_, ok := n[kind+" "+slug]
	return kind + "-" + slug, ok, nil
}

func (n names) Slug(kind, id string) (string, bool, error) {
	slug, ok := strings.CutPrefix(id, kind+"-")
	_, known := n[kind+" "+slug]
	return slug, ok && known, nil
}

func (n names) Template(id, version string) (*catalog.ActionTemplate, error) {
	if id != "ActionTemplates-1" || version != "3" {
		return nil, nil
	}
	return &catalog.ActionTemplate{ActionType: "Octopus.Script", Properties: map[string]kind.Property{"Octopus.Action.Script.ScriptBody": {Text: "echo"}},
		Packages: []catalog.PackageReference{{PackageID: "Tool", FeedID: "Feeds-built-in", AcquisitionLocation: "Server"}}}, nil
}

func space() names {
	n := names{}
	for _, s := range []string{"Environments dev", "Environments prod", "Channels beta", "Feeds built-in", "WorkerPools linux", "Machines web-1", "Accounts azure", "Teams ops", "Teams global/all", "Runbooks restart"} {
		n[s] = ""
	}
	return n
}

const process = `step "deploy" {
    condition = "Variable"
    name = "Deploy"
    package_requirement = "AfterPackageAcquisition"
    properties = {
        Octopus.Action.MaxParallelism = "2"
        Octopus.Action.TargetRoles = "web"
    }
    start_trigger = "StartWithPrevious"

    action {
        action_type = "Octopus.TentaclePackage"
        channels = ["beta"]
        condition = "Variable"
        environments = ["dev", "prod"]
        excluded_environments = ["prod"]
        is_disabled = true
        is_required = true
        notes = <<-EOT
                two
                lines
                EOT
        properties = {
            Octopus.Action.Azure.AccountId = "azure"
            Octopus.Action.Manual.ResponsibleTeamIds = "ops,global/all"
            Octopus.Action.Package.FeedId = "built-in"
            Octopus.Action.Script.ScriptBody = <<-EOT
                echo #{A}

                exit
                EOT
        }
        tenant_tags = ["Set/Tag"]
        worker_pool = "linux"
        worker_pool_variable = "Pool"

        container {
            feed = "built-in"
            image = "tools:1"
        }

        git_dependencies "values" {
            default_branch = "main"
            file_path_filters = ["x/*"]
            git_credential_id = "GitCredentials-1"
            git_credential_type = "Library"
            repository_uri = "https://example.com/x.git"
        }

        packages {
            acquisition_location = "Server"
            feed = "built-in"
            package_id = "Web"
            properties = {
                SelectionMode = "immediate"
            }
        }

        packages "tool" {
            acquisition_location = "ExecutionTarget"
            feed = "#{Feed}"
            package_id = "Tool"
            version = "1.0"
        }
    }

    action "clean-up" {
        action_type = "Octopus.Script"
        name = "Clean up"
    }
}

step "template" {
    name = "Template"

    action {
        properties = {
            mine = "1"
            Octopus.Action.Template.Id = "ActionTemplates-1"
            Octopus.Action.Template.Version = "3"
        }
    }
}`

// blankLines puts the blanks into empty lines of texts that the raw literals
// of this file lack.
func indented(text string) string {
	return strings.ReplaceAll(text, "echo #{A}\n\n", "echo #{A}\n                \n")
}

func TestProcess(t *testing.T) {
	text := indented(process)
	steps, err := projectfile.ReadProcess("deployment_process.ocl", []byte(text), space())
	if err != nil {
		t.Fatal(err)
	}
	a := steps[0].Actions[0]
	got := []any{steps[0].Slug, steps[0].Name, a.Slug, a.Name, a.WorkerPoolID, a.Channels, a.Environments, a.Container.FeedID, a.Packages[0].FeedID, a.Packages[1].FeedID,
		a.Properties["Octopus.Action.Manual.ResponsibleTeamIds"].Text, a.Properties["Octopus.Action.Script.ScriptBody"].Text, steps[0].Actions[1].Slug}
	want := []any{"deploy", "Deploy", "deploy", "Deploy", "WorkerPools-linux", []string{"Channels-beta"}, []string{"Environments-dev", "Environments-prod"}, "Feeds-built-in", "Feeds-built-in", "#{Feed}",
		"Teams-ops,Teams-global/all", "echo #{A}\n\nexit", "clean-up"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	made := steps[1].Actions[0]
	if made.ActionType != "Octopus.Script" || made.Properties["Octopus.Action.Script.ScriptBody"].Text != "echo" || made.Properties["mine"].Text != "1" || len(made.Packages) != 1 {
		t.Errorf("the template's action is %+v", made)
	}
	again, err := projectfile.ReadProcess("deployment_process.ocl", []byte(text), space())
	if diff := cmp.Diff(steps, again); err != nil || diff != "" {
		t.Errorf("a second reading gives other ids: %v\n%s", err, diff)
	}
	written, err := projectfile.WriteProcess(steps, nil, space())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(written)); diff != "" {
		t.Errorf("-read +written\n%s", diff)
	}
}

const settings = `cancel_queued_tasks = true
cancel_running_tasks = true
default_guided_failure_mode = "On"
default_to_skip_if_already_installed = true
deployment_changes_template = "c"
fail_target_discovery = true
force_package_download = true
release_notes_template = "n"

connectivity_policy {
    allow_deployments_to_no_targets = true
    exclude_unhealthy_targets = true
    skip_machine_behavior = "SkipUnavailableMachines"
    target_roles = ["web"]
}

release_creation_strategy {
    kept = "as it is"
}

versioning_strategy {
    donor_package {
        package = "tool"
        step = "deploy"
    }
}`

func TestSettings(t *testing.T) {
	steps, err := projectfile.ReadProcess("p", []byte(indented(process)), space())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{settings, "connectivity_policy {}\n\nversioning_strategy {\n    template = \"#{X}\"\n}"} {
		s, err := projectfile.ReadSettings("deployment_settings.ocl", []byte(text), steps, space())
		if err != nil {
			t.Fatal(err)
		}
		if text == settings && (s.VersioningStrategy.DonorPackage.DeploymentAction != "Deploy" || !s.ConnectivityPolicy.ExcludeUnhealthyTargets) {
			t.Errorf("the settings are %+v", s)
		}
		written, err := projectfile.WriteSettings(s, []byte(text), steps, space())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, string(written)); diff != "" {
			t.Errorf("-read +written\n%s", diff)
		}
	}
}

const variables = `variable "A" {
    value "1" {}

    value "" {
        environment = ["prod", "dev"]
        role = ["web"]
    }

    value {
        action = ["deploy", "clean-up"]
        channel = ["beta"]
        description = "d"
        machine = ["web-1"]
        process = ["deployment-process", "runbook/restart"]
        tenant_tag = ["Set/Tag"]

        prompt {
            description = ""
            display_settings = {
                Octopus.ControlType = "SingleLineText"
            }
            label = "L"
            required = true
        }
    }

    value {
        value = <<-EOT
                x
                y
                EOT
    }
}

variable "B" {
    type = "AzureAccount"

    value "azure" {}
}`

func TestVariables(t *testing.T) {
	steps, err := projectfile.ReadProcess("p", []byte(indented(process)), space())
	if err != nil {
		t.Fatal(err)
	}
	all, err := projectfile.ReadVariables("variables.ocl", []byte(variables), "Projects-1", space())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 5 || all[2].Value != nil || *all[1].Value != "" || *all[3].Value != "x\ny" || *all[4].Value != "Accounts-azure" || all[4].Type != "AzureAccount" {
		t.Errorf("the variables are %+v", all)
	}
	want := catalog.VariableScope{Action: []string{steps[0].Actions[0].ID, steps[0].Actions[1].ID}, Channel: []string{"Channels-beta"}, Machine: []string{"Machines-web-1"},
		ProcessOwner: []string{"Projects-1", "Runbooks-restart"}, TenantTag: []string{"Set/Tag"}}
	if diff := cmp.Diff(want, all[2].Scope); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	secret := catalog.Variable{Name: "S", IsSensitive: true}
	written, err := projectfile.WriteVariables(append(all, secret), nil, "Projects-1", steps, space())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(variables, string(written)); diff != "" {
		t.Errorf("-read +written\n%s", diff)
	}
}

// TestEmptyTextsStay holds that writing over a file changes no line of it that
// says the same as before.
func TestEmptyTextsStay(t *testing.T) {
	text := "step \"a\" {\n    name = \"a\"\n\n    action {\n        action_type = \"T\"\n        worker_pool_variable = \"\"\n    }\n}\n\nstep \"b\" {\n    name = \"b\"\n\n    action {\n        action_type = \"T\"\n        notes = \"\"\n    }\n}"
	steps, err := projectfile.ReadProcess("p", []byte(text), space())
	if err != nil {
		t.Fatal(err)
	}
	steps[1].Actions[0].Notes = "now"
	written, err := projectfile.WriteProcess(steps, []byte(text), space())
	if want := strings.Replace(text, `notes = ""`, `notes = "now"`, 1); err != nil || string(written) != want {
		t.Errorf("got %v\n%s", err, cmp.Diff(want, string(written)))
	}
}

// TestWrongFiles holds that each mistake names its file and line.
func TestWrongFiles(t *testing.T) {
	action := "step \"a\" {\n    action {\n        action_type = \"T\"\n        %s\n    }\n}"
	in := func(line string) string { return strings.Replace(action, "%s", line, 1) }
	reading := map[string]func(string) error{
		"process": func(text string) error {
			_, err := projectfile.ReadProcess("f.ocl", []byte(text), space())
			return err
		},
		"settings": func(text string) error {
			_, err := projectfile.ReadSettings("f.ocl", []byte(text), nil, space())
			return err
		},
		"variables": func(text string) error {
			_, err := projectfile.ReadVariables("f.ocl", []byte(text), "Projects-1", space())
			return err
		},
	}
	tests := []struct{ file, text, want string }{
		{"process", "step \"a\" {\n  x = \n}", "f.ocl, line 2, column 7: a value"},
		{"process", in(`environments = ["dev", "nowhere"]`), "f.ocl, line 4: environments 'nowhere' does not exist. Create an environment"},
		{"process", in(`worker_pool = "gone"`), "f.ocl, line 4: worker_pool 'gone' does not exist"},
		{"process", in("properties = {\n  Octopus.Action.Package.FeedId = \"gone\"\n }"), "f.ocl, line 5: Octopus.Action.Package.FeedId 'gone' does not exist"},
		{"process", in("properties = {\n  a = 1\n }"), "f.ocl, line 5: a must be text in quotes"},
		{"process", in("properties = {\n  Octopus.Action.Template.Id = \"ActionTemplates-9\"\n }"), "f.ocl, line 2: The step template 'ActionTemplates-9'"},
		{"process", in(`colour = "red"`), "f.ocl, line 4: The property 'colour' was not found on 'action'"},
		{"process", in(`is_disabled = "true"`), "f.ocl, line 4: is_disabled must be true or false"},
		{"process", in(`condition = "Never"`), "f.ocl, line 4: condition must be one of Success, Variable"},
		{"process", in(`container = "x"`), "f.ocl, line 4: container must be a block"},
		{"process", in("name {\n}"), "f.ocl, line 4: name must be text"},
		{"process", "step \"a\" {\n action {}\n}\n\nstep \"a\" {\n}", "f.ocl, line 5: Each step must have a label of its own"},
		{"process", "step \"a\" \"b\" {}", "f.ocl, line 1: The block step has 2 labels"},
		{"process", "process_template \"x\" {}", "f.ocl, line 1: Process templates"},
		{"settings", "versioning_strategy {\n  donor_package {\n    step = \"x\"\n  }\n}", "f.ocl, line 2: The step 'x' of donor_package"},
		{"variables", "variable \"A\" {\n  value \"x\" {\n    process = [\"elsewhere\"]\n  }\n}", "f.ocl, line 3: process 'elsewhere' must be"},
		{"variables", "variable \"A\" {\n  type = \"Sensitive\"\n  value \"x\" {}\n}", "f.ocl, line 2: type must be one of"},
	}
	for _, test := range tests {
		err := reading[test.file](test.text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(details(err), test.want) {
			t.Errorf("%s %q: %s, want %q", test.file, test.text, details(err), test.want)
		}
	}
}

// TestWhatHasNoForm holds that nothing is left out in silence.
func TestWhatHasNoForm(t *testing.T) {
	secret := kind.NewSensitive("s")
	steps := []catalog.Step{{Name: "S", Slug: "s", Actions: []catalog.Action{{Name: "A", Slug: "a", ActionType: "T", WorkerPoolID: "WorkerPools-gone",
		Properties: map[string]kind.Property{"p": {Secret: &secret}}, StepPackageVersion: "1"}}}}
	_, err := projectfile.WriteProcess(steps, nil, space())
	for _, want := range []string{"property p of action 'A' is sensitive", "'WorkerPools-gone', which does not exist", "step package"} {
		if !strings.Contains(details(err), want) {
			t.Errorf("got %s, want %q", details(err), want)
		}
	}
	_, err = projectfile.WriteVariables([]catalog.Variable{{Name: "V", Scope: catalog.VariableScope{Action: []string{"gone"}}}}, nil, "Projects-1", nil, space())
	if !strings.Contains(details(err), "the step 'gone'") {
		t.Errorf("got %s", details(err))
	}
	_, err = projectfile.WriteSettings(&catalog.DeploymentSettings{VersioningStrategy: &catalog.VersioningStrategy{DonorPackage: &catalog.ActionPackage{DeploymentAction: "gone"}}}, nil, nil, space())
	if !strings.Contains(details(err), "the step 'gone'") {
		t.Errorf("got %s", details(err))
	}
}

func details(err error) string {
	if err == nil {
		return "nothing"
	}
	text := err.Error()
	if f, ok := err.(*fault.Error); ok {
		text += " " + strings.Join(f.Details, " ")
	}
	return text
}
