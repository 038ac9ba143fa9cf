package api

import (
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	s := newShop(t)
	bob := s.text(s.post("/api/users", thing{"Username": "bob", "DisplayName": "Bob", "IsActive": true, "Password": "open-sesame-42"}), "Id")
	ask := func(query string) any { return s.get("/api/users/" + bob + "/permissions/explain?" + query) }
	got := ask("permission=DeploymentCreate&project=web-shop&environment=Prod")
	if at(got, "Allowed") != false || s.text(got, "Permission") != "DeploymentCreate" || s.text(got, "ProjectId") != s.Project || !strings.Contains(s.text(got, "Sentence"), "None of the user's teams") {
		t.Error(got)
	}
	if names := each(thing{"Items": at(got, "Grantors")}, "TeamName"); !strings.Contains(names, "Space Managers") || strings.Contains(names, "Everyone") {
		t.Error(names)
	}
	team := s.text(s.post("/api/Spaces-1/teams", thing{"Name": "Deployers", "MemberUserIds": []string{bob}}), "Id")
	s.post("/api/Spaces-1/scopeduserroles", thing{"TeamId": team, "UserRoleId": "userroles-projectdeployer", "EnvironmentIds": []string{s.Dev}})
	got = ask("permission=DeploymentCreate&project=" + s.Project + "&environment=" + s.Prod)
	if at(got, "Allowed") != false || s.text(got, "Reasons.0.TeamName") != "Deployers" || at(got, "Reasons", 0, "Fits") != false || !strings.Contains(s.text(got, "Reasons.0.Why"), s.Dev) {
		t.Error(got)
	}
	got = ask("permission=DeploymentCreate&project=" + s.Project + "&environment=" + s.Dev)
	if at(got, "Allowed") != true || len(at(got, "Grantors").([]any)) != 0 || !strings.Contains(s.text(got, "Sentence"), "eam Deployers has DeploymentCreate") {
		t.Error(got)
	}
	if why := s.refused(400, "GET", "/api/users/"+bob+"/permissions/explain?permission=Nothing", nil); !strings.Contains(why, "no permission") {
		t.Error(why)
	}
	s.refused(404, "GET", "/api/users/"+bob+"/permissions/explain?permission=DeploymentCreate&project=nowhere", nil)
}
