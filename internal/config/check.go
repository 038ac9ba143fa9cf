package config

import (
	"crypto/tls"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
)

// AfterApply fills what has no fixed default.
func (s *Server) AfterApply() error {
	if s.NodeName == "" {
		s.NodeName, _ = os.Hostname()
	}
	return s.Storage.AfterApply()
}

// AfterApply fills what has no fixed default.
func (s *Storage) AfterApply() error {
	if s.Blob.Store == "" {
		s.Blob.Store = filepath.Join(s.DataDir, "blobs")
	}
	b := &s.Backup
	if b.Endpoint == "" && b.Region == "" && b.AccessKey == "" && b.SecretKey == "" {
		b.Endpoint, b.Region, b.AccessKey, b.SecretKey = s.Blob.Endpoint, s.Blob.Region, s.Blob.AccessKey, s.Blob.SecretKey
	}
	return nil
}

// Validate reports every setting that cannot be right, each in a sentence that
// begins with its name and says what to do.
func (s *Server) Validate() error {
	var wrong fault.Complaints
	s.Storage.check(&wrong)
	s.checkBasics(&wrong)
	s.Web.check(&wrong)
	s.Admin.check(&wrong)
	s.SMTP.check(&wrong)
	return complaint(wrong)
}

// Validate reports every setting of the storage that cannot be right.
func (s *Storage) Validate() error {
	var wrong fault.Complaints
	s.check(&wrong)
	return complaint(wrong)
}

func complaint(wrong fault.Complaints) error {
	if len(wrong) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: "The settings are not right.", Details: wrong}
}

func (s *Server) checkBasics(wrong *fault.Complaints) {
	if s.TaskCap != AsBefore && (s.TaskCap < 1 || s.TaskCap > 1000) {
		wrong.Add("task-cap is %d: give a number from 1 to 1000; to stop taking tasks, drain the node instead.", s.TaskCap)
	}
	if len(s.NodeName) > 200 || strings.TrimSpace(s.NodeName) != s.NodeName {
		wrong.Add("node-name has spaces around it or more than 200 characters: give a short name.")
	}
	if s.DrainTimeout < 0 {
		wrong.Add("drain-timeout is negative: give a time such as 20s.")
	}
}

func (s *Storage) check(wrong *fault.Complaints) {
	if s.DataDir == "" {
		wrong.Add("data is empty: name the folder that the server may write to.")
	}
	if s.MasterKey != "" {
		if _, err := secret.ParseKey(s.MasterKey.Reveal()); err != nil {
			wrong.Add("master-key cannot be used, because %v: give the key that this server's data was written with, or none to make one.", err)
		}
	}
	s.checkDatabase(wrong)
	s.Blob.check(wrong)
	s.Backup.check(wrong)
}

func (s *Storage) checkDatabase(wrong *fault.Complaints) {
	text := s.DatabaseURL.Reveal()
	scheme, _, found := strings.Cut(text, ":")
	switch {
	case text == "":
	case !found && strings.Contains(text, "="), strings.Contains(strings.ToLower(scheme), "server="), strings.Contains(strings.ToLower(scheme), "data source="):
		wrong.Add("database looks like a connection string of SQL Server, which is not supported: give postgres://user:password@host/name, or nothing for a database file in the data folder.")
	case scheme == "postgres" || scheme == "postgresql":
		if u, err := url.Parse(text); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			// The parser's own words would quote the password.
			wrong.Add("database is not a valid URL: give postgres://user:password@host/name, with special characters of the password percent-encoded.")
		}
	default:
		wrong.Add("database is no URL of PostgreSQL: give postgres://user:password@host/name, or nothing for a database file in the data folder.")
	}
}

func (w Web) check(wrong *fault.Complaints) {
	address := func(name, value string) {
		_, port, err := net.SplitHostPort(value)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
			wrong.Add("%s is %q: give host:port, or :port for all addresses.", name, value)
		}
	}
	address("listen", w.Listen)
	if w.PollingListen != Off {
		address("polling-listen", w.PollingListen)
	}
	if w.URL != "" {
		if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			wrong.Add("url is %q: give the whole address, such as https://deploy.example.com.", w.URL)
		}
	}
	if (w.TLSCert == "") != (w.TLSKey == "") {
		wrong.Add("tls-cert and tls-key belong together: give both or neither.")
	} else if w.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(w.TLSCert, w.TLSKey); err != nil {
			wrong.Add("tls-cert and tls-key cannot be used, because %v: give files in PEM that belong together.", err)
		}
	}
	for _, p := range w.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				wrong.Add("trusted-proxies has %q: give networks such as 10.0.0.0/8, or addresses.", p)
			}
		}
	}
}

func (a Admin) check(wrong *fault.Complaints) {
	if a.APIKey != "" && !secret.IsAPIKey(a.APIKey.Reveal()) {
		wrong.Add("admin-api-key has a form that clients refuse: give API- followed by upper-case letters and digits.")
	}
	if a.Username == "" && (a.Password != "" || a.APIKey != "" || a.Email != "") {
		wrong.Add("admin-username is missing although the administrator's password, key or mail address is given: give the name too.")
	}
	if a.Username != "" && a.Password == "" && a.APIKey == "" {
		wrong.Add("admin-password is missing: %s could not sign in; give a password, an admin-api-key, or both.", a.Username)
	}
	if a.Email != "" {
		if _, err := mail.ParseAddress(a.Email); err != nil {
			wrong.Add("admin-email is %q: give a mail address.", a.Email)
		}
	}
}

func (b Blob) check(wrong *fault.Complaints) {
	checkPlace(wrong, "blob-store", b.Store)
	checkService(wrong, "blob", b.Endpoint, b.AccessKey, b.SecretKey)
}

func (b Backup) check(wrong *fault.Complaints) {
	if b.To != "" {
		checkPlace(wrong, "backup-to", b.To)
	}
	b.checkRestore(wrong)
	checkService(wrong, "backup", b.Endpoint, b.AccessKey, b.SecretKey)
	if b.Keep < time.Hour {
		wrong.Add("backup-keep is %s: give an hour at least, such as 168h for a week.", b.Keep)
	}
	if b.Drill < 0 || b.Drill > 0 && b.Drill < time.Minute {
		wrong.Add("backup-drill is %s: give a minute at least, or 0 for never.", b.Drill)
	}
}

func (b Backup) checkRestore(wrong *fault.Complaints) {
	r := b.Return
	if b.To == "" && (r.Name != "" || b.Restore != "" && b.Restore != "never") {
		wrong.Add("backup-restore needs backup-to: name the folder or bucket that has the backup.")
	}
	if r.Name == "" && (r.At != "" || r.From != "" || r.Files != "") {
		wrong.Add("backup-restore-name is missing although it is said what to restore: give each restore a name, since it is done once for each.")
	}
	if _, err := time.Parse(time.RFC3339, r.At); r.At != "" && err != nil {
		wrong.Add("backup-restore-at is %q: give a time such as 2026-11-27T09:30:00Z.", r.At)
	}
	for name, place := range map[string]string{"backup-restore-from": r.From, "backup-restore-files": r.Files} {
		if place != "" {
			checkPlace(wrong, name, place)
		}
	}
}

// checkPlace refuses what is neither a folder nor in a bucket.
func checkPlace(wrong *fault.Complaints, name, place string) {
	scheme, rest, isURL := strings.Cut(place, "://")
	switch {
	case !isURL:
	case scheme != "s3":
		wrong.Add("%s is %q: give a folder, or s3://bucket/prefix.", name, place)
	case strings.Trim(rest, "/") == "" || strings.HasPrefix(rest, "/"):
		wrong.Add("%s names no bucket: give s3://bucket/prefix.", name)
	}
}

// checkService looks at how a storage service is reached.
func checkService(wrong *fault.Complaints, prefix, endpoint, accessKey string, secretKey secret.Text) {
	if endpoint != "" {
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			wrong.Add("%s-endpoint is %q: give the whole address, such as https://minio.example.com:9000.", prefix, endpoint)
		}
	}
	if (accessKey == "") != (secretKey == "") {
		wrong.Add("%s-access-key and %s-secret-key belong together: give both or neither.", prefix, prefix)
	}
}

func (m SMTP) check(wrong *fault.Complaints) {
	if m.Host == "" {
		return
	}
	if m.Port < 1 || m.Port > 65535 {
		wrong.Add("smtp-port is %d: give a port, usually 587, 465 or 25.", m.Port)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		wrong.Add("smtp-from is %q: give the mail address that mails come from.", m.From)
	}
	if m.Password != "" && m.Username == "" {
		wrong.Add("smtp-username is missing although smtp-password is given: give both or neither.")
	}
	if m.Timeout <= 0 {
		wrong.Add("smtp-timeout is not above zero: give a time such as 30s.")
	}
}
