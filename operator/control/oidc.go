package control

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	flowCookie   = "tako_control_flow"
	flowLasts    = 10 * time.Minute
	issuerAnswer = 10 * time.Second
	callback     = "/api/sign-in/oidc/callback"
)

// OIDC is an issuer that vouches for people, by OpenID Connect's code flow.
type OIDC struct {
	Issuer    string   `name:"oidc-issuer" placeholder:"URL" env:"TAKO_CLOUD_OIDC_ISSUER" help:"Issuer of OpenID Connect by which people sign in, beside the tokens of --users."`
	Client    string   `name:"oidc-client" placeholder:"ID" env:"TAKO_CLOUD_OIDC_CLIENT" help:"Client id that the issuer knows the control plane by."`
	Secret    string   `name:"oidc-secret" placeholder:"TEXT" env:"TAKO_CLOUD_OIDC_SECRET" help:"Client secret, where the issuer gave one."`
	Name      string   `name:"oidc-name" placeholder:"TEXT" env:"TAKO_CLOUD_OIDC_NAME" default:"your organization" help:"What the page calls the issuer: Sign in with ${default}."`
	Scopes    []string `name:"oidc-scope" placeholder:"NAME" env:"TAKO_CLOUD_OIDC_SCOPES" default:"profile,email" help:"Scopes that are asked for beside openid, some of which must bring the claims."`
	NameClaim string   `name:"oidc-name-claim" placeholder:"NAME" env:"TAKO_CLOUD_OIDC_NAME_CLAIM" default:"email" help:"Claim by which the audit names people."`
	Claim     string   `name:"oidc-role-claim" placeholder:"NAME" env:"TAKO_CLOUD_OIDC_ROLE_CLAIM" default:"groups" help:"Claim with the groups or roles of people, also within another: realm_access.roles."`
	Viewers   []string `name:"oidc-viewer" placeholder:"GROUP" env:"TAKO_CLOUD_OIDC_VIEWERS" help:"Groups whose members may look."`
	Operators []string `name:"oidc-operator" placeholder:"GROUP" env:"TAKO_CLOUD_OIDC_OPERATORS" help:"Groups whose members may also change."`
	URL       string   `name:"url" placeholder:"URL" env:"TAKO_CLOUD_CONTROL_URL" help:"Address by which people reach the control plane, for the way back from the issuer: the issuer must allow URL/api/sign-in/oidc/callback."`

	Recheck time.Duration `name:"oidc-recheck" placeholder:"TIME" env:"TAKO_CLOUD_OIDC_RECHECK" default:"15m" help:"How long what the issuer said of somebody is believed before it is asked again; that needs a refresh token, which many issuers give for the scope offline_access. Without one they sign in again when what the issuer said has ended, and after this time at the soonest."`

	mu       sync.Mutex
	provider *oidc.Provider
	renewals renewals
}

// Check says what is missing of the settings.
func (o *OIDC) Check() error {
	switch {
	case o.Client == "":
		return errors.New("--oidc-issuer needs --oidc-client, the id by which the issuer knows the control plane")
	case !strings.HasPrefix(o.URL, "https://") && !strings.HasPrefix(o.URL, "http://"):
		return errors.New("--oidc-issuer needs --url, the address by which people reach the control plane, such as https://cloud.example.com")
	case len(o.Viewers)+len(o.Operators) == 0:
		return errors.New("--oidc-issuer needs groups of --oidc-viewer or --oidc-operator: without them nobody may do anything")
	}
	return nil
}

// flow is what somebody's browser brings back from the issuer.
type flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Until    time.Time `json:"until"`
}

// ask is the way to the issuer, which is asked what it is at the first sign-in: it
// may be away when the control plane starts.
func (o *OIDC) ask(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		p, err := oidc.NewProvider(o.context(ctx), o.Issuer)
		if err != nil {
			slog.Error("the issuer did not say what it is", "issuer", o.Issuer, "error", err)
			return nil, nil, refusal{http.StatusBadGateway, fmt.Sprintf("%s does not answer as an issuer of OpenID Connect; the log says how. Sign in again later, or with a token.", o.Issuer)}
		}
		o.provider = p
	}
	return o.provider, &oauth2.Config{ClientID: o.Client, ClientSecret: o.Secret, Endpoint: o.provider.Endpoint(),
		RedirectURL: strings.TrimSuffix(o.URL, "/") + callback, Scopes: append([]string{oidc.ScopeOpenID}, o.Scopes...)}, nil
}

// context outlives the request, since the provider keeps it for its keys; each
// call is bounded instead.
func (o *OIDC) context(ctx context.Context) context.Context {
	return oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: issuerAnswer})
}

// leave sends somebody to the issuer.
func (c *Control) leave(w http.ResponseWriter, r *http.Request) {
	_, way, err := c.OIDC.ask(r.Context())
	if err != nil {
		explain(w, err)
		return
	}
	f := flow{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Until: c.Now().Add(flowLasts)}
	sealed, err := c.seal("flow", f)
	if err != nil {
		explain(w, err)
		return
	}
	// Lax, since the way back begins at the issuer.
	http.SetCookie(w, &http.Cookie{Name: flowCookie, Value: sealed, Path: "/", MaxAge: int(flowLasts.Seconds()), HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, way.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), http.StatusSeeOther)
}

// comeBack takes somebody who comes from the issuer.
func (c *Control) comeBack(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: flowCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode})
	u, err := c.vouched(r)
	if err == nil {
		err = c.admit(w, r, u)
	}
	if err != nil {
		explain(w, err)
		return
	}
	http.Redirect(w, r, strings.TrimSuffix(c.OIDC.URL, "/")+"/", http.StatusSeeOther)
}

// vouched is whom the issuer sent back.
func (c *Control) vouched(r *http.Request) (*User, error) {
	var f flow
	cookie, err := r.Cookie(flowCookie)
	if err != nil || !c.open("flow", cookie.Value, &f) || !c.Now().Before(f.Until) ||
		subtle.ConstantTimeCompare([]byte(f.State), []byte(r.URL.Query().Get("state"))) != 1 {
		return nil, refusal{http.StatusBadRequest, "This sign-in was not begun here, or more than ten minutes ago. Sign in again."}
	}
	if said := r.URL.Query().Get("error"); said != "" {
		return nil, refusal{http.StatusForbidden, strings.TrimSuffix(fmt.Sprintf("%s refused: %s (%s)", c.OIDC.Issuer, said, r.URL.Query().Get("error_description")), " ()")}
	}
	provider, way, err := c.OIDC.ask(r.Context())
	if err != nil {
		return nil, err
	}
	ctx := c.OIDC.context(r.Context())
	got, err := way.Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		slog.Error("the issuer gave no token for a code", "issuer", c.OIDC.Issuer, "error", err)
		return nil, refusal{http.StatusBadGateway, c.OIDC.Issuer + " did not say who you are; the log says why. Sign in again."}
	}
	raw, _ := got.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: c.OIDC.Client, Now: c.Now}).Verify(ctx, raw)
	if err != nil || token.Nonce != f.Nonce {
		slog.Error("an identity token is not good", "issuer", c.OIDC.Issuer, "error", err, "nonce", err != nil || token.Nonce == f.Nonce)
		return nil, refusal{http.StatusForbidden, "What " + c.OIDC.Issuer + " said of you is not good; the log says why. Sign in again."}
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return nil, fmt.Errorf("reading an identity token: %w", err)
	}
	u, err := c.OIDC.person(token.Subject, claims)
	if err == nil {
		u.until, u.refresh = token.Expiry, got.RefreshToken
	}
	return u, err
}

// person is who has these claims, with the most that they may do.
func (o *OIDC) person(subject string, claims map[string]any) (*User, error) {
	name, _ := claims[o.NameClaim].(string)
	if name == "" {
		return nil, refusal{http.StatusForbidden, fmt.Sprintf("%s says of you no %q, by which the audit would name you. Whoever runs this chooses the claim and its scope.", o.Issuer, o.NameClaim)}
	}
	if verified, said := claims["email_verified"].(bool); o.NameClaim == "email" && said && !verified {
		return nil, refusal{http.StatusForbidden, fmt.Sprintf("%s has not verified that %s is your address. Verify it there, then sign in again.", o.Issuer, name)}
	}
	if subject == "" { // or they would be taken for the one with a token who has their name
		return nil, refusal{http.StatusForbidden, o.Issuer + " does not say by which subject it knows you."}
	}
	u := &User{Name: name, subject: subject}
	of := groups(claims, o.Claim)
	has := func(wanted []string) bool {
		return slices.ContainsFunc(of, func(g string) bool { return slices.Contains(wanted, g) })
	}
	switch {
	case has(o.Operators):
		u.Role = Operator
	case has(o.Viewers):
		u.Role = Viewer
	default:
		return nil, refusal{http.StatusForbidden, fmt.Sprintf("You are %s, but none of your groups (claim %q: %s) may see instances. Ask whoever runs this to let one in.", name, o.Claim, strings.Join(of, ", "))}
	}
	return u, nil
}

// groups are what a claim lists, be it one or several, and be it within others.
func groups(claims map[string]any, path string) []string {
	v, ok := claims[path]
	for key, rest, within := "", path, !ok; within; {
		key, rest, within = strings.Cut(rest, ".")
		inner, _ := claims[key].(map[string]any)
		v, claims = claims[key], inner
	}
	var all []string
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

var sorry = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not signed in · Tako cloud</title><link rel="stylesheet" href="../../../style.css"></head>
<body class="alone"><main class="card"><h1>Not signed in</h1><p role="alert">{{.}}</p><p><a class="button primary" href="../../../">Back to the sign-in</a></p></main></body></html>
`))

// explain tells a person in a browser why they were not signed in.
func explain(w http.ResponseWriter, err error) {
	text, status := "You could not be signed in; the log says why. Instances go on without this page.", http.StatusBadGateway
	var own refusal
	if errors.As(err, &own) {
		text, status = own.text, own.status
	} else {
		slog.Error("somebody could not be signed in", "error", err)
	}
	guard(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := sorry.Execute(w, text); err != nil {
		slog.Debug("an answer was not taken", "error", err)
	}
}
