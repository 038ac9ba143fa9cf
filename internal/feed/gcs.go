package feed

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
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// cloudStorage is packages in buckets of Google's. An id is bucket/folder/Name,
// and the object is folder/Name.Version.extension.
type cloudStorage struct{ *remote }

const (
	googleStorage = "https://storage.googleapis.com"
	googleScope   = "https://www.googleapis.com/auth/devstorage.read_only"
)

func newCloudStorage(ctx context.Context, r *remote) (*cloudStorage, error) {
	var text string
	err := r.feeds.DB.View(ctx, func(tx *store.Tx) (err error) {
		text, err = r.feed.ServiceAccountJSONKey.Open(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.base, err = url.Parse(googleStorage); err != nil {
		return nil, err
	}
	if text == "" {
		return &cloudStorage{r}, nil // public buckets need no login
	}
	r.token, err = r.googleToken(ctx, text)
	return &cloudStorage{r}, err
}

// googleToken exchanges a service account's key for a token.
func (r *remote) googleToken(ctx context.Context, text string) (string, error) {
	// Keys are kept as text, or in base64 as some clients send files.
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(raw)
	}
	var account struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		Door  string `json:"token_uri"`
	}
	bad := r.say(fault.Invalid, "has a service account key that cannot be read.")
	if json.Unmarshal([]byte(text), &account) != nil {
		return "", bad
	}
	block, _ := pem.Decode([]byte(account.Key))
	if block == nil {
		return "", bad
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return "", bad
	}
	if account.Door == "" {
		account.Door = "https://oauth2.googleapis.com/token"
	}
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{"iss": account.Email, "scope": googleScope, "aud": account.Door, "iat": now, "exp": now + 3600})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", bad
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed + "." + part(signature)}}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, account.Door, strings.NewReader(form.Encode()))
	if err != nil {
		return "", bad
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := r.feeds.client().Do(q)
	if err != nil {
		return "", r.say(fault.Unavailable, "cannot be reached at %s.", q.URL.Host)
	}
	defer drop(answer)
	var given struct {
		Token string `json:"access_token"`
	}
	if err := decodeJSON(answer.Body, &given); err != nil || given.Token == "" {
		return "", r.say(fault.Invalid, "refuses the login (%s answers %s).", q.URL.Host, answer.Status)
	}
	return given.Token, nil
}

func (f *cloudStorage) Format() version.Format { return version.SemVer }

type googleObject struct {
	Name, Updated string
	Size          string // a number, as text
}

// each calls visit for each package whose id begins with a text.
func (f *cloudStorage) each(ctx context.Context, beginning string, visit func(id string, p version.PackageFile, o googleObject)) error {
	name, prefix, _ := strings.Cut(beginning, "/")
	if name == "" {
		return nil
	}
	token := ""
	for range mostPages {
		var list struct {
			Items         []googleObject
			NextPageToken string
		}
		query := []string{"prefix", prefix, "maxResults", "1000"}
		if token != "" {
			query = append(query, "pageToken", token)
		}
		if _, err := f.readJSON(ctx, f.at([]string{"storage", "v1", "b", name, "o"}, query...), &list); err != nil {
			return absent(err)
		}
		for _, o := range list.Items {
			if p, err := version.ParsePackageFile(o.Name); err == nil {
				visit(name+"/"+o.Name[:strings.LastIndexByte(o.Name, '/')+1]+p.ID, p, o)
			}
		}
		if token = list.NextPageToken; token == "" {
			return nil
		}
	}
	return nil
}

func (f *cloudStorage) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	var all []Package
	seen := map[string]bool{}
	if !strings.Contains(term, "/") {
		var list struct{ Items []struct{ Name string } }
		if f.feed.Project == "" {
			return nil, 0, nil
		}
		if _, err := f.readJSON(ctx, f.at([]string{"storage", "v1", "b"}, "project", f.feed.Project, "prefix", term), &list); err != nil {
			return nil, 0, err
		}
		for _, b := range list.Items {
			all = append(all, Package{ID: b.Name})
		}
	} else if err := f.each(ctx, term, func(id string, _ version.PackageFile, _ googleObject) {
		if !seen[id] {
			seen[id] = true
			all = append(all, Package{ID: id})
		}
	}); err != nil {
		return nil, 0, err
	}
	all, total := page(all, skip, take)
	return all, total, nil
}

func (f *cloudStorage) Versions(ctx context.Context, id string) (all []Package, err error) {
	err = f.each(ctx, id+".", func(found string, p version.PackageFile, o googleObject) {
		if found == id {
			all = append(all, Package{ID: id, Version: p.Version, Extension: p.Extension, Published: parseTime(o.Updated)})
		}
	})
	return highest(version.SemVer, all), err
}

func (f *cloudStorage) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		object, extension := "", ""
		err := f.each(ctx, id+".", func(found string, p version.PackageFile, o googleObject) {
			if found == id && normalNuGet(p.Version) == normalNuGet(text) {
				object, extension = o.Name, p.Extension
			}
		})
		if err == nil && object == "" {
			err = f.say(fault.NotFound, "has no version %s of %s.", text, id)
		}
		if err != nil {
			return nil, 0, "", err
		}
		name, _, _ := strings.Cut(id, "/")
		body, size, err := f.fetch(ctx, f.at([]string{"storage", "v1", "b", name, "o", object}, "alt", "media"), "")
		return body, size, extension, err
	})
}
