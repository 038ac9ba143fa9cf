package api

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersionsAgainstChannelRules(t *testing.T) {
	h := newHarness(t)
	maven := h.make("feeds", map[string]any{"Name": "Central", "FeedType": "Maven", "FeedUri": "http://127.0.0.1:1/maven"})[0]
	for name, c := range map[string]struct {
		sent map[string]string
		want []any // range, tag, both, number of errors
	}{
		"in range":            {map[string]string{"version": "1.5.0", "versionRange": "[1.0,2.0)", "preReleaseTag": "^$"}, []any{true, true, true, 0}},
		"no rule":             {map[string]string{"version": "1.5.0"}, []any{true, true, true, 0}},
		"out of range":        {map[string]string{"version": "2.5.0", "versionRange": "[1.0,2.0)"}, []any{false, true, false, 0}},
		"tagged":              {map[string]string{"version": "1.5.0-beta.1", "versionRange": "[1.0,2.0)", "preReleaseTag": "^$"}, []any{true, false, false, 0}},
		"Maven's by feed":     {map[string]string{"version": "1.0-alpha1", "versionRange": "(,1.0)", "feedId": maven}, []any{true, true, true, 0}},
		"unreadable range":    {map[string]string{"version": "1.0.0", "versionRange": "[1.0"}, []any{false, false, false, 1}},
		"unreadable version":  {map[string]string{"version": "one", "versionRange": "[1.0,2.0)"}, []any{false, false, false, 1}},
		"unreadable tag":      {map[string]string{"version": "1.0.0", "preReleaseTag": "["}, []any{false, false, false, 1}},
		"as a range of Maven": {map[string]string{"version": "1.0", "versionRange": "[1.0]", "feedType": "Maven"}, []any{true, true, true, 0}},
	} {
		query := url.Values{}
		for k, v := range c.sent {
			query.Set(k, v)
		}
		for way, answer := range map[string]any{
			"POST": h.call(200, "POST", "/api/Spaces-1/channels/rule-test", c.sent),
			"GET":  h.call(200, "GET", "/api/Spaces-1/channels/rule-test?"+query.Encode(), nil),
		} {
			got := []any{at(answer, "SatisfiesVersionRange"), at(answer, "SatisfiesPreReleaseTag"), at(answer, "IsValid"), len(at(answer, "Errors").([]any))}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s, %s: %s %v", name, way, d, answer)
			}
		}
	}
	h.call(404, "POST", "/api/Spaces-1/channels/rule-test", map[string]string{"version": "1.0", "feedId": "Feeds-99"})
	h.call(403, "GET", "/api/Spaces-1/channels/rule-test?version=1.0", nil, "X-Octopus-ApiKey", h.member("eve", h.role("EnvironmentView")))
}

// A link of a root document whose path only fits the route for documents by id
// leads nowhere.
func TestLinksLeadSomewhere(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{"/api", "/api/Spaces-1"} {
		links := at(h.call(200, "GET", path, nil), "Links")
		if at(links, "VersionRuleTest") == nil || at(links, "KubernetesMonitors") == nil {
			t.Errorf("%s: %v", path, links)
		}
		for _, name := range []string{"ProjectPulse", "UserIdentityMetadata", "ExternalUserSearch", "CertificateConfiguration"} {
			if l := at(links, name); l != nil {
				t.Errorf("%s has a link %s to %v, where there is nothing", path, name, l)
			}
		}
	}
}

// Clients follow the links of what they have been given and know no other way.
func TestLinksOfResourcesLeadSomewhere(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	const id = "11111111-1111-1111-1111-111111111111"
	account := h.make("accounts", map[string]any{"Name": "Azure", "AccountType": "AzureServicePrincipal", "SubscriptionNumber": id, "ClientId": id, "TenantId": id, "Password": newSecret("p")})[0]
	credential := h.make("git-credentials", map[string]any{"Name": "robot", "Details": map[string]any{"Type": "UsernamePassword", "Username": "u", "Password": newSecret("p")}})[0]
	optional, placeholder := regexp.MustCompile(`\{[?/][^}]*\}`), regexp.MustCompile(`\{[^}]*\}`)
	for path, wanted := range map[string][]string{
		"feeds/feeds-builtin": {"SearchTemplate", "VersionsTemplate", "SearchPackageVersionsTemplate"}, "accounts/" + account: {"Usages"}, "git-credentials/" + credential: {"Usage"},
		"projects/" + project: {"Channels", "Releases", "DeploymentProcess", "DeploymentSettings", "ConvertToGit", "Runbooks", "Triggers"}, "channels/Channels-1": {"Releases"},
		"../users/me": {"Spaces", "ApiKeys", "Permissions", "Teams"}, "deploymentprocesses/deploymentprocess-" + project: {"Template"}, "lifecycles/Lifecycles-1": nil,
	} {
		links := at(h.call(200, "GET", strings.Replace("/api/Spaces-1/"+path, "Spaces-1/../", "", 1), nil), "Links").(map[string]any)
		for _, name := range wanted {
			if links[name] == nil {
				t.Errorf("%s has no link %s", path, name)
			}
		}
		for name, template := range links {
			target := optional.ReplaceAllString(template.(string), "")
			if !strings.HasPrefix(target, "/api/") || name == "Commits" { // a commit has an address, the list of them has none
				continue
			}
			if a := h.send("GET", placeholder.ReplaceAllString(target, "x"), nil); a.status == http.StatusNotFound && strings.Contains(string(a.body), "There is nothing at") {
				t.Errorf("%s of %s leads nowhere: %s", name, path, template)
			}
		}
	}
}
