package cluster

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// TestFilesAreReachableFromEveryNode pushes a package by way of one node and
// deploys it on another, keeps an artifact, and reads both and the log by way of
// each node, also while the task runs elsewhere: with a shared folder and with a
// bucket behind a server that speaks S3.
func TestFilesAreReachableFromEveryNode(t *testing.T) {
	for _, kind := range []string{"folder", "bucket"} {
		t.Run(kind, func(t *testing.T) {
			var settings []string
			if kind == "bucket" {
				server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithAutoBucket(true)).Server())
				t.Cleanup(server.Close)
				settings = []string{"TAKO_BLOB_STORE=s3://tako/files", "TAKO_BLOB_ENDPOINT=" + server.URL, "TAKO_BLOB_REGION=us-east-1",
					"TAKO_BLOB_ACCESS_KEY=id", "TAKO_BLOB_SECRET_KEY=key"}
			}
			c := newCluster(t, 2, settings...)
			c.furnish(1)
			c.share()
			if found, _ := filepath.Glob(filepath.Join(c.dir, "blobs", "*", "*")); (len(found) > 0) != (kind == "folder") {
				t.Errorf("the shared folder holds %d files", len(found))
			}
		})
	}
}

func (c *cluster) share() {
	c.Helper()
	one, two := c.nodes[0], c.nodes[1]
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("hello.txt")
	if err == nil {
		_, err = f.Write([]byte("hello from the package"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		c.Fatal(err)
	}
	if _, err := one.Upload(space+"/packages/raw", "Acme.1.0.0.zip", b.Bytes()); err != nil {
		c.Fatal(err)
	}
	c.drain(one, true) // the other has to fetch it
	install := object{"Name": "Install", "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": object{"Octopus.Action.TargetRoles": "web"},
		"Actions": []object{{"Name": "Install", "ActionType": "Octopus.TentaclePackage", "Properties": object{},
			"Packages": []object{{"Name": "", "PackageId": "Acme", "FeedId": c.feed, "AcquisitionLocation": "Server", "Properties": object{}}}}}}
	c.project("Acme", install, script("Keep", `echo "kept by a script" > note.txt; new_octopusartifact "$PWD/note.txt" note.txt`, "web"), script("Talk", c.ticking(3, "talk"), ""))
	task := c.deploy("Acme")
	// The log of a task that runs elsewhere grows before the eyes of who asks here.
	seen := 0
	for range 3 {
		c.until("the log grows on the node that has not got the task", time.Minute, func() bool {
			_, log := one.ask("/api/tasks/" + task + "/raw")
			n := strings.Count(log, ".Talk. line ")
			if n <= seen {
				return false
			}
			seen = n
			return true
		})
	}
	if by := c.by(task); by != two.name {
		c.Errorf("%s has the task", by)
	}
	c.open("talk")
	c.wait(task, "Success", time.Minute)
	artifacts := objects(c.get(space + "/artifacts?regarding=" + task)["Items"])
	if len(artifacts) != 1 {
		c.Fatalf("there are %d artifacts", len(artifacts))
	}
	for _, n := range c.nodes {
		if status, text := n.ask(space + "/artifacts/" + id(artifacts[0]) + "/content"); status != 200 || text != "kept by a script\n" {
			c.Errorf("%s gives the artifact as %d %q", n.name, status, text)
		}
		if status, text := n.ask(space + "/packages/packages-Acme.1.0.0/raw"); status != 200 || text != b.String() {
			c.Errorf("%s gives the package as %d, %d of %d bytes", n.name, status, len(text), b.Len())
		}
		if _, log := n.ask("/api/tasks/" + task + "/raw"); !strings.Contains(log, fmt.Sprint(task, ".Talk. ended after")) {
			c.Errorf("%s does not give the whole log", n.name)
		}
	}
	var sum tally
	c.judge(task, []string{"Talk."}, &sum)
}
