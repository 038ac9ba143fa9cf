package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A release and a runbook snapshot take over the new values of the variables that
// are named, and of no others.
func TestSnapshotsTakeNamedVariables(t *testing.T) {
	s := newStudio(t, manual)
	library := s.text(s.post("/api/Spaces-1/libraryvariablesets", thing{"Name": "Common"}), "Id")
	project := s.get("/api/Spaces-1/projects/" + s.Project).(thing)
	s.put("/api/Spaces-1/projects/"+s.Project, with(project, "IncludedLibraryVariableSetIds", []string{library}))
	write := func(owner, round string, names ...string) {
		set := s.get("/api/Spaces-1/variables/variableset-" + owner).(thing)
		all := []thing{}
		for _, name := range names {
			all = append(all, thing{"Name": name, "Value": name + round})
		}
		set["Variables"] = append(all, thing{"Name": "Pin", "Value": round, "Type": "Sensitive", "IsSensitive": true})
		s.put("/api/Spaces-1/variables/variableset-"+owner, set)
	}
	read := func(of any) string {
		var all []string
		for _, id := range []string{s.text(of, "ProjectVariableSetSnapshotId"), s.text(of, "LibraryVariableSetSnapshotIds.0")} {
			for _, v := range s.get("/api/Spaces-1/variables/" + id).(thing)["Variables"].([]any) {
				if v.(thing)["IsSensitive"] != true {
					all = append(all, fmt.Sprint(v.(thing)["Value"]))
				}
			}
		}
		return strings.Join(all, " ")
	}
	write(s.Project, "1", "A", "B", "Gone")
	write(library, "1", "C", "D")
	release := s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": "1.0.0"})
	snapshot := s.post("/api/Spaces-1/runbookSnapshots", thing{"Name": "one", "RunbookId": s.Runbook, "ProjectId": s.Project})
	write(s.Project, "2", "A", "B", "New")
	write(library, "2", "C", "D")
	for _, path := range []string{"/api/Spaces-1/releases/" + s.text(release, "Id"), "/api/Spaces-1/runbookSnapshots/" + s.text(snapshot, "Id")} {
		take := func(names ...string) thing {
			var all []thing
			for i := 0; i < len(names); i += 2 {
				all = append(all, thing{"Name": names[i+1], "OwnerId": names[i]})
			}
			return thing{"Variables": all}
		}
		path += "/snapshot-variables-by-name"
		if d := cmp.Diff("B1 Gone1 A2 C1 D1", read(s.want(200, "POST", path, take(s.Project, "a")))); d != "" {
			t.Errorf("%s: %s", path, d)
		}
		if d := cmp.Diff("B1 A2 New2 C1 D2", read(s.want(200, "POST", path, take(s.Project, "Gone", library, "D", s.Project, "New", s.Project, "Pin")))); d != "" {
			t.Errorf("%s: %s", path, d)
		}
		for body, want := range map[string]thing{
			"Variables must name":                           take(),
			"must have a Name and an OwnerId":               {"Variables": []thing{{"Name": "A"}}},
			"There is no variable 'Nobody'":                 take(s.Project, "Nobody"),
			"has no variables of 'LibraryVariableSets-99'.": take("LibraryVariableSets-99", "A"),
		} {
			if why := s.refused(400, "POST", path, want); !strings.Contains(why, body) {
				t.Errorf("%s: %s, want %s", path, why, body)
			}
		}
		s.refused(404, "POST", "/api/Spaces-1/releases/Releases-99/snapshot-variables-by-name", take(s.Project, "A"))
	}
}
