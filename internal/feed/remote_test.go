package feed_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// stock is what a fake server answers, by path and query; {} stands for its
// own address. An answer that begins with "!" is a status.
type stock map[string]string

func (s stock) server(t *testing.T, login string) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if login != "" && user+":"+password != login {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer, ok := s[r.URL.RequestURI()]
		if !ok {
			answer, ok = s[r.URL.EscapedPath()]
		}
		if !ok {
			t.Logf("nothing at %s", r.URL.RequestURI())
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, strings.ReplaceAll(answer, "{}", server.URL))
	}))
	t.Cleanup(server.Close)
	return server
}

// add makes a feed and gives its id.
func (d *depot) add(f catalog.Feed) string {
	d.Helper()
	f.SpaceID, f.Name = space, "Feed "+f.FeedType
	one, none := 1, 0
	f.DownloadAttempts, f.DownloadRetryBackoffSeconds = &one, &none
	err := d.feeds.DB.Do(d.Context(), func(tx *store.Tx) error { return catalog.Feeds.Put(tx, &f) })
	if err != nil {
		d.Fatal(err)
	}
	return f.ID
}

func (d *depot) at(id string) feed.Feed {
	d.Helper()
	f, err := d.feeds.At(d.Context(), space, id)
	if err != nil {
		d.Fatal(err)
	}
	return f
}

// shows checks what a feed lists and gives.
func (d *depot) shows(id, packageID, versions, term, found, open, content string) {
	d.Helper()
	f := d.at(id)
	all, err := f.Versions(d.Context(), packageID)
	var texts []string
	for _, p := range all {
		texts = append(texts, p.Version)
	}
	if diff := cmp.Diff(versions, strings.Join(texts, " ")); diff != "" || err != nil {
		d.Errorf("%s: %v %s", id, err, diff)
	}
	if none, err := f.Versions(d.Context(), "no/such"); err != nil || len(none) > 0 {
		d.Errorf("what is not there: %v %v", none, err)
	}
	hits, total, err := f.Search(d.Context(), term, 0, 10)
	texts = nil
	for _, p := range hits {
		texts = append(texts, p.ID)
	}
	if diff := cmp.Diff(found, strings.Join(texts, " ")); diff != "" || err != nil || total < len(hits) {
		d.Errorf("%s: %v %s", id, err, diff)
	}
	if open == "" {
		return
	}
	for range 2 { // the second time it is kept
		file, opener, err := d.feeds.Open(d.Context(), space, id, packageID, open)
		if err != nil {
			d.Errorf("%s: %v", id, err)
			return
		}
		r, err := opener()
		if err != nil {
			d.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if string(got) != content || err != nil || file.Size != int64(len(content)) || len(file.Hash) != 64 {
			d.Errorf("%s: %q %v %+v", id, got, err, file)
		}
		if _, err := file.FileName(); err != nil {
			d.Error(err)
		}
	}
	if _, _, err := d.feeds.Open(d.Context(), space, id, packageID, "99.9.9"); !fault.Is(err, fault.NotFound) {
		d.Errorf("%s: %v", id, err)
	}
	for _, bad := range []string{"../../secret", "a/../b", "a?b", "a\nb"} {
		if _, err := f.Versions(d.Context(), bad); !fault.Is(err, fault.Invalid) {
			d.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNuGet3(t *testing.T) {
	d := newDepot(t)
	s := stock{
		"/v3/index.json": `{"resources":[{"@id":"{}/search","@type":"SearchQueryService/3.5.0"},{"@id":"{}/flat/","@type":["PackageBaseAddress/3.0.0"]}]}`,
		"/search?prerelease=true&q=acme&semVerLevel=2.0.0&skip=0&take=10": `{"totalHits":7,"data":[{"id":"Acme.Web","version":"1.1.0","description":"d"}]}`,
		"/flat/acme.web/index.json":                                       `{"versions":["1.0.0","1.1.0","2.0.0-beta"]}`,
		"/flat/acme.web/1.1.0/acme.web.1.1.0.nupkg":                       "PK nupkg",
	}.server(t, "bot:pw")
	secret := kind.NewSensitive("pw")
	id := d.add(catalog.Feed{FeedType: "NuGet", FeedURI: s.URL + "/v3/index.json", Username: "bot", Password: &secret})
	d.shows(id, "Acme.Web", "2.0.0-beta 1.1.0 1.0.0", "acme", "Acme.Web", "1.1.0.0", "PK nupkg")
	if has, err := d.feeds.Has(t.Context(), space, id, "acme.web", "1.1"); err != nil || !has {
		t.Error(has, err)
	}
	wrong := kind.NewSensitive("wrong")
	f := catalog.Feed{FeedType: "NuGet", FeedURI: s.URL + "/v3/index.json", Username: "bot", Password: &wrong}
	f.ID = "Feeds-77"
	err := d.feeds.DB.Do(t.Context(), func(tx *store.Tx) error {
		f.SpaceID, f.Name = space, "Wrong"
		return catalog.Feeds.Put(tx, &f)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.at("Feeds-77").Versions(t.Context(), "Acme.Web"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "refuses the login") || strings.Contains(err.Error(), "wrong") {
		t.Error(err)
	}
}

func TestNuGet2(t *testing.T) {
	d := newDepot(t)
	entry := func(id, v string) string {
		return `<entry><title>` + id + `</title><m:properties><d:Version>` + v + `</d:Version><d:Published>2024-05-06T07:08:09.1</d:Published></m:properties></entry>`
	}
	const head = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="m" xmlns:d="d"><m:count>1</m:count>`
	s := stock{
		"/api/FindPackagesById%28%29?id=%27Acme%27&semVerLevel=2.0.0": head + entry("Acme", "1.0") + `<link rel="next" href="{}/next"/></feed>`,
		"/next": head + entry("Acme", "1.1") + `</feed>`,
		"/api/FindPackagesById%28%29?id=%27no%2Fsuch%27&semVerLevel=2.0.0": head + `</feed>`,
		"/api/Search%28%29":     head + entry("Acme", "1.1") + `</feed>`,
		"/api/package/Acme/1.1": "PK",
	}.server(t, "")
	id := d.add(catalog.Feed{FeedType: "NuGet", FeedURI: s.URL + "/api/"})
	d.shows(id, "Acme", "1.0 1.1", "x", "Acme", "1.1", "PK")
	all, err := d.at(id).Versions(t.Context(), "Acme")
	if err != nil || all[0].Published.Year() != 2024 {
		t.Error(all, err)
	}
}

func TestNuGetFolder(t *testing.T) {
	d := newDepot(t)
	dir := t.TempDir()
	for name, content := range map[string]string{"Acme.1.0.0.nupkg": "one", "sub/Acme.1.1.0.nupkg": "two", "readme.txt": "x", "strange.nupkg": "x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d.shows(d.add(catalog.Feed{FeedType: "NuGet", FeedURI: dir}), "acme", "1.0.0 1.1.0", "AC", "Acme", "1.1", "two")
}

func TestMaven(t *testing.T) {
	d := newDepot(t)
	s := stock{
		"/repo/org/acme/web/maven-metadata.xml":                `<metadata><versioning><versions><version>1.0</version><version>1.1-SNAPSHOT</version></versions></versioning></metadata>`,
		"/repo/org/acme/web/1.0/web-1.0.jar":                   "jar",
		"/repo/org/acme/web/1.1-SNAPSHOT/maven-metadata.xml":   `<metadata><versioning><snapshotVersions><snapshotVersion><extension>war</extension><value>1.1-2024.1-7</value></snapshotVersion></snapshotVersions></versioning></metadata>`,
		"/repo/org/acme/web/1.1-SNAPSHOT/web-1.1-2024.1-7.war": "war",
		"/repo/org/acme/web/1.0/web-1.0-sources.zip":           "sources",
	}.server(t, "")
	id := d.add(catalog.Feed{FeedType: "Maven", FeedURI: s.URL + "/repo"})
	d.shows(id, "org.acme:web", "1.1-SNAPSHOT 1.0", "org.acme:web", "org.acme:web", "1.0", "jar")
	d.shows(id, "org.acme:web", "1.1-SNAPSHOT 1.0", "web", "", "1.1-SNAPSHOT", "war")
	d.shows(id, "org.acme:web:zip:sources", "1.1-SNAPSHOT 1.0", "web", "", "1.0", "sources")
}

// fakeRegistry speaks enough of the registry protocol, with tokens.
func fakeRegistry(t *testing.T) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			user, password, _ := r.BasicAuth()
			if user != "bot" || password != "pw" || r.URL.Query().Get("service") != "fake" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			io.WriteString(w, `{"token":"t0ken"}`)
			return
		}
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="fake",scope="repository:x:pull"`, s.URL))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.RequestURI() {
		case "/v2/_catalog?n=1000":
			w.Header().Set("Link", `</v2/_catalog?n=1000&last=acme/web>; rel="next"`)
			io.WriteString(w, `{"repositories":["acme/web"]}`)
		case "/v2/_catalog?n=1000&last=acme/web":
			io.WriteString(w, `{"repositories":["charts/acme/shop","acme/api"]}`)
		case "/v2/acme/web/tags/list?n=1000":
			io.WriteString(w, `{"tags":["1.0","latest","2.0-alpine"]}`)
		case "/v2/charts/acme/shop/tags/list?n=1000":
			io.WriteString(w, `{"tags":["0.1.0","0.2.0_b7","latest"]}`)
		case "/v2/charts/acme/shop/manifests/0.2.0_b7":
			json.NewEncoder(w).Encode(map[string]any{"layers": []any{map[string]string{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "sha256:abc"}}})
		case "/v2/charts/acme/shop/blobs/sha256:abc":
			io.WriteString(w, "chart")
		default:
			t.Logf("nothing at %s", r.URL.RequestURI())
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestRegistries(t *testing.T) {
	d := newDepot(t)
	s := fakeRegistry(t)
	secret := kind.NewSensitive("pw")
	id := d.add(catalog.Feed{FeedType: "Docker", FeedURI: s.URL + "/v2/", Username: "bot", Password: &secret})
	d.shows(id, "acme/web", "1.0 latest 2.0-alpine", "ACME", "acme/web charts/acme/shop acme/api", "", "")
	if _, _, err := d.feeds.Open(t.Context(), space, id, "acme/web", "1.0"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	secret = kind.NewSensitive("pw")
	id = d.add(catalog.Feed{FeedType: "OciRegistry", FeedURI: s.URL + "/charts", Username: "bot", Password: &secret})
	d.shows(id, "acme/shop", "0.1.0 0.2.0+b7", "shop", "acme/shop", "0.2.0+b7", "chart")
}

func TestIndexes(t *testing.T) {
	d := newDepot(t)
	s := stock{
		"/helm/index.yaml":                  "entries:\n  shop:\n  - version: 0.2.0\n    description: A shop\n    created: 2024-05-06T07:08:09Z\n    urls: [files/shop-0.2.0.tgz]\n  - version: 0.1.0\n    urls: ['{}/other.tgz']\n",
		"/helm/files/shop-0.2.0.tgz":        "chart",
		"/npm/@acme%2Fweb":                  `{"versions":{"1.0.0":{"dist":{"tarball":"{}/npm/web.tgz"}},"1.10.0":{"dist":null},"1.9.0":{"dist":null}},"time":{"1.0.0":"2024-05-06T07:08:09.123Z"}}`,
		"/npm/web.tgz":                      "tarball",
		"/npm/-/v1/search":                  `{"total":1,"objects":[{"package":{"name":"@acme/web","version":"1.10.0"}}]}`,
		"/simple/acme-web/":                 `{"versions":["1.0rc1","1.0","1.1"],"files":[{"filename":"acme_web-1.0-py3-none-any.whl","url":"{}/f/w.whl"},{"filename":"acme_web-1.0.tar.gz","url":"../../f/s.tar.gz","size":7},{"filename":"acme-web-1.0rc1.zip","url":"{}/f/rc.zip"}]}`,
		"/f/s.tar.gz":                       "sources",
		"/gh/repos/acme/web/releases":       `[{"tag_name":"v1.1.0","name":"Eleven","body":"notes","published_at":"2024-05-06T07:08:09Z"}]`,
		"/gh/repos/acme/web/tags":           `[{"name":"v1.1.0"},{"name":"v1.0.0"},{"name":"nightly build"}]`,
		"/gh/repos/acme/web/zipball/v1.1.0": "zipball",
		"/gh/search/repositories":           `{"total_count":1,"items":[{"full_name":"acme/web","description":"d"}]}`,
	}.server(t, "")
	d.shows(d.add(catalog.Feed{FeedType: "Helm", FeedURI: s.URL + "/helm/"}), "shop", "0.2.0 0.1.0", "SH", "shop", "0.2.0", "chart")
	d.shows(d.add(catalog.Feed{FeedType: "Npm", FeedURI: s.URL + "/npm"}), "@acme/web", "1.10.0 1.9.0 1.0.0", "web", "@acme/web", "1.0.0", "tarball")
	d.shows(d.add(catalog.Feed{FeedType: "PyPi", FeedURI: s.URL + "/simple/"}), "Acme.Web", "1.0 1.0rc1", "acme_web", "acme_web", "1.0", "sources")
	id := d.add(catalog.Feed{FeedType: "GitHub", FeedURI: s.URL + "/gh"})
	d.shows(id, "acme/web", "v1.1.0 v1.0.0", "web", "acme/web", "v1.1.0", "zipball")
	all, err := d.at(id).Versions(t.Context(), "acme/web")
	if err != nil || all[0].ReleaseNotes != "notes" || all[0].Published.Year() != 2024 {
		t.Error(all, err)
	}
}

func TestS3(t *testing.T) {
	d := newDepot(t)
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	if err := backend.CreateBucket("acme"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web/Shop.1.0.0.zip", "web/Shop.1.10.0.zip", "web/Shop.Api.1.0.0.zip", "web/readme"} {
		if _, err := backend.PutObject("acme", name, map[string]string{"Last-Modified": "Mon, 06 May 2024 07:08:09 GMT"}, strings.NewReader(name), int64(len(name)), nil); err != nil {
			t.Fatal(err)
		}
	}
	d.feeds.S3 = server.URL
	secret := kind.NewSensitive("pw")
	id := d.add(catalog.Feed{FeedType: "S3", AccessKey: "key", SecretKey: &secret, Region: "us-east-1"})
	d.shows(id, "acme/web/Shop", "1.10.0 1.0.0", "acme/we", "acme/web/Shop acme/web/Shop.Api", "1.10.0", "web/Shop.1.10.0.zip")
}

// TestPatience has a server that is out of order at first.
func TestPatience(t *testing.T) {
	d := newDepot(t)
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		io.WriteString(w, "entries: {shop: [{version: 1.0.0}]}")
	}))
	defer s.Close()
	id := d.add(catalog.Feed{FeedType: "Helm", FeedURI: s.URL})
	f := d.at(id)
	// Helm feeds do not say how patient they are.
	if _, err := f.Versions(t.Context(), "shop"); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	three, none := 3, 0
	maven := catalog.Feed{FeedType: "Npm", FeedURI: s.URL, DownloadAttempts: &three, DownloadRetryBackoffSeconds: &none}
	maven.SpaceID, maven.Name = space, "Patient"
	err := d.feeds.DB.Do(t.Context(), func(tx *store.Tx) error { return catalog.Feeds.Put(tx, &maven) })
	if err != nil {
		t.Fatal(err)
	}
	asked.Store(0)
	if _, err := d.at(maven.ID).Versions(t.Context(), "x"); asked.Load() != 3 || !fault.Is(err, fault.Invalid) {
		t.Error(asked.Load(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.at(maven.ID).Versions(ctx, "x"); err == nil {
		t.Error("a canceled look")
	}
	s.Close()
	if _, err := f.Versions(t.Context(), "shop"); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "cannot be reached") {
		t.Error(err)
	}
}

// elsewhereHTTP sends requests for certain hosts to a server of the test.
type elsewhereHTTP map[string]string

func (m elsewhereHTTP) RoundTrip(q *http.Request) (*http.Response, error) {
	if to, ok := m[q.URL.Host]; ok {
		q = q.Clone(q.Context())
		q.URL.Scheme, q.URL.Host = "http", strings.TrimPrefix(to, "http://")
	}
	return http.DefaultTransport.RoundTrip(q)
}

func TestECR(t *testing.T) {
	d := newDepot(t)
	login := base64.StdEncoding.EncodeToString([]byte("bot:pw"))
	s := fakeRegistry(t)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKID/") || r.Header.Get("X-Amz-Target") != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"message":"no"}`)
			return
		}
		fmt.Fprintf(w, `{"authorizationData":[{"authorizationToken":%q,"proxyEndpoint":%q}]}`, login, s.URL)
	}))
	defer api.Close()
	d.feeds.HTTP = &http.Client{Transport: elsewhereHTTP{"api.ecr.eu-west-1.amazonaws.com": api.URL}}
	secret := kind.NewSensitive("shh")
	id := d.add(catalog.Feed{FeedType: "AwsElasticContainerRegistry", Region: "eu-west-1", AccessKey: "AKID", SecretKey: &secret})
	d.shows(id, "acme/web", "1.0 latest 2.0-alpine", "web", "acme/web", "", "")
}

func TestCloudStorage(t *testing.T) {
	d := newDepot(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const list = `{"items":[{"name":"web/Shop.1.0.0.zip","updated":"2024-05-06T07:08:09Z"},{"name":"web/Shop.1.10.0.zip"},{"name":"web/Shop.Api.1.0.0.zip"},{"name":"web/notes"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			parts := strings.Split(r.FormValue("assertion"), ".")
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			signature, err := base64.RawURLEncoding.DecodeString(parts[2])
			if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			io.WriteString(w, `{"access_token":"t0ken"}`)
		case r.Header.Get("Authorization") != "Bearer t0ken":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.EscapedPath() == "/storage/v1/b/acme/o":
			io.WriteString(w, list)
		case r.URL.EscapedPath() == "/storage/v1/b/acme/o/web%2FShop.1.10.0.zip":
			io.WriteString(w, "zip")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	d.feeds.HTTP = &http.Client{Transport: elsewhereHTTP{"storage.googleapis.com": server.URL}}
	account, err := json.Marshal(map[string]string{"client_email": "a@b", "token_uri": server.URL + "/token", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err != nil {
		t.Fatal(err)
	}
	secret := kind.NewSensitive(string(account))
	id := d.add(catalog.Feed{FeedType: "GcsStorage", ServiceAccountJSONKey: &secret})
	d.shows(id, "acme/web/Shop", "1.10.0 1.0.0", "acme/we", "acme/web/Shop acme/web/Shop.Api", "1.10.0", "zip")
}

// TestASilentFeedIsGivenUp downloads from servers that send nothing, or nothing
// more.
func TestASilentFeedIsGivenUp(t *testing.T) {
	for name, begin := range map[string]string{"from the beginning": "", "in the middle": "half"} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if begin != "" {
					io.WriteString(w, begin)
					w.(http.Flusher).Flush()
				}
				select {
				case <-r.Context().Done():
				case <-over:
				}
			}))
			t.Cleanup(s.Close)
			t.Cleanup(func() { close(over) })
			d := newDepot(t)
			d.feeds.Silence = 300 * time.Millisecond
			_, _, err := d.feeds.Open(t.Context(), space, d.add(catalog.Feed{FeedType: "GitHub", FeedURI: s.URL}), "acme/web", "1.0.0")
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "has sent nothing for 300ms") {
				t.Error(err)
			}
		})
	}
}
