package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
)

func TestCommunityTemplates(t *testing.T) {
	c := newClient(t)
	page := c.get("/api/communityactiontemplates?take=2")
	if len(at(page, "Items").([]any)) != 2 || c.text(page, "TotalResults") < "4" || c.text(page, "Items.0.ActionType") != "Octopus.Script" {
		t.Error(page)
	}
	id := c.text(page, "Items.0.Id")
	if got := c.get("/api/communityactiontemplates/" + id); c.text(got, "Name") != c.text(page, "Items.0.Name") || c.text(got, "Links.Installation") == "<nil>" {
		t.Error(got)
	}
	if got := c.get("/api/communityactiontemplates?ids=" + id); c.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
	at := "/api/communityactiontemplates/" + id
	c.refused(404, "PUT", at+"/installation/Spaces-1", thing{})
	c.refused(404, "GET", at+"/actiontemplate/Spaces-1", nil)
	made := c.want(201, "POST", at+"/installation/Spaces-1", page)
	if c.text(made, "CommunityActionTemplateId") != id || c.text(made, "Version") != "0" || c.text(made, "SpaceId") != "Spaces-1" {
		t.Error(made)
	}
	if why := c.refused(400, "POST", at+"/installation", thing{}); !strings.Contains(why, c.text(made, "Id")) {
		t.Error(why)
	}
	// What is up to date stays; what was changed is brought back.
	if got := c.want(200, "PUT", at+"/installation", thing{}); c.text(got, "Version") != "0" {
		t.Error(got)
	}
	own := "/api/Spaces-1/actiontemplates/" + c.text(made, "Id")
	c.put(own, with(made.(thing), "Description", "mine"))
	choice := func() any {
		for _, s := range c.get("/api/Spaces-1/actiontemplates/search?type=Octopus.Script").([]any) {
			if s.(thing)["Id"] == c.text(made, "Id") {
				return s.(thing)["HasUpdate"]
			}
		}
		return nil
	}
	if choice() != true {
		t.Error("nothing says that there is an update")
	}
	if got := c.want(200, "PUT", at+"/installation/Spaces-1", thing{}); c.text(got, "Version") != "2" || c.text(got, "Description") != c.text(page, "Items.0.Description") {
		t.Error(got)
	}
	if choice() != false {
		t.Error("there is still an update")
	}
	if got := c.get(at + "/actiontemplate"); c.text(got, "Id") != c.text(made, "Id") {
		t.Error(got)
	}
	c.refused(404, "GET", "/api/communityactiontemplates/CommunityActionTemplates-nothing", nil)
	c.put("/api/configuration/features/values", thing{"IsCommunityActionTemplatesEnabled": false})
	if got := c.get("/api/communityactiontemplates"); c.text(got, "TotalResults") != "0" {
		t.Error(got)
	}
}

// What one caller asks for takes nothing away from the next, and what a space
// makes of a template changes no other's.
func TestCommunityTemplatesStayAsTheyAre(t *testing.T) {
	c := newClient(t)
	before := c.get("/api/communityactiontemplates/all").([]any)
	first, last := c.text(before[0], "Id"), c.text(before[len(before)-1], "Id")
	if got := c.get("/api/communityactiontemplates/all?ids=" + last).([]any); len(got) != 1 || c.text(got[0], "Id") != last {
		t.Fatal(got)
	}
	made := c.want(201, "POST", "/api/communityactiontemplates/"+first+"/installation", thing{}).(thing)
	made["Properties"].(thing)["Octopus.Action.Script.ScriptBody"] = "echo mine"
	c.put("/api/Spaces-1/actiontemplates/"+c.text(made, "Id"), made)
	if d := cmp.Diff(before, c.get("/api/communityactiontemplates/all")); d != "" {
		t.Error(d)
	}
}

// Each template that comes with the server can be installed.
func TestEveryCommunityTemplateInstalls(t *testing.T) {
	c := newClient(t)
	for _, one := range catalog.CommunityTemplates() {
		c.want(201, "POST", "/api/communityactiontemplates/"+one.ID+"/installation", thing{})
		if one.Description == "" || one.Version < 1 || one.ExternalID == "" {
			t.Errorf("%s says too little of itself", one.Name)
		}
	}
}
