package api

import (
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/secret"
)

// What is asked of the token endpoint, in the words of RFC 8693.
const (
	grantExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
	tokenTypeJWT     = "urn:ietf:params:oauth:token-type:jwt"
	tokenTypeIDToken = "urn:ietf:params:oauth:token-type:id_token"
	tokenTypeAccess  = "urn:ietf:params:oauth:token-type:access_token"
)

var _ = area(func(a *API) []Route {
	return []Route{
		// The router leaves out the first segment, which is .well-known here.
		{Method: "GET", Pattern: "openid-configuration", Handle: a.openIDConfiguration, Open: true, Summary: "Where tokens are exchanged; also at /.well-known/openid-configuration", Answer: openIDConfiguration{}},
		{Method: "GET", Pattern: "token/keys", Handle: a.tokenKeys, Open: true, Summary: "The keys that this server signs tokens with", Answer: keySet{}},
		{Method: "POST", Pattern: "token/v1", Handle: a.exchangeToken, Open: true, Summary: "Exchange an identity token of an issuer for an access token of a service account", Body: exchangeRequest{}, Answer: exchangeAnswer{}},
	}
})

type openIDConfiguration struct {
	Issuer       string   `json:"issuer"`
	Endpoint     string   `json:"token_endpoint"`
	Keys         string   `json:"jwks_uri"`
	Grants       []string `json:"grant_types_supported"`
	Auth         []string `json:"token_endpoint_auth_methods_supported"`
	Responses    []string `json:"response_types_supported"`
	SubjectTypes []string `json:"subject_types_supported"`
	Algorithms   []string `json:"id_token_signing_alg_values_supported"`
}

// openIDConfiguration tells clients where tokens are exchanged.
func (a *API) openIDConfiguration(r *Request) (any, error) {
	at, err := r.origin()
	return openIDConfiguration{
		Issuer: at, Endpoint: at + "/api/token/v1", Keys: at + "/api/token/keys",
		Grants: []string{grantExchange}, Auth: []string{"none"}, Responses: []string{"token"},
		SubjectTypes: []string{"public"}, Algorithms: []string{"RS256"},
	}, err
}

type keySet struct {
	Keys []struct{} `json:"keys"`
}

// tokenKeys is empty: access tokens say nothing by themselves, so that none is
// signed.
func (a *API) tokenKeys(*Request) (any, error) { return keySet{Keys: []struct{}{}}, nil }

type exchangeRequest struct {
	Grant       string `json:"grant_type"`
	Audience    string `json:"audience"`
	Subject     string `json:"subject_token"`
	SubjectType string `json:"subject_token_type"`
}

type exchangeAnswer struct {
	Token   string `json:"access_token"`
	Issued  string `json:"issued_token_type"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
}

// exchangeProblem is an error in the words of OAuth.
type exchangeProblem struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// exchangeToken answers an exchange. Clients read the error of the body, which
// is OAuth's and not the API's.
func (a *API) exchangeToken(r *Request) (any, error) {
	q, err := readExchange(r)
	if err != nil {
		return exchangeRefused("invalid_request", err), nil
	}
	switch {
	case q.Grant != grantExchange:
		return exchangeRefused("unsupported_grant_type", fault.New(fault.Invalid, "grant_type is '%s': only %s is possible.", q.Grant, grantExchange)), nil
	case q.SubjectType != tokenTypeJWT && q.SubjectType != tokenTypeIDToken:
		return exchangeRefused("invalid_request", fault.New(fault.Invalid, "subject_token_type is '%s': only %s is possible.", q.SubjectType, tokenTypeJWT)), nil
	case q.Audience == "" || q.Subject == "":
		return exchangeRefused("invalid_request", fault.New(fault.Invalid, "audience must be the id of a service account and subject_token an identity token of an issuer; one of them is empty.")), nil
	}
	s, err := a.Login.Exchange(r.Context(), q.Audience, secret.Text(q.Subject), r.Request)
	switch fault.CodeOf(err) {
	case fault.Internal, fault.Away:
		if err != nil {
			return nil, err
		}
	case fault.Unavailable:
		slog.Warn("an issuer could not be asked", "request", r.ID, "error", err)
		return exchangeRefused("temporarily_unavailable", err), nil
	case fault.Unauthenticated:
		return exchangeRefused("invalid_grant", err), nil
	default:
		return exchangeRefused("invalid_request", err), nil
	}
	return exchangeAnswer{Token: s.Token.Reveal(), Issued: tokenTypeAccess, Type: "Bearer", Expires: int(login.ExchangeLasts / time.Second)}, nil
}

func exchangeRefused(code string, err error) Status {
	return Status{http.StatusBadRequest, exchangeProblem{code, err.Error()}}
}

// readExchange reads JSON, which the known clients send, or a form, which is
// what OAuth asks for.
func readExchange(r *Request) (exchangeRequest, error) {
	var q exchangeRequest
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return q, r.Read(&q)
	}
	r.Request.Body = http.MaxBytesReader(r.W, r.Request.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return q, unread(err)
	}
	return exchangeRequest{r.PostForm.Get("grant_type"), r.PostForm.Get("audience"), r.PostForm.Get("subject_token"), r.PostForm.Get("subject_token_type")}, nil
}
