package login

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

// TestUsers signs a user of the catalogue in, and disables that user.
func TestUsers(t *testing.T) {
	d := open(t)
	d.accounts = Users{}
	user := &catalog.User{Username: "Zoë Ärger", DisplayName: "Zoë", IsActive: true}
	hash, err := d.HashPassword(t.Context(), alicesPassword)
	if err != nil {
		t.Fatal(err)
	}
	d.do(func(tx *store.Tx) error {
		if err := catalog.Users.Put(tx, user); err != nil {
			return err
		}
		return d.SetPassword(tx, user.ID, hash, "")
	})
	for _, name := range []string{"Zoë Ärger", "zoË äRGER"} {
		s, err := d.SignIn(t.Context(), Credentials{Username: name, Password: alicesPassword}, request("POST"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Authenticate(t.Context(), request("GET", "Cookie", "OctopusIdentificationToken_abc="+s.Token.Reveal()))
		want := Principal{UserID: user.ID, Username: "Zoë Ärger", DisplayName: "Zoë", How: ByPassword, SessionID: s.Principal.SessionID}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
	}
	_, err = d.SignIn(t.Context(), Credentials{Username: "zoe", Password: alicesPassword}, request("POST"))
	refused(t, err, "wrong")

	user.IsActive = false
	d.do(func(tx *store.Tx) error { return catalog.Users.Put(tx, user) })
	_, err = d.SignIn(t.Context(), Credentials{Username: "Zoë Ärger", Password: alicesPassword}, request("POST"))
	refused(t, err, "is disabled")
	if _, err := d.IssueToken(t.Context(), "Users-99", 0, request("POST")); err == nil {
		t.Error("a token for nobody")
	}
}
