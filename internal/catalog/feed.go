package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Types of feeds that the server treats apart.
const (
	FeedBuiltIn        = "BuiltIn"
	FeedOctopusProject = "OctopusProject"
)

// Feed is where packages come from. FeedType tells which of the other members
// have a meaning; the rest are absent.
type Feed struct {
	kind.Named
	FeedType                          string   `json:"FeedType" kind:"required,filter"`
	PackageAcquisitionLocationOptions []string `json:"PackageAcquisitionLocationOptions"`
	FeedURI                           string   `json:"FeedUri,omitempty"`

	Username string          `json:"Username,omitempty"`
	Password *kind.Sensitive `json:"Password,omitempty"`

	DownloadAttempts            *int  `json:"DownloadAttempts,omitempty"`
	DownloadRetryBackoffSeconds *int  `json:"DownloadRetryBackoffSeconds,omitempty"`
	EnhancedMode                *bool `json:"EnhancedMode,omitempty"`

	APIVersion   string `json:"ApiVersion,omitempty"`
	RegistryPath string `json:"RegistryPath,omitempty"`

	Region                string              `json:"Region,omitempty"`
	AccessKey             string              `json:"AccessKey,omitempty"`
	SecretKey             *kind.Sensitive     `json:"SecretKey,omitempty"`
	UseMachineCredentials *bool               `json:"UseMachineCredentials,omitempty"`
	OIDCAuthentication    *OIDCAuthentication `json:"OidcAuthentication,omitempty"`

	UseServiceAccountKey  *bool           `json:"UseServiceAccountKey,omitempty"`
	ServiceAccountJSONKey *kind.Sensitive `json:"ServiceAccountJsonKey,omitempty"`
	Project               string          `json:"Project,omitempty"`

	Repository  string `json:"Repository,omitempty"`
	LayoutRegex string `json:"LayoutRegex,omitempty"`

	DeleteUnreleasedPackagesAfterDays    *int  `json:"DeleteUnreleasedPackagesAfterDays,omitempty"`
	DeletePackagesAssociatedWithReleases *bool `json:"DeletePackagesAssociatedWithReleases,omitempty"`
	IsBuiltInRepoSyncEnabled             *bool `json:"IsBuiltInRepoSyncEnabled,omitempty"`
}

// OIDCAuthentication says how a feed is signed in to with a token of the
// server's own making.
type OIDCAuthentication struct {
	ClientID        string   `json:"ClientId,omitempty"`
	TenantID        string   `json:"TenantId,omitempty"`
	Audience        string   `json:"Audience,omitempty"`
	RoleArn         string   `json:"RoleArn,omitempty"`
	SessionDuration Digits   `json:"SessionDuration,omitempty"`
	SubjectKeys     []string `json:"SubjectKeys"`
}

// Feeds are the package feeds of a space.
var Feeds = kind.Register(kind.Kind[Feed]{
	Plural: "Feeds",
	Links: map[string]string{
		"SearchPackageVersionsTemplate": "./packages/versions{?packageId,take,skip,includePreRelease,versionRange,preReleaseTag,filter,includeReleaseNotes}",
		"SearchPackagesTemplate":        "./packages/search{?term,take,skip}",
		"SearchTemplate":                "./packages{?packageId,partialMatch,includeMultipleVersions,includeNotes,includePreRelease,versionRange,preReleaseTag,take}",
		"VersionsTemplate":              "./packages{?packageId,partialMatch,includeMultipleVersions,includeNotes,includePreRelease,versionRange,preReleaseTag,take}",
		"NotesTemplate":                 "./packages/notes{?packageId,version}",
	},
	Permissions: kind.All("FeedView", "FeedEdit"),
	Rules:       feedRules,
	Deleting: func(_ *store.Tx, gone *Feed) error {
		if gone.FeedType == FeedBuiltIn || gone.FeedType == FeedOctopusProject {
			return fault.New(fault.Invalid, "The feed '%s' is built in and cannot be deleted.", gone.Name)
		}
		return nil
	},
})

// BuiltInFeedID is the id of a space's own feed.
func BuiltInFeedID(space string) string { return ownFeedID("feeds-builtin", space) }

// ReleaseFeedID is the id of the feed whose packages are a space's releases.
func ReleaseFeedID(space string) string { return ownFeedID("feeds-octopusproject", space) }

// ownFeedID keeps, in the default space, the ids that scripts know by heart.
func ownFeedID(id, space string) string {
	if space == kind.DefaultSpace {
		return id
	}
	return id + "-" + space
}

func feedRules(_ *store.Tx, next, old *Feed, c *fault.Complaints) error {
	if old != nil {
		next.FeedType = old.FeedType
	}
	at := slices.IndexFunc(feedTypes, func(t feedType) bool { return strings.EqualFold(t.name, next.FeedType) })
	if at < 0 {
		if next.FeedType != "" {
			c.Add("FeedType is %q, which is not the type of a feed.", next.FeedType)
		}
		return nil
	}
	t := feedTypes[at]
	next.FeedType = t.name
	if own := map[string]string{FeedBuiltIn: BuiltInFeedID(next.SpaceID), FeedOctopusProject: ReleaseFeedID(next.SpaceID)}[t.name]; own != "" && own != next.ID {
		c.Add("A space has one feed of the type %s, and it is there already.", t.name)
	}
	next.keepOwn(t)
	if next.PackageAcquisitionLocationOptions == nil {
		next.PackageAcquisitionLocationOptions = t.acquire
	}
	if t.has["FeedUri"] {
		if next.FeedURI == "" {
			c.Add("FeedUri must not be empty.")
		} else if !isURL(next.FeedURI, "http", "https", "oci") && !localFeed(t.name, next.FeedURI) {
			c.Add("FeedUri is '%s', which is not an address of the web.", next.FeedURI)
		}
	}
	return nil
}

// localFeed reports whether a feed of files lies on a disk.
func localFeed(feedType, uri string) bool {
	return feedType == "NuGet" && (strings.HasPrefix(uri, "/") || strings.HasPrefix(uri, `\\`) || strings.HasPrefix(uri, "file:") || len(uri) > 2 && uri[1] == ':')
}

func seedFeeds(tx *store.Tx, space string) error {
	for _, f := range []Feed{
		{Named: kind.Named{Name: "Octopus Server (built-in)"}, FeedType: FeedBuiltIn},
		{Named: kind.Named{Name: "Octopus Server Releases (built-in)"}, FeedType: FeedOctopusProject},
	} {
		f.SpaceID, f.ID = space, BuiltInFeedID(space)
		if f.FeedType == FeedOctopusProject {
			f.ID = ReleaseFeedID(space)
		}
		if err := kind.Of[Feed]().Put(tx, &f); err != nil {
			return fmt.Errorf("creating the feed %s: %w", f.ID, err)
		}
	}
	return nil
}
