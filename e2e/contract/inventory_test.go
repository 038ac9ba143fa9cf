package main

import (
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	for _, c := range []struct {
		path string
		want []string
	}{
		{"S/projects{?skip,take}", []string{"/api/{spaceId}/projects"}},
		{"S/projects?clone={id}", []string{"/api/{spaceId}/projects"}},
		{"S/feeds{/id}", []string{"/api/{spaceId}/feeds", "/api/{spaceId}/feeds/{id}"}},
		{"/api/x[/{spaceId}]", []string{"/api/x", "/api/x/{spaceId}"}},
		{"/api/{a|b/c}", []string{"/api/a", "/api/b/c"}},
		{"/api/n/{all|{id}/more}", []string{"/api/n/all", "/api/n/{id}/more"}},
		{"/api/{x}/{a|b}", []string{"/api/{x}/a", "/api/{x}/b"}},
		{"/api/t/{id}[/versions/{v}]/logo", []string{"/api/t/{id}/logo", "/api/t/{id}/versions/{v}/logo"}},
		{"{token_endpoint}", []string{"/api/token/v1"}},
		{"S", []string{"/api/{spaceId}"}},
	} {
		if got := spellings(c.path); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
}

func TestTakes(t *testing.T) {
	for _, c := range []struct {
		described, wanted string
		want              bool
	}{
		{"/api/{space}/projects/{id}", "/api/{spaceId}/projects/{idOrSlug}", true},
		{"/api/{space}/Projects", "/api/{spaceId}/projects", true},
		{"/api/{space}/tasks/{id}", "/api/tasks/{id}", true},
		{"/api/{space}/tasks", "/api/spaces/{spaceId}/tasks", true},
		{"/api/spaces/{id}", "/api/spaces/{id}", true},
		{"/api/{space}/accounts/{id}", "/api/platformhub/accounts/{id}", false},
		{"/api/{space}/projects/{id}", "/api/{spaceId}/projects/all", false},
	} {
		if got := takes(c.described, c.wanted); got != c.want {
			t.Errorf("%s takes %s: %v", c.described, c.wanted, got)
		}
	}
}

func TestVerdictNamesWhatIsMissing(t *testing.T) {
	const text = "## Feeds\n| P0 | GET/PUT | `S/feeds/{id}` | | | | |\n"
	rows := readInventory(text)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	get := described{"GET", "/api/{space}/feeds/{id}"}
	v := judge(rows[0], []described{get}, map[described]string{get: "TestFeeds"})
	if v.area != "Feeds" || v.state() != "without PUT" || v.test != "TestFeeds" {
		t.Errorf("%+v: %s", v, v.state())
	}
}
