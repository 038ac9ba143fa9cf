package catalog_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// testCertificate makes a certificate with its key, as PEM.
func testCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "web.example", Organization: []string{"Acme"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"web.example"},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

func TestCertificateFormats(t *testing.T) {
	text := testCertificate(t)
	m, err := ReadCertificate(text, "")
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := m.PFX("pw")
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		name, data, password, format string
		key                          bool
		wrong                        string
	}{
		{"pem", text, "", "Pem", true, ""},
		{"pem in base64", b64([]byte(text)), "", "Pem", true, ""},
		{"der", b64(m.Certificates[0].Raw), "", "Der", false, ""},
		{"pfx", b64(pfx), "pw", "Pkcs12", true, ""},
		{"pfx, wrong password", b64(pfx), "no", "", false, "password"},
		{"neither", "!!", "", "", false, "neither base64"},
		{"rubbish", b64([]byte("rubbish")), "", "", false, "can be read. Give a PKCS #12 file"},
		{"pem without one", "-----BEGIN X-----\n-----END X-----\n", "", "", false, "no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCertificate(c.data, c.password)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("got %v, want %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Format != c.format || (got.PrivateKey != nil) != c.key || !got.Certificates[0].Equal(m.Certificates[0]) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestCertificateLife(t *testing.T) {
	r := newRoom(t)
	first, second := testCertificate(t), testCertificate(t)
	c := create(r, Certificates, `{"Name":"Web","CertificateData":{"HasValue":true,"NewValue":`+jsonText(first)+`}}`)
	if c.SubjectCommonName != "web.example" || c.SerialNumber != "1234" || !c.SelfSigned || !c.HasPrivateKey || len(c.Thumbprint) != 40 || c.IsExpired {
		t.Errorf("facts %+v", c.CertificateFacts)
	}
	change(r, Certificates, c.ID, `{"Notes":"n","CertificateData":{"HasValue":true,"NewValue":null}}`)
	r.do(func(tx *store.Tx) error {
		stored, err := Certificates.Get(tx, c.ID)
		if err != nil {
			return err
		}
		m, err := stored.Open(tx)
		if err != nil {
			return err
		}
		key, err := m.PrivateKeyPEM()
		if !strings.Contains(first, key) || key == "" || !strings.Contains(first, m.PEM(true)) {
			t.Error("the stored certificate is another one")
		}
		return err
	})
	r.do(func(tx *store.Tx) error {
		_, now, err := ReplaceCertificate(tx, c.ID, second, "")
		if err != nil {
			return err
		}
		if now.ID != c.ID || now.Thumbprint == c.Thumbprint {
			t.Errorf("after replacing: %s %s", now.ID, now.Thumbprint)
		}
		all, n, err := Certificates.List(tx, kind.Query{Space: kind.DefaultSpace})
		if n != 2 {
			t.Errorf("%d certificates", n)
		}
		for _, one := range all {
			if one.ID != c.ID && (one.ReplacedBy != c.ID || one.Archived == nil || one.Thumbprint != c.Thumbprint) {
				t.Errorf("the archived copy is %+v", one)
			}
		}
		if err != nil {
			return err
		}
		_, err = ArchiveCertificate(tx, c.ID, true)
		return err
	})
	create(r, Certificates, `{"Name":"Web","CertificateData":{"HasValue":true,"NewValue":`+jsonText(first)+`}}`)
	_, err := post(r, Certificates, `{"Name":"Bad"}`)
	refused(t, err, "CertificateData must not be empty")
}
