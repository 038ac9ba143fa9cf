package setting

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

func TestSection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		live := &Live{DB: db}
		if v, err := live.Values(t.Context()); err != nil || v.Portal != Portal.First || !v.Features.IsBuiltInWorkerEnabled {
			t.Errorf("%v %+v", err, v)
		}
		next := Portal.First
		next.Security.CorsWhitelist, next.Security.XOptions.XFrameOptions = "https://a.example", "DENY"
		for range 2 { // the second changes nothing
			if err := db.Do(t.Context(), func(tx *store.Tx) error { return Portal.Put(tx, next) }); err != nil {
				t.Fatal(err)
			}
		}
		var events []*store.Event
		err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			got, err := Portal.Get(tx)
			if d := cmp.Diff(next, got); d != "" {
				t.Error(d)
			}
			found, _, lost := tx.Events(store.EventQuery{Spaces: []string{""}, Kinds: []string{"configuration"}})
			events = found
			return errors.Join(err, lost)
		})
		if err != nil || len(events) != 1 || events[0].Document != "configuration-webportal" {
			t.Fatalf("%v, %+v", err, events)
		}
		want := []store.Change{{Path: "Security/CorsWhitelist", Old: []byte(`""`), New: []byte(`"https://a.example"`)}, {Path: "Security/XOptions/XFrameOptions", Old: []byte(`"SAMEORIGIN"`), New: []byte(`"DENY"`)}}
		if d := cmp.Diff(want, events[0].Details); d != "" {
			t.Error(d)
		}
		live.Forget()
		if v, err := live.Values(t.Context()); err != nil || v.Portal != next {
			t.Errorf("%v %+v", err, v)
		}
	})
}

func TestAddress(t *testing.T) {
	db := storetest.SQLite(t)
	for _, c := range []struct{ set, started, want string }{
		{"", "", ""}, {"", "https://a.example/", "https://a.example"}, {"https://b.example/tako/", "https://a.example", "https://b.example/tako"},
	} {
		err := db.Do(t.Context(), func(tx *store.Tx) error {
			if err := Server.Put(tx, ServerValues{c.set}); err != nil {
				return err
			}
			if got, err := Address(tx, c.started); err != nil || got != c.want {
				t.Errorf("%+v: %v %s", c, err, got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		value interface{ Check(*fault.Complaints) }
		wrong int
	}{
		{ServerValues{""}, 0}, {ServerValues{"https://a.example/tako"}, 0}, {ServerValues{"a.example"}, 1}, {ServerValues{"https://a.example/#x"}, 1},
		{Features.First, 0}, {FeatureValues{HelpSidebarSupportLink: "mailto:help@example.com"}, 0}, {FeatureValues{HelpSidebarSupportLink: "data:x"}, 1},
		{Retention.First, 0}, {RetentionValues{"@daily"}, 0}, {RetentionValues{"30 2 * * MON"}, 0}, {RetentionValues{"61 * * * *"}, 1}, {RetentionValues{"0 0 3 * * *"}, 1}, {RetentionValues{""}, 1},
		{Portal.First, 0}, {PortalValues{PortalSecurity{CorsWhitelist: "*; http://a.example:81/"}}, 0},
		{PortalValues{PortalSecurity{CorsWhitelist: "a.example,https://x/y", ReferrerPolicy: "x", HTTPStrictTransportSecurityMaxAge: -1, XOptions: FrameOptions{XFrameOptions: "x"}}}, 5},
	} {
		var wrong fault.Complaints
		if c.value.Check(&wrong); len(wrong) != c.wrong {
			t.Errorf("%+v: %v", c.value, wrong)
		}
	}
}
