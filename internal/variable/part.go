package variable

import "fmt"

// Part is one sub-variable of a typed value: the certificate in variable "Cert"
// has a part "Thumbprint", which is variable "Cert.Thumbprint".
type Part struct {
	Name      string
	Value     string
	Sensitive bool
}

// Expander finds the parts of what a typed value names. It is called once for
// each type and id.
type Expander func(kind, id string) ([]Part, error)

// Remember makes an expander that asks another only once for each type and id,
// for use over all places of a deployment. It is not for concurrent use.
func Remember(expand Expander) Expander {
	type answer struct {
		parts []Part
		err   error
	}
	known := map[[2]string]answer{}
	return func(kind, id string) ([]Part, error) {
		key := [2]string{kind, fold(id)}
		a, found := known[key]
		if !found {
			a.parts, a.err = expand(kind, id)
			known[key] = a
		}
		return a.parts, a.err
	}
}

// IsTyped says whether values of a type name something that has parts.
func IsTyped(kind string) bool {
	switch kind {
	case "", TypeString, TypeSensitive, TypeWorkerPool:
		return false
	}
	return true
}

// Expand adds the parts of every typed value. The id may itself be a template,
// such as a reference to another variable; evaluate turns it into text.
func (r *Resolution) Expand(evaluate func(string) string, expand Expander) error {
	var more []*Resolved
	for _, w := range r.winners {
		if !IsTyped(w.Type) || w.Value == "" {
			continue
		}
		id := evaluate(w.Value)
		parts, err := expand(w.Type, id)
		if err != nil {
			return fmt.Errorf("expand variable %q of type %s: %w", w.Name, w.Type, err)
		}
		for _, part := range parts {
			more = append(more, &Resolved{
				Name: w.Name + "." + part.Name, Value: part.Value, Type: partType(part), Sensitive: part.Sensitive,
				ID: w.ID, Source: w.Source, Owner: w.Owner, Rank: w.Rank, seq: w.seq,
			})
		}
	}
	r.set(more)
	return nil
}

// partType is the type of a part's variable.
func partType(p Part) string {
	if p.Sensitive {
		return TypeSensitive
	}
	return TypeString
}

// Account holds what variables of an account's types may show. Jwt is the token
// issued for the current task.
type Account struct {
	Type string // the account's type, as on the wire

	Username, Password                                     string
	AccessKey, SecretKey, Region                           string
	RoleArn, SessionDuration                               string
	SubscriptionNumber, ClientID, TenantID                 string
	AzureEnvironment                                       string
	ResourceManagementEndpoint, ActiveDirectoryEndpoint    string
	CertificateThumbprint                                  string
	ServiceManagementEndpoint, ServiceManagementEndpointSx string
	JSONKey, Token                                         string
	PrivateKeyFile, PrivateKeyPassphrase                   string
	Audience, Jwt                                          string
}

// Parts are the account's sub-variables; those without a value are left out.
func (a *Account) Parts() []Part {
	all := []Part{
		{"AccountType", a.Type, false},
		{"Username", a.Username, false}, {"Password", a.Password, true},
		{"AccessKey", a.AccessKey, false}, {"SecretKey", a.SecretKey, true}, {"Region", a.Region, false},
		{"RoleArn", a.RoleArn, false}, {"SessionDuration", a.SessionDuration, false},
		{"SubscriptionNumber", a.SubscriptionNumber, false}, {"Client", a.ClientID, false}, {"TenantId", a.TenantID, false},
		{"AzureEnvironment", a.AzureEnvironment, false},
		{"ResourceManagementEndpointBaseUri", a.ResourceManagementEndpoint, false},
		{"ActiveDirectoryEndpointBaseUri", a.ActiveDirectoryEndpoint, false},
		{"CertificateThumbprint", a.CertificateThumbprint, false},
		{"ServiceManagementEndpointBaseUri", a.ServiceManagementEndpoint, false},
		{"ServiceManagementEndpointSuffix", a.ServiceManagementEndpointSx, false},
		{"JsonKey", a.JSONKey, true}, {"Token", a.Token, true},
		{"PrivateKeyFile", a.PrivateKeyFile, true}, {"PrivateKeyPassphrase", a.PrivateKeyPassphrase, true},
		{"Audience", a.Audience, false}, {"OpenIdConnect.Jwt", a.Jwt, true},
	}
	return filled(all)
}

// Certificate holds what a certificate variable shows. Pfx, Certificate and
// PrivateKey are base64.
type Certificate struct {
	Name, Thumbprint, RawOriginal, Password string
	Pfx, Certificate, PrivateKey            string
	CertificatePem, PrivateKeyPem, ChainPem string
	Subject, SubjectCommonName              string
	Issuer, IssuerCommonName                string
	NotBefore, NotAfter                     string
	HasPrivateKey                           bool
}

// Parts are the certificate's sub-variables. Whatever may hold the private key
// is sensitive exactly when there is one.
func (c *Certificate) Parts() []Part {
	return append([]Part{{"Type", TypeCertificate, false}, {"HasPrivateKey", boolean(c.HasPrivateKey), false}}, filled([]Part{
		{"Name", c.Name, false}, {"Thumbprint", c.Thumbprint, false},
		{"RawOriginal", c.RawOriginal, c.HasPrivateKey}, {"Password", c.Password, true},
		{"Pfx", c.Pfx, c.HasPrivateKey}, {"Certificate", c.Certificate, false}, {"PrivateKey", c.PrivateKey, true},
		{"CertificatePem", c.CertificatePem, false}, {"PrivateKeyPem", c.PrivateKeyPem, true}, {"ChainPem", c.ChainPem, false},
		{"Subject", c.Subject, false}, {"SubjectCommonName", c.SubjectCommonName, false},
		{"Issuer", c.Issuer, false}, {"IssuerCommonName", c.IssuerCommonName, false},
		{"NotBefore", c.NotBefore, false}, {"NotAfter", c.NotAfter, false},
	})...)
}

// filled leaves out the parts without a value.
func filled(all []Part) []Part {
	out := all[:0]
	for _, p := range all {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}
