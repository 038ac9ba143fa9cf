package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// pocketBase is the server that ours is compared with, on a data folder.
type pocketBase struct {
	*process
	data, bin string
	token     string // of a user, for the header Authorization
	took      time.Duration
}

// newPocketBase starts a server on an empty folder, with the collections
// "things" and "made" for whoever is signed in.
func (b *bench) newPocketBase(name string) (*pocketBase, error) {
	// It keeps its migrations beside its data: each needs a folder around it.
	p := &pocketBase{data: filepath.Join(b.dir, name, "data"), bin: filepath.Join(b.bin, "bench-peer")}
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, err
	}
	password := random()
	if out, err := exec.Command(p.bin, "superuser", "upsert", "bench@example.com", password, "--dir", p.data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a superuser: %w: %s", err, out)
	}
	if err := p.up(); err != nil {
		return nil, err
	}
	b.later(func() { p.stop() })
	admin, err := p.signIn("_superusers", "bench@example.com", password)
	if err != nil {
		return nil, err
	}
	const signedIn = `@request.auth.id != ""`
	for _, collection := range []string{"things", "made"} {
		err := p.do(admin, "POST", "/api/collections", rest.Object{"name": collection, "type": "base",
			"listRule": signedIn, "viewRule": signedIn, "createRule": signedIn, "updateRule": signedIn, "deleteRule": signedIn,
			"fields": []rest.Object{
				{"name": "name", "type": "text", "required": true, "max": 200}, {"name": "slug", "type": "text"}, {"name": "description", "type": "text"},
				{"name": "order", "type": "number"}, {"name": "dynamic", "type": "bool"}, {"name": "extensions", "type": "json"}, {"name": "tags", "type": "json"},
				{"name": "modified", "type": "autodate", "onCreate": true, "onUpdate": true}, {"name": "modifiedBy", "type": "text"}},
			"indexes": []string{"create unique index " + collection + "_name on " + collection + " (name)"}}, nil)
		if err != nil {
			return nil, err
		}
	}
	if err := p.do(admin, "POST", "/api/collections/users/records", rest.Object{"email": "user@example.com", "password": password, "passwordConfirm": password}, nil); err != nil {
		return nil, err
	}
	p.token, err = p.signIn("users", "user@example.com", password)
	return p, err
}

// up starts the server, on what an earlier one left if there was one.
func (p *pocketBase) up() error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	p.process, p.took, err = launch(p.data+".log", addr, "/api/health", nil, p.bin, "serve", "--http", addr, "--dir", p.data)
	return err
}

func (p *pocketBase) signIn(collection, who, password string) (string, error) {
	var o struct{ Token string }
	err := p.do("", "POST", "/api/collections/"+collection+"/auth-with-password", rest.Object{"identity": who, "password": password}, &o)
	return o.Token, err
}

// do sends a request of the preparation and decodes the answer.
func (p *pocketBase) do(token, method, path string, body, out any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, p.url+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if data, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, data)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}
