package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/certificates/{id}/archive", Handle: a.archive(true), Summary: "Put a certificate away", Answer: catalog.Certificates.Info()},
		{Method: "POST", Pattern: "S/certificates/{id}/unarchive", Handle: a.archive(false), Summary: "Take a certificate back", Answer: catalog.Certificates.Info()},
	}
})

func (a *API) archive(away bool) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		var raw []byte
		err := r.Do(func(tx *store.Tx) error {
			c, err := catalog.Certificates.Find(tx, r.Space, r.Param("id"))
			if err != nil {
				return err
			}
			if err := r.NeedFor(catalog.Certificates.Permissions.Edit, catalog.Certificates, c); err != nil {
				return err
			}
			if c, err = catalog.ArchiveCertificate(tx, c.ID, away); err != nil {
				return err
			}
			raw, err = catalog.Certificates.Wire(tx, c)
			return err
		})
		return Raw(raw), err
	}
}
