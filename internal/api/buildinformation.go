package api

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.BuildInformations.Info()
	return []Route{
		{Method: "POST", Pattern: "S/build-information", Handle: a.pushBuild, Query: []string{"overwriteMode"}, Summary: "Say where a version of a package comes from", Body: buildCommand{}, Answer: info},
		{Method: "GET", Pattern: "S/build-information", Handle: a.listBuilds, Query: []string{"filter", "ids", "latest", "packageId", "skip", "take"}, Summary: "List build information", Answer: info},
		{Method: "DELETE", Pattern: "S/build-information/bulk", Handle: a.deleteBuilds, Query: []string{"ids"}, Summary: "Delete build information"},
	}
})

// buildCommand is what build servers send.
type buildCommand struct {
	PackageID               string `json:"PackageId"`
	Version                 string
	OverwriteMode           string
	OctopusBuildInformation *struct {
		BuildEnvironment string
		BuildNumber      string
		BuildURL         string `json:"BuildUrl"`
		Branch           string
		VcsType          string
		VcsRoot          string
		VcsCommitNumber  string
		Commits          []struct {
			ID      string `json:"Id"`
			Comment string
		}
	}
}

func (a *API) pushBuild(r *Request) (any, error) {
	if err := r.Need("BuildInformationPush", At{}); err != nil {
		return nil, err
	}
	var sent buildCommand
	if err := r.Read(&sent); err != nil {
		return nil, err
	}
	wish := r.Q("overwriteMode")
	if wish == "" {
		wish = sent.OverwriteMode
	}
	mode, err := feed.ParseOverwrite(wish)
	if err != nil {
		return nil, err
	}
	if sent.OctopusBuildInformation == nil {
		return nil, fault.Complaints{"OctopusBuildInformation must not be empty."}.Err()
	}
	var raw []byte
	code := 201
	err = r.Do(func(tx *store.Tx) error {
		b, err := catalog.FindBuildInformation(tx, r.Space, strings.TrimSpace(sent.PackageID), strings.TrimSpace(sent.Version))
		if err != nil {
			return err
		}
		switch {
		case b == nil:
			b = &catalog.BuildInformation{PackageID: sent.PackageID, Version: sent.Version}
			b.SpaceID = r.Space
			code = 201
		case mode == feed.IgnoreIfExists:
			code = 200
			raw, err = catalog.BuildInformations.Wire(tx, b)
			return err
		case mode != feed.OverwriteExisting:
			return fault.Complaints{
				fmt.Sprintf("There is build information for version %s of the package %s already. Use the overwrite mode OverwriteExisting or IgnoreIfExists.", b.Version, b.PackageID)}.Err()
		default:
			if err := r.Need("BuildInformationAdminister", At{}); err != nil {
				return err
			}
			code = 200
		}
		sent.into(b)
		if err := catalog.BuildInformations.Put(tx, b); err != nil {
			return err
		}
		raw, err = catalog.BuildInformations.Wire(tx, b)
		return err
	})
	return Status{code, Raw(raw)}, err
}

// into takes over what was sent, and makes links of what it names.
func (c *buildCommand) into(b *catalog.BuildInformation) {
	s := c.OctopusBuildInformation
	b.BuildEnvironment, b.BuildNumber, b.BuildURL, b.Branch = s.BuildEnvironment, s.BuildNumber, s.BuildURL, s.Branch
	b.VcsType, b.VcsRoot, b.VcsCommitNumber = s.VcsType, s.VcsRoot, s.VcsCommitNumber
	b.VcsCommitURL = commitURL(s.VcsRoot, s.VcsCommitNumber)
	b.Commits, b.WorkItems = []catalog.CommitLink{}, []catalog.WorkItem{}
	for _, one := range s.Commits {
		b.Commits = append(b.Commits, catalog.CommitLink{ID: one.ID, LinkURL: commitURL(s.VcsRoot, one.ID), Comment: one.Comment})
	}
}

// commitURL is where a commit can be seen, if the repository is one of the
// well-known sort; else it is empty.
func commitURL(root, commit string) string {
	u, err := url.Parse(strings.TrimSpace(root))
	if err != nil || u.Host == "" || commit == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".git")
	host := strings.ToLower(u.Hostname())
	between := "/commit/"
	switch {
	case strings.Contains(host, "gitlab"):
		between = "/-/commit/"
	case strings.Contains(host, "bitbucket"):
		between = "/commits/"
	case strings.Contains(host, "github"), strings.Contains(host, "gitea"), host == "dev.azure.com", strings.HasSuffix(host, ".visualstudio.com"):
	default:
		return ""
	}
	at := url.URL{Scheme: u.Scheme, Host: u.Host, Path: path + between + commit}
	return at.String()
}

// listBuilds lists by package, and the highest version of each first; filter is
// a version.
func (a *API) listBuilds(r *Request) (any, error) {
	h := a.crudOf(catalog.BuildInformations)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	var page Page
	err = r.View(func(tx *store.Tx) error {
		key := "name_key"
		if tx.Engine() == store.PostgreSQL {
			key = `name_key collate "C"`
		}
		q := kind.Query{Space: r.Space, IDs: r.List("ids"), Skip: skip, Take: take, OrderBy: "owner, " + key + " desc"}
		if id := r.Q("packageId"); id != "" {
			q.Where = append(q.Where, store.Where{SQL: "owner = ?", Args: []any{strings.ToLower(id)}})
		}
		if version := r.Q("filter"); version != "" {
			q.Where = append(q.Where, store.Where{SQL: "name_key = ? or lower(name) = ?", Args: []any{catalog.VersionKey(version), strings.ToLower(version)}})
		}
		if r.Bool("latest") {
			highest := strings.Replace(key, "name_key", "o.name_key", 1)
			q.Where = append(q.Where, store.Where{SQL: "name_key = (select max(" + highest + ") from document o where o.kind = 'BuildInformation' and o.space = document.space and o.owner = document.owner)"})
		}
		items, total, err := h.visible(r, tx, q)
		if err != nil {
			return err
		}
		page = r.PageOf(h.info.Singular, items, total, skip, take)
		return nil
	})
	return page, err
}

func (a *API) deleteBuilds(r *Request) (any, error) {
	if err := r.Need("BuildInformationAdminister", At{}); err != nil {
		return nil, err
	}
	ids := r.List("ids")
	if len(ids) == 0 {
		return nil, fault.New(fault.Invalid, "The query value ids names no build information.")
	}
	return nil, r.Do(func(tx *store.Tx) error {
		for _, id := range ids {
			b, err := catalog.BuildInformations.Find(tx, r.Space, id)
			if err != nil {
				return err
			}
			if err := catalog.BuildInformations.Remove(tx, b); err != nil {
				return err
			}
		}
		return nil
	})
}
