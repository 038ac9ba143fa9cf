package catalog

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Proxy is an HTTP proxy through which machines are reached.
type Proxy struct {
	kind.Base
	Name      string         `json:"Name" kind:"required,max=200"`
	Host      string         `json:"Host" kind:"required,max=300"`
	Port      int            `json:"Port"`
	ProxyType string         `json:"ProxyType" kind:"enum=HTTP"`
	Username  string         `json:"Username"`
	Password  kind.Sensitive `json:"Password"`
}

// Proxies are the proxies of a space.
var Proxies = kind.Register(kind.Kind[Proxy]{
	Plural:      "Proxies",
	Singular:    "Proxy",
	Permissions: rights("Proxy"),
	Rules: func(_ *store.Tx, next, _ *Proxy, c *fault.Complaints) error {
		next.Host = strings.TrimSpace(next.Host)
		if next.Port == 0 {
			next.Port = 80
		}
		if next.Port < 1 || next.Port > 65535 {
			c.Add("Port is %d; it must be from 1 to 65535.", next.Port)
		}
		return nil
	},
})

// URL is the proxy's address with its user name and password.
func (p *Proxy) URL(tx *store.Tx) (string, error) {
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(p.Host, strconv.Itoa(p.Port))}
	if p.Username != "" {
		password, err := p.Password.Open(tx)
		if err != nil {
			return "", fmt.Errorf("opening the proxy %s: %w", p.ID, err)
		}
		u.User = url.UserPassword(p.Username, password)
	}
	return u.String(), nil
}
