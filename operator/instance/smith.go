package instance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// smith makes and takes back keys to the bucket, at a service that speaks as
// Amazon's IAM does.
type smith struct {
	endpoint, access, secret string
	now                      func() time.Time
}

// amazon is where Amazon's own is.
const amazon = "https://iam.amazonaws.com"

// smith is the one of the cloud; nil where instances have the cloud's own key.
func (c Cloud) smith(now func() time.Time) *smith {
	endpoint := c.IAM
	if endpoint == "" && c.Endpoint == "" {
		endpoint = amazon
	}
	if endpoint == "" || endpoint == "off" || c.AccessKey == "" {
		return nil
	}
	return &smith{endpoint, c.AccessKey, c.SecretKey, now}
}

// userOf names the one that the keys of a prefix belong to.
func userOf(prefix string) string {
	name := "tako-" + prefix
	if len(name) > 64 { // the service takes no more
		sum := sha256.Sum256([]byte(prefix))
		name = name[:51] + "-" + hex.EncodeToString(sum[:6])
	}
	return name
}

// grant is what an instance may do: everything below its prefix, and to read
// below that of the instance whose backup it brings back.
func (c Cloud) grant(prefix, from string) (string, error) {
	rest, _ := strings.CutPrefix(c.Place, "s3://")
	bucket, root, _ := strings.Cut(strings.Trim(rest, "/"), "/")
	if root != "" {
		root += "/"
	}
	arn := "arn:aws:s3:::" + bucket
	type object = map[string]any
	listed := []string{root + prefix + "/*"}
	statements := []object{{"Effect": "Allow", "Action": []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, "Resource": arn + "/" + root + prefix + "/*"}}
	if from != "" && from != prefix {
		listed = append(listed, root+from+"/*")
		statements = append(statements, object{"Effect": "Allow", "Action": []string{"s3:GetObject"}, "Resource": arn + "/" + root + from + "/*"})
	}
	statements = append(statements,
		object{"Effect": "Allow", "Action": []string{"s3:ListBucket"}, "Resource": arn, "Condition": object{"StringLike": object{"s3:prefix": listed}}},
		object{"Effect": "Allow", "Action": []string{"s3:GetBucketLocation"}, "Resource": arn})
	text, err := json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return "", fmt.Errorf("writing the rights in the bucket: %w", err)
	}
	return string(text), nil
}

// policyName is that of what a user may do.
const policyName = "prefix"

// admit makes the user, if need be, and lets it do what the policy says.
func (s *smith) admit(ctx context.Context, user, policy string) error {
	if err := s.ask(ctx, "CreateUser", url.Values{"UserName": {user}}, nil); err != nil && !said(err, "EntityAlreadyExists") {
		return err
	}
	return s.ask(ctx, "PutUserPolicy", url.Values{"UserName": {user}, "PolicyName": {policyName}, "PolicyDocument": {policy}}, nil)
}

// accessKey is one of a user's.
type accessKey struct {
	ID     string    `xml:"AccessKeyId"`
	Secret string    `xml:"SecretAccessKey"`
	Made   time.Time `xml:"CreateDate"`
}

// forge makes a key. Of those before it leaves the one alone that a server may be
// at work with, which is the newest where nobody knows; the others were lost on the
// way.
func (s *smith) forge(ctx context.Context, user, inUse string) (made accessKey, err error) {
	had, err := s.keys(ctx, user)
	if err != nil {
		return made, err
	}
	slices.SortFunc(had, func(a, b accessKey) int { return b.Made.Compare(a.Made) })
	if !slices.ContainsFunc(had, func(k accessKey) bool { return k.ID == inUse }) && len(had) > 0 {
		inUse = had[0].ID
	}
	if err := s.leave(ctx, user, had, inUse); err != nil {
		return made, err
	}
	var answer struct {
		Key accessKey `xml:"CreateAccessKeyResult>AccessKey"`
	}
	if err := s.ask(ctx, "CreateAccessKey", url.Values{"UserName": {user}}, &answer); err != nil {
		return made, err
	}
	if answer.Key.ID == "" || answer.Key.Secret == "" {
		return made, fmt.Errorf("the service at %s made a key and does not say which", s.endpoint)
	}
	return answer.Key, nil
}

func (s *smith) keys(ctx context.Context, user string) ([]accessKey, error) {
	var answer struct {
		Keys []accessKey `xml:"ListAccessKeysResult>AccessKeyMetadata>member"`
	}
	err := s.ask(ctx, "ListAccessKeys", url.Values{"UserName": {user}}, &answer)
	return answer.Keys, err
}

// leave takes all of a user's keys back but one.
func (s *smith) leave(ctx context.Context, user string, had []accessKey, id string) error {
	for _, k := range had {
		if k.ID == id {
			continue
		}
		if err := s.drop(ctx, user, k.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *smith) drop(ctx context.Context, user, id string) error {
	return gone(s.ask(ctx, "DeleteAccessKey", url.Values{"UserName": {user}, "AccessKeyId": {id}}, nil))
}

// dismiss removes the user with its keys.
func (s *smith) dismiss(ctx context.Context, user string) error {
	had, err := s.keys(ctx, user)
	if gone(err) != nil {
		return err
	}
	if err := s.leave(ctx, user, had, ""); err != nil {
		return err
	}
	if err := gone(s.ask(ctx, "DeleteUserPolicy", url.Values{"UserName": {user}, "PolicyName": {policyName}}, nil)); err != nil {
		return err
	}
	return gone(s.ask(ctx, "DeleteUser", url.Values{"UserName": {user}}, nil))
}

// refused is what the service says when it does not do what it is asked.
type refused struct {
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`
}

func (r *refused) Error() string { return r.Code + ": " + r.Message }

func said(err error, code string) bool {
	var r *refused
	return errors.As(err, &r) && r.Code == code
}

// gone takes what is not there for removed.
func gone(err error) error {
	if said(err, "NoSuchEntity") {
		return nil
	}
	return err
}

// ask sends a request, signed.
func (s *smith) ask(ctx context.Context, action string, with url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	with.Set("Action", action)
	with.Set("Version", "2010-05-08")
	body := with.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.endpoint, "/")+"/", strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("asking for access to the bucket: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	s.sign(r, body)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("asking for access to the bucket (%s): %w", action, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("asking for access to the bucket (%s): %w", action, err)
	}
	if answer.StatusCode/100 != 2 {
		why := &refused{}
		if xml.Unmarshal(text, why) != nil || why.Code == "" {
			why = &refused{answer.Status, "it says no more"}
		}
		return fmt.Errorf("%s at %s: %w", action, s.endpoint, why)
	}
	if into == nil {
		return nil
	}
	if err := xml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", action, err)
	}
	return nil
}

// sign signs a request as version 4 of Amazon's signatures asks.
func (s *smith) sign(r *http.Request, body string) {
	at := s.now().UTC()
	day, stamp := at.Format("20060102"), at.Format("20060102T150405Z")
	sum := sha256.Sum256([]byte(body))
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	const signed = "content-type;host;x-amz-content-sha256;x-amz-date"
	canonical := strings.Join([]string{r.Method, "/", "", "content-type:" + r.Header.Get("Content-Type"), "host:" + r.URL.Host,
		"x-amz-content-sha256:" + r.Header.Get("X-Amz-Content-Sha256"), "x-amz-date:" + stamp, "", signed, hex.EncodeToString(sum[:])}, "\n")
	whole := sha256.Sum256([]byte(canonical))
	scope := day + "/us-east-1/iam/aws4_request" // the service is the same in all regions
	text := "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(whole[:])
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{day, "us-east-1", "iam", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", s.access, scope, signed, hex.EncodeToString(key)))
}
