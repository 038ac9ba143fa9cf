package catalog

import (
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
