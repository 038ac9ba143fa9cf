package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"slices"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// systemRoots is where systems keep the certificates of authorities, as
// crypto/x509 looks for them.
var systemRoots = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// offerRoots gives certificates of authorities to machines without any, as a
// container is. On others they would take memory, and time at each start.
func offerRoots() error {
	if hasRoots(systemRoots) {
		return nil
	}
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return fmt.Errorf("reading the certificates of authorities: %w", err)
		}
		if root.Constraint != nil {
			pool.AddCertWithConstraint(certificate, root.Constraint)
		} else {
			pool.AddCert(certificate)
		}
	}
	x509.SetFallbackRoots(pool) // not used where there is one elsewhere after all
	return nil
}

// hasRoots says whether the machine surely has certificates: in one of its files,
// and nobody has said that they are elsewhere.
func hasRoots(files []string) bool {
	if os.Getenv("SSL_CERT_FILE") != "" || os.Getenv("SSL_CERT_DIR") != "" {
		return false
	}
	return slices.ContainsFunc(files, func(file string) bool {
		f, err := os.Stat(file)
		return err == nil && f.Size() > 0
	})
}
