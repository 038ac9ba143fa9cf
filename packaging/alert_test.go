package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestEachAlertHasItsPage in the runbooks, and a case that fires it.
func TestEachAlertHasItsPage(t *testing.T) {
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(read(t, "helm/tako/alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	cases := string(read(t, "helm/tako/alerts_test.yaml"))
	metrics := string(read(t, "../internal/server/metric.go")) + string(read(t, "../internal/server/http.go"))
	var pages []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			pages = append(pages, rule.Alert+".md")
			if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
				t.Errorf("%s has the severity %q", rule.Alert, severity)
			}
			if page := rule.Annotations["runbook_url"]; !strings.HasSuffix(page, "/docs/runbooks/"+rule.Alert+".md") {
				t.Errorf("%s leads to %q", rule.Alert, page)
			}
			if !strings.Contains(string(read(t, "../docs/runbooks/"+rule.Alert+".md")), "## What to do\n\n1. ") {
				t.Errorf("the page of %s does not say what to do", rule.Alert)
			}
			if strings.Count(cases, "alertname: "+rule.Alert+"\n") != 2 {
				t.Errorf("%s has no case that fires it and one that does not", rule.Alert)
			}
			for _, name := range regexp.MustCompile(`tako_[a-z_]+`).FindAllString(rule.Expr, -1) {
				name = strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
				if !strings.Contains(metrics, `"`+name+`"`) {
					t.Errorf("%s asks for %s, which the server does not tell", rule.Alert, name)
				}
			}
		}
	}
	found, err := filepath.Glob("../docs/runbooks/Tako*.md")
	if err != nil || len(found) != len(pages) {
		t.Errorf("%d alerts have %d pages, %v", len(pages), len(found), err)
	}
}

// TestAlerts has Prometheus itself evaluate the rules.
func TestAlerts(t *testing.T) {
	promtool := os.Getenv("TAKO_PROMTOOL")
	if promtool == "" {
		path, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("promtool is not there (Debian's package prometheus has it), and TAKO_PROMTOOL names none")
		}
		promtool = path
	}
	cmd := exec.Command(promtool, "test", "rules", "alerts_test.yaml")
	cmd.Dir = "helm/tako"
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
