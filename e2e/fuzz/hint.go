package main

import (
	"encoding/json"
	"net/url"
	"strings"
)

// hints are bodies that operations take whose members mean more than their
// types say. They are spoiled like others. Texts in braces stand for ids and
// names of what the server was given first.
var hints = map[string]string{
	"POST /releases/create/v1":                                 `{"ProjectName":"Shop"}`,
	"POST /deployments/create/untenanted/v1":                   `{"ProjectName":"Shop","ReleaseVersion":"1.0.0","EnvironmentNames":["Dev"]}`,
	"POST /deployments/create/tenanted/v1":                     `{"ProjectName":"Shop","ReleaseVersion":"1.0.0","EnvironmentName":"Dev","Tenants":["Tenant"]}`,
	"POST /runbook-runs/create/v1":                             `{"ProjectName":"Shop","RunbookName":"Book","EnvironmentNames":["Dev"]}`,
	"POST /runbook-runs/git/create/v1":                         `{"ProjectName":"Git","RunbookName":"book","EnvironmentNames":["Dev"],"GitRef":"refs/heads/main"}`,
	"POST /tasks":                                              `{"Name":"Health","SpaceId":"Spaces-1","Arguments":{}}`,
	"POST /tasks/{id}/state":                                   `{"State":"Success","Reason":"fuzz"}`,
	"POST /build-information":                                  `{"PackageId":"app","Version":"1.0.0","OctopusBuildInformation":{"Branch":"main"}}`,
	"POST /projects/{id}/git/branches/v2":                      `{"NewBranchName":"feature","BaseGitRef":"refs/heads/main"}`,
	"POST /projects/{id}/environments/ephemeral":               `{"EnvironmentName":"preview"}`,
	"POST /interruptions/{id}/submit":                          `{"Result":"Proceed","Notes":"fuzz"}`,
	"POST /users/login":                                        `{"Username":"admin","Password":"nothing"}`,
	"POST /workers":                                            `{"Name":"Hand","WorkerPoolIds":["{workerpools}"],"Endpoint":{"CommunicationStyle":"Ssh","Host":"127.0.0.1","Port":1,"AccountId":"{accounts}","Fingerprint":"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"}}`,
	"POST /deployments":                                        `{"ReleaseId":"{releases}","EnvironmentId":"{environments}"}`,
	"POST /platformhub/accounts":                               `{"Name":"Hub","AccountType":"UsernamePassword","Username":"u","Password":{"HasValue":true,"NewValue":"p"}}`,
	"POST /serviceaccounts/{account}/oidcidentities/create/v1": `{"ServiceAccountId":"{users}","Name":"Identity","Issuer":"https://127.0.0.1:1","Subject":"x"}`,
}

// words are query values that say something.
var words = map[string][]string{
	"/ui/events":                    {"topics=tasks"},
	"/permissions/explain":          {"permission=TaskView"},
	"/packages/notes":               {"packageId=app&version=1.0.0"},
	"/packages/versions":            {"packageId=app", "packageId=app&includePreRelease=true"},
	"/discover":                     {"host=127.0.0.1&port=1&type=SSH"},
	"/variables/preview":            {"project={projects}&environment={environments}"},
	"/build-information/bulk":       {"ids={build-information}"},
	"/packages/bulk":                {"ids=packages-app.1.0.0"},
	"/deploymentprocesses/template": {"channel={channels}"},
}

// short is an operation's path without the api and the space.
func (o *operation) short() string {
	return strings.Replace(strings.TrimPrefix(o.path, "/api"), "/{spaceId}", "", 1)
}

// fill puts ids in.
func (w *world) fill(text string) string {
	for at, id := range w.named {
		text = strings.ReplaceAll(text, "{"+at+"}", id)
	}
	return text
}

// hint gives a body that the operation takes; nil when none is known.
func (f *fuzzer) hint(m *maker, o *operation) (made object) {
	text, ok := hints[o.method+" "+o.short()]
	if !ok || m.IntN(3) == 0 || json.Unmarshal([]byte(f.fill(text)), &made) != nil {
		return nil
	}
	for _, name := range []string{"NewBranchName", "EnvironmentName"} {
		if was, ok := made[name].(string); ok && was != "Dev" {
			made[name] = m.text(name)
		}
	}
	return made
}

// ask gives query values that the operation understands; none when none are
// known.
func (f *fuzzer) ask(m *maker, o *operation) url.Values {
	for end, all := range words {
		if strings.HasSuffix(o.short(), end) {
			query, _ := url.ParseQuery(f.fill(pick(m, all)))
			return query
		}
	}
	return url.Values{}
}
