package feed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// newECR is a registry of Amazon, which tells its address and gives a login for
// some hours to whoever signs for it.
func newECR(ctx context.Context, r *remote) (*registry, error) {
	key, err := r.amazonKey(ctx)
	if err != nil {
		return nil, err
	}
	body := []byte("{}")
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.ecr."+r.feed.Region+".amazonaws.com/", bytes.NewReader(body))
	if err != nil {
		return nil, r.say(fault.Invalid, "has a region %q that cannot be right.", r.feed.Region)
	}
	q.Header.Set("Content-Type", "application/x-amz-json-1.1")
	q.Header.Set("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
	signAmazon(q, body, key, r.feed.Region, "ecr", time.Now())
	answer, err := r.feeds.client().Do(q)
	if err != nil {
		return nil, r.say(fault.Unavailable, "cannot be reached at %s.", q.URL.Host)
	}
	defer drop(answer)
	var given struct {
		AuthorizationData []struct{ AuthorizationToken, ProxyEndpoint string }
		Message           string
	}
	if err := decodeJSON(answer.Body, &given); err != nil || answer.StatusCode >= 500 {
		return nil, r.say(fault.Unavailable, "cannot answer now (%s answers %s).", q.URL.Host, answer.Status)
	}
	if answer.StatusCode != http.StatusOK || len(given.AuthorizationData) == 0 {
		return nil, r.say(fault.Invalid, "refuses the login (%s answers %s: %s).", q.URL.Host, answer.Status, given.Message)
	}
	login, err := base64.StdEncoding.DecodeString(given.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		return nil, r.say(fault.Invalid, "gives a login that cannot be read.")
	}
	r.user, r.password, _ = strings.Cut(string(login), ":")
	if r.base, err = url.Parse(given.AuthorizationData[0].ProxyEndpoint); err != nil || r.base.Host == "" {
		return nil, r.say(fault.Invalid, "gives an address that cannot be read.")
	}
	return newRegistry(r), nil
}

// amazonKey gives the feed's keys, or those of the machine the server runs on.
func (r *remote) amazonKey(ctx context.Context) (credentials.Value, error) {
	if r.feed.AccessKey == "" || r.feed.UseMachineCredentials != nil && *r.feed.UseMachineCredentials {
		v, err := credentials.NewIAM("").Get()
		if err != nil {
			return v, r.say(fault.Invalid, "is to use the role of this machine, which has none.")
		}
		return v, nil
	}
	v := credentials.Value{AccessKeyID: r.feed.AccessKey}
	err := r.feeds.DB.View(ctx, func(tx *store.Tx) (err error) {
		v.SecretAccessKey, err = r.feed.SecretKey.Open(tx)
		return err
	})
	return v, err
}

// signAmazon signs a request in the way that Amazon calls version 4.
func signAmazon(q *http.Request, body []byte, key credentials.Value, region, service string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	q.Header.Set("X-Amz-Date", stamp)
	if key.SessionToken != "" {
		q.Header.Set("X-Amz-Security-Token", key.SessionToken)
	}
	lines := []string{"host:" + q.URL.Host}
	for name, values := range q.Header {
		lines = append(lines, strings.ToLower(name)+":"+strings.TrimSpace(strings.Join(values, ",")))
	}
	slices.Sort(lines)
	names := make([]string, len(lines))
	for i, l := range lines {
		names[i], _, _ = strings.Cut(l, ":")
	}
	signed := strings.Join(names, ";")
	path := q.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	sum := sha256.Sum256(body)
	canonical := sha256.Sum256([]byte(strings.Join([]string{q.Method, path, q.URL.Query().Encode(), strings.Join(lines, "\n") + "\n", signed, hex.EncodeToString(sum[:])}, "\n")))
	scope := strings.Join([]string{stamp[:8], region, service, "aws4_request"}, "/")
	secret := []byte("AWS4" + key.SecretAccessKey)
	for _, part := range []string{stamp[:8], region, service, "aws4_request", strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(canonical[:])}, "\n")} {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(part))
		secret = h.Sum(nil)
	}
	q.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", key.AccessKeyID, scope, signed, secret))
}
