package journey

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/takodeploy/tako/e2e/rest"
)

// withCookies adds a header to what a browser's client sends.
type withCookies struct {
	header map[string]string
}

func (c withCookies) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestBrowserSession signs in with a password, changes something with the token
// against forgery and fails to without, and signs out.
func TestBrowserSession(t *testing.T) {
	engines(t, func(w *world) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			w.Fatal(err)
		}
		headers := map[string]string{}
		browser := &rest.Client{URL: w.URL, HTTP: &http.Client{Jar: jar, Transport: withCookies{headers}}}
		me, err := browser.Post("/api/users/login", object{"Username": "admin", "Password": w.password, "State": object{"UsingSecureConnection": false}})
		if err != nil {
			w.Fatal(err)
		}
		if me["Username"] != "admin" || me["IsRequestor"] != true {
			w.Errorf("%v", me)
		}
		at, err := url.Parse(w.URL)
		if err != nil {
			w.Fatal(err)
		}
		tokens := map[string]string{}
		for _, c := range jar.Cookies(at) {
			name, _, _ := strings.Cut(c.Name, "_")
			if _, twice := tokens[name]; twice {
				w.Errorf("two cookies begin with %s", name)
			}
			tokens[name] = c.Value
		}
		if tokens["Octopus-Csrf-Token"] == "" || tokens["OctopusIdentificationToken"] == "" {
			w.Fatalf("%v", tokens)
		}
		if _, err := browser.Get("/api/users/me"); err != nil {
			w.Error(err)
		}
		w.problem(401, browser.Do("POST", space+"/environments", object{"Name": "Forged"}, nil), "X-Octopus-Csrf-Token")
		headers["X-Octopus-Csrf-Token"] = "somebody else's"
		w.problem(401, browser.Do("POST", space+"/environments", object{"Name": "Forged"}, nil), "X-Octopus-Csrf-Token")
		headers["X-Octopus-Csrf-Token"] = tokens["Octopus-Csrf-Token"]
		made, err := browser.Post(space+"/environments", object{"Name": "Wanted"})
		if err != nil {
			w.Fatal(err)
		}
		// The .NET client sends every change as a POST.
		headers["X-HTTP-Method-Override"] = "PUT"
		made["Description"] = "changed"
		changed, err := browser.Post(space+"/environments/"+id(made), made)
		if err != nil || changed["Description"] != "changed" {
			w.Errorf("%v %v", changed, err)
		}
		headers["X-HTTP-Method-Override"] = "DELETE"
		if err := browser.Do("POST", space+"/environments/"+id(made), nil, nil); err != nil {
			w.Error(err)
		}
		delete(headers, "X-HTTP-Method-Override")
		w.refused(404, "GET", space+"/environments/"+id(made), nil)
		cookies := jar.Cookies(at)
		if err := browser.Do("POST", "/api/users/logout", nil, nil); err != nil {
			w.Error(err)
		}
		jar.SetCookies(at, cookies) // who kept the cookie
		w.problem(401, browser.Do("GET", "/api/users/me", nil, nil), "Sign in again")
	})
}

// TestSpellingsOfPaths reads and writes the default space and another one under
// each of their paths.
func TestSpellingsOfPaths(t *testing.T) {
	engines(t, func(w *world) {
		me := id(w.get("/api/users/me"))
		other := id(w.post("/api/spaces", object{"Name": "Other", "SpaceManagersTeamMembers": []string{me}}))
		for name, path := range map[string]string{"One": "/api/Spaces-1", "Two": "/api/spaces/Spaces-1", "Three": "/api", "Four": "/api/SPACES-1"} {
			made := w.post(path+"/Environments", object{"Name": name})
			if made["SpaceId"] != "Spaces-1" {
				w.Errorf("%s lies in %v", name, made["SpaceId"])
			}
			for _, read := range []string{"/api/Spaces-1", "/api/spaces/Spaces-1", "/api"} {
				if got := w.get(read + "/environments/" + id(made)); got["Name"] != name {
					w.Errorf("%s: %v", read, got)
				}
			}
			w.refused(404, "GET", "/api/"+other+"/environments/"+id(made), nil, id(made))
			if self := made["Links"].(object)["Self"]; self != "/api/Spaces-1/environments/"+id(made) {
				w.Errorf("%s calls itself %v", name, self)
			}
		}
		there := w.post("/api/"+other+"/environments", object{"Name": "One"})
		if got := w.get("/api/spaces/" + other + "/environments/one"); id(got) != id(there) {
			w.Errorf("%v", got)
		}
		w.refused(404, "GET", "/api/environments/"+id(there), nil, id(there))
		if n := w.get("/api/" + other + "/environments")["TotalResults"]; n != float64(1) {
			w.Errorf("%v environments in the other space", n)
		}
	})
}
