package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// IsSnapshot tells the ids of snapshots of processes and variable sets.
func IsSnapshot(id string) bool { return snapshotOf(id) != "" }

// LiveID gives the id of what a snapshot is of; "" for what is no snapshot.
func LiveID(id string) string { return snapshotOf(id) }

// snapshotOf gives the id of what a snapshot is of; "" for what is no snapshot.
func snapshotOf(id string) string {
	live, _, ok := strings.Cut(id, "-s-")
	if !ok {
		return ""
	}
	return live
}

// snapshotID names the snapshot of one version of a document. The same version
// always has the same name, so that releases made of it share one snapshot.
func snapshotID(id string, version int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, version))
	return fmt.Sprintf("%s-s-%d-%s", id, version, base32.StdEncoding.EncodeToString(sum[:])[:5])
}

// SnapshotProcess keeps a deployment process as it is now and gives the id of
// the copy, which never changes.
func SnapshotProcess(tx *store.Tx, id string) (string, error) {
	live, err := DeploymentProcesses.Get(tx, id)
	if err != nil {
		return "", err
	}
	return snapshot(tx, DeploymentProcesses, id, live.Version, func(base kind.Base) *DeploymentProcess {
		frozen := *live
		frozen.Base = base
		return &frozen
	})
}

// SnapshotRunbookProcess is SnapshotProcess for the process of a runbook.
func SnapshotRunbookProcess(tx *store.Tx, id string) (string, error) {
	live, err := RunbookProcesses.Get(tx, id)
	if err != nil {
		return "", err
	}
	return snapshot(tx, RunbookProcesses, id, live.Version, func(base kind.Base) *RunbookProcess {
		frozen := *live
		frozen.Base = base
		return &frozen
	})
}

// SnapshotVariables keeps a variable set as it is now and gives the id of the
// copy, which never changes. Secrets are copied as they are, still sealed.
func SnapshotVariables(tx *store.Tx, id string) (string, error) {
	live, err := VariableSets.Get(tx, id)
	if err != nil {
		return "", err
	}
	return snapshot(tx, VariableSets, id, live.Version, func(base kind.Base) *VariableSet {
		frozen := *live
		frozen.Base = base
		return &frozen
	})
}

// RenewVariables gives the id of a copy of a snapshot in which the variables of
// some names are as they are in a set now. The names of which neither has any
// are unknown.
func RenewVariables(tx *store.Tx, id string, now *VariableSet, names []string) (renewed string, unknown []string, err error) {
	before, err := VariableSets.Get(tx, id)
	if err != nil {
		return "", nil, err
	}
	meant := func(v Variable) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, v.Name) })
	}
	mixed := *now
	mixed.Variables = slices.DeleteFunc(slices.Clone(before.Variables), meant)
	for _, v := range now.Variables {
		if meant(v) {
			mixed.Variables = append(mixed.Variables, v)
		}
	}
	for _, n := range names {
		named := func(v Variable) bool { return strings.EqualFold(n, v.Name) }
		if !slices.ContainsFunc(before.Variables, named) && !slices.ContainsFunc(now.Variables, named) {
			unknown = append(unknown, n)
		}
	}
	renewed, err = KeepVariables(tx, &mixed)
	return renewed, unknown, err
}

// snapshot stores a copy of a version of a document unless there is one.
func snapshot[T any](tx *store.Tx, k *kind.Kind[T], id string, version int, frozen func(kind.Base) *T) (string, error) {
	if err := lockForSnapshot(tx, id); err != nil {
		return "", err
	}
	name := snapshotID(id, version)
	_, err := k.Get(tx, name)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return name, err
	}
	live, err := k.Get(tx, id)
	if err != nil {
		return "", err
	}
	return name, k.Put(tx, frozen(kind.Base{ID: name, SpaceID: kind.BaseOf(live).SpaceID}))
}

// lockForSnapshot has two releases that need the same snapshot at once wait for
// each other: the second then finds what the first has made.
func lockForSnapshot(tx *store.Tx, id string) error {
	if tx.Engine() != store.PostgreSQL {
		return nil
	}
	if _, err := tx.Exec("select id from document where id = $1 for update", id); err != nil {
		return fmt.Errorf("locking %s for its snapshot: %w", id, err)
	}
	return nil
}

// dropSnapshots deletes snapshots that nothing but their user, which is about
// to be deleted itself, refers to.
func dropSnapshots(tx *store.Tx, user string, ids ...string) error {
	for _, id := range ids {
		if !IsSnapshot(id) {
			continue
		}
		users, err := tx.UsedBy(id, 2)
		if err != nil {
			return err
		}
		if len(users) > 1 || len(users) == 1 && users[0].ID != user {
			continue
		}
		if err := tx.Delete(&store.Document{ID: id}); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// removeAll deletes every resource a query asks for; before is called for each.
func removeAll[T any](tx *store.Tx, k *kind.Kind[T], q kind.Query, before func(*T)) error {
	all, _, err := k.List(tx, q)
	if err != nil {
		return err
	}
	for _, r := range all {
		if before != nil {
			before(r)
		}
		if err := k.Remove(tx, r); err != nil {
			return err
		}
	}
	return nil
}
