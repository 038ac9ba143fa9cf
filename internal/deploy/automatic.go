package deploy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

// automatic makes the deployments that a lifecycle asks for by itself: those
// of the phases that are open now and were not before. before is the
// deployment that has just succeeded; nil is a release that is new. What
// cannot be deployed is said in the audit trail and keeps nothing else back.
func (s *Service) automatic(tx *store.Tx, r *catalog.Release, before *catalog.Deployment) ([]MadeDeployment, error) {
	k, err := trackOf(tx, r)
	if err != nil {
		return nil, err
	}
	if !k.automatic() {
		return nil, nil
	}
	if before != nil { // its task ends in this very transaction
		k.base.Deployments = append(k.base.Deployments, rule.PastDeployment{ID: before.ID, Environment: before.EnvironmentID, Tenant: before.TenantID, Success: true})
	}
	all, plain, err := tenantsOf(tx, r.SpaceID, r.ProjectID)
	if err != nil {
		return nil, err
	}
	channel := channelOf(k.channel)
	var o *order
	var made []MadeDeployment
	for _, stream := range rule.Streams(rule.TenantMode(k.project.TenantedDeploymentMode), plain, channel.TenantTags) {
		if before != nil && before.TenantID != stream {
			continue
		}
		tenant, entered := k.entered(stream, all, plain, before)
		for _, environment := range entered {
			if o == nil {
				if o, err = s.order(tx, r); err != nil {
					return made, ignoreInvalid(err)
				}
				o.track = k
			}
			p := pair{k.environment(environment), tenant}
			m, err := s.deploy(tx, o, p, &DeployOptions{}, map[string]int{})
			if fault.CodeOf(err) == fault.Invalid {
				if err := s.missed(tx, o, p, err); err != nil {
					return nil, err
				}
				continue
			}
			if err != nil {
				return nil, err
			}
			made = append(made, *m)
		}
	}
	return made, nil
}

// automatic says that there are phases that deploy by themselves.
func (k *track) automatic() bool {
	return slices.ContainsFunc(k.base.Phases, func(p rule.Phase) bool { return len(p.Automatic) > 0 })
}

func ignoreInvalid(err error) error {
	if fault.CodeOf(err) == fault.Invalid {
		return nil
	}
	return err
}

// entered lists the automatic environments that a stream has just reached.
func (k *track) entered(stream string, all []*catalog.Tenant, plain []rule.StreamTenant, last *catalog.Deployment) (*catalog.Tenant, []string) {
	var tenant *catalog.Tenant
	var at *rule.StreamTenant
	for i := range plain {
		if plain[i].ID == stream {
			tenant, at = all[i], &plain[i]
		}
	}
	after := k.progress(at)
	if last == nil {
		return tenant, rule.Entered(nil, after)
	}
	earlier := *k
	earlier.base.Deployments = nil
	for _, d := range k.base.Deployments {
		if d.ID == last.ID {
			d.Success = false
		}
		earlier.base.Deployments = append(earlier.base.Deployments, d)
	}
	return tenant, rule.Entered(earlier.progress(at), after)
}

// missed says that an automatic deployment was not possible.
func (s *Service) missed(tx *store.Tx, o *order, p pair, why error) error {
	reason := why.Error()
	var f *fault.Error
	if errors.As(why, &f) && len(f.Details) > 0 {
		reason = f.Details[0]
	}
	related := []string{o.project.ID, p.environment.ID}
	if p.tenant != nil {
		related = append(related, p.tenant.ID)
	}
	return tx.Append(&store.Event{
		Space: o.project.SpaceID, Category: "AutoDeployBlocked", Document: o.track.release.ID, Related: related,
		Message: fmt.Sprintf("Release %s was not deployed to %s automatically: %s", o.track.release.Version, p.environment.Name, reason),
	})
}
