package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// BuildInformation says where a version of a package comes from.
type BuildInformation struct {
	kind.Base
	PackageID             string       `json:"PackageId" kind:"required,max=200,filter"`
	Version               string       `json:"Version" kind:"required,max=350"`
	BuildEnvironment      string       `json:"BuildEnvironment"`
	BuildNumber           string       `json:"BuildNumber"`
	BuildURL              string       `json:"BuildUrl"`
	Branch                string       `json:"Branch"`
	VcsType               string       `json:"VcsType"`
	VcsRoot               string       `json:"VcsRoot"`
	VcsCommitNumber       string       `json:"VcsCommitNumber"`
	VcsCommitURL          string       `json:"VcsCommitUrl"`
	IssueTrackerName      string       `json:"IssueTrackerName"`
	IssueTrackerID        string       `json:"IssueTrackerId,omitempty"`
	WorkItems             []WorkItem   `json:"WorkItems"`
	Commits               []CommitLink `json:"Commits"`
	IncompleteDataWarning string       `json:"IncompleteDataWarning"`
	Created               kind.Time    `json:"Created"`
}

// WorkItem is an issue that a build is about.
type WorkItem struct {
	ID          string `json:"Id"`
	LinkURL     string `json:"LinkUrl"`
	Source      string `json:"Source"`
	Description string `json:"Description"`
}

// CommitLink is a commit that went into a build.
type CommitLink struct {
	ID      string `json:"Id"`
	LinkURL string `json:"LinkUrl"`
	Comment string `json:"Comment"`
}

// BuildInformations are what is known of builds. As with packages, the owner
// of each is its package id and the key its version.
var BuildInformations = kind.Register(kind.Kind[BuildInformation]{
	Plural:      "BuildInformation",
	Singular:    "Build information",
	Path:        "build-information",
	Title:       "Version",
	Permissions: kind.Permissions{View: "FeedView", Create: "BuildInformationPush", Edit: "BuildInformationAdminister", Delete: "BuildInformationAdminister"},
	Order:       "created desc, id",
	Owner:       func(b *BuildInformation) string { return strings.ToLower(b.PackageID) },
	Key:         func(b *BuildInformation) string { return VersionKey(b.Version) },
	Rules: func(_ *store.Tx, next, old *BuildInformation, c *fault.Complaints) error {
		next.PackageID, next.Version = strings.TrimSpace(next.PackageID), strings.TrimSpace(next.Version)
		if old != nil {
			next.PackageID, next.Version, next.Created = old.PackageID, old.Version, old.Created
		}
		if next.Created.IsZero() {
			next.Created = kind.Now()
		}
		return nil
	},
})

// FindBuildInformation finds what is known of a version of a package; nil when
// nothing is.
func FindBuildInformation(tx *store.Tx, space, packageID, text string) (*BuildInformation, error) {
	where := append(versionsOf(packageID), store.Where{SQL: "name_key = ?", Args: []any{VersionKey(text)}})
	all, _, err := BuildInformations.List(tx, kind.Query{Space: space, Take: 1, Where: where})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}
