package config

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
)

// write puts text into a file of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(pairs ...string) func(string) (string, bool) {
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestDefault(t *testing.T) {
	s := Default()
	host, _ := os.Hostname()
	wd, _ := os.Getwd()
	got := []any{s.Web.Listen, s.Web.PollingListen, s.TaskCap, s.NodeName, s.Log, s.SMTP.Port, s.DrainTimeout,
		s.DataDir, s.Blob.Store, s.DatabaseURL.Reveal(), s.SMTP.TLS, s.SMTP.Timeout}
	want := []any{":8080", ":10943", AsBefore, host, Log{"auto", "info"}, 587, 20 * time.Second,
		wd + "/data", wd + "/data/blobs", "", "starttls", 30 * time.Second}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "tako.yaml", "task-cap: 7\nlisten: ':1'\nurl: http://file\nlog-level: warn\ntrusted-proxies: [10.0.0.0/8, '::1']\ndrain-timeout: 1m\nmaintenance: true\nsmtp-host:\n")
	env := environment("TASK_CAP", "8", "TAKO_LISTEN", ":2", "TAKO_URL", "", "DB_CONNECTION_STRING", "postgres://a:b@c/d",
		"TAKO_DATABASE", "", "ADMIN_USERNAME", "admin", "ADMIN_PASSWORD", "p", "OCTOPUS_SERVER_NODE_NAME", "one")
	s, err := load([]string{"--config", file, "--listen", ":3"}, env, "")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{s.Web.Listen, s.TaskCap, s.Web.URL, s.Log.Level, s.Web.TrustedProxies, s.DrainTimeout, s.Maintenance,
		s.DatabaseURL.Reveal(), s.Admin.Username, s.Admin.Password.Reveal(), s.NodeName, s.SMTP.Host}
	want := []any{":3", 8, "http://file", "warn", []string{"10.0.0.0/8", "::1"}, time.Minute, true,
		"postgres://a:b@c/d", "admin", "p", "one", ""}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhereTheFileIs(t *testing.T) {
	file := write(t, "tako.yaml", "task-cap: 7")
	gone := filepath.Join(t.TempDir(), "gone.yaml")
	for _, c := range []struct {
		name     string
		args     []string
		env      func(string) (string, bool)
		fallback string
		want     int
		bad      string
	}{
		{"flag", []string{"--config=" + file}, environment("TAKO_CONFIG", gone), gone, 7, ""},
		{"environment", nil, environment("TAKO_CONFIG", file), gone, 7, ""},
		{"usual place", nil, environment(), file, 7, ""},
		{"nothing there", nil, environment(), gone, AsBefore, ""},
		{"asked for and gone", []string{"--config=" + gone}, environment(), file, 0, "settings file cannot be read"},
		{"asked for by the environment and gone", nil, environment("TAKO_CONFIG", gone), file, 0, "settings file cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(c.args, c.env, c.fallback)
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || s.TaskCap != c.want {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

func TestSecretFiles(t *testing.T) {
	key := secret.NewKey()
	s, err := load(nil, environment("MASTER_KEY_FILE", write(t, "key", key.Text().Reveal()+"\n")), "")
	if err != nil || s.MasterKey != key.Text() {
		t.Errorf("key from a file: %v", err)
	}
	_, err = load(nil, environment("MASTER_KEY_FILE", "/gone"), "")
	if err == nil || !strings.Contains(err.Error(), "MASTER_KEY_FILE names a file that cannot be read") {
		t.Errorf("error %v", err)
	}
}

// TestComplaints looks for the setting's name and the advice in each error.
func TestComplaints(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  []string
		file string
		want string
	}{
		{env: []string{"TASK_CAP", "many"}, want: `^--task-cap: the environment variable TASK_CAP: "many" is not a whole number$`},
		{args: []string{"--task-cap=many"}, want: `^--task-cap: "many" is not a whole number$`},
		{args: []string{"--drain-timeout=long"}, want: `^--drain-timeout: "long" is not a time such as 20s or 5m$`},
		{args: []string{"--listen=x"}, want: `^The settings are not right. --listen is "x": give host:port, or :port for all addresses.$`},
		{env: []string{"TAKO_LISTEN", "x"}, want: `--listen \(from the environment variable TAKO_LISTEN\) is "x"`},
		{file: "url: a\nlisten: x", want: `--listen \(from .*/tako.yaml line 2\) is "x"`},
		{args: []string{"--tls-cert=/gone", "--tls-key=/gone"}, want: `--tls-cert and tls-key cannot be used, because open /gone`},
		{env: []string{"TASK_CAP", "0"}, want: `--task-cap \(from the environment variable TASK_CAP\) is 0: give a number`},
		{env: []string{"TAKO_LOG_LEVEL", "loud"}, want: `TAKO_LOG_LEVEL: must be one of debug, info, warn, error, but is "loud"`},
		{args: []string{"--log-level=loud"}, want: `--log-level must be one of`},
		{file: "task-cap: many", want: `tako.yaml line 1: "many" is not a whole number`},
		{file: "\n\ntaskCap: 3", want: `tako.yaml line 3: there is no setting taskCap; did you mean task-cap\?`},
		{file: "colour: blue", want: `line 1: there is no setting colour; see --help`},
		{file: "task-cap: 1\ntask-cap: 2", want: `already`},
		{file: "smtp:\n  host: x", want: `line 1: smtp: must be a plain value; settings are not nested`},
		{file: "trusted-proxies: [[a]]", want: `a list holds plain values only`},
		{file: "just text", want: `expected lines of the form`},
		{file: "a: [", want: `the settings file .*tako.yaml cannot be used: it is not valid YAML: line 1`},
		{args: []string{"--data="}, want: `data is empty`},
		{args: []string{"--database=Server=x;Database=y;User Id=z;Password=verysecret"}, want: `connection string of SQL Server`},
		{args: []string{"--database=Server=tcp:x,1433;Password=verysecret"}, want: `connection string of SQL Server`},
		{args: []string{"--database=mysql://u:verysecret@h/d"}, want: `database is no URL of PostgreSQL`},
		{args: []string{"--database=postgres://u:very%secret@h/d"}, want: `percent-encoded`},
		{args: []string{"--database=tako.db"}, want: `database is no URL of PostgreSQL`},
		{args: []string{"--master-key=verysecret"}, want: `master-key cannot be used, because the master key`},
		{args: []string{"--listen=8080"}, want: `listen is "8080": give host:port`},
		{args: []string{"--listen=:http8"}, want: `listen is`},
		{args: []string{"--polling-listen=x"}, want: `polling-listen is "x"`},
		{args: []string{"--url=deploy.example.com"}, want: `url is "deploy.example.com": give the whole address`},
		{args: []string{"--tls-cert=a"}, want: `tls-cert and tls-key belong together`},
		{args: []string{"--trusted-proxies=here"}, want: `trusted-proxies has "here"`},
		{args: []string{"--admin-api-key=API-verysecret", "--admin-username=a"}, want: `admin-api-key has a form that clients refuse`},
		{args: []string{"--admin-password=verysecret"}, want: `--admin-username \(or \$TAKO_ADMIN_USERNAME, \$ADMIN_USERNAME\) is missing`},
		{args: []string{"--admin-username=a"}, want: `admin-password .*is missing`},
		{args: []string{"--admin-username=a", "--admin-password=verysecret", "--admin-email=a@b@c"}, want: `admin-email is`},
		{args: []string{"--blob-store=gs://b"}, want: `blob-store is "gs://b"`},
		{args: []string{"--blob-store=s3:///p"}, want: `blob-store names no bucket`},
		{args: []string{"--blob-store=s3://b", "--blob-endpoint=minio:9000"}, want: `blob-endpoint is`},
		{args: []string{"--blob-secret-key=verysecret"}, want: `belong together`},
		{args: []string{"--smtp-host=h"}, want: `smtp-from .*is ""`},
		{args: []string{"--smtp-host=h", "--smtp-from=a@b.c", "--smtp-port=0"}, want: `smtp-port is 0`},
		{args: []string{"--smtp-host=h", "--smtp-from=a@b.c", "--smtp-password=verysecret"}, want: `smtp-username .*is missing`},
		{args: []string{"--smtp-host=h", "--smtp-from=a@b.c", "--smtp-timeout=0s"}, want: `smtp-timeout`},
		{args: []string{"--backup-to=ftp://x"}, want: `backup-to is "ftp://x"`},
		{args: []string{"--backup-to=s3://"}, want: `backup-to names no bucket`},
		{args: []string{"--backup-keep=5m"}, want: `backup-keep is 5m0s: give an hour`},
		{args: []string{"--backup-drill=5s"}, want: `backup-drill is 5s`},
		{args: []string{"--backup-access-key=x"}, want: `backup-access-key and backup-secret-key`},
		{args: []string{"--drain-timeout=-1s"}, want: `drain-timeout is negative`},
		{args: []string{"--node-name= x"}, want: `node-name has spaces`},
	} {
		args := c.args
		if c.file != "" {
			args = append(args, "--config="+write(t, "tako.yaml", c.file))
		}
		_, err := load(args, environment(c.env...), "")
		if err == nil {
			t.Errorf("%q %q %q was accepted", c.args, c.env, c.file)
			continue
		}
		if !regexp.MustCompile(c.want).MatchString(err.Error()) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%q %q %q: %v", c.args, c.env, c.file, err)
		}
	}
}

func TestEveryComplaintAtOnce(t *testing.T) {
	_, err := load([]string{"--task-cap=0", "--listen=x", "--url=y"}, environment(), "")
	var f *fault.Error
	if !fault.Is(err, fault.Invalid) || !errors.As(err, &f) || len(f.Details) != 3 {
		t.Errorf("%v", err)
	}
}

func TestGoodDatabases(t *testing.T) {
	for _, url := range []string{"postgres://u:p@h:5432/d?sslmode=disable", "postgresql:///d?host=/run/postgresql"} {
		if s, err := load([]string{"--database=" + url}, environment(), ""); err != nil || s.DatabaseURL.Reveal() != url {
			t.Errorf("%s: %v", url, err)
		}
	}
	s, err := load([]string{"--polling-listen=off"}, environment(), "")
	if err != nil || s.Web.PollingListen != Off {
		t.Errorf("off: %v", err)
	}
}

// keyPair writes a certificate and its key.
func keyPair(t *testing.T) (cert, key string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pair := s.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))),
		write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// TestEverySettingEveryWay gives each flag through its first environment
// variable and through the file, and expects the same settings from both.
func TestEverySettingEveryWay(t *testing.T) {
	var s Server
	parser, err := kong.New(&s, (&source{lookup: environment()}).options()...)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"task-cap": "9", "smtp-port": "25", "smtp-timeout": "5s", "drain-timeout": "3s", "listen": ":1", "polling-listen": ":2",
		"url": "https://x", "trusted-proxies": "10.0.0.0/8", "log-format": "json", "log-level": "debug", "smtp-tls": "tls",
		"admin-email": "a@b.c", "admin-api-key": "API-ABC", "smtp-from": "a@b.c", "maintenance": "true", "database": "postgres://h/d",
		"master-key": secret.NewKey().Text().Reveal(), "blob-store": "s3://bucket", "blob-endpoint": "https://x",
		"backup-to": "s3://other", "backup-restore": "present", "backup-restore-at": "2026-11-27T09:30:00Z", "backup-keep": "3h", "backup-drill": "2h", "backup-endpoint": "https://y",
	}
	values["tls-cert"], values["tls-key"] = keyPair(t)
	var pairs []string
	var file bytes.Buffer
	for _, f := range parser.Model.Flags {
		if f.Name == "help" || f.Name == "config" {
			continue
		}
		names := variables(f.Value)
		if len(names) == 0 || !strings.HasPrefix(names[0], "TAKO_") || f.Help == "" {
			t.Errorf("%s has no variable or help", f.Name)
			continue
		}
		v := values[f.Name]
		if v == "" {
			v = "/some/" + f.Name
		}
		pairs = append(pairs, names[0], v)
		fmt.Fprintf(&file, "%s: %q\n", f.Name, v)
	}
	byEnv, err := load(nil, environment(pairs...), "")
	if err != nil {
		t.Fatal(err)
	}
	byFile, err := load([]string{"--config", write(t, "tako.yaml", file.String())}, environment(), "")
	if err != nil {
		t.Fatal(err)
	}
	byFile.Config = ""
	if d := cmp.Diff(byEnv, byFile); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(byEnv, Default()); d == "" {
		t.Error("nothing was set")
	}
}

// TestSecretsStayHidden prints filled settings in the ways that logs would.
func TestSecretsStayHidden(t *testing.T) {
	s, err := load([]string{"--admin-username=a", "--admin-password=verysecret", "--database=postgres://u:verysecret@h/d"}, environment(), "")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", *s, *s, *s); strings.Contains(text, "verysecret") {
		t.Error(text)
	}
}

// TestBackupsGoWhereTheBlobsGo unless they are told otherwise.
func TestBackupsGoWhereTheBlobsGo(t *testing.T) {
	s, err := load([]string{"--blob-endpoint=https://x", "--blob-access-key=a", "--blob-secret-key=b"}, environment(), "")
	if err != nil || s.Backup.Endpoint != "https://x" || s.Backup.AccessKey != "a" || s.Backup.SecretKey.Reveal() != "b" {
		t.Errorf("%+v, %v", s.Backup, err)
	}
	s, err = load([]string{"--blob-endpoint=https://x", "--blob-access-key=a", "--blob-secret-key=b", "--backup-region=r"}, environment(), "")
	if err != nil || s.Backup.Endpoint != "" || s.Backup.AccessKey != "" {
		t.Errorf("%+v, %v", s.Backup, err)
	}
}

// TestInACommand embeds the settings in a program with commands of its own.
func TestInACommand(t *testing.T) {
	var cli struct {
		Run struct {
			Server
			Extra string
		} `cmd:""`
		Version struct{} `cmd:""`
	}
	from := &source{lookup: environment("TAKO_LISTEN", ":9"), fallback: write(t, "tako.yaml", "task-cap: 6\nextra: more")}
	if _, err := from.parse(&cli, []string{"run"}); err != nil {
		t.Fatal(err)
	}
	if r := cli.Run; r.Web.Listen != ":9" || r.TaskCap != 6 || r.Extra != "more" || r.NodeName == "" {
		t.Errorf("%+v", r)
	}
	if _, err := from.parse(&cli, []string{"run", "--task-cap=0"}); err == nil || !strings.Contains(err.Error(), "--task-cap is 0") {
		t.Errorf("error %v", err)
	}
	if _, err := from.parse(&cli, []string{"version"}); err != nil {
		t.Error(err)
	}
}
