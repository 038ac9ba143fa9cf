package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Certificate is an X.509 certificate with, perhaps, its private key and the
// certificates that vouch for it. What is known of it is read from its data
// whenever that changes.
type Certificate struct {
	kind.Base
	Name                            string         `json:"Name" kind:"required,max=200"`
	Notes                           string         `json:"Notes" kind:"max=4000"`
	CertificateData                 kind.Sensitive `json:"CertificateData"`
	Password                        kind.Sensitive `json:"Password"`
	EnvironmentIDs                  []string       `json:"EnvironmentIds" kind:"ref=Environments,within=environment"`
	TenantedDeploymentParticipation string         `json:"TenantedDeploymentParticipation"`
	TenantIDs                       []string       `json:"TenantIds" kind:"ref=Tenants,within=tenant"`
	TenantTags                      []string       `json:"TenantTags"`
	Archived                        *kind.Time     `json:"Archived" kind:"readonly"`
	ReplacedBy                      string         `json:"ReplacedBy,omitempty" kind:"readonly,ref=Certificates?"`
	CertificateDataFormat           string         `json:"CertificateDataFormat" kind:"readonly"`
	CertificateFacts
	HasPrivateKey    bool               `json:"HasPrivateKey" kind:"readonly"`
	CertificateChain []CertificateFacts `json:"CertificateChain" kind:"readonly"`
}

// CertificateFacts are what a certificate says.
type CertificateFacts struct {
	SubjectDistinguishedName string    `json:"SubjectDistinguishedName" kind:"readonly"`
	SubjectCommonName        string    `json:"SubjectCommonName" kind:"readonly"`
	SubjectOrganization      string    `json:"SubjectOrganization" kind:"readonly"`
	IssuerDistinguishedName  string    `json:"IssuerDistinguishedName" kind:"readonly"`
	IssuerCommonName         string    `json:"IssuerCommonName" kind:"readonly"`
	IssuerOrganization       string    `json:"IssuerOrganization" kind:"readonly"`
	SelfSigned               bool      `json:"SelfSigned" kind:"readonly"`
	Thumbprint               string    `json:"Thumbprint" kind:"readonly,filter"`
	NotAfter                 kind.Time `json:"NotAfter" kind:"readonly"`
	NotBefore                kind.Time `json:"NotBefore" kind:"readonly"`
	IsExpired                bool      `json:"IsExpired" kind:"readonly"`
	Version                  int       `json:"Version" kind:"readonly"`
	SerialNumber             string    `json:"SerialNumber" kind:"readonly"`
	SignatureAlgorithmName   string    `json:"SignatureAlgorithmName" kind:"readonly"`
	SubjectAlternativeNames  []string  `json:"SubjectAlternativeNames" kind:"readonly"`
}

// Certificates are the certificates of a space.
var Certificates = kind.Register(kind.Kind[Certificate]{
	Plural: "Certificates",
	Links: map[string]string{
		"Archive":   "./archive",
		"Unarchive": "./unarchive",
		"Replace":   "./replace",
		"Export":    "./export{?format,password,includePrivateKey,pemOptions}",
		"Usages":    "./usages",
	},
	Permissions: rights("Certificate"),
	// A name is free again once its certificate is archived.
	Key: func(c *Certificate) string {
		if c.Archived != nil {
			return strings.ToLower(c.Name) + "\x01" + c.ID
		}
		return strings.ToLower(c.Name)
	},
	Rules: certificateRules,
	References: func(c *Certificate) []store.Reference {
		return tagReferences(c.SpaceID, "TenantTags", c.TenantTags)
	},
	Outgoing: func(c *Certificate) {
		c.Password = kind.Sensitive{HasValue: c.Password.HasValue}
		c.IsExpired = c.expired()
		for i := range c.CertificateChain {
			c.CertificateChain[i].IsExpired = c.CertificateChain[i].expired()
		}
	},
})

func (f *CertificateFacts) expired() bool {
	return !f.NotAfter.IsZero() && time.Now().After(f.NotAfter.Time)
}

func certificateRules(tx *store.Tx, next, old *Certificate, c *fault.Complaints) error {
	next.EnvironmentIDs, next.TenantIDs = tidy(next.EnvironmentIDs), tidy(next.TenantIDs)
	participate(&next.TenantedDeploymentParticipation, next.TenantIDs, next.TenantTags, c)
	if err := checkTags(tx, next.SpaceID, "", "TenantTags", &next.TenantTags, c); err != nil {
		return err
	}
	if !given(&next.CertificateData) {
		if old == nil && next.CertificateData.Sealed == "" {
			c.Add("CertificateData must not be empty.")
		}
		return nil
	}
	if !given(&next.Password) {
		next.Password = kind.Sensitive{} // the password of what was there before
	}
	password, err := next.Password.Open(tx)
	if err != nil {
		return err
	}
	m, err := ReadCertificate(*next.CertificateData.NewValue, password)
	if err != nil {
		c.Add("CertificateData: %s.", err)
		return nil
	}
	next.CertificateDataFormat, next.HasPrivateKey = m.Format, m.PrivateKey != nil
	next.CertificateFacts = factsOf(m.Certificates[0])
	next.CertificateChain = nil
	for _, up := range m.Certificates[1:] {
		next.CertificateChain = append(next.CertificateChain, factsOf(up))
	}
	return nil
}

// Open gives the certificate, its key and its chain.
func (c *Certificate) Open(tx *store.Tx) (*CertificateMaterial, error) {
	data, err := c.CertificateData.Open(tx)
	if err != nil {
		return nil, err
	}
	password, err := c.Password.Open(tx)
	if err != nil {
		return nil, err
	}
	m, err := ReadCertificate(data, password)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %s: %w", c.ID, err)
	}
	return m, nil
}

// ArchiveCertificate puts a certificate away, or takes it back.
func ArchiveCertificate(tx *store.Tx, id string, archive bool) (*Certificate, error) {
	c, err := Certificates.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if archive == (c.Archived != nil) {
		return c, nil
	}
	c.Archived = nil
	if archive {
		c.Archived = kind.NowPointer()
	}
	return c, Certificates.Put(tx, c)
}

// ReplaceCertificate gives a certificate new data under its id, so that what
// uses it goes on, and keeps the old data in an archived copy.
func ReplaceCertificate(tx *store.Tx, id, data, password string) (past, now *Certificate, err error) {
	now, err = Certificates.Get(tx, id)
	if err != nil {
		return nil, nil, err
	}
	copied := *now
	past = &copied
	past.Base = kind.Base{SpaceID: now.SpaceID}
	past.Archived, past.ReplacedBy = kind.NowPointer(), now.ID
	if err := Certificates.Put(tx, past); err != nil {
		return nil, nil, fmt.Errorf("keeping the old form of %s: %w", id, err)
	}
	now.CertificateData, now.Password = kind.NewSensitive(data), kind.NewSensitive(password)
	return past, now, Certificates.Put(tx, now)
}
