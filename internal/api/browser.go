package api

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/setting"
)

// greet tells browsers what to mind, and answers those that ask beforehand
// whether a page of another origin may send a request.
func (a *API) greet(r *Request) (answered bool) {
	v, err := a.live.Values(r.Context())
	if err != nil {
		// The request itself will fail for the same reason, and say so.
		slog.Debug("the settings for browsers could not be read", "error", err)
		return false
	}
	h := r.W.Header()
	tellBrowser(h, v.Portal.Security)
	origin := r.Header.Get("Origin")
	asks := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
	if origin == "" {
		return false
	}
	h.Add("Vary", "Origin")
	listed := slices.ContainsFunc(v.Portal.Security.Origins(), func(o string) bool { return strings.EqualFold(o, origin) })
	switch {
	case listed:
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	case slices.Contains(v.Portal.Security.Origins(), "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	default:
		return false
	}
	h.Set("Access-Control-Expose-Headers", "ETag, Location, X-Request-Id, Octopus-Node")
	if !asks {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, X-HTTP-Method-Override, X-Octopus-ApiKey, X-Octopus-Csrf-Token, X-Octopus-User-Agent, X-Request-Id")
	h.Set("Access-Control-Max-Age", "600")
	r.W.WriteHeader(http.StatusNoContent)
	return true
}

func tellBrowser(h http.Header, s setting.PortalSecurity) {
	h.Set("X-Content-Type-Options", "nosniff")
	if s.ReferrerPolicy != "" {
		h.Set("Referrer-Policy", s.ReferrerPolicy)
	}
	if s.HTTPStrictTransportSecurityEnabled {
		h.Set("Strict-Transport-Security", "max-age="+strconv.FormatInt(s.HTTPStrictTransportSecurityMaxAge, 10))
	}
	if x := strings.ToUpper(s.XOptions.XFrameOptions); x == "SAMEORIGIN" || x == "DENY" {
		h.Set("X-Frame-Options", x)
	}
}

// maintained refuses changes by anybody but administrators while the server is
// in maintenance mode. Signing in and out stays possible.
func (a *API) maintained(r *Request, route *Route) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if route.Open {
		return nil
	}
	v, err := a.live.Values(r.Context())
	if err != nil || !v.Maintenance.IsInMaintenanceMode || r.Rights.Allows(access.AdministerSystem, access.Resource{}) {
		return err
	}
	return fault.New(fault.Unavailable, "The server is in maintenance mode, in which only administrators can change anything. Try again later; what is running goes on.")
}
