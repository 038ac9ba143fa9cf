package catalog

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The ways in which the server reaches a machine.
const (
	StyleNone              = "None" // a cloud region: nothing to reach
	StyleListening         = "TentaclePassive"
	StylePolling           = "TentacleActive"
	StyleSSH               = "Ssh"
	StyleOfflineDrop       = "OfflineDrop"
	StyleKubernetes        = "Kubernetes"
	StyleKubernetesAgent   = "KubernetesTentacle"
	StyleAzureWebApp       = "AzureWebApp"
	StyleAzureCloudService = "AzureCloudService"
	StyleServiceFabric     = "AzureServiceFabricCluster"
	StyleECS               = "AwsEcsCluster"
	StyleStepPackage       = "StepPackage"
)

// Endpoint says how a machine is reached. CommunicationStyle tells which of
// the other members have a meaning; the rest are absent.
type Endpoint struct {
	CommunicationStyle string `json:"CommunicationStyle" kind:"required,enum=None|TentaclePassive|TentacleActive|Ssh|OfflineDrop|Kubernetes|KubernetesTentacle|AzureWebApp|AzureCloudService|AzureServiceFabricCluster|AwsEcsCluster|StepPackage"`

	// Tentacles, listening and polling.
	Thumbprint                    string                  `json:"Thumbprint,omitempty"`
	URI                           string                  `json:"Uri,omitempty"`
	ProxyID                       string                  `json:"ProxyId,omitempty" kind:"ref=Proxies"`
	CertificateSignatureAlgorithm string                  `json:"CertificateSignatureAlgorithm,omitempty"`
	TentacleVersionDetails        *TentacleVersionDetails `json:"TentacleVersionDetails,omitempty"`

	// SSH.
	AccountID          string `json:"AccountId,omitempty" kind:"ref=Accounts"`
	Host               string `json:"Host,omitempty"`
	Port               int    `json:"Port,omitempty"`
	Fingerprint        string `json:"Fingerprint,omitempty"`
	DotNetCorePlatform string `json:"DotNetCorePlatform,omitempty"`

	// Offline drops.
	Destination                          *DropDestination `json:"Destination,omitempty"`
	SensitiveVariablesEncryptionPassword *kind.Sensitive  `json:"SensitiveVariablesEncryptionPassword,omitempty"`
	ApplicationsDirectory                string           `json:"ApplicationsDirectory,omitempty"`
	OctopusWorkingDirectory              string           `json:"OctopusWorkingDirectory,omitempty"`

	// Kubernetes, through its API or through an agent.
	ClusterCertificate            string                    `json:"ClusterCertificate,omitempty"`
	ClusterCertificatePath        string                    `json:"ClusterCertificatePath,omitempty"`
	ClusterURL                    string                    `json:"ClusterUrl,omitempty"`
	Namespace                     string                    `json:"Namespace,omitempty"`
	SkipTLSVerification           Flag                      `json:"SkipTlsVerification,omitempty"`
	RunningInContainer            bool                      `json:"RunningInContainer,omitempty"`
	ContainerOptions              string                    `json:"ContainerOptions,omitempty"`
	Container                     *EndpointContainer        `json:"Container,omitempty"`
	DefaultWorkerPoolID           string                    `json:"DefaultWorkerPoolId,omitempty" kind:"ref=WorkerPools"`
	Authentication                *KubernetesAuthentication `json:"Authentication,omitempty"`
	TentacleEndpointConfiguration *TentacleConfiguration    `json:"TentacleEndpointConfiguration,omitempty"`
	KubernetesAgentDetails        *AgentDetails             `json:"KubernetesAgentDetails,omitempty"`
	UpgradeLocked                 bool                      `json:"UpgradeLocked,omitempty"`
	DefaultNamespace              string                    `json:"DefaultNamespace,omitempty"`

	// Azure web apps and cloud services.
	ResourceGroupName       string `json:"ResourceGroupName,omitempty"`
	WebAppName              string `json:"WebAppName,omitempty"`
	WebAppSlotName          string `json:"WebAppSlotName,omitempty"`
	CloudServiceName        string `json:"CloudServiceName,omitempty"`
	StorageAccountName      string `json:"StorageAccountName,omitempty"`
	Slot                    string `json:"Slot,omitempty"`
	SwapIfPossible          bool   `json:"SwapIfPossible,omitempty"`
	UseCurrentInstanceCount bool   `json:"UseCurrentInstanceCount,omitempty"`

	// Service Fabric.
	ConnectionEndpoint        string          `json:"ConnectionEndpoint,omitempty"`
	SecurityMode              string          `json:"SecurityMode,omitempty"`
	ServerCertThumbprint      string          `json:"ServerCertThumbprint,omitempty"`
	ClientCertVariable        string          `json:"ClientCertVariable,omitempty"`
	CertificateStoreLocation  string          `json:"CertificateStoreLocation,omitempty"`
	CertificateStoreName      string          `json:"CertificateStoreName,omitempty"`
	AadCredentialType         string          `json:"AadCredentialType,omitempty"`
	AadClientCredentialSecret string          `json:"AadClientCredentialSecret,omitempty"`
	AadUserCredentialUsername string          `json:"AadUserCredentialUsername,omitempty"`
	AadUserCredentialPassword *kind.Sensitive `json:"AadUserCredentialPassword,omitempty"`

	// Amazon ECS.
	ClusterName                      string `json:"ClusterName,omitempty"`
	Region                           string `json:"Region,omitempty"`
	UseInstanceRole                  bool   `json:"UseInstanceRole,omitempty"`
	AssumeRole                       bool   `json:"AssumeRole,omitempty"`
	AssumedRoleArn                   string `json:"AssumedRoleArn,omitempty"`
	AssumedRoleSession               string `json:"AssumedRoleSession,omitempty"`
	AssumeRoleSessionDurationSeconds int    `json:"AssumeRoleSessionDurationSeconds,omitempty"`
	AssumeRoleExternalID             string `json:"AssumeRoleExternalId,omitempty"`

	// Step packages.
	DeploymentTargetTypeID string         `json:"DeploymentTargetTypeId,omitempty"`
	StepPackageVersion     string         `json:"StepPackageVersion,omitempty"`
	Inputs                 map[string]any `json:"Inputs,omitempty"`
}

// TentacleVersionDetails says which version an agent has and whether that
// will do.
type TentacleVersionDetails struct {
	UpgradeLocked    bool    `json:"UpgradeLocked"`
	Version          *string `json:"Version"`
	UpgradeSuggested bool    `json:"UpgradeSuggested"`
	UpgradeRequired  bool    `json:"UpgradeRequired"`
}

// DropDestination is where an offline drop's bundle goes.
type DropDestination struct {
	DestinationType string `json:"DestinationType" kind:"enum=Artifact|FileSystem"`
	DropFolderPath  string `json:"DropFolderPath,omitempty"`
}

// EndpointContainer is the image in which steps for an endpoint run.
type EndpointContainer struct {
	FeedID string `json:"FeedId,omitempty" kind:"ref=Feeds"`
	Image  string `json:"Image,omitempty"`
	GitURL string `json:"GitUrl,omitempty"`

	Dockerfile string `json:"Dockerfile,omitempty"`
}

// KubernetesAuthentication says how to sign in to a cluster's API.
type KubernetesAuthentication struct {
	AuthenticationType               string `json:"AuthenticationType"`
	AccountID                        string `json:"AccountId,omitempty" kind:"ref=Accounts"`
	ClientCertificate                string `json:"ClientCertificate,omitempty" kind:"ref=Certificates"`
	TokenPath                        string `json:"TokenPath,omitempty"`
	ClusterName                      string `json:"ClusterName,omitempty"`
	ClusterResourceGroup             string `json:"ClusterResourceGroup,omitempty"`
	AdminLogin                       Flag   `json:"AdminLogin,omitempty"`
	UseInstanceRole                  bool   `json:"UseInstanceRole,omitempty"`
	AssumeRole                       bool   `json:"AssumeRole,omitempty"`
	AssumedRoleArn                   string `json:"AssumedRoleArn,omitempty"`
	AssumedRoleSession               string `json:"AssumedRoleSession,omitempty"`
	AssumeRoleSessionDurationSeconds int    `json:"AssumeRoleSessionDurationSeconds,omitempty"`
	AssumeRoleExternalID             string `json:"AssumeRoleExternalId,omitempty"`
	UseVMServiceAccount              bool   `json:"UseVmServiceAccount,omitempty"`
	ImpersonateServiceAccount        bool   `json:"ImpersonateServiceAccount,omitempty"`
	ServiceAccountEmails             string `json:"ServiceAccountEmails,omitempty"`
	Project                          string `json:"Project,omitempty"`
	Region                           string `json:"Region,omitempty"`
	Zone                             string `json:"Zone,omitempty"`
}

// TentacleConfiguration is how the agent in a cluster is reached.
type TentacleConfiguration struct {
	CommunicationMode             string `json:"CommunicationMode" kind:"enum=Polling|Listening"`
	Thumbprint                    string `json:"Thumbprint"`
	URI                           string `json:"Uri"`
	ProxyID                       string `json:"ProxyId,omitempty" kind:"ref=Proxies"`
	CertificateSignatureAlgorithm string `json:"CertificateSignatureAlgorithm,omitempty"`
}

// AgentDetails says what is known of the agent in a cluster.
type AgentDetails struct {
	AgentVersion    string `json:"AgentVersion"`
	TentacleVersion string `json:"TentacleVersion"`
	UpgradeStatus   string `json:"UpgradeStatus"`
	HelmReleaseName string `json:"HelmReleaseName"`
	Namespace       string `json:"KubernetesNamespace"`
}

// Flag is a truth value that is a text on the wire; clients send both.
type Flag string

// UnmarshalJSON reads true, false and their texts.
func (f *Flag) UnmarshalJSON(data []byte) error {
	switch text := strings.ToLower(strings.Trim(string(data), `"`)); text {
	case "true":
		*f = "True"
	case "false":
		*f = "False"
	case "null", "":
		*f = ""
	default:
		return fmt.Errorf("%s is not true or false", data)
	}
	return nil
}

// On reports whether the flag is set.
func (f Flag) On() bool { return f == "True" }

var hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]+$`)

// endpointRules checks an endpoint by its style. thumbprint and uri are what
// the machine itself says; they stand for the endpoint's when it has none.
func endpointRules(tx *store.Tx, e *Endpoint, thumbprint, uri *string, c *fault.Complaints) error {
	if e.Thumbprint == "" {
		e.Thumbprint = *thumbprint
	}
	if e.URI == "" {
		e.URI = *uri
	}
	e.keepOwn()
	switch e.CommunicationStyle {
	case StyleListening, StylePolling:
		e.tentacle(c)
	case StyleSSH:
		if err := e.ssh(tx, c); err != nil {
			return err
		}
	case StyleKubernetes:
		e.ClusterURL = strings.TrimSpace(e.ClusterURL)
		if e.Authentication == nil { // clients read its type without looking, and the Go one knows no "None"
			e.Authentication = &KubernetesAuthentication{AuthenticationType: "KubernetesStandard"}
		}
		named := e.Authentication.ClusterName != "" // the cloud knows the address
		if e.ClusterURL == "" && !named {
			c.Add("Endpoint.ClusterUrl must not be empty.")
		} else if e.ClusterURL != "" && !isURL(e.ClusterURL, "https", "http") && !strings.Contains(e.ClusterURL, "#{") {
			c.Add("Endpoint.ClusterUrl is '%s', which is not an http or https address.", e.ClusterURL)
		}
	case StyleKubernetesAgent:
		e.agent(c)
	case StyleOfflineDrop:
		e.drop(c)
	default:
		e.needs(c)
	}
	*thumbprint, *uri = e.Thumbprint, e.URI
	return nil
}

// tentacle checks an agent's certificate and address.
func (e *Endpoint) tentacle(c *fault.Complaints) {
	e.Thumbprint = cleanThumbprint(e.Thumbprint)
	if e.Thumbprint == "" {
		c.Add("Endpoint.Thumbprint must not be empty.")
	}
	scheme := "https"
	if e.CommunicationStyle == StylePolling {
		scheme, e.ProxyID = "poll", ""
	}
	if !isURL(e.URI, scheme) {
		c.Add("Endpoint.Uri is '%s'; it must be like %s://%s/.", e.URI, scheme, map[string]string{"https": "host:10933", "poll": "subscription"}[scheme])
	}
	if e.TentacleVersionDetails == nil {
		e.TentacleVersionDetails = &TentacleVersionDetails{}
	}
}

func cleanThumbprint(t string) string {
	t = strings.NewReplacer(" ", "", ":", "", "\u200e", "").Replace(t)
	if hexadecimal.MatchString(t) {
		return strings.ToUpper(t)
	}
	return t
}

// isURL reports whether text is an absolute address of one of the schemes.
func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	for _, s := range schemes {
		if u.Scheme == s {
			return true
		}
	}
	return false
}

// fingerprint is the form of one: with the name of its digest in front, or
// hexadecimal pairs, or the digest alone. Provisioning tools make machines ahead of
// their hosts with stand-ins such as "SHA256: 3f", which match no key.
var fingerprint = regexp.MustCompile(`^(?i:(SHA256|MD5):\s*\S+|[0-9a-f]{2}([:-][0-9a-f]{2})+|[0-9a-f]{32}|[0-9a-z+/]{43}=?)$`)

// cutOff reports that a fingerprint with the name of its digest is not a whole one,
// and is too long for a stand-in: some of it was lost where it was copied.
func cutOff(text string) bool {
	const standIn = 15 // bytes
	name, digest, named := strings.Cut(text, ":")
	digest = strings.TrimSpace(digest)
	switch {
	case !named:
		return false
	case strings.EqualFold(name, "SHA256"):
		digest = strings.TrimRight(digest, "=")
		sum, err := base64.RawStdEncoding.DecodeString(digest)
		return len(digest) >= base64.RawStdEncoding.EncodedLen(standIn) && (err != nil || len(sum) != sha256.Size)
	case strings.EqualFold(name, "MD5"):
		digest = strings.NewReplacer(":", "", "-", "").Replace(digest)
		sum, err := hex.DecodeString(digest)
		return len(digest) >= hex.EncodedLen(standIn) && (err != nil || len(sum) != md5.Size)
	}
	return false
}

// ssh checks what a connection over SSH needs. A host whose key is not known
// beforehand is not trusted, so the fingerprint is required.
func (e *Endpoint) ssh(tx *store.Tx, c *fault.Complaints) error {
	e.Host, e.Fingerprint = strings.TrimSpace(e.Host), strings.TrimSpace(e.Fingerprint)
	e.Thumbprint, e.URI = "", ""
	if e.Port == 0 {
		e.Port = 22
	}
	switch {
	case e.Host == "":
		c.Add("Endpoint.Host must not be empty.")
	case strings.ContainsAny(e.Host, " /@"):
		c.Add("Endpoint.Host is '%s', which is not the name or address of a host.", e.Host)
	}
	if e.Port < 1 || e.Port > 65535 {
		c.Add("Endpoint.Port is %d; it must be from 1 to 65535.", e.Port)
	}
	switch {
	case e.Fingerprint == "":
		c.Add("Endpoint.Fingerprint must not be empty: it is how the host proves itself.")
	case !fingerprint.MatchString(e.Fingerprint):
		c.Add("Endpoint.Fingerprint is '%s', which is no fingerprint of a host key. It looks like SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8, or like 16:27:ac:… in MD5; `ssh-keyscan %s | ssh-keygen -lf -` prints it.", e.Fingerprint, e.Host)
	case cutOff(e.Fingerprint):
		c.Add("Endpoint.Fingerprint is '%s', which is not whole: SHA256: is followed by 43 characters, MD5: by 16 pairs. `ssh-keyscan %s | ssh-keygen -lf -` prints it.", e.Fingerprint, e.Host)
	}
	host := e.Host
	if strings.Contains(host, ":") {
		host = "[" + strings.Trim(host, "[]") + "]"
	}
	e.URI = fmt.Sprintf("ssh://%s:%d/", host, e.Port)
	if e.AccountID == "" {
		c.Add("Endpoint.AccountId must not be empty.")
		return nil
	}
	account, err := found(kind.Of[Account]().Get(tx, e.AccountID))
	if err != nil {
		return err
	}
	if account != nil && account.AccountType != AccountSSH && account.AccountType != AccountPassword {
		c.Add("Endpoint.AccountId: the account '%s' is of the type %s; a connection over SSH needs %s or %s.", account.Name, account.AccountType, AccountSSH, AccountPassword)
	}
	return nil
}

// agent checks how the agent in a cluster is reached.
func (e *Endpoint) agent(c *fault.Complaints) {
	t := e.TentacleEndpointConfiguration
	if t == nil {
		t = &TentacleConfiguration{CommunicationMode: "Polling", Thumbprint: e.Thumbprint, URI: e.URI}
		e.TentacleEndpointConfiguration = t
	}
	t.Thumbprint = cleanThumbprint(t.Thumbprint)
	if t.Thumbprint == "" {
		c.Add("Endpoint.TentacleEndpointConfiguration.Thumbprint must not be empty.")
	}
	if !isURL(t.URI, "https", "poll") {
		c.Add("Endpoint.TentacleEndpointConfiguration.Uri is '%s', which is not an https or poll address.", t.URI)
	}
	e.Thumbprint, e.URI = t.Thumbprint, t.URI
}

func (e *Endpoint) drop(c *fault.Complaints) {
	if e.Destination == nil {
		e.Destination = &DropDestination{DestinationType: "Artifact"}
	}
	if e.Destination.DestinationType == "FileSystem" && e.Destination.DropFolderPath == "" {
		c.Add("Endpoint.Destination.DropFolderPath must not be empty.")
	}
	if e.SensitiveVariablesEncryptionPassword == nil {
		e.SensitiveVariablesEncryptionPassword = &kind.Sensitive{}
	}
}

// needs complains of members that a style cannot do without.
func (e *Endpoint) needs(c *fault.Complaints) {
	all := map[string][][2]string{
		StyleAzureWebApp:       {{"AccountId", e.AccountID}, {"WebAppName", e.WebAppName}},
		StyleAzureCloudService: {{"AccountId", e.AccountID}, {"CloudServiceName", e.CloudServiceName}, {"StorageAccountName", e.StorageAccountName}},
		StyleServiceFabric:     {{"ConnectionEndpoint", e.ConnectionEndpoint}},
		StyleECS:               {{"ClusterName", e.ClusterName}, {"Region", e.Region}},
	}
	for _, need := range all[e.CommunicationStyle] {
		if strings.TrimSpace(need[1]) == "" {
			c.Add("Endpoint.%s must not be empty.", need[0])
		}
	}
}
