package journey

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// TestNoSecretLiesAnywhere plants a secret in every place that can hold one,
// lets deployments give them away in every way that scripts know, asks for all
// that the server has to say, and then looks for each secret in all that was
// answered, logged and stored.
func TestNoSecretLiesAnywhere(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgresql"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			database := ""
			if engine == "postgresql" {
				database = storetest.PostgresURL(t)
			}
			leaks(t, database)
		})
	}
}

// recall lets agents forget completed jobs soon; else they do so after a minute.
const recall = "TAKO_AGENT_RECALL=1s"

// story is what the parts of the test share.
type story struct {
	*world
	vault
	keepers
	*recorder
	server *sshdtest.Server
	mail   string // secrets that scripts know are in files
	output string
	mask   string
	tasks  []string
	// plain is the result of the deployment that succeeds.
	task string
}

func leaks(t *testing.T, database string) {
	v := vault{}
	bad := httptest.NewServer(http.HandlerFunc(repeat))
	t.Cleanup(bad.Close)
	host, port, _ := net.SplitHostPort(mailServer(t))
	key := string(secret.NewKey().Text())
	v["the master key"], v[canary] = key, "no end of line: "
	w := newWorld(t, database, "MASTER_KEY="+key, "ADMIN_PASSWORD="+v.add("ADMIN_PASSWORD"), "ADMIN_API_KEY=API-"+strings.ToUpper(v.add("ADMIN_API_KEY")),
		"TAKO_LOG_LEVEL=debug", recall, "TAKO_SMTP_HOST="+host, "TAKO_SMTP_PORT="+port, "TAKO_SMTP_TLS=none", "TAKO_SMTP_USERNAME=tako", "TAKO_SMTP_FROM=tako@leak.example",
		"TAKO_SMTP_PASSWORD="+v.add("the SMTP password"), "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY="+v.add("AWS_SECRET_ACCESS_KEY"))
	v["ADMIN_API_KEY"] = strings.ToUpper(v["ADMIN_API_KEY"])
	v["the administrator's password"], v["the administrator's API key"] = w.password, w.APIKey
	s := &story{world: w, vault: v, recorder: &recorder{asked: map[string]bool{}}}
	w.HTTP = &http.Client{Timeout: time.Minute, Transport: s.recorder}
	w.furnish()
	s.keepers = v.plant(w, strings.TrimPrefix(bad.URL, "http://"))
	servers, machines := w.machines(1, recall)
	s.server = servers[0]
	v.pem("private key of the machine", s.server.PrivateKey)
	s.signIn()
	s.mistakes()
	s.outside(machines[0])
	s.succeed()
	s.stumble()
	s.guide()
	s.tenants()
	s.expose()
	s.ask()
	s.search()
}

// repeat refuses everything, with what it was sent.
func repeat(rw http.ResponseWriter, r *http.Request) {
	said := r.Header.Get("Authorization") + r.Header.Get("Proxy-Authorization")
	_, code, _ := strings.Cut(said, " ")
	plain, _ := base64.StdEncoding.DecodeString(code)
	rw.Header().Set("X-Said", string(plain))
	status := http.StatusForbidden
	if r.Method == http.MethodConnect {
		status = http.StatusProxyAuthRequired
	}
	http.Error(rw, "not with "+string(plain), status)
}

// mailServer refuses whoever signs in, with the password.
func mailServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go refuseMail(c)
		}
	}()
	return l.Addr().String()
}

func refuseMail(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 leak.example ESMTP\r\n")
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		line := strings.TrimSpace(string(buf[:n]))
		switch {
		case strings.HasPrefix(line, "EHLO"):
			fmt.Fprint(c, "250-leak.example\r\n250 AUTH PLAIN\r\n")
		case strings.HasPrefix(line, "AUTH PLAIN "):
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "AUTH PLAIN "))
			fmt.Fprintf(c, "535 not with %s\r\n", strings.ReplaceAll(string(plain), "\x00", " "))
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// signIn signs in with the right password and with a wrong one, and makes keys.
func (s *story) signIn() {
	s.Helper()
	jar := &http.Client{Timeout: time.Minute, Transport: s.recorder}
	browser := &rest.Client{URL: s.URL, HTTP: jar}
	if _, err := browser.Post("/api/users/login", object{"Username": "admin", "Password": s.vault["the administrator's password"]}); err != nil {
		s.Fatal(err)
	}
	last := s.answers[len(s.answers)-1]
	for _, c := range (&http.Response{Header: last.header}).Cookies() {
		if strings.HasPrefix(c.Name, "OctopusIdentificationToken") {
			s.vault["the session's cookie"] = c.Value
		}
	}
	if s.vault["the session's cookie"] == "" {
		s.Fatalf("no session began: %v", last.header)
	}
	s.refused(401, "POST", "/api/users/login", object{"Username": "admin", "Password": s.add("a wrong password")})
	s.refused(401, "POST", "/api/users/login", object{"Username": "nobody", "Password": s.add("a stranger's password")})
	browser.APIKey = "API-" + strings.ToUpper(s.add("an unknown API key"))
	s.vault["an unknown API key"] = strings.TrimPrefix(browser.APIKey, "API-")
	s.problem(401, browser.Do("GET", "/api/users/me", nil, nil))
	made := s.post("/api/users/"+s.user+"/apikeys", object{"Purpose": "leaks"})
	s.vault["an API key"], _ = made["ApiKey"].(string)
	s.request("GET", "/api/users/me?apikey="+s.vault["an API key"], "", "")
	s.request("GET", "/api/nowhere?apikey="+s.vault["an API key"], "", "")
}

// mistakes sends secrets in requests that must be refused.
func (s *story) mistakes() {
	s.Helper()
	value := func(place string) object { return newValue(s.add(place)) }
	for path, body := range map[string]any{
		"/accounts?1":      object{"Name": "x", "AccountType": "Magic", "Password": value("account of a wrong type")},
		"/accounts?2":      object{"Name": "x", "AccountType": "Token", "Token": s.add("secret that is a text")},
		"/accounts?3":      object{"Name": "x", "AccountType": "Token", "Token": object{"HasValue": s.add("secret in HasValue")}},
		"/accounts?4":      object{"Name": "x", "AccountType": "Token", "Token": []string{s.add("secret in a list")}},
		"/accounts?6":      object{"Name": "x", "AccountType": "SshKeyPair", "Username": "u", "PrivateKeyFile": newValue("-----BEGIN RSA PRIVATE KEY-----\n" + s.add("broken key") + "\n-----END RSA PRIVATE KEY-----")},
		"/accounts?7":      object{"Name": "x", "AccountType": "AzureServicePrincipal", "SubscriptionNumber": "no guid", "Password": value("Azure account with a wrong number")},
		"/accounts?8":      object{"Name": "x", "AccountType": "GoogleCloudAccount", "EnvironmentIds": []string{"Environments-99"}, "JsonKey": value("account of an unknown environment")},
		"/certificates":    object{"Name": "x", "CertificateData": value("no certificate"), "Password": value("password of no certificate")},
		"/feeds":           object{"Name": "x", "FeedType": "NuGet", "FeedUri": "not an address", "Password": value("feed without an address")},
		"/proxies":         object{"Name": "x", "Host": "h", "Port": 99999, "Password": value("proxy with a wrong port")},
		"~/api/users":      object{"Username": "admin", "DisplayName": "x", "Password": s.add("password of a user whose name is taken")},
		"/git-credentials": object{"Name": "x", "Details": object{"Type": "UsernamePassword", "Password": value("git credential without a name")}},
		"/machines":        object{"Name": "x", "Roles": []string{"r"}, "EnvironmentIds": []string{s.dev}, "Endpoint": object{"CommunicationStyle": "Ssh", "SensitiveVariablesEncryptionPassword": value("wrong endpoint")}},
	} {
		path, _, _ = strings.Cut(path, "?")
		s.refuse("POST", strings.TrimPrefix(space+path, space+"~"), body)
	}
	// What is no key is kept, since it may become one, and refused at the login.
	s.post(space+"/accounts", object{"Name": "no key", "AccountType": "SshKeyPair", "Username": "u", "PrivateKeyFile": value("no private key")})
	account := s.get(space + "/accounts/" + s.keepers.password)
	account["Username"], account["Password"] = "", value("account that loses its user")
	s.refuse("PUT", space+"/accounts/"+s.keepers.password, account)
	for i, broken := range []string{`{"Name": "x", "Password": {"NewValue": "%s"`, `{"Password": "%s", "Name": 7}`, `{"Password": %s}`, `"%s"`, `[{"NewValue": "%s"}]`} {
		body := fmt.Sprintf(broken, s.add(fmt.Sprintf("invalid JSON %d", i)))
		for _, path := range []string{space + "/accounts", "/api/users/login", space + "/feeds", "/api/users"} {
			if status, said := s.request("POST", path, "application/json", body); status < 400 {
				s.Errorf("POST %s of %s: %d %s", path, broken, status, said)
			}
		}
	}
}

// refuse sends what the server must refuse for some reason.
func (s *story) refuse(method, path string, body any) {
	s.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	if status, said := s.request(method, path, "application/json", string(text)); status < 400 || status > 499 {
		s.Errorf("%s %s of %s: %d %s", method, path, text, status, said)
	}
}

// outside lets the server talk to those that repeat what they are told.
func (s *story) outside(machine object) {
	s.Helper()
	s.request("GET", space+"/feeds/"+s.nuget+"/packages/search?term=a", "", "")
	s.request("GET", space+"/feeds/"+s.nuget+"/packages/versions?packageId=a", "", "")
	for _, f := range objects(s.get(space + "/feeds?take=100")["Items"]) {
		s.request("GET", space+"/feeds/"+id(f)+"/packages/versions?packageId=library/a", "", "")
	}
	behind := object{"Name": "behind", "Roles": []string{"behind"}, "EnvironmentIds": []string{s.prod}, "Endpoint": machine["Endpoint"]}
	endpoint := object{}
	for k, v := range machine["Endpoint"].(object) {
		endpoint[k] = v
	}
	endpoint["ProxyId"] = s.proxy
	behind["Endpoint"] = endpoint
	far := s.post(space+"/machines", behind)
	task := s.post(space+"/tasks", object{"Name": "Health", "Arguments": object{"MachineIds": []string{id(far), id(machine)}}})
	s.until("the health of the machines is known", 2*time.Minute, func() bool { return s.get("/api/tasks/" + id(task))["IsCompleted"] == true })
	s.tasks = append(s.tasks, id(task))
}

// canary is the name of a text that scripts say and that is no secret: where it
// is not found, no secret would be either.
const canary = "the canary"

// canary takes the canary out of what was found, and complains where it was not.
func (s *story) canary(scan *scanner) {
	s.Helper()
	for _, place := range []string{"the answer 200 to GET /api/tasks/", "the data folder/blobs/", "the data folder/tako.db", "the database, document.data", "the target/"} {
		there := place == "the data folder/tako.db" && s.database != ""
		for found := range scan.found {
			there = there || strings.HasPrefix(found, place) && strings.Contains(found, " holds "+canary)
		}
		if !there {
			s.Errorf("%s does not hold %s", place, canary)
		}
	}
	for found := range scan.found {
		if strings.Contains(found, " holds "+canary) {
			delete(scan.found, found)
		}
	}
}

// search looks everywhere.
func (s *story) search() {
	s.Helper()
	s.stop()
	scan := newScanner(s.vault, s.excuses())
	s.recorder.scan(scan)
	scan.scan("the server's own log", []byte(s.read(s.log)))
	if err := scan.tree("the data folder", s.data); err != nil {
		s.Error(err)
	}
	var err error
	if s.database == "" {
		err = scan.database("sqlite", filepath.Join(s.data, "tako.db"), "select name from sqlite_master where type = 'table'")
	} else {
		err = scan.database("pgx", s.database, "select table_name from information_schema.tables where table_schema = 'public'")
	}
	if err != nil {
		s.Error(err)
	}
	if err := scan.tree("the target", s.server.Home); err != nil {
		s.Error(err)
	}
	s.canary(scan)
	for _, found := range scan.all() {
		s.Error(found)
	}
	s.Logf("looked for %d secrets in %d answers and %d bytes", len(s.vault), len(s.answers), scan.scanned)
}
