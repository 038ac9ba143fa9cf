package variable

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpand(t *testing.T) {
	values := []Value{
		{Name: "Aws", Value: "#{Id}", Type: TypeAWS}, {Name: "Aws2", Value: "Accounts-1", Type: TypeAWS},
		{Name: "Cert", Value: "Certificates-1", Type: TypeCertificate}, {Name: "Pool", Value: "WorkerPools-1", Type: TypeWorkerPool},
		{Name: "Aws.Region", Value: "mine"},
	}
	calls := 0
	expand := Remember(func(kind, id string) ([]Part, error) {
		calls++
		switch id {
		case "Accounts-1":
			a := Account{AccessKey: "AK", SecretKey: "SK", Region: "eu"}
			return a.Parts(), nil
		case "Certificates-1":
			c := Certificate{Name: "c", Thumbprint: "TP", Pfx: "pfx", HasPrivateKey: true}
			return c.Parts(), nil
		}
		return nil, errors.New("no such thing as " + id)
	})
	evaluate := func(s string) string { return strings.ReplaceAll(s, "#{Id}", "Accounts-1") }
	r := Resolve(values, Context{})
	if err := r.Expand(evaluate, expand); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	secret := map[string]bool{}
	for v := range r.All() {
		got[v.Name] = v.Value
		if v.Sensitive {
			secret[v.Name] = true
		}
	}
	if diff := cmp.Diff(map[string]string{
		"Aws": "#{Id}", "Aws.AccessKey": "AK", "Aws.SecretKey": "SK", "Aws.Region": "eu",
		"Aws2": "Accounts-1", "Aws2.AccessKey": "AK", "Aws2.SecretKey": "SK", "Aws2.Region": "eu", "Pool": "WorkerPools-1",
		"Cert": "Certificates-1", "Cert.Type": "Certificate", "Cert.Name": "c", "Cert.Thumbprint": "TP", "Cert.Pfx": "pfx", "Cert.HasPrivateKey": "True",
	}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"Aws.SecretKey": true, "Aws2.SecretKey": true, "Cert.Pfx": true}, secret); diff != "" {
		t.Error(diff)
	}
	if calls != 2 {
		t.Errorf("asked %d times, want once for each of 2", calls)
	}
	bad := Resolve([]Value{{Name: "X", Value: "Accounts-9", Type: TypeAzure}}, Context{})
	if err := bad.Expand(evaluate, expand); err == nil || !strings.Contains(err.Error(), `"X"`) {
		t.Errorf("error %v", err)
	}
}

func TestSecrets(t *testing.T) {
	r := Resolve([]Value{
		{Name: "A", Value: "hunter22", Sensitive: true}, {Name: "B", Value: "abc", Sensitive: true}, {Name: "C", Value: "public"},
		{Name: "D", Value: "-----BEGIN KEY-----\nMIIEvQIBADANBg\n{}\n-----END KEY-----\n", Type: TypeSensitive}, {Name: "E", Value: "x#{C}", Sensitive: true},
		{Name: "F", Sensitive: true},
	}, Context{})
	secrets, short := r.Secrets(func(s string) string { return strings.ReplaceAll(s, "#{C}", "public") })
	want := []string{"-----BEGIN KEY-----\nMIIEvQIBADANBg\n{}\n-----END KEY-----", "MIIEvQIBADANBg", "hunter22", "xpublic", "x#{C}"}
	if diff := cmp.Diff(want, secrets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"B"}, short); diff != "" {
		t.Error(diff)
	}
}

func FuzzSecrets(f *testing.F) {
	f.Add("one\r\ntwo two two\n-----END-----")
	f.Fuzz(func(t *testing.T, text string) {
		secrets, short := Resolve([]Value{{Name: "S", Value: text, Sensitive: true}}, Context{}).Secrets(nil)
		if len(secrets) > 0 && len(short) > 0 {
			t.Errorf("%q is both masked and too short", text)
		}
		for _, s := range secrets {
			if !strings.Contains(text, s) || len(s) < MinSecretLength {
				t.Errorf("%q gives %q", text, s)
			}
		}
	})
}
