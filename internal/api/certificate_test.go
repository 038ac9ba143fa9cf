package api

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

func TestCertificateReplace(t *testing.T) {
	h := newHarness(t)
	id := h.make("certificates", map[string]any{"Name": "Web", "Notes": "n", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(testCertificate(t)))})[0]
	path := "/api/Spaces-1/certificates/" + id
	old := h.call(200, "GET", path, nil)
	next := testCertificate(t)
	// As the .NET client sends it.
	past := h.call(200, "POST", path+"/replace", map[string]any{"certificateData": base64.StdEncoding.EncodeToString(next), "password": nil})
	if at(past, "ReplacedBy") != id || at(past, "Archived") == nil || at(past, "Thumbprint") != at(old, "Thumbprint") || at(past, "Name") != "Web" {
		t.Errorf("what was there: %v", past)
	}
	now := h.call(200, "GET", path, nil)
	if at(now, "Thumbprint") == at(old, "Thumbprint") || at(now, "Notes") != "n" || at(now, "Archived") != nil {
		t.Errorf("what is there: %v", now)
	}
	for query, want := range map[string]string{"": id, "?archived=true": at(past, "Id").(string), "?search=WE": id, "?search=" + at(now, "Thumbprint").(string)[:10]: id,
		"?search=nothing": "", "?tenant=Tenants-9": "", "?ids=" + id + "," + at(past, "Id").(string): id + " " + at(past, "Id").(string)} {
		if got := each(h.call(200, "GET", "/api/Spaces-1/certificates"+query, nil), "Id"); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	h.call(400, "POST", path+"/replace", map[string]any{"CertificateData": "bm90aGluZw=="})
	h.call(400, "POST", path+"/replace", map[string]any{})
	h.call(400, "POST", "/api/Spaces-1/certificates/"+at(past, "Id").(string)+"/replace", map[string]any{"CertificateData": base64.StdEncoding.EncodeToString(next)})
	h.call(403, "POST", path+"/replace", map[string]any{"CertificateData": base64.StdEncoding.EncodeToString(next)}, "X-Octopus-ApiKey", h.member("eve", h.role("CertificateView", "EnvironmentView", "TenantView")))
}

func TestCertificateExport(t *testing.T) {
	h := newHarness(t)
	both := testCertificate(t)
	id := h.make("certificates", map[string]any{"Name": "Web Site", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(both))})[0]
	export := "/api/Spaces-1/certificates/" + id + "/export"
	reader := h.member("eve", h.role("CertificateView", "EnvironmentView", "TenantView"))
	keeper := h.member("kim", "userroles-certificatemanager")
	block, rest := pem.Decode(both)
	for block.Type != "CERTIFICATE" {
		block, rest = pem.Decode(rest)
	}
	for _, c := range []struct {
		query, key string
		status     int
		hasKey     bool
	}{
		{"", reader, 200, false}, {"?format=Pem", reader, 200, false}, {"?format=Der", reader, 200, false}, {"?format=Pkcs12&password=x", reader, 200, false},
		{"?format=pem&pemOptions=ChainOnly", reader, 200, false}, {"?format=Pem&pemOptions=PrimaryAndChain&includePrivateKey=false", reader, 200, false},
		{"?format=Pem&includePrivateKey=true", reader, 403, false}, {"?format=Pem&includePrivateKey=true", keeper, 200, true},
		{"?format=Pkcs12&includePrivateKey=true&password=x", keeper, 200, true}, {"?format=Der&includePrivateKey=true", keeper, 400, false},
		{"?format=Word", keeper, 400, false}, {"?format=Pem&pemOptions=Some", keeper, 400, false},
	} {
		a := h.send("GET", export+c.query, nil, "X-Octopus-ApiKey", c.key)
		if a.status != c.status {
			t.Errorf("%q: %d %s", c.query, a.status, a.body)
			continue
		}
		if c.status != 200 {
			continue
		}
		if d := a.header.Get("Content-Disposition"); !strings.Contains(d, "filename=web-site.") {
			t.Errorf("%q: %s", c.query, d)
		}
		switch {
		case strings.Contains(c.query, "Pkcs12"):
			key, leaf, err := pkcs12.Decode(a.body, "x")
			if c.hasKey && (err != nil || key == nil || !bytes.Equal(leaf.Raw, block.Bytes)) {
				t.Errorf("%q: %v", c.query, err)
			}
			if trusted, err := pkcs12.DecodeTrustStore(a.body, "x"); !c.hasKey && (err != nil || len(trusted) != 1) {
				t.Errorf("%q: %v", c.query, err)
			}
		case strings.Contains(c.query, "Der"):
			if !bytes.Equal(a.body, block.Bytes) {
				t.Errorf("%q: another certificate", c.query)
			}
		case strings.Contains(c.query, "ChainOnly"):
			if len(a.body) != 0 {
				t.Errorf("%q: %s", c.query, a.body)
			}
		default:
			if bytes.Contains(a.body, []byte("PRIVATE KEY")) != c.hasKey || !bytes.Contains(a.body, pem.EncodeToMemory(block)) {
				t.Errorf("%q: %s", c.query, a.body)
			}
		}
	}
	trail := text(t, h.call(200, "GET", "/api/Spaces-1/events?regarding="+id, nil))
	if strings.Count(trail, "private key of certificate Web Site was exported") == 0 {
		t.Errorf("an export of the key is not on record: %s", trail)
	}
	bare := h.make("certificates", map[string]any{"Name": "Bare", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block)))})[0]
	h.call(400, "GET", "/api/Spaces-1/certificates/"+bare+"/export?includePrivateKey=true", nil)
}

func TestCertificateUsages(t *testing.T) {
	h := newHarness(t)
	id := h.make("certificates", map[string]any{"Name": "Web", "CertificateData": newSecret(base64.StdEncoding.EncodeToString(testCertificate(t)))})[0]
	path := "/api/Spaces-1/certificates/" + id + "/usages"
	u := h.call(200, "GET", path, nil)
	for _, m := range []string{"ProjectUsages", "LibraryVariableSetUsages", "TenantUsages", "DeploymentTargetUsages"} {
		if l, ok := at(u, m).([]any); !ok || len(l) != 0 {
			t.Errorf("%s: %v", m, at(u, m))
		}
	}
	project := h.project("Shop")
	library := h.make("libraryvariablesets", map[string]any{"Name": "Common"})[0]
	for _, owner := range []string{project, library} {
		set := h.call(200, "GET", "/api/Spaces-1/variables/variableset-"+owner, nil).(map[string]any)
		set["Variables"] = []any{map[string]any{"Name": "Cert", "Type": "Certificate", "Value": id}}
		h.call(200, "PUT", "/api/Spaces-1/variables/variableset-"+owner, set)
	}
	u = h.call(200, "GET", path, nil)
	if each(at(u, "ProjectUsages"), "Id") != project || each(at(u, "LibraryVariableSetUsages"), "Id") != library || at(u, "ProjectUsages", 0, "Name") != "Shop" {
		t.Errorf("%v", u)
	}
	reader := h.member("eve", h.role("CertificateView", "EnvironmentView", "TenantView"))
	if u = h.call(200, "GET", path, nil, "X-Octopus-ApiKey", reader); each(at(u, "ProjectUsages"), "Id")+each(at(u, "LibraryVariableSetUsages"), "Id") != "" {
		t.Errorf("somebody sees what uses it without seeing that: %v", u)
	}
}
