package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// zipOf makes a zip of names and contents.
func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// push uploads a file as a form, streamed without a length as the Go client
// does.
func (h *harness) push(part, name, query string, data []byte, headers ...string) reply {
	h.Helper()
	return h.pushTo("/api/Spaces-1/packages/raw"+query, part, name, data, headers...)
}

func (h *harness) pushTo(path, part, name string, data []byte, headers ...string) reply {
	h.Helper()
	r, w := io.Pipe()
	m := multipart.NewWriter(w)
	go func() {
		f, err := m.CreateFormFile(part, name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err == nil {
			err = m.Close()
		}
		w.CloseWithError(err)
	}()
	return h.send("POST", path, r, append([]string{"Content-Type", m.FormDataContentType()}, headers...)...)
}

// stored counts the files in the blob store, unfinished ones too.
func (h *harness) stored() (n int) {
	h.Helper()
	err := filepath.WalkDir(h.blobs, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return n
}

func TestPackages(t *testing.T) {
	h := newHarness(t)
	data := zipOf(t, "index.html", "hello")
	a := h.push("file", "Acme.Web.1.0.0.zip", "?overwriteMode=FailIfExists", data)
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := a.json(h).(map[string]any)
	want := map[string]any{
		"Id": "packages-Acme.Web.1.0.0", "PackageId": "Acme.Web", "NuGetPackageId": "Acme.Web", "FeedId": "feeds-builtin", "NuGetFeedId": "feeds-builtin",
		"Title": "Acme.Web", "Summary": "", "Version": "1.0.0", "Description": "", "FileExtension": ".zip", "PackageSizeBytes": float64(len(data)), "SizeBytes": float64(len(data)),
		"Links": map[string]any{"Self": "/api/Spaces-1/packages/packages-Acme.Web.1.0.0", "Raw": "/api/Spaces-1/packages/packages-Acme.Web.1.0.0/raw", "Feed": "/api/Spaces-1/feeds/feeds-builtin"},
	}
	if hash, _ := got["Hash"].(string); len(hash) != 64 {
		t.Errorf("hash %q", hash)
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(got["Published"])); err != nil {
		t.Error(err)
	}
	delete(got, "Hash")
	delete(got, "Published")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	// The same again, in the three modes.
	if a := h.push("file", "Acme.Web.1.0.0.zip", "", data); a.status != 400 || !strings.Contains(string(a.body), "already in the built-in feed") {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	if a := h.push("file", "Acme.Web.1.0.0.zip", "?overwriteMode=IgnoreIfExists", data); a.status != 200 {
		t.Errorf("ignored: %d %s", a.status, a.body)
	}
	other := zipOf(t, "index.html", "hello, world")
	if a := h.push("file", "Acme.Web.1.0.0.zip", "?replace=true", other); a.status != 201 || at(a.json(h), "SizeBytes") != float64(len(other)) {
		t.Errorf("replaced: %d %s", a.status, a.body)
	}
	if n := h.stored(); n != 1 {
		t.Errorf("%d files are stored", n)
	}

	// The names of parts of other clients, and a body without a form.
	for name, send := range map[string]func() reply{
		"ts": func() reply { return h.push("fileToUpload", "Acme.Web.1.10.0.nupkg", "", data) },
		"raw": func() reply {
			return h.send("POST", "/api/packages/raw?fileName=Acme.Web.1.9.0-beta.1.zip", bytes.NewReader(data))
		},
		"disposition": func() reply {
			return h.send("POST", "/api/spaces/Spaces-1/packages/raw", bytes.NewReader(data), "Content-Disposition", `attachment; filename="Acme.Api.2.0.0+b5.zip"`)
		},
	} {
		if a := send(); a.status != 201 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}

	for path, want := range map[string]string{
		"/packages": "packages-Acme.Api.2.0.0+b5 packages-Acme.Web.1.10.0 packages-Acme.Web.1.9.0-beta.1 packages-Acme.Web.1.0.0",
		"/packages?nuGetPackageId=acme.web&take=1&skip=1": "packages-Acme.Web.1.9.0-beta.1",
		"/packages?filter=API&take=2147483647":            "packages-Acme.Api.2.0.0+b5",
		"/packages?latest=true":                           "packages-Acme.Api.2.0.0+b5 packages-Acme.Web.1.10.0",
		"/packages?filter=nothing":                        "",
	} {
		if got := each(h.call(200, "GET", "/api/Spaces-1"+path, nil), "Id"); got != want {
			t.Errorf("%s gives %s, want %s", path, got, want)
		}
	}
	for _, id := range []string{"packages-Acme.Web.1.10.0", "Acme.Web.1.10.0", "Acme.Web.1.10", "ACME.WEB.1.10.0.0"} {
		if got := at(h.call(200, "GET", "/api/Spaces-1/packages/"+id, nil), "Version"); got != "1.10.0" {
			t.Errorf("%s is version %v", id, got)
		}
	}

	raw := h.send("GET", "/api/Spaces-1/packages/Acme.Web.1.10.0/raw", nil)
	if !bytes.Equal(raw.body, data) || raw.header.Get("Content-Disposition") != "attachment; filename=Acme.Web.1.10.0.nupkg" {
		t.Errorf("raw: %d bytes, %v", len(raw.body), raw.header)
	}
	part := h.send("GET", "/api/Spaces-1/packages/Acme.Web.1.10.0/raw", nil, "Range", "bytes=2-5")
	if part.status != 206 || !bytes.Equal(part.body, data[2:6]) {
		t.Errorf("a range: %d, %q", part.status, part.body)
	}
	if a := h.send("GET", "/api/Spaces-1/packages/Acme.New/1.10.0/delta-signature", nil); a.status != 404 || strings.Contains(string(a.body), `"Errors"`) {
		t.Errorf("signature: %d %s", a.status, a.body)
	}

	h.call(200, "DELETE", "/api/Spaces-1/packages/packages-Acme.Web.1.10.0", nil)
	h.call(404, "GET", "/api/Spaces-1/packages/packages-Acme.Web.1.10.0", nil)
	h.call(404, "DELETE", "/api/Spaces-1/packages/bulk?ids=Acme.Web.1.0.0,Acme.Web.7", nil)
	h.call(200, "DELETE", "/api/Spaces-1/packages/bulk?ids=Acme.Web.1.0.0,packages-Acme.Web.1.9.0-beta.1", nil)
	if got := each(h.call(200, "GET", "/api/Spaces-1/packages", nil), "Id"); got != "packages-Acme.Api.2.0.0+b5" || h.stored() != 1 {
		t.Errorf("left: %s, %d files", got, h.stored())
	}
	events := h.messages()
	for _, want := range []string{"Package Acme.Web version 1.0.0 was pushed to the built-in feed", "Package Acme.Web version 1.0.0 was replaced in the built-in feed", "Package Acme.Web version 1.10.0 was deleted from the built-in feed"} {
		if !strings.Contains(events, want) {
			t.Errorf("no event says %q in\n%s", want, events)
		}
	}
}

// messages are those of the audit trail.
func (h *harness) messages() string {
	h.Helper()
	var b strings.Builder
	err := h.api.DB.View(h.Context(), func(tx *store.Tx) error {
		all, _, err := tx.Events(store.EventQuery{Spaces: []string{"Spaces-1"}, Take: 100})
		for _, e := range all {
			b.WriteString(e.Message + "\n")
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return b.String()
}

func TestPackageRefusals(t *testing.T) {
	h := newHarness(t)
	good := zipOf(t, "a.txt", "a")
	mistaken := bytes.Clone(good) // its directory gives another checksum
	mistaken[bytes.Index(good, []byte("PK\x01\x02"))+16] ^= 1
	for _, tc := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"no version", "Acme.zip", good, "not that of a package"},
		{"no extension", "Acme.1.0.0", good, "is of the type .0"},
		{"a strange type", "Acme.1.0.0.exe", good, "is of the type .exe"},
		{"an endless id", strings.Repeat("a", 101) + ".1.0.0.zip", good, "longer than 100"},
		{"a cached file's name", "Acme@S1.0.0@00112233445566778899AABBCCDDEEFF.zip", good, "not that of a package"},
		{"no archive", "Acme.1.0.0.zip", []byte("not a zip at all"), "not a zip or tar archive"},
		{"nothing", "Acme.1.0.0.zip", nil, "cannot be used"},
		{"half an archive", "Acme.1.0.0.zip", good[:len(good)/2], "cannot be used"},
		{"a wrong checksum", "Acme.1.0.0.zip", mistaken, `cannot be used as a package: its entry \"a.txt\" is damaged`},
		{"a wrong checksum in a nupkg", "Acme.1.0.0.nupkg", mistaken, `its entry \"a.txt\" is damaged`},
		{"a wrong checksum in a jar", "Acme.1.0.0.jar", mistaken, `its entry \"a.txt\" is damaged`},
		{"a way out", "Acme.1.0.0.zip", zipOf(t, "../../etc/passwd", "x"), "cannot be used"},
		{"an absolute path", "Acme.1.0.0.zip", zipOf(t, "/etc/passwd", "x"), "cannot be used"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.push("file", tc.file, "", tc.data)
			if a.status != 400 || !strings.Contains(string(a.body), tc.want) || strings.Contains(string(a.body), "packages/") {
				t.Errorf("%d %s, want %q", a.status, a.body, tc.want)
			}
			if h.stored() != 0 {
				t.Error("something stayed")
			}
		})
	}
	if a := h.push("file", "Acme.1.0.0.zip", "?overwriteMode=Sometimes", good); a.status != 400 {
		t.Errorf("a strange mode: %d %s", a.status, a.body)
	}
	if a := h.send("POST", "/api/packages/raw", strings.NewReader("{}"), "Content-Type", "application/json"); a.status != 400 {
		t.Errorf("no file: %d %s", a.status, a.body)
	}
	if got := each(h.call(200, "GET", "/api/packages", nil), "Id"); got != "" {
		t.Errorf("there is %s", got)
	}
}

// TestPackageBrokenOff hangs up in the middle of uploads.
func TestPackageBrokenOff(t *testing.T) {
	h := newHarness(t)
	for name, head := range map[string]string{
		"chunked": "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=xx\r\n\r\n" +
			"5a\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Acme.1.0.0.zip\"\r\n\r\nPK\x03\x04 and more\r\n",
		"with a length": "Content-Length: 1000\r\nContent-Disposition: attachment; filename=Acme.1.0.0.zip\r\n\r\nPK\x03\x04 and more",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", h.server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "POST /api/Spaces-1/packages/raw HTTP/1.1\r\nHost: x\r\nX-Octopus-ApiKey: %s\r\n%s", h.key, head)
			c.(*net.TCPConn).CloseWrite()
			// The end of the connection tells that the server is done with it.
			answer, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(answer), "201 Created") {
				t.Errorf("%s", answer)
			}
			if h.stored() != 0 {
				t.Error("something stayed")
			}
		})
	}
}

func TestPackagePermissions(t *testing.T) {
	h := newHarness(t)
	data := zipOf(t, "a.txt", "a")
	publisher := h.member("paula", h.role(access.BuiltInFeedPush, access.FeedView))
	viewer := h.member("vera", "userroles-projectviewer")
	if a := h.push("file", "Acme.1.0.0.zip", "", data, "X-Octopus-ApiKey", viewer); a.status != 403 {
		t.Errorf("the viewer pushed: %d %s", a.status, a.body)
	}
	if a := h.push("file", "Acme.1.0.0.zip", "", data, "X-Octopus-ApiKey", publisher); a.status != 201 {
		t.Errorf("the publisher could not push: %d %s", a.status, a.body)
	}
	if a := h.push("file", "Acme.1.0.0.zip", "?overwriteMode=OverwriteExisting", data, "X-Octopus-ApiKey", publisher); a.status != 403 {
		t.Errorf("the publisher replaced: %d %s", a.status, a.body)
	}
	if a := h.push("file", "Acme.1.0.0.zip", "?overwriteMode=IgnoreIfExists", data, "X-Octopus-ApiKey", publisher); a.status != 200 {
		t.Errorf("the publisher was not ignored: %d %s", a.status, a.body)
	}
	h.call(403, "DELETE", "/api/Spaces-1/packages/Acme.1.0.0", nil, "X-Octopus-ApiKey", publisher)
	h.call(401, "GET", "/api/Spaces-1/packages/Acme.1.0.0/raw", nil, "X-Octopus-ApiKey", "API-NOBODY")
}

// TestPackageOfProject lets somebody who may push for one project only push
// what that project deploys.
func TestPackageOfProject(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	process := h.call(200, "GET", "/api/Spaces-1/projects/"+project+"/deploymentprocesses", nil).(map[string]any)
	process["Steps"] = []any{map[string]any{"Name": "Web", "Actions": []any{map[string]any{"Name": "Web", "ActionType": "Octopus.TentaclePackage",
		"Properties": map[string]string{"Octopus.Action.TargetRoles": "web"},
		"Packages":   []any{map[string]string{"PackageId": "Acme.Web", "FeedId": "feeds-builtin"}}}}, "Properties": map[string]string{"Octopus.Action.TargetRoles": "web"}}}
	h.call(200, "PUT", "/api/Spaces-1/projects/"+project+"/deploymentprocesses", process)
	key := h.member("paul", "userroles-packagepublisher", func(s *catalog.ScopedUserRole) { s.ProjectIDs = []string{project} })
	data := zipOf(t, "a.txt", "a")
	if a := h.push("file", "Acme.Web.1.0.0.zip", "", data, "X-Octopus-ApiKey", key); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.push("file", "Acme.Api.1.0.0.zip", "", data, "X-Octopus-ApiKey", key); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A package that a release has chosen is deleted only when the caller insists.
func TestPackageInUse(t *testing.T) {
	step := func(name, id string, feed any) thing {
		return thing{"Name": name, "Properties": thing{"Octopus.Action.TargetRoles": "web"}, "Actions": []thing{{"Name": name, "ActionType": "Octopus.TentaclePackage",
			"Packages": []thing{{"PackageId": id, "FeedId": feed}}}}}
	}
	h := newShop(t, step("Web", "Acme.Web", "feeds-builtin"))
	feed := h.text(h.post("/api/Spaces-1/feeds", thing{"Name": "Other", "FeedType": "NuGet", "FeedUri": "http://127.0.0.1:1/"}), "Id")
	process := h.get("/api/Spaces-1/projects/" + h.Project + "/deploymentprocesses").(thing)
	process["Steps"] = append(process["Steps"].([]any), step("Far", "Acme.Far", feed))
	h.put("/api/Spaces-1/projects/"+h.Project+"/deploymentprocesses", process)
	data := zipOf(t, "a.txt", "a")
	for _, name := range []string{"Acme.Web.1.0.0.zip", "Acme.Web.1.1.0.zip", "Acme.Far.1.0.0.zip"} {
		h.push("file", name, "", data)
	}
	made := h.call(201, "POST", "/api/Spaces-1/releases", thing{"ProjectId": h.Project, "Version": "1.0.0", "SelectedPackages": []thing{
		{"ActionName": "Web", "Version": "1.0"}, {"ActionName": "Far", "Version": "1.0.0"}}})
	release := at(made, "Id").(string)
	base := "/api/Spaces-1/packages/"
	refused := h.call(400, "DELETE", base+"packages-Acme.Web.1.0.0", nil)
	if want := "The release 1.0.0 (" + release + ") uses package Acme.Web version 1.0.0."; at(refused, "Errors", 0) != want || !strings.Contains(at(refused, "ErrorMessage").(string), "force=true") {
		t.Errorf("%v", refused)
	}
	h.call(400, "DELETE", base+"bulk?ids=packages-Acme.Web.1.1.0,packages-Acme.Web.1.0.0", nil)
	h.call(200, "DELETE", base+"packages-Acme.Web.1.1.0", nil)
	h.call(200, "DELETE", base+"packages-Acme.Far.1.0.0", nil)
	h.call(200, "DELETE", base+"packages-Acme.Web.1.0.0?force=true", nil)
	h.push("file", "Acme.Web.1.0.0.zip", "", data)
	h.call(200, "DELETE", "/api/Spaces-1/releases/"+release, nil)
	h.call(200, "DELETE", base+"packages-Acme.Web.1.0.0", nil)
}

// project creates a project in the first group with the first lifecycle.
func (h *harness) project(name string) (id string) {
	h.Helper()
	group := at(h.call(200, "GET", "/api/Spaces-1/projectgroups", nil), "Items", 0, "Id")
	lifecycle := at(h.call(200, "GET", "/api/Spaces-1/lifecycles", nil), "Items", 0, "Id")
	made := h.call(201, "POST", "/api/Spaces-1/projects", map[string]any{"Name": name, "ProjectGroupId": group, "LifecycleId": lifecycle})
	return at(made, "Id").(string)
}

// TestFeedOutOfReach asks for the packages of a feed that cannot answer: who
// asked is told so at once, not after all attempts that a download has.
func TestFeedOutOfReach(t *testing.T) {
	h := newHarness(t)
	var asked atomic.Int32
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer away.Close()
	id := at(h.call(201, "POST", "/api/Spaces-1/feeds", map[string]any{"Name": "Away", "FeedType": "Maven", "FeedUri": away.URL, "DownloadAttempts": 5, "DownloadRetryBackoffSeconds": 0}), "Id").(string)
	h.call(503, "GET", "/api/Spaces-1/feeds/"+id+"/packages/versions?packageId=a:b", nil)
	if n := asked.Load(); n != 1 {
		t.Errorf("the feed was asked %d times", n)
	}
}

func TestFeedRoutes(t *testing.T) {
	h := newHarness(t)
	data := zipOf(t, "a.txt", "a")
	for _, v := range []string{"1.0.0", "1.2.0", "1.10.0", "2.0.0-alpha.2", "2.0.0-alpha.10", "2.0.0-beta"} {
		if a := h.push("file", "Acme.Web."+v+".zip", "", data); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	h.push("file", "Other.1.0.zip", "", data)
	if got := each(h.call(200, "GET", "/api/feeds?feedType=BuiltIn&take=1", nil), "Id"); got != "feeds-builtin" {
		t.Errorf("feeds: %s", got)
	}
	const versions = "/api/Spaces-1/feeds/feeds-builtin/packages/versions?packageId=acme.web"
	for query, want := range map[string]string{
		"&take=2147483647":                  "2.0.0-beta 2.0.0-alpha.10 2.0.0-alpha.2 1.10.0 1.2.0 1.0.0",
		"&take=2&skip=3":                    "1.10.0 1.2.0",
		"&take=1":                           "1.10.0",
		"&take=1&includePreRelease=true":    "2.0.0-beta",
		"&includePreRelease=false":          "1.10.0 1.2.0 1.0.0",
		"&take=1&preReleaseTag=^alpha":      "2.0.0-alpha.10",
		"&preReleaseTag=^$":                 "1.10.0 1.2.0 1.0.0",
		"&versionRange=[1.1,1.5]":           "1.2.0",
		"&versionRange=[2.0.0-a,2.0.0-az)":  "2.0.0-alpha.10 2.0.0-alpha.2",
		"&filter=ALPHA":                     "2.0.0-alpha.10 2.0.0-alpha.2",
		"&versionRange=[3.0,)&filter=&take": "",
	} {
		if got := each(h.call(200, "GET", versions+query, nil), "Version"); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
	page := h.call(200, "GET", versions+"&take=2", nil)
	if at(page, "TotalResults") != 6.0 || at(page, "Items", 0, "SizeBytes") != float64(len(data)) || at(page, "Links", "Page.Next") == nil {
		t.Errorf("%v", page)
	}
	h.call(400, "GET", versions+"&versionRange=[1.0", nil)
	h.call(400, "GET", "/api/Spaces-1/feeds/feeds-builtin/packages/versions", nil)
	h.call(404, "GET", "/api/Spaces-1/feeds/Feeds-99/packages/versions?packageId=x", nil)
	if got := each(h.call(200, "GET", "/api/feeds/feeds-builtin/packages/versions?packageId=unknown", nil), "Id"); got != "" {
		t.Errorf("an unknown package has %s", got)
	}
	found := h.call(200, "GET", "/api/Spaces-1/feeds/feeds-builtin/packages/search?term=ACME", nil)
	if each(found, "Id") != "Acme.Web" || at(found, "Items", 0, "LatestVersion") != "2.0.0-beta" {
		t.Errorf("search: %v", found)
	}
	if got := each(h.call(200, "GET", "/api/Spaces-1/feeds/feeds-builtin/packages?packageId=Acme.Web", nil), "Version"); got != "1.10.0" {
		t.Errorf("packages: %s", got)
	}
	if got := each(h.call(200, "GET", "/api/Spaces-1/feeds/feeds-builtin/packages?packageId=o&partialMatch=true", nil), "Id"); got != "packages-Other.1.0" {
		t.Errorf("packages: %s", got)
	}
	if got := at(h.call(200, "GET", "/api/feeds/stats", nil), "TotalPackages"); got != 7.0 {
		t.Errorf("%v packages", got)
	}
}

// TestPartsOfADamagedPackage asks for parts of a package whose file is damaged: no
// part of it is given.
func TestPartsOfADamagedPackage(t *testing.T) {
	h := newHarness(t)
	data := zipOf(t, "a.txt", strings.Repeat("hello", 100))
	if a := h.push("file", "Acme.1.0.0.zip", "", data); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	part := func() reply { return h.send("GET", "/api/Spaces-1/packages/Acme.1.0.0/raw", nil, "Range", "bytes=2-5") }
	for range 2 {
		if a := part(); a.status != 206 || !bytes.Equal(a.body, data[2:6]) {
			t.Errorf("as it came: %d, %q", a.status, a.body)
		}
	}
	damaged := bytes.Clone(data)
	damaged[len(data)/2] ^= 1
	for name, c := range map[string]struct {
		stored  []byte
		headers []string
	}{
		"a flipped bit, a part of it": {damaged, []string{"Range", "bytes=2-5"}},
		"cut short, a part of it":     {data[:len(data)/2], []string{"Range", "bytes=2-5"}},
		"cut short, all of it":        {data[:len(data)/2], nil},
	} {
		err := filepath.WalkDir(h.blobs, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			return errors.Join(os.WriteFile(path, c.stored, 0o600), os.Chtimes(path, time.Time{}, time.Now().Add(time.Minute)))
		})
		if err != nil {
			t.Fatal(err)
		}
		failures := h.api.Failures()
		a := h.send("GET", "/api/Spaces-1/packages/Acme.1.0.0/raw", nil, c.headers...)
		var told struct{ ErrorMessage, RequestId string }
		if err := json.Unmarshal(a.body, &told); err != nil || a.status != 500 || told.RequestId == "" || h.api.Failures() != failures+1 ||
			!strings.HasPrefix(told.ErrorMessage, "The stored file of package Acme 1.0.0 is damaged: ") || !strings.Contains(told.ErrorMessage, "Push it again") {
			t.Errorf("%s: %d, %s", name, a.status, a.body)
		}
	}
}
