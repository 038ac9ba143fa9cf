package login

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

func TestKeys(t *testing.T) {
	d := open(t)
	a, value := d.key(NewKey{UserID: "Users-1", Purpose: " build "})
	d.clock = d.clock.Add(time.Second)
	b, _ := d.key(NewKey{UserID: "Users-1", Forever: true})
	d.key(NewKey{UserID: "Users-2"})
	if a.Purpose != "build" || a.Hint != secret.APIKeyHint(value) || a.Expires.Sub(a.Created) != KeyLasts || !b.Expires.IsZero() || !secret.IsAPIKey(value.Reveal()) {
		t.Errorf("keys %+v %+v", a, b)
	}
	d.view(func(tx *store.Tx) error {
		list, err := d.Keys(tx, "Users-1")
		if diff := cmp.Diff([]Key{a, b}, list); diff != "" {
			t.Error(diff)
		}
		got, err2 := d.Key(tx, "Users-1", a.ID)
		if diff := cmp.Diff(a, got); err2 != nil || diff != "" {
			t.Errorf("%v %s", err2, diff)
		}
		for _, c := range [][2]string{{"Users-2", a.ID}, {"Users-1", "apikeys-x"}} {
			if _, err := d.Key(tx, c[0], c[1]); !fault.Is(err, fault.NotFound) {
				t.Errorf("%v: %v", c, err)
			}
		}
		return err
	})
	err := d.db.Do(t.Context(), func(tx *store.Tx) error { return d.DeleteKey(tx, "Users-2", a.ID) })
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("deleting another's key: %v", err)
	}
	r := request("GET", keyHeader, value.Reveal())
	if _, err := d.Authenticate(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	d.do(func(tx *store.Tx) error { return d.DeleteKey(tx, "Users-1", a.ID) })
	_, err = d.Authenticate(t.Context(), r)
	refused(t, err, "was not valid")
}

// TestNothingInClear looks for keys, tokens and passwords in every row.
func TestNothingInClear(t *testing.T) {
	d := open(t)
	_, key := d.key(NewKey{UserID: "Users-1"})
	_, s := d.signIn(Credentials{Username: "alice", Password: alicesPassword}, request("POST"))
	for table, column := range map[string]string{"api_key": "hash || hint || purpose || id", "session": "hash || id || how || user_agent", "password": "hash"} {
		for _, plain := range []secret.Text{key, s.Token, alicesPassword} {
			d.view(func(tx *store.Tx) error {
				n := 0
				_, err := tx.QueryRow([]any{&n}, "select count(*) from "+table+" where "+column+" like $1", "%"+plain.Reveal()+"%")
				if n > 0 {
					t.Errorf("%s holds a secret in clear", table)
				}
				return err
			})
		}
	}
}

func TestKeyRules(t *testing.T) {
	d := open(t)
	day := 24 * time.Hour
	short, _ := d.key(NewKey{UserID: "Users-1", Expires: d.clock.Add(30 * day)})
	forever, _ := d.key(NewKey{UserID: "Users-1", Forever: true})
	byShort, byForever := Principal{KeyID: short.ID}, Principal{KeyID: forever.ID}
	for _, c := range []struct {
		name string
		n    NewKey
		want time.Duration // 0 for never
		bad  fault.Code
	}{
		{"usual", NewKey{}, KeyLasts, 0},
		{"a day", NewKey{Expires: d.clock.Add(day)}, day, 0},
		{"past", NewKey{Expires: d.clock.Add(-day)}, 0, fault.Invalid},
		{"now", NewKey{Expires: d.clock}, 0, fault.Invalid},
		{"by a key, shorter", NewKey{By: byShort, Expires: d.clock.Add(29 * day)}, 29 * day, 0},
		{"by a key, longer", NewKey{By: byShort, Expires: d.clock.Add(31 * day)}, 0, fault.Invalid},
		{"by a key, for ever", NewKey{By: byShort, Forever: true}, 0, fault.Invalid},
		{"by a key, usual", NewKey{By: byShort}, 30 * day, 0},
		{"by an eternal key, for ever", NewKey{By: byForever, Forever: true}, 0, 0},
		{"given", NewKey{Value: "API-GIVEN1"}, KeyLasts, 0},
		{"given twice", NewKey{Value: "API-GIVEN1"}, 0, fault.Conflict},
		{"given badly", NewKey{Value: "API-given"}, 0, fault.Invalid},
		{"long purpose", NewKey{Purpose: string(make([]byte, 1001))}, 0, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.n.UserID = "Users-1"
			var k Key
			err := d.db.Do(t.Context(), func(tx *store.Tx) (err error) {
				k, _, err = d.CreateKey(tx, c.n)
				return err
			})
			if c.bad != 0 {
				if !fault.Is(err, c.bad) {
					t.Errorf("error %v", err)
				}
				return
			}
			lasts := k.Expires.Sub(k.Created)
			if k.Expires.IsZero() {
				lasts = 0
			}
			if err != nil || lasts.Round(time.Second) != c.want {
				t.Errorf("lasts %v, %v", lasts, err)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	d := open(t)
	_, value := d.key(NewKey{UserID: "Users-1", Expires: d.clock.Add(time.Second)})
	r := request("GET", keyHeader, value.Reveal())
	if _, err := d.Authenticate(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	d.clock = d.clock.Add(time.Second) // the answer is younger than freshFor
	_, err := d.Authenticate(t.Context(), r)
	refused(t, err, "expired on")
}

func TestNotices(t *testing.T) {
	d := open(t)
	day := 24 * time.Hour
	long, _ := d.key(NewKey{UserID: "Users-1", Expires: d.clock.Add(100 * day)})
	week, _ := d.key(NewKey{UserID: "Users-1", Expires: d.clock.Add(7 * day)})
	d.key(NewKey{UserID: "Users-1", Forever: true})
	type line struct{ Category, Key string }
	var seen []line
	start := d.clock
	for _, c := range []struct {
		day  int
		want []line
	}{
		{0, nil},
		{6, nil},
		{7, []line{{"ApiKeyExpired", week.ID}}},
		{79, nil},
		{80, []line{{"ApiKeyExpiry20DayWarning", long.ID}}},
		{85, nil},
		{90, []line{{"ApiKeyExpiry10DayWarning", long.ID}}},
		{99, nil},
		{100, []line{{"ApiKeyExpired", long.ID}}},
		{200, nil},
	} {
		d.clock = start.Add(time.Duration(c.day)*day + time.Millisecond)
		n, err := d.NoticeKeys(t.Context())
		if err != nil || n != len(c.want) {
			t.Errorf("day %d: %d notices, %v", c.day, n, err)
		}
		seen = append(seen, c.want...)
	}
	var got []line
	d.view(func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var l line
			err := scan(&l.Category, &l.Key)
			got = append(got, l)
			return err
		}, "select category, document from event where category like 'ApiKeyExp%' order by id")
	})
	if diff := cmp.Diff(seen, got); diff != "" {
		t.Error(diff)
	}
}
