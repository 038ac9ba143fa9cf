package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The platform hub is what all spaces share. So far the server keeps what is
// set there, with its secrets sealed; nothing is run from it yet.
var hubPermissions = kind.All("AdministerSystem", "AdministerSystem")

// PlatformHubAccount is an account that all spaces share.
type PlatformHubAccount struct {
	Account
	ExecutionSubjectKeys []string `json:"ExecutionSubjectKeys,omitempty"`
}

// hubAccountTypes are the types of accounts that can be shared.
var hubAccountTypes = []string{AccountPassword, AccountAWS, AccountAWSOIDC, AccountAzure, AccountAzureOIDC, AccountGoogle, AccountOIDC}

// PlatformHubAccounts are the accounts of the platform hub.
var PlatformHubAccounts = kind.Register(kind.Kind[PlatformHubAccount]{
	Plural:      "PlatformHubAccounts",
	Singular:    "Platform hub account",
	Path:        "platformhub/accounts",
	System:      true,
	Permissions: hubPermissions,
	Rules: func(tx *store.Tx, next, old *PlatformHubAccount, c *fault.Complaints) error {
		var before *Account
		if old != nil {
			before = &old.Account
			next.AccountType = old.AccountType
		}
		next.EnvironmentIDs, next.TenantIDs, next.TenantTags, next.TenantedDeploymentParticipation = nil, nil, nil, ""
		if next.AccountType != "" && !containsFold(hubAccountTypes, next.AccountType) {
			c.Add("AccountType is %q, which is not one of %s.", next.AccountType, strings.Join(hubAccountTypes, ", "))
			return nil
		}
		if !strings.EqualFold(next.AccountType, AccountOIDC) {
			next.ExecutionSubjectKeys = nil
		}
		return next.byType(tx, before, c)
	},
})

func containsFold(all []string, one string) bool {
	for _, a := range all {
		if strings.EqualFold(a, one) {
			return true
		}
	}
	return false
}

// PlatformHubGitCredential is a Git credential that all spaces share.
type PlatformHubGitCredential struct{ GitCredential }

// PlatformHubGitCredentials are the Git credentials of the platform hub.
var PlatformHubGitCredentials = kind.Register(kind.Kind[PlatformHubGitCredential]{
	Plural:      "PlatformHubGitCredentials",
	Singular:    "Platform hub Git credential",
	Path:        "platformhub/git-credentials",
	System:      true,
	Permissions: hubPermissions,
	Rules: func(tx *store.Tx, next, old *PlatformHubGitCredential, c *fault.Complaints) error {
		var before *GitCredential
		if old != nil {
			before = &old.GitCredential
		}
		return next.check(tx, before, c)
	},
})

// PlatformHubRepository is the repository in which the platform hub keeps what
// all spaces share. There is one.
type PlatformHubRepository struct {
	kind.Base
	URL           string         `json:"Url"`
	Credentials   HubGitIdentity `json:"Credentials"`
	DefaultBranch string         `json:"DefaultBranch"`
	BasePath      string         `json:"BasePath"`
}

// HubGitIdentity says how the platform hub signs in to its repository.
type HubGitIdentity struct {
	Type     string          `json:"Type" kind:"enum=Anonymous|UsernamePassword|Reference"`
	ID       string          `json:"Id,omitempty" kind:"ref=PlatformHubGitCredentials"`
	Username string          `json:"Username,omitempty"`
	Password *kind.Sensitive `json:"Password,omitempty"`
}

// PlatformHubRepositories holds the one repository of the platform hub.
var PlatformHubRepositories = kind.Register(kind.Kind[PlatformHubRepository]{
	Plural:      "PlatformHubRepositories",
	Singular:    "Platform hub repository",
	System:      true,
	Hidden:      true,
	Title:       "Url",
	Permissions: hubPermissions,
	Blank:       PlatformHubRepository{DefaultBranch: "main", BasePath: ".octopus"},
	Links:       map[string]string{"Self": "/api/platformhub/versioncontrol"},
	Rules: func(_ *store.Tx, next, _ *PlatformHubRepository, c *fault.Complaints) error {
		next.URL = strings.TrimSpace(next.URL)
		if !isURL(next.URL, "https", "http") {
			c.Add("Url is '%s': give the address of a Git repository, such as https://git.example.com/platform.git.", next.URL)
		}
		need("DefaultBranch", next.DefaultBranch, c)
		k := &next.Credentials
		switch k.Type {
		case "Anonymous":
			*k = HubGitIdentity{Type: k.Type}
		case "Reference":
			*k = HubGitIdentity{Type: k.Type, ID: k.ID}
			need("Credentials.Id", k.ID, c)
		default:
			k.ID, k.Password = "", held(k.Password)
			need("Credentials.Username", k.Username, c)
		}
		return nil
	},
})

// HubRepository gives the repository of the platform hub; a new one when none
// was set.
func HubRepository(tx *store.Tx) (*PlatformHubRepository, error) {
	all, _, err := PlatformHubRepositories.List(tx, kind.Query{Take: 1})
	if err != nil || len(all) > 0 {
		return append(all, nil)[0], err
	}
	blank := PlatformHubRepositories.Blank
	blank.Credentials.Type = "Anonymous"
	return &blank, nil
}
