package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// registry is a container registry. Images stay where they are: they are pulled
// where they run.
type registry struct{ *remote }

func newRegistry(r *remote) *registry {
	if r.base != nil {
		// Addresses of the registry's protocol are taken for its host too.
		r.base.Path = strings.TrimSuffix(strings.TrimSuffix(r.base.Path, "/v1"), "/v2")
	}
	f := &registry{r}
	r.bearer = f.askToken
	return f
}

func (f *registry) Format() version.Format { return version.Docker }

// isHub reports whether the registry is the one whose images need no host.
func (f *registry) isHub() bool {
	host := strings.ToLower(f.base.Hostname())
	return host == "docker.io" || host == "docker.com" || strings.HasSuffix(host, ".docker.io") || strings.HasSuffix(host, ".docker.com")
}

// askToken fetches the token that a registry wants, from where it says.
func (f *registry) askToken(ctx context.Context, answer *http.Response) (string, error) {
	scheme, rest, _ := strings.Cut(answer.Header.Get("WWW-Authenticate"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", f.say(fault.Invalid, "refuses the login (%s answers %s).", f.base.Host, answer.Status)
	}
	challenge := challenges(rest)
	realm, err := url.Parse(challenge["realm"])
	if err != nil || realm.Scheme != "https" && realm.Scheme != f.base.Scheme {
		return "", f.say(fault.Invalid, "sends us for a token to %q, which cannot be trusted.", challenge["realm"])
	}
	query := []string{"service", challenge["service"]}
	if challenge["scope"] != "" {
		query = append(query, "scope", challenge["scope"])
	}
	// The registry names who gives out its tokens, so that is who the login is for.
	door := &remote{feeds: f.feeds, feed: f.feed, base: realm, user: f.user, password: f.password}
	var given struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if _, err := door.readJSON(ctx, withQuery(realm.String(), query...), &given); err != nil {
		return "", err
	}
	if given.Token == "" {
		given.Token = given.AccessToken
	}
	return given.Token, nil
}

// challenges reads name="value" pairs.
func challenges(text string) map[string]string {
	pairs := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		value := ""
		if strings.HasPrefix(rest, `"`) {
			value, rest, _ = strings.Cut(rest[1:], `"`)
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		pairs[strings.ToLower(strings.Trim(name, " ,"))] = value
		text = strings.TrimLeft(rest, " ,")
	}
	return pairs
}

// image is the name of an image as the registry has it.
func (f *registry) image(id string) string {
	if f.isHub() && !strings.Contains(id, "/") {
		return "library/" + id
	}
	return id
}

func (f *registry) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	if f.isHub() {
		return f.searchHub(ctx, term, skip, take)
	}
	var all []Package
	err := f.pages(ctx, f.at([]string{"v2", "_catalog"}, "n", "1000"), func(at string) (http.Header, error) {
		var found struct{ Repositories []string }
		header, err := f.readJSON(ctx, at, &found)
		for _, name := range found.Repositories {
			if strings.Contains(strings.ToLower(name), strings.ToLower(term)) {
				all = append(all, Package{ID: name})
			}
		}
		return header, err
	})
	all, total := page(all, skip, take)
	return all, total, err
}

func (f *registry) searchHub(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	size := min(max(take, 1), 100)
	var found struct {
		Results []struct{ Name, Description string }
		Total   int `json:"num_results"`
	}
	hub := &remote{feeds: f.feeds, feed: f.feed} // the search knows no login
	_, err := hub.readJSON(ctx, withQuery("https://index.docker.io/v1/search", "q", term, "n", fmt.Sprint(size), "page", fmt.Sprint(skip/size+1)), &found)
	if err != nil {
		return nil, 0, err
	}
	all := make([]Package, len(found.Results))
	for i, r := range found.Results {
		all[i] = Package{ID: r.Name, Description: r.Description}
	}
	return all, found.Total, nil
}

// pages follows the links from page to page.
func (f *registry) pages(_ context.Context, at string, read func(at string) (http.Header, error)) error {
	for range mostPages {
		header, err := read(at)
		if err != nil {
			return err
		}
		link, _, ok := strings.Cut(strings.TrimPrefix(header.Get("Link"), "<"), ">")
		if !ok {
			return nil
		}
		next, err := f.base.Parse(link)
		if err != nil || next.Host != f.base.Host {
			return nil //nolint:nilerr // a link that leads nowhere is the end
		}
		at = next.String()
	}
	return nil
}

// tags lists the tags of a repository; one that is not there has none.
func (f *registry) tags(ctx context.Context, repository string) (tags []string, err error) {
	parts := append(append([]string{"v2"}, strings.Split(repository, "/")...), "tags", "list")
	err = f.pages(ctx, f.at(parts, "n", "1000"), func(at string) (http.Header, error) {
		var list struct{ Tags []string }
		header, err := f.readJSON(ctx, at, &list)
		tags = append(tags, list.Tags...)
		return header, err
	})
	return tags, absent(err)
}

func (f *registry) Versions(ctx context.Context, id string) ([]Package, error) {
	tags, err := f.tags(ctx, f.image(id))
	all := make([]Package, 0, len(tags))
	for _, t := range tags {
		if _, bad := version.Parse(version.Docker, t); bad == nil {
			all = append(all, Package{ID: id, Version: t})
		}
	}
	return all, err
}

func (f *registry) Open(_ context.Context, id, _ string) (runner.Package, Opener, error) {
	return runner.Package{}, nil, f.say(fault.Invalid, "has container images, such as %s, which are pulled where they run and not transferred.", id)
}
