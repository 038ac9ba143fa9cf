package journey

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"software.sslmate.com/src/go-pkcs12"
)

// add makes up a secret for a place.
func (v vault) add(place string) string {
	b := make([]byte, 28)
	if _, err := rand.Read(b); err != nil {
		panic(err) // it never fails
	}
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	v[place] = string(b)
	return v[place]
}

// awkward makes up a secret that looks different once it is quoted, encoded or
// taken for a template.
func (v vault) awkward(place string) string {
	plain := v.add(place)
	v[place] = plain[:14] + `"\'&<é>%#{` + plain[14:]
	return v[place]
}

// several makes up a secret of several lines, each of which is one.
func (v vault) several(place string) string {
	return v.add(place+", first line") + "\n" + v.add(place+", second line") + "\nend\n"
}

// key makes a private key, with a passphrase unless it is empty, and notes a
// line of it that no other key has.
func (v vault) key(w *world, place, passphrase string) string {
	w.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	if err != nil {
		w.Fatal(err)
	}
	return v.pem(place, string(pem.EncodeToMemory(block)))
}

// pem notes a line in the middle of a PEM text.
func (v vault) pem(place, text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	v[place] = lines[len(lines)-3]
	return text
}

// certificate makes a PKCS #12 file in base64.
func (v vault) certificate(w *world, place, password string) string {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "leak.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		w.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		w.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(key, leaf, nil, password)
	if err != nil {
		w.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.Fatal(err)
	}
	v.pem(place+", private key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
	text := base64.StdEncoding.EncodeToString(pfx)
	v[place+", file"] = text[200:260]
	return text
}

// keepers are the ids of what holds secrets.
type keepers struct {
	password, token, aws, azure, google string // accounts
	certificate, library, template      string
	set                                 string // the library set's template for tenants
	proxy, nuget, git, user             string
}

// plant gives a secret to every kind of resource that can hold one. bad is a
// server that repeats what it is sent in its refusals.
func (v vault) plant(w *world, bad string) (k keepers) {
	w.Helper()
	account := func(kind, member string, secret any, more object) string {
		body := object{"Name": "Account " + kind, "AccountType": kind, member: secret}
		for name, value := range more {
			body[name] = value
		}
		return id(w.post(space+"/accounts", body))
	}
	guid := "11111111-2222-4333-8444-555555555555"
	k.password = account("UsernamePassword", "Password", newValue(v.awkward("password account")), object{"Username": "someone"})
	k.token = account("Token", "Token", newValue(v.add("token account")), nil)
	phrase := v.add("passphrase of a key")
	account("SshKeyPair", "PrivateKeyFile", newValue(base64.StdEncoding.EncodeToString([]byte(v.key(w, "private key with passphrase", phrase)))), object{"Username": "someone", "PrivateKeyPassphrase": newValue(phrase)})
	k.aws = account("AmazonWebServicesAccount", "SecretKey", newValue(v.add("AWS account")), object{"AccessKey": "AKIAEXAMPLE"})
	k.azure = account("AzureServicePrincipal", "Password", newValue(v.add("Azure account")), object{"SubscriptionNumber": guid, "ClientId": guid, "TenantId": guid})
	account("AzureSubscription", "CertificateBytes", newValue(base64.StdEncoding.EncodeToString([]byte(v.add("Azure certificate")))), object{"SubscriptionNumber": guid})
	k.google = account("GoogleCloudAccount", "JsonKey", newValue(base64.StdEncoding.EncodeToString([]byte(`{"private_key":"`+v.add("Google account")+`"}`))), nil)

	password := v.add("certificate, password")
	k.certificate = id(w.post(space+"/certificates", object{"Name": "Leaky", "CertificateData": newValue(v.certificate(w, "certificate", password)), "Password": newValue(password)}))

	host, port, _ := strings.Cut(bad, ":")
	feed := func(kind string, more object) string {
		more["Name"], more["FeedType"] = "Feed "+kind, kind
		return id(w.post(space+"/feeds", more))
	}
	k.nuget = feed("NuGet", object{"FeedUri": "http://" + bad + "/v3/index.json", "Username": "reader", "Password": newValue(v.add("NuGet feed")), "DownloadAttempts": 1})
	feed("Docker", object{"FeedUri": "http://" + bad, "Username": "reader", "Password": newValue(v.add("Docker feed"))})
	feed("S3", object{"Region": "eu-west-1", "AccessKey": "AKIAEXAMPLE", "SecretKey": newValue(v.add("S3 feed"))})
	feed("GcsStorage", object{"UseServiceAccountKey": true, "ServiceAccountJsonKey": newValue(v.add("GCS feed"))})
	k.proxy = id(w.post(space+"/proxies", object{"Name": "Proxy", "Host": host, "Port": port2int(port), "ProxyType": "HTTP", "Username": "through", "Password": newValue(v.add("proxy"))}))
	k.git = id(w.post(space+"/git-credentials", object{"Name": "Git", "Details": object{"Type": "UsernamePassword", "Username": "git", "Password": newValue(v.add("git credential"))}}))
	v.plantMore(w, &k)
	return k
}

func port2int(text string) (n int) {
	fmt.Sscan(text, &n)
	return n
}

// plantMore gives secrets to endpoints, users, step templates, and what tenants
// and projects share.
func (v vault) plantMore(w *world, k *keepers) {
	w.Helper()
	w.post(space+"/machines", object{"Name": "drop", "Roles": []string{"drop"}, "EnvironmentIds": []string{w.prod},
		"Endpoint": object{"CommunicationStyle": "OfflineDrop", "SensitiveVariablesEncryptionPassword": newValue(v.add("offline drop"))}})
	w.post(space+"/machines", object{"Name": "fabric", "Roles": []string{"fabric"}, "EnvironmentIds": []string{w.prod},
		"Endpoint": object{"CommunicationStyle": "AzureServiceFabricCluster", "ConnectionEndpoint": "127.0.0.1:1", "SecurityMode": "SecureAzureAD", "ServerCertThumbprint": "AB", "AadCredentialType": "UserCredential",
			"AadUserCredentialUsername": "u", "AadUserCredentialPassword": newValue(v.add("Service Fabric"))}})
	user := w.post("/api/users", object{"Username": "second", "DisplayName": "Second", "Password": v.add("a user's first password")})
	k.user = id(user)
	user["Password"] = v.add("a user's password")
	w.put("/api/users/"+k.user, user)

	parameter := object{"Name": "Template.Secret", "Label": "Secret", "DefaultValue": newValue(v.add("default of a step template")), "DisplaySettings": object{"Octopus.ControlType": "Sensitive"}}
	k.template = id(w.post(space+"/actiontemplates", object{"Name": "Templated", "ActionType": "Octopus.Script", "Parameters": []object{parameter},
		"Properties": object{"Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": "true", "Kept.Secret": newValue(v.add("property of a step template"))}}))
	ask := object{"Name": "Library.Tenant", "DefaultValue": newValue(v.add("default of a library template")), "DisplaySettings": object{"Octopus.ControlType": "Sensitive"}}
	set := w.post(space+"/libraryvariablesets", object{"Name": "Shared", "ContentType": "Variables", "Templates": []object{ask}})
	k.library, k.set = id(set), id(objects(set["Templates"])[0])
	w.variables(k.library, hidden("Secret.Library", v.add("library variable")))
	w.post(space+"/subscriptions", object{"Name": "Hook", "EventNotificationSubscription": object{"WebhookURI": "http://127.0.0.1:1/hook", "WebhookHeaderKey": "X-Secret", "WebhookHeaderValue": "not sensitive"}})
}

// note writes a secret that only scripts know to a file that they read.
func (v vault) note(w *world, place string) (path string) {
	w.Helper()
	path = filepath.Join(w.dir, strings.ReplaceAll(place, " ", "-"))
	w.write(path, v.add(place))
	return path
}
