package deploy

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// expand finds the parts of what a typed value names. A value is a text that
// anybody may have typed, so what it names must lie in the deployment's space:
// else it would give away what another space keeps.
func (g *occasion) expand(typ, id string) ([]variable.Part, error) {
	return g.Service.expand(g.project.SpaceID, typ, id)
}

func (s *Service) expand(space, typ, id string) (parts []variable.Part, err error) {
	err = s.DB.View(context.Background(), func(tx *store.Tx) error {
		if typ == variable.TypeCertificate {
			parts, err = certificateParts(tx, space, id)
			return err
		}
		a, err := catalog.Accounts.Get(tx, id)
		if err == nil && a.SpaceID != space {
			err = elsewhere("account", id, space)
		}
		if err != nil {
			return err
		}
		parts, err = accountParts(tx, a)
		return err
	})
	return parts, err
}

// elsewhere is the error of what lies in another space: there it might as well
// not be.
func elsewhere(what, id, space string) error {
	return fault.New(fault.NotFound, "There is no %s %s in space %s.", what, id, space)
}

// accountParts are the variables that a variable of an account's type becomes.
func accountParts(tx *store.Tx, a *catalog.Account) ([]variable.Part, error) {
	v := variable.Account{
		Type: a.AccountType, Username: a.Username, AccessKey: a.AccessKey, Region: a.Region, RoleArn: a.RoleArn,
		SessionDuration: string(a.SessionDuration), SubscriptionNumber: a.SubscriptionNumber, ClientID: a.ClientID, TenantID: a.TenantID,
		AzureEnvironment: a.AzureEnvironment, ResourceManagementEndpoint: a.ResourceManagementEndpointBaseURI,
		ActiveDirectoryEndpoint: a.ActiveDirectoryEndpointBaseURI, CertificateThumbprint: a.CertificateThumbprint,
		ServiceManagementEndpoint: a.ServiceManagementEndpointBaseURI, ServiceManagementEndpointSx: a.ServiceManagementEndpointSuffix,
		Audience: a.Audience,
	}
	for to, from := range map[*string]*kind.Sensitive{
		&v.Password: a.Password, &v.SecretKey: a.SecretKey, &v.Token: a.Token, &v.JSONKey: a.JSONKey,
		&v.PrivateKeyFile: a.PrivateKeyFile, &v.PrivateKeyPassphrase: a.PrivateKeyPassphrase,
	} {
		plain, err := from.Open(tx)
		if err != nil {
			return nil, err
		}
		*to = plain
	}
	return v.Parts(), nil
}

// certificateParts are the variables that a certificate variable becomes.
func certificateParts(tx *store.Tx, space, id string) ([]variable.Part, error) {
	c, err := catalog.Certificates.Get(tx, id)
	if err == nil && c.SpaceID != space {
		err = elsewhere("certificate", id, space)
	}
	if err != nil {
		return nil, err
	}
	m, err := c.Open(tx)
	if err != nil {
		return nil, err
	}
	v := variable.Certificate{
		Name: c.Name, Thumbprint: c.Thumbprint, HasPrivateKey: c.HasPrivateKey,
		CertificatePem: m.PEM(false), Subject: c.SubjectDistinguishedName, SubjectCommonName: c.SubjectCommonName,
		Issuer: c.IssuerDistinguishedName, IssuerCommonName: c.IssuerCommonName,
		NotBefore: c.NotBefore.Format(time.RFC3339), NotAfter: c.NotAfter.Format(time.RFC3339),
	}
	if v.RawOriginal, err = c.CertificateData.Open(tx); err != nil {
		return nil, err
	}
	if v.Password, err = c.Password.Open(tx); err != nil {
		return nil, err
	}
	v.Certificate = base64.StdEncoding.EncodeToString(m.Certificates[0].Raw)
	v.ChainPem = strings.TrimPrefix(m.PEM(true), v.CertificatePem)
	if !c.HasPrivateKey {
		return v.Parts(), nil
	}
	if v.PrivateKeyPem, err = m.PrivateKeyPEM(); err != nil {
		return nil, err
	}
	v.PrivateKey = base64.StdEncoding.EncodeToString([]byte(v.PrivateKeyPem))
	pfx, err := m.PFX("")
	if err != nil {
		return nil, err
	}
	v.Pfx = base64.StdEncoding.EncodeToString(pfx)
	return v.Parts(), nil
}
