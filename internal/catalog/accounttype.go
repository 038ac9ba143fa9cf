package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var accountTypes = []string{AccountPassword, AccountSSH, AccountToken, AccountAWS, AccountAWSRole, AccountAWSOIDC, AccountAzure,
	AccountAzureOIDC, AccountAzureClassic, AccountGoogle, AccountGoogleOIDC, AccountOIDC}

// byType keeps the members of the account's type, takes out the others, and
// checks those that it cannot do without.
func (a *Account) byType(tx *store.Tx, old *Account, c *fault.Complaints) error {
	at := slices.IndexFunc(accountTypes, func(t string) bool { return strings.EqualFold(t, a.AccountType) })
	if at < 0 {
		if a.AccountType != "" {
			c.Add("AccountType is %q, which is not one of %s.", a.AccountType, strings.Join(accountTypes, ", "))
		}
		return nil
	}
	a.AccountType = accountTypes[at]
	own := Account{Named: a.Named, Description: a.Description, AccountType: a.AccountType, EnvironmentIDs: a.EnvironmentIDs,
		TenantedDeploymentParticipation: a.TenantedDeploymentParticipation, TenantIDs: a.TenantIDs, TenantTags: a.TenantTags}
	if old == nil {
		old = &Account{}
	}
	switch a.AccountType {
	case AccountPassword:
		own.Username, own.Password = a.Username, held(a.Password)
		need("Username", own.Username, c)
	case AccountSSH:
		own.Username, own.PrivateKeyFile, own.PrivateKeyPassphrase = a.Username, held(a.PrivateKeyFile), held(a.PrivateKeyPassphrase)
		need("Username", own.Username, c)
		if err := own.checkKey(tx, old, c); err != nil {
			return err
		}
	case AccountToken:
		own.Token = held(a.Token)
		needSecret("Token", own.Token, old.Token, c)
	case AccountAWS, AccountAWSRole:
		own.AccessKey, own.SecretKey, own.Region, own.RoleArn = a.AccessKey, held(a.SecretKey), a.Region, a.RoleArn
		if a.AccountType == AccountAWS {
			need("AccessKey", own.AccessKey, c)
			needSecret("SecretKey", own.SecretKey, old.SecretKey, c)
		}
	case AccountAWSOIDC:
		own.RoleArn, own.SessionDuration, own.Region, own.Audience = a.RoleArn, a.SessionDuration, a.Region, a.Audience
		own.takeSubjects(a)
		need("RoleArn", own.RoleArn, c)
	case AccountAzure, AccountAzureOIDC, AccountAzureClassic:
		own.takeAzure(a, old, c)
	case AccountGoogle:
		own.JSONKey = held(a.JSONKey)
		needSecret("JsonKey", own.JSONKey, old.JSONKey, c)
	case AccountGoogleOIDC, AccountOIDC:
		own.Audience = a.Audience
		own.takeSubjects(a)
	}
	*a = own
	return nil
}

// takeSubjects takes over what is said in tokens.
func (a *Account) takeSubjects(from *Account) {
	a.DeploymentSubjectKeys, a.HealthCheckSubjectKeys = from.DeploymentSubjectKeys, from.HealthCheckSubjectKeys
	a.AccountTestSubjectKeys, a.CustomClaims = from.AccountTestSubjectKeys, from.CustomClaims
}

func (a *Account) takeAzure(from, old *Account, c *fault.Complaints) {
	a.SubscriptionNumber, a.AzureEnvironment = from.SubscriptionNumber, from.AzureEnvironment
	checkGUID("SubscriptionNumber", &a.SubscriptionNumber, true, c)
	if a.AccountType == AccountAzureClassic {
		a.CertificateBytes, a.CertificateThumbprint = held(from.CertificateBytes), from.CertificateThumbprint
		a.ServiceManagementEndpointBaseURI, a.ServiceManagementEndpointSuffix = from.ServiceManagementEndpointBaseURI, from.ServiceManagementEndpointSuffix
		return
	}
	a.ClientID, a.TenantID = from.ClientID, from.TenantID
	a.ResourceManagementEndpointBaseURI, a.ActiveDirectoryEndpointBaseURI = from.ResourceManagementEndpointBaseURI, from.ActiveDirectoryEndpointBaseURI
	checkGUID("ClientId", &a.ClientID, true, c)
	checkGUID("TenantId", &a.TenantID, true, c)
	if a.AccountType == AccountAzure {
		a.Password = held(from.Password)
		needSecret("Password", a.Password, old.Password, c)
		return
	}
	a.Audience = from.Audience
	a.takeSubjects(from)
}

// held makes an absent secret one without a value, so that clients find it.
func held(s *kind.Sensitive) *kind.Sensitive {
	if s == nil {
		return &kind.Sensitive{}
	}
	return s
}

func need(member, value string, c *fault.Complaints) {
	if strings.TrimSpace(value) == "" {
		c.Add("%s must not be empty.", member)
	}
}

// needSecret complains of a secret that neither comes with a value nor has one.
func needSecret(member string, s, old *kind.Sensitive, c *fault.Complaints) {
	if !given(s) && !(s.HasValue && old != nil && old.HasValue) && s.Sealed == "" {
		c.Add("%s must not be empty.", member)
	}
}

func given(s *kind.Sensitive) bool { return s != nil && s.NewValue != nil && *s.NewValue != "" }

func checkGUID(member string, text *string, required bool, c *fault.Complaints) {
	*text = strings.TrimSpace(*text)
	if *text == "" {
		if required {
			c.Add("%s must not be empty.", member)
		}
		return
	}
	id, err := uuid.Parse(*text)
	if err != nil {
		c.Add("%s is '%s', which is not a GUID.", member, *text)
		return
	}
	*text = id.String()
}

func (a *Account) checkKey(tx *store.Tx, old *Account, c *fault.Complaints) error {
	return checkKeyPair(tx, "PrivateKeyFile", keyPair{a.PrivateKeyFile, a.PrivateKeyPassphrase}, keyPair{old.PrivateKeyFile, old.PrivateKeyPassphrase}, c)
}

// keyPair is a private key with the passphrase that it may need.
type keyPair struct{ key, passphrase *kind.Sensitive }

// checkKeyPair makes sure that a private key can be read with its passphrase.
// The key is stored as PEM, whether it came so or in base64.
func checkKeyPair(tx *store.Tx, member string, next, old keyPair, c *fault.Complaints) error {
	needSecret(member, next.key, old.key, c)
	if !given(next.key) && !given(next.passphrase) {
		return nil
	}
	if given(next.key) {
		text, wrong := plainKey(*next.key.NewValue)
		if wrong != nil {
			c.Add("%s %s.", member, wrong)
			return nil
		}
		next.key.NewValue = &text
	}
	key, err := current(tx, next.key, old.key)
	if err != nil {
		return err
	}
	passphrase, err := current(tx, next.passphrase, old.passphrase)
	if err != nil || key == "" {
		return err
	}
	if wrong := openKey(key, passphrase); wrong != nil {
		c.Add("%s %s.", member, wrong)
	}
	return nil
}

// current opens the value that a secret will have once it is stored.
func current(tx *store.Tx, s, old *kind.Sensitive) (string, error) {
	if s.HasValue && s.NewValue == nil && s.Sealed == "" {
		return old.Open(tx)
	}
	return s.Open(tx)
}

// Digits is a number that clients send as such or as text.
type Digits string

// UnmarshalJSON reads a number or a text.
func (d *Digits) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(d))
	}
	*d = ""
	if string(data) == "null" {
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return fmt.Errorf("%.40s is neither a number nor a text", data)
	}
	*d = Digits(data)
	return nil
}
