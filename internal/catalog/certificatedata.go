package catalog

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/takodeploy/tako/internal/kind"
)

// CertificateMaterial is what certificate data holds.
type CertificateMaterial struct {
	Format       string              // Pkcs12, Der or Pem
	Certificates []*x509.Certificate // the certificate, then its chain
	PrivateKey   any                 // nil when there is none
}

// ReadCertificate reads certificate data: base64 of a PKCS #12 file, a DER
// certificate or PEM text, or PEM text itself.
func ReadCertificate(data, password string) (*CertificateMaterial, error) {
	raw := []byte(strings.TrimSpace(data))
	if !bytes.Contains(raw, []byte("-----BEGIN ")) {
		decoded, err := base64.StdEncoding.DecodeString(blanks.ReplaceAllString(string(raw), ""))
		if err != nil {
			return nil, errors.New("it is neither base64 nor PEM")
		}
		raw = decoded
	}
	if bytes.Contains(raw, []byte("-----BEGIN ")) {
		return readPEM(raw, password)
	}
	if c, err := x509.ParseCertificate(raw); err == nil {
		return &CertificateMaterial{Format: "Der", Certificates: []*x509.Certificate{c}}, nil
	}
	key, leaf, chain, err := pkcs12.DecodeChain(raw, password)
	if err == nil {
		return &CertificateMaterial{Format: "Pkcs12", Certificates: append([]*x509.Certificate{leaf}, chain...), PrivateKey: key}, nil
	}
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, errors.New("the password does not open it")
	}
	if trusted, err := pkcs12.DecodeTrustStore(raw, password); err == nil && len(trusted) > 0 {
		return &CertificateMaterial{Format: "Pkcs12", Certificates: trusted}, nil
	}
	return nil, errors.New("it is not a certificate that can be read. Give a PKCS #12 file, a DER certificate or PEM text, each in base64")
}

// readPEM reads certificates and a key from PEM text. The certificate is the
// one that the key fits, or else the first.
func readPEM(text []byte, password string) (*CertificateMaterial, error) {
	m := &CertificateMaterial{Format: "Pem"}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("one of its certificates cannot be read (%w)", err)
			}
			m.Certificates = append(m.Certificates, c)
		case strings.HasSuffix(block.Type, "PRIVATE KEY") && m.PrivateKey == nil:
			key, err := readKey(block, password)
			if err != nil {
				return nil, err
			}
			m.PrivateKey = key
		}
	}
	if len(m.Certificates) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	if own := slices.IndexFunc(m.Certificates, m.fits); own > 0 {
		c := m.Certificates[own]
		m.Certificates = slices.Insert(slices.Delete(m.Certificates, own, own+1), 0, c)
	}
	return m, nil
}

// readKey reads a private key, with the password if it is protected.
func readKey(block *pem.Block, password string) (any, error) {
	text := pem.EncodeToMemory(block)
	key, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) && password != "" {
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, []byte(password))
	}
	switch {
	case err == nil:
		return key, nil
	case errors.As(err, &locked):
		return nil, errors.New("its private key is protected; give the password")
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, errors.New("the password does not open its private key")
	}
	return nil, fmt.Errorf("its private key cannot be read (%w)", err)
}

// fits reports whether the private key belongs to a certificate.
func (m *CertificateMaterial) fits(c *x509.Certificate) bool {
	own, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	key, has := m.PrivateKey.(crypto.Signer)
	return ok && has && own.Equal(key.Public())
}

// PEM gives the certificates as PEM text; chain includes those that vouch.
func (m *CertificateMaterial) PEM(chain bool) string {
	var b strings.Builder
	for i, c := range m.Certificates {
		if i == 0 || chain {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		}
	}
	return b.String()
}

// PrivateKeyPEM gives the private key as PEM text; "" when there is none.
func (m *CertificateMaterial) PrivateKeyPEM() (string, error) {
	if m.PrivateKey == nil {
		return "", nil
	}
	key := m.PrivateKey
	if k, ok := key.(*ed25519.PrivateKey); ok {
		key = *k
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("writing a private key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})), nil
}

// PFX gives everything as a PKCS #12 file.
func (m *CertificateMaterial) PFX(password string) ([]byte, error) {
	if m.PrivateKey == nil {
		raw, err := pkcs12.Modern.EncodeTrustStore(m.Certificates, password)
		if err != nil {
			return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
		}
		return raw, nil
	}
	key := m.PrivateKey
	if k, ok := key.(*ed25519.PrivateKey); ok {
		key = *k
	}
	raw, err := pkcs12.Modern.Encode(key, m.Certificates[0], m.Certificates[1:], password)
	if err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	return raw, nil
}

// factsOf reads what a certificate says.
func factsOf(c *x509.Certificate) CertificateFacts {
	sum := sha1.Sum(c.Raw) // what people know certificates by
	f := CertificateFacts{
		SubjectDistinguishedName: c.Subject.String(),
		SubjectCommonName:        c.Subject.CommonName,
		SubjectOrganization:      strings.Join(c.Subject.Organization, ", "),
		IssuerDistinguishedName:  c.Issuer.String(),
		IssuerCommonName:         c.Issuer.CommonName,
		IssuerOrganization:       strings.Join(c.Issuer.Organization, ", "),
		SelfSigned:               bytes.Equal(c.RawSubject, c.RawIssuer),
		Thumbprint:               strings.ToUpper(hex.EncodeToString(sum[:])),
		NotAfter:                 kind.Time{Time: c.NotAfter.UTC()},
		NotBefore:                kind.Time{Time: c.NotBefore.UTC()},
		Version:                  c.Version,
		SerialNumber:             strings.ToUpper(hex.EncodeToString(c.SerialNumber.Bytes())),
		SignatureAlgorithmName:   c.SignatureAlgorithm.String(),
		SubjectAlternativeNames:  append([]string{}, c.DNSNames...),
	}
	for _, ip := range c.IPAddresses {
		f.SubjectAlternativeNames = append(f.SubjectAlternativeNames, ip.String())
	}
	f.SubjectAlternativeNames = append(f.SubjectAlternativeNames, c.EmailAddresses...)
	f.IsExpired = f.expired()
	return f
}
