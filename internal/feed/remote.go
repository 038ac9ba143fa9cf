package feed

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// remote is what feeds elsewhere have in common: an address, a login, and
// patience.
type remote struct {
	feeds          *Feeds
	feed           *catalog.Feed
	base           *url.URL
	user, password string
	// bearer is set by feeds that give out tokens.
	bearer func(ctx context.Context, answer *http.Response) (token string, err error)
	token  string
}

// answerLimit is how much of a listing is read.
const answerLimit = 64 << 20

// lookTimeout bounds one look at a feed; downloads may take as long as bytes
// come.
const lookTimeout = 100 * time.Second

// opened reads what a feed document says of the way to its server.
func (f *Feeds) opened(ctx context.Context, c *catalog.Feed) (*remote, error) {
	r := &remote{feeds: f, feed: c, user: c.Username}
	err := f.DB.View(ctx, func(tx *store.Tx) (err error) {
		r.password, err = c.Password.Open(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.FeedURI != "" {
		if r.base, err = url.Parse(strings.TrimRight(strings.TrimSpace(c.FeedURI), "/")); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The address of the feed '%s' cannot be read", c.Name)
		}
	}
	return r, nil
}

// at is an address below that of the feed. The parts are escaped; query is a
// list of names and values.
func (r *remote) at(parts []string, query ...string) string {
	u := *r.base
	for _, p := range parts {
		u = *u.JoinPath(url.PathEscape(p))
	}
	return withQuery(u.String(), query...)
}

func withQuery(address string, query ...string) string {
	if len(query) == 0 {
		return address
	}
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + q.Encode()
}

// say names the feed and what went wrong with it.
func (r *remote) say(code fault.Code, format string, args ...any) error {
	return fault.New(code, "The feed '%s' %s", r.feed.Name, fmt.Sprintf(format, args...))
}

// open asks for an address until there is an answer or the feed's attempts are
// used up. The answer is a good one; its body is the caller's to close.
func (r *remote) open(ctx context.Context, address, accept string) (*http.Response, error) {
	attempts, pause := 1, time.Second
	if r.feed.DownloadAttempts != nil && !r.feeds.once {
		attempts = max(1, *r.feed.DownloadAttempts)
	}
	if r.feed.DownloadRetryBackoffSeconds != nil {
		pause = time.Duration(*r.feed.DownloadRetryBackoffSeconds) * time.Second
	}
	for try := 1; ; try++ {
		answer, err := r.once(ctx, address, accept)
		if err == nil || try >= attempts || !fault.Is(err, fault.Unavailable) {
			return answer, err
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		case <-wait.C:
		}
	}
}

// once asks once, or twice when a token has to be fetched first.
func (r *remote) once(ctx context.Context, address, accept string) (*http.Response, error) {
	answer, err := r.send(ctx, address, accept)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusUnauthorized && r.bearer != nil {
		token, err := r.bearer(ctx, answer)
		drop(answer)
		if err != nil {
			return nil, err
		}
		r.token = token
		if answer, err = r.send(ctx, address, accept); err != nil {
			return nil, err
		}
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer drop(answer)
	host := answer.Request.URL.Host
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return nil, r.say(fault.NotFound, "has nothing at %s.", answer.Request.URL.Redacted())
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return nil, r.say(fault.Invalid, "refuses the login (%s answers %s).", host, answer.Status)
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return nil, r.say(fault.Unavailable, "cannot answer now (%s answers %s).", host, answer.Status)
	default:
		return nil, r.say(fault.Invalid, "answers %s at %s.", answer.Status, answer.Request.URL.Redacted())
	}
}

func (r *remote) send(ctx context.Context, address, accept string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, r.say(fault.Invalid, "gives an address that cannot be read: %s.", err)
	}
	q.Header.Set("User-Agent", "Tako")
	if accept != "" {
		q.Header.Set("Accept", accept)
	}
	// The login is for the feed's own host: an index may lead anywhere.
	if r.base != nil && strings.EqualFold(q.URL.Hostname(), r.base.Hostname()) {
		switch {
		case r.token != "":
			q.Header.Set("Authorization", "Bearer "+r.token)
		case r.password != "" || r.user != "":
			q.SetBasicAuth(r.user, r.password)
		}
	}
	answer, err := r.feeds.client().Do(q)
	if err == nil {
		return answer, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, which may hold a password
	}
	return nil, r.say(fault.Unavailable, "cannot be reached at %s: %s.", q.URL.Host, err)
}

func (f *Feeds) client() *http.Client {
	if f.HTTP != nil {
		return f.HTTP
	}
	return http.DefaultClient
}

// drop reads a little of what is not wanted, so that the connection lives on.
func drop(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10)
	_ = answer.Body.Close()
}

// read fetches a listing and lets decode read it.
func (r *remote) read(ctx context.Context, address, accept string, decode func(io.Reader) error) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	answer, err := r.open(ctx, address, accept)
	if err != nil {
		return nil, err
	}
	defer drop(answer)
	if err := decode(io.LimitReader(answer.Body, answerLimit)); err != nil {
		return nil, r.say(fault.Invalid, "gives an answer that cannot be read, at %s: %s.", answer.Request.URL.Redacted(), err)
	}
	return answer.Header, nil
}

func (r *remote) readJSON(ctx context.Context, address string, into any) (http.Header, error) {
	return r.read(ctx, address, "application/json", func(body io.Reader) error { return json.NewDecoder(body).Decode(into) })
}

func (r *remote) readXML(ctx context.Context, address string, into any) error {
	_, err := r.read(ctx, address, "application/atom+xml, application/xml, text/xml", func(body io.Reader) error { return xml.NewDecoder(body).Decode(into) })
	return err
}

// fetch opens a file for download and tells its size, -1 when it is not known.
func (r *remote) fetch(ctx context.Context, address, accept string) (io.ReadCloser, int64, error) {
	answer, err := r.open(ctx, address, accept)
	if err != nil {
		return nil, 0, err
	}
	size := int64(-1)
	if text := answer.Header.Get("Content-Length"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			size = n
		}
	}
	return answer.Body, size, nil
}

// absent turns "not found" into nothing.
func absent(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// page cuts a page out of a list and counts the list.
func page[T any](all []T, skip, take int) ([]T, int) {
	total := len(all)
	all = all[min(skip, total):]
	if take > 0 {
		all = all[:min(take, len(all))]
	}
	return all, total
}

// parseTime reads a time of RFC 3339; what is none is the zero time.
func parseTime(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}

// highest puts versions in order, the highest first.
func highest(format version.Format, all []Package) []Package {
	sorted, err := Selection{}.From(format, all)
	if err != nil {
		return all
	}
	return sorted
}

func decodeJSON(body io.Reader, into any) error {
	return json.NewDecoder(io.LimitReader(body, answerLimit)).Decode(into)
}
