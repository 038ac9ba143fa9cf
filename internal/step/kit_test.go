package step

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target/sshdtest"
	"github.com/takodeploy/tako/internal/variable"
)

// run runs a job with the tools of a real server, and gives what it said.
func (w *world) run(e Executor, job Job) (Outcome, *bench) {
	w.t.Helper()
	b := newBench(w.t, nil)
	j := b.job(job, false)
	j.Tools = w.tools
	j.Take = func(ctx context.Context, batch Batch) error {
		then := batch.Then
		batch.Then = nil
		return errors.Join(b.take(ctx, batch), w.db.Do(ctx, func(tx *store.Tx) error {
			for _, f := range then {
				if err := f(tx); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	o, err := e.Run(context.Background(), j)
	must(w.t, err)
	b.finish(o)
	return o, b
}

// TestServer runs a script with a package on a machine of the catalogue and on
// the built-in worker, and finds the artifact in the catalogue.
func TestServer(t *testing.T) {
	server := sshdtest.New(t, 1)[0]
	w := newWorld(t)
	machine := w.machine("web-1", server)
	feed := catalog.BuiltInFeedID(space)
	data := zipped(t, "tool.txt", "a tool")
	written, err := w.blobs.Put(context.Background(), "packages/kit", bytes.NewReader(data), int64(len(data)))
	must(t, err)
	w.do(func(tx *store.Tx) error {
		p := &catalog.BuiltInPackage{PackageID: "Kit", Version: "1.0.0", FileExtension: ".zip", SizeBytes: written.Size, Hash: written.SHA256, Blob: "packages/kit"}
		p.SpaceID = space
		return catalog.BuiltInPackages.Put(tx, p)
	})
	for _, place := range []Place{{ID: machine, Name: "web-1"}, {}} {
		job := bash(`cat Kit/tool.txt; echo; new_octopusartifact "$PWD/Kit/tool.txt" kept.txt`)
		job.Place, job.Target, job.ProjectID = place, place.ID, "Projects-9"
		job.Packages = []Package{{Reference: "Kit", PackageID: "kit", Version: "1.0", FeedID: feed, Acquire: ByServer, Extract: true}}
		o, b := w.run(Script, job)
		if o.State != Succeeded || !strings.Contains(b.text(Info), "Info: a tool\n") {
			t.Errorf("%+v\n%s", o, b.text())
		}
	}
	must(t, w.db.View(context.Background(), func(tx *store.Tx) error {
		all, _, err := catalog.Artifacts.List(tx, kind.Query{Space: space, Match: map[string]string{"ServerTaskId": "ServerTasks-1"}})
		if err != nil {
			return err
		}
		var got []string
		for _, a := range all {
			got = append(got, strings.Join([]string{a.Filename, a.Source, a.LogCorrelationID, a.ProjectID}, " "))
			info, err := w.blobs.Stat(context.Background(), a.Blob())
			if err != nil || info.Size != 6 {
				t.Errorf("%+v, %v", info, err)
			}
		}
		slices.Sort(got)
		want := []string{"kept.txt the server ServerTasks-1/1.1 Projects-9", "kept.txt web-1 ServerTasks-1/1.1@" + machine + " Projects-9"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return nil
	}))
}

func TestReachRefuses(t *testing.T) {
	w := newWorld(t)
	var cloud, password string
	w.do(func(tx *store.Tx) error {
		m := &catalog.Machine{EnvironmentIDs: []string{w.env}, Roles: []string{"web"}}
		m.Name, m.SpaceID, m.Endpoint = "region", space, catalog.Endpoint{CommunicationStyle: catalog.StyleNone}
		if err := catalog.Machines.Put(tx, m); err != nil {
			return err
		}
		cloud = m.ID
		a := &catalog.Account{AccountType: catalog.AccountPassword, Username: "me"}
		secret := kind.NewSensitive("hidden")
		a.Name, a.SpaceID, a.Password = "password", space, &secret
		if err := catalog.Accounts.Put(tx, a); err != nil {
			return err
		}
		proxy := &catalog.Proxy{Name: "proxy", Host: "proxy.test", Port: 3128, Username: "p", Password: kind.NewSensitive("s/cret")}
		proxy.SpaceID = space
		if err := catalog.Proxies.Put(tx, proxy); err != nil {
			return err
		}
		m = &catalog.Machine{EnvironmentIDs: []string{w.env}, Roles: []string{"web"}}
		m.Name, m.SpaceID = "box", space
		m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: "box.test", Port: 2222, Fingerprint: "SHA256:x", AccountID: a.ID, ProxyID: proxy.ID}
		err := catalog.Machines.Put(tx, m)
		password = m.ID
		return err
	})
	for id, want := range map[string]string{cloud: "region is reached in the way None", "Machines-99": "Machines-99", password: "neither SHA256"} {
		_, _, err := w.tools.Reach.Reach(context.Background(), space, Place{ID: id})
		if err == nil || !strings.Contains(plain(err)+strings.Join(details(err), " "), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, _, err := w.tools.Reach.Reach(context.Background(), "Spaces-2", Place{ID: cloud}); err == nil {
		t.Error("a machine of another space is reached")
	}
	w.do(func(tx *store.Tx) error {
		name, e, err := EndpointOf(tx, space, password)
		must(t, err)
		s, err := sshOf(tx, name, e)
		must(t, err)
		got := []string{s.Address(), s.User, s.Password, s.Fingerprint, s.Proxy}
		if diff := cmp.Diff([]string{"box.test:2222", "me", "hidden", "SHA256:x", "http://p:s%2Fcret@proxy.test:3128"}, got); diff != "" {
			t.Error(diff)
		}
		return nil
	})
}

func TestDirectory(t *testing.T) {
	w := newWorld(t)
	var ann, gone string
	w.do(func(tx *store.Tx) error {
		for _, u := range []*catalog.User{{Username: "ann", EmailAddress: "ann@example.test", IsActive: true}, {Username: "gone", EmailAddress: "gone@example.test"}} {
			if err := catalog.Users.Put(tx, u); err != nil {
				return err
			}
			ann, gone = gone, u.ID
		}
		team := &catalog.Team{MemberUserIDs: []string{ann, gone}}
		team.ID, team.Name = "Teams-77", "Reviewers"
		return catalog.Teams.Put(tx, team)
	})
	names := func(teams ...string) (all []string) {
		people, err := w.tools.People.Members(context.Background(), space, teams)
		must(t, err)
		for _, p := range people {
			all = append(all, p.Username)
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff([]string{"ann"}, names("Teams-77", "Teams-77", "Teams-78")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"admin", "ann"}, names(access.TeamEveryone)); diff != "" {
		t.Error(diff)
	}
	p, err := w.tools.People.Person(context.Background(), ann)
	must(t, err)
	if diff := cmp.Diff(variable.Person{ID: ann, Username: "ann", DisplayName: "ann", EmailAddress: "ann@example.test"}, p); diff != "" {
		t.Error(diff)
	}
	p, err = w.tools.People.Person(context.Background(), "Users-99")
	must(t, err)
	if p != (variable.Person{ID: "Users-99"}) {
		t.Errorf("%+v", p)
	}
}

func TestMailSettings(t *testing.T) {
	w := newWorld(t)
	want := Mail{Host: "mail.test", Port: 587, Login: "me", Password: "hidden", From: "a@b.test", TLS: true, Security: "starttls"}
	w.do(func(tx *store.Tx) error {
		must(t, PutMail(tx, want))
		text, err := tx.Setting(mailSetting)
		if strings.Contains(text, "hidden") {
			t.Error(text)
		}
		return err
	})
	got, err := w.tools.Mail(context.Background())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
