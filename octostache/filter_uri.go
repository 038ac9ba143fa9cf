package octostache

import (
	"strconv"
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// uriPart gives one part of a URI. Complaints come back as text.
func uriPart(input string, args []string) (string, bool) {
	if len(args) == 0 {
		return "[UriPart error: no argument given]", true
	}
	uri, ok := dotnet.ParseURI(input)
	if !ok {
		return input, true
	}
	name := strings.ToLower(args[0])
	if name == "isabsoluteuri" {
		return strconv.FormatBool(uri.Absolute), true
	}
	part, known := uriParts[name]
	switch {
	case !known:
		return "[UriPart " + args[0] + " error: argument '" + args[0] + "' not supported]", true
	case !uri.Absolute:
		return "[UriPart " + args[0] + " error: This operation is not supported for a relative URI.]", true
	}
	return part(uri), true
}

// uriParts are the parts of an absolute URI. A table, and never changed.
var uriParts = map[string]func(dotnet.URI) string{
	"absolutepath":    func(u dotnet.URI) string { return u.Path },
	"absoluteuri":     func(u dotnet.URI) string { return u.String() },
	"authority":       func(u dotnet.URI) string { return u.Authority() },
	"dnssafehost":     func(u dotnet.URI) string { return u.DNSSafeHost() },
	"fragment":        func(u dotnet.URI) string { return u.Fragment },
	"host":            func(u dotnet.URI) string { return u.Host },
	"hostandport":     func(u dotnet.URI) string { return u.HostAndPort() },
	"hostnametype":    func(u dotnet.URI) string { return u.HostType },
	"isdefaultport":   func(u dotnet.URI) string { return strconv.FormatBool(u.IsDefaultPort()) },
	"isfile":          func(u dotnet.URI) string { return strconv.FormatBool(u.Scheme == "file") },
	"isloopback":      func(u dotnet.URI) string { return strconv.FormatBool(u.IsLoopback()) },
	"isunc":           func(u dotnet.URI) string { return strconv.FormatBool(u.IsUNC()) },
	"path":            func(u dotnet.URI) string { return u.LocalPath() },
	"pathandquery":    func(u dotnet.URI) string { return u.Path + u.Query },
	"port":            func(u dotnet.URI) string { return strconv.Itoa(u.Port) },
	"query":           func(u dotnet.URI) string { return u.Query },
	"scheme":          func(u dotnet.URI) string { return u.Scheme },
	"schemeandserver": func(u dotnet.URI) string { return u.Scheme + "://" + u.Authority() },
	"userinfo":        func(u dotnet.URI) string { return u.UserInfo },
}
