package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The types of accounts.
const (
	AccountPassword     = "UsernamePassword"
	AccountSSH          = "SshKeyPair"
	AccountToken        = "Token"
	AccountAWS          = "AmazonWebServicesAccount"
	AccountAWSRole      = "AmazonWebServicesRoleAccount"
	AccountAWSOIDC      = "AmazonWebServicesOidcAccount"
	AccountAzure        = "AzureServicePrincipal"
	AccountAzureOIDC    = "AzureOidc"
	AccountAzureClassic = "AzureSubscription"
	AccountGoogle       = "GoogleCloudAccount"
	AccountGoogleOIDC   = "GoogleCloudOidcAccount"
	AccountOIDC         = "GenericOidcAccount"
)

// Account is how to sign in somewhere else. AccountType tells which of the
// other members have a meaning; the rest are absent.
type Account struct {
	kind.Named
	Description                     string   `json:"Description" kind:"max=4000"`
	AccountType                     string   `json:"AccountType" kind:"required,filter"`
	EnvironmentIDs                  []string `json:"EnvironmentIds" kind:"ref=Environments,within=environment"`
	TenantedDeploymentParticipation string   `json:"TenantedDeploymentParticipation"`
	TenantIDs                       []string `json:"TenantIds" kind:"ref=Tenants,within=tenant"`
	TenantTags                      []string `json:"TenantTags"`

	Username             string          `json:"Username,omitempty"`
	Password             *kind.Sensitive `json:"Password,omitempty"`
	PrivateKeyFile       *kind.Sensitive `json:"PrivateKeyFile,omitempty"`
	PrivateKeyPassphrase *kind.Sensitive `json:"PrivateKeyPassphrase,omitempty"`
	Token                *kind.Sensitive `json:"Token,omitempty"`

	AccessKey string          `json:"AccessKey,omitempty"`
	SecretKey *kind.Sensitive `json:"SecretKey,omitempty"`
	Region    string          `json:"Region,omitempty"`
	RoleArn   string          `json:"RoleArn,omitempty"`
	// SessionDuration is in seconds; clients send a number or its text.
	SessionDuration Digits `json:"SessionDuration,omitempty"`

	SubscriptionNumber                string          `json:"SubscriptionNumber,omitempty"`
	ClientID                          string          `json:"ClientId,omitempty"`
	TenantID                          string          `json:"TenantId,omitempty"`
	AzureEnvironment                  string          `json:"AzureEnvironment,omitempty"`
	ResourceManagementEndpointBaseURI string          `json:"ResourceManagementEndpointBaseUri,omitempty"`
	ActiveDirectoryEndpointBaseURI    string          `json:"ActiveDirectoryEndpointBaseUri,omitempty"`
	ServiceManagementEndpointBaseURI  string          `json:"ServiceManagementEndpointBaseUri,omitempty"`
	ServiceManagementEndpointSuffix   string          `json:"ServiceManagementEndpointSuffix,omitempty"`
	CertificateBytes                  *kind.Sensitive `json:"CertificateBytes,omitempty"`
	CertificateThumbprint             string          `json:"CertificateThumbprint,omitempty"`
	JSONKey                           *kind.Sensitive `json:"JsonKey,omitempty"`

	Audience               string            `json:"Audience,omitempty"`
	DeploymentSubjectKeys  []string          `json:"DeploymentSubjectKeys,omitempty"`
	HealthCheckSubjectKeys []string          `json:"HealthCheckSubjectKeys,omitempty"`
	AccountTestSubjectKeys []string          `json:"AccountTestSubjectKeys,omitempty"`
	CustomClaims           map[string]string `json:"CustomClaims,omitempty"`
}

// Accounts are the accounts of a space.
var Accounts = kind.Register(kind.Kind[Account]{
	Plural:      "Accounts",
	Links:       map[string]string{"Usages": "./usages"},
	Permissions: rights("Account"),
	Rules:       accountRules,
	References: func(a *Account) []store.Reference {
		return tagReferences(a.SpaceID, "TenantTags", a.TenantTags)
	},
})

func accountRules(tx *store.Tx, next, old *Account, c *fault.Complaints) error {
	if old != nil {
		next.AccountType = old.AccountType
	}
	next.EnvironmentIDs, next.TenantIDs = tidy(next.EnvironmentIDs), tidy(next.TenantIDs)
	participate(&next.TenantedDeploymentParticipation, next.TenantIDs, next.TenantTags, c)
	if err := checkTags(tx, next.SpaceID, "", "TenantTags", &next.TenantTags, c); err != nil {
		return err
	}
	return next.byType(tx, old, c)
}
