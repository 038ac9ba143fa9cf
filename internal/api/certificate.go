package api

import (
	"encoding/pem"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "S/certificates"
	info := catalog.Certificates.Info()
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.listCertificates, Query: []string{"archived", "search", "skip", "take", "tenant"}, Summary: "List certificates", Answer: info},
		{Method: "POST", Pattern: at + "/{id}/archive", Handle: a.archive(true), Summary: "Put a certificate away", Answer: info},
		{Method: "POST", Pattern: at + "/{id}/unarchive", Handle: a.archive(false), Summary: "Take a certificate back", Answer: info},
		{Method: "POST", Pattern: at + "/{id}/replace", Handle: a.replaceCertificate, Summary: "Give a certificate new data under its id; answers with what was there, archived", Body: replacement{}, Answer: info},
		{Method: "GET", Pattern: at + "/{id}/export", Handle: a.exportCertificate, Query: []string{"format", "includePrivateKey", "password", "pemOptions"}, Summary: "Take a certificate out"},
		{Method: "GET", Pattern: at + "/{id}/usages", Handle: a.certificateUsages, Summary: "What uses a certificate", Answer: certificateUsage{}},
	}
})

// listCertificates leaves archived certificates out unless they are asked for.
func (a *API) listCertificates(r *Request) (any, error) {
	h := a.crudOf(catalog.Certificates)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	switch {
	case r.Bool("archived"):
		q.Where = append(q.Where, store.Where{SQL: "data ->> 'Archived' is not null"})
	case len(q.IDs) == 0:
		q.Where = append(q.Where, store.Where{SQL: "data ->> 'Archived' is null"})
	}
	if t := r.Q("tenant"); t != "" {
		q.Refer = map[string][]string{"TenantIds": {t}}
	}
	if s := r.Q("search"); s != "" {
		like := "%" + strings.ToLower(s) + "%"
		q.Where = append(q.Where, store.Where{SQL: "lower(data ->> 'Name') like ? or lower(data ->> 'Thumbprint') like ? or lower(data ->> 'SubjectDistinguishedName') like ? or lower(data ->> 'IssuerDistinguishedName') like ?", Args: []any{like, like, like, like}})
	}
	return h.page(r, q)
}

func (a *API) archive(away bool) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		return r.changeCertificate(func(tx *store.Tx, c *catalog.Certificate) (*catalog.Certificate, error) {
			return catalog.ArchiveCertificate(tx, c.ID, away)
		})
	}
}

// changeCertificate answers with what a change makes of the certificate of the
// path.
func (r *Request) changeCertificate(change func(*store.Tx, *catalog.Certificate) (*catalog.Certificate, error)) (any, error) {
	var raw []byte
	err := r.Do(func(tx *store.Tx) error {
		c, err := catalog.Certificates.Find(tx, r.Space, r.Param("id"))
		if err != nil {
			return err
		}
		if err := r.NeedFor(catalog.Certificates.Permissions.Edit, catalog.Certificates, c); err != nil {
			return err
		}
		if c, err = change(tx, c); err != nil {
			return err
		}
		raw, err = catalog.Certificates.Wire(tx, c)
		return err
	})
	return Raw(raw), err
}

type replacement struct {
	CertificateData string
	Password        string
}

func (a *API) replaceCertificate(r *Request) (any, error) {
	var with replacement
	if err := r.Read(&with); err != nil {
		return nil, err
	}
	if with.CertificateData == "" {
		return nil, fault.New(fault.Invalid, "CertificateData is empty: give the new certificate, as base64 of a PFX, DER or PEM file.")
	}
	return r.changeCertificate(func(tx *store.Tx, c *catalog.Certificate) (*catalog.Certificate, error) {
		if c.Archived != nil {
			return nil, fault.New(fault.Invalid, "The certificate '%s' is archived and cannot be replaced; take it back first.", c.Name)
		}
		past, _, err := catalog.ReplaceCertificate(tx, c.ID, with.CertificateData, with.Password)
		return past, err
	})
}

// exported is a certificate as a file.
type exported struct {
	extension string
	content   []byte
}

// exportCertificate gives a certificate as a file. Its private key comes along
// only when it is asked for, which takes a permission of its own.
func (a *API) exportCertificate(r *Request) (any, error) {
	c, err := findFor(r, catalog.Certificates)
	if err != nil {
		return nil, err
	}
	withKey := r.Bool("includePrivateKey")
	if withKey {
		if err := r.NeedFor("CertificateExportPrivateKey", catalog.Certificates, c); err != nil {
			return nil, err
		}
		if !c.HasPrivateKey {
			return nil, fault.New(fault.Invalid, "The certificate '%s' has no private key that could be exported.", c.Name)
		}
	}
	format := r.Q("format")
	if format == "" {
		format = c.CertificateDataFormat
	}
	var file exported
	take := func(tx *store.Tx) error {
		m, err := c.Open(tx)
		if err != nil {
			return err
		}
		if file, err = r.export(m, format, withKey); err != nil || !withKey {
			return err
		}
		return tx.Append(&store.Event{Space: c.SpaceID, Category: "Modified", Document: c.ID, Message: "The private key of certificate " + c.Name + " was exported"})
	}
	if withKey {
		err = r.Do(take) // it goes on record
	} else {
		err = r.View(take)
	}
	if err != nil {
		return nil, err
	}
	h := r.W.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": kind.Slugify(c.Name) + file.extension}))
	h.Set("Content-Length", strconv.Itoa(len(file.content)))
	h.Set("Cache-Control", "no-store")
	r.written = true
	r.W.WriteHeader(http.StatusOK)
	_, _ = r.W.Write(file.content) // a client that hung up learns nothing more
	return Done{}, nil
}

func (r *Request) export(m *catalog.CertificateMaterial, format string, withKey bool) (exported, error) {
	if !withKey {
		m.PrivateKey = nil
	}
	switch strings.ToLower(format) {
	case "pkcs12", "pfx":
		raw, err := m.PFX(r.Q("password"))
		return exported{".pfx", raw}, err
	case "der":
		if withKey {
			return exported{}, fault.New(fault.Invalid, "A DER file holds no private key: set format to Pkcs12 or Pem, or includePrivateKey to false.")
		}
		return exported{".der", m.Certificates[0].Raw}, nil
	case "pem":
		text, err := pemOf(m, r.Q("pemOptions"))
		return exported{".pem", text}, err
	}
	return exported{}, fault.New(fault.Invalid, "The query value format is '%s': give Pkcs12, Der or Pem.", format)
}

func pemOf(m *catalog.CertificateMaterial, options string) ([]byte, error) {
	var text []byte
	switch strings.ToLower(options) {
	case "", "primaryonly":
		text = []byte(m.PEM(false))
	case "primaryandchain":
		text = []byte(m.PEM(true))
	case "chainonly":
		for _, c := range m.Certificates[1:] {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
	default:
		return nil, fault.New(fault.Invalid, "The query value pemOptions is '%s': give PrimaryOnly, PrimaryAndChain or ChainOnly.", options)
	}
	key, err := m.PrivateKeyPEM()
	return append(text, key...), err
}

// certificateUsage lists what uses a certificate, of what the caller may see.
type certificateUsage struct {
	ID                       string `json:"Id"`
	ProjectUsages            []Raw
	LibraryVariableSetUsages []Raw
	TenantUsages             []Raw
	DeploymentTargetUsages   []Raw
	Links                    map[string]string
}

func (a *API) certificateUsages(r *Request) (any, error) {
	c, err := findFor(r, catalog.Certificates)
	if err != nil {
		return nil, err
	}
	u := &certificateUsage{ID: c.ID, ProjectUsages: []Raw{}, LibraryVariableSetUsages: []Raw{}, TenantUsages: []Raw{}, DeploymentTargetUsages: []Raw{}, Links: map[string]string{"Self": c.Links["Usages"]}}
	err = r.View(func(tx *store.Tx) error {
		owners, err := certificateOwners(r, tx, c.ID)
		if err != nil {
			return err
		}
		for _, of := range []struct {
			kind kind.Any
			into *[]Raw
		}{{catalog.Projects, &u.ProjectUsages}, {catalog.LibraryVariableSets, &u.LibraryVariableSetUsages}, {catalog.Tenants, &u.TenantUsages}, {catalog.Machines, &u.DeploymentTargetUsages}} {
			ids := owners[of.kind.Info().Plural]
			if len(ids) == 0 {
				continue
			}
			h := a.crudOf(of.kind)
			if ok := r.Rights.Anywhere(permissionOf(h.info.Permissions.View), r.Space); !ok {
				continue
			}
			items, _, err := h.visible(r, tx, kind.Query{Space: r.Space, IDs: ids})
			if err != nil {
				return err
			}
			for _, item := range items {
				*of.into = append(*of.into, item)
			}
		}
		return nil
	})
	return u, err
}

// certificateOwners finds the projects, library variable sets, tenants and
// targets in which a certificate's id stands, by their collections.
func certificateOwners(r *Request, tx *store.Tx, id string) (map[string][]string, error) {
	owners := map[string][]string{}
	sets, _, err := catalog.VariableSets.List(tx, live(r))
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if slices.ContainsFunc(s.Variables, func(v catalog.Variable) bool { return v.Value != nil && *v.Value == id }) {
			collection, _, _ := strings.Cut(s.OwnerID, "-")
			owners[collection] = append(owners[collection], s.OwnerID)
		}
	}
	values, _, err := catalog.TenantVariableSets.List(tx, everywhere(r))
	if err != nil {
		return nil, err
	}
	for _, t := range values {
		if slices.ContainsFunc(t.Values, func(v catalog.TenantValue) bool { return v.Value.Text == id }) {
			owners["Tenants"] = append(owners["Tenants"], t.TenantID)
		}
	}
	machines, _, err := catalog.Machines.List(tx, everywhere(r))
	for _, m := range machines {
		if m.Endpoint.ClusterCertificate == id || m.Endpoint.Authentication != nil && m.Endpoint.Authentication.ClientCertificate == id {
			owners["Machines"] = append(owners["Machines"], m.ID)
		}
	}
	return owners, err
}
