package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TestRefusals holds, for each type, what is wrong with a body; an empty why
// is a body that is right.
func TestRefusals(t *testing.T) {
	r := newRoom(t)
	env := create(r, Environments, `{"Name":"Env"}`).ID
	create(r, TagSets, `{"Name":"Region","Tags":[{"Name":"West"},{"Name":"East"}],"Type":"SingleSelect"}`)
	token := create(r, Accounts, `{"Name":"T","AccountType":"Token","Token":{"HasValue":true,"NewValue":"x"}}`).ID
	user := create(r, Accounts, `{"Name":"U","AccountType":"UsernamePassword","Username":"u"}`).ID
	dynamic := create(r, WorkerPools, `{"Name":"Dyn","WorkerPoolType":"dynamicworkerpool","WorkerType":"UbuntuDefault"}`).ID
	fill := strings.NewReplacer("ENV", env, "TOKEN", token, "USER", user, "DYNAMIC", dynamic, "EVERYONE", access.TeamEveryone,
		"MANAGER", access.RoleSpaceManager, "SYSROLE", access.RoleSystemManager)
	machine := func(endpoint string) string {
		return `{"Name":"M","EnvironmentIds":["ENV"],"Roles":["r"],"Endpoint":{` + endpoint + `}}`
	}
	for _, c := range []struct {
		kind kind.Any
		body string
		why  string
	}{
		{Users, `{"DisplayName":"x"}`, "Username must not be empty"},
		{Users, `{"Username":"ADA"}`, "already in use"},
		{Users, `{"Username":"x","EmailAddress":"nowhere"}`, "not an e-mail"},
		{Teams, `{"Name":"T","MemberUserIds":["Users-99"]}`, "does not exist"},
		{UserRoles, `{"Name":"R","GrantedSpacePermissions":["FlyToMoon"]}`, "no permission 'FlyToMoon'"},
		{UserRoles, `{"Name":"R","GrantedSpacePermissions":["AdministerSystem"]}`, "level of the space"},
		{ScopedUserRoles, `{"TeamId":"EVERYONE","UserRoleId":"MANAGER"}`, "the space must be given"},
		{ScopedUserRoles, `{"TeamId":"EVERYONE","UserRoleId":"MANAGER","SpaceId":"Spaces-1","EnvironmentIds":["ENV"]}`, ""},
		{ScopedUserRoles, `{"TeamId":"EVERYONE","UserRoleId":"SYSROLE","SpaceId":"Spaces-1"}`, "only system permissions"},
		{ScopedUserRoles, `{"TeamId":"EVERYONE","UserRoleId":"MANAGER","SpaceId":"Spaces-9"}`, "'Spaces-9', which does not exist"},
		{Environments, `{"Name":""}`, "Name must not be empty"},
		{Environments, `{"Name":"e","EnvironmentTags":["Region/North"]}`, "no tag 'Region/North'"},
		{Environments, `{"Name":"Parent","Type":"parent"}`, ""},
		{Environments, `{"Name":"e","Type":"Ephemeral","ParentEnvironmentId":"ENV"}`, "must name a parent"},
		{Lifecycles, `{"Name":"L","Phases":[{"Name":"a","OptionalDeploymentTargets":["ENV"]},{"Name":"b","AutomaticDeploymentTargets":["ENV"]}]}`, "in the phase 'a' already"},
		{Lifecycles, `{"Name":"L","Phases":[{"Name":"a"},{"Name":"A"}]}`, "two phases of the name"},
		{Lifecycles, `{"Name":"L","Phases":[{"Name":""}]}`, "Phases[0].Name must not be empty"},
		{Lifecycles, `{"Name":"L","Phases":[{"Name":"a","OptionalDeploymentTargets":["ENV"],"MinimumEnvironmentsBeforePromotion":2}]}`, "has 1 environments"},
		{Lifecycles, `{"Name":"L","Phases":[{"Name":"a","OptionalDeploymentTargets":["Environments-77"]}]}`, "Environments-77', which does not exist"},
		{Lifecycles, `{"Name":"L","ReleaseRetentionPolicy":{"Strategy":"Count"}}`, "at least 1"},
		{Lifecycles, `{"Name":"L","ReleaseRetentionPolicy":{"Strategy":"Sometimes"}}`, "not one of Default, Forever, Count"},
		{Machines, `{"Name":"M","Roles":["r"],"Endpoint":{"CommunicationStyle":"None"}}`, "at least one environment"},
		{Machines, `{"Name":"M","EnvironmentIds":["ENV"],"Endpoint":{"CommunicationStyle":"None"}}`, "at least one target tag"},
		{Machines, machine(`"CommunicationStyle":"Pigeon"`), "not one of"},
		{Machines, machine(`"CommunicationStyle":"TentaclePassive","Uri":"https://h:10933/"`), "Thumbprint must not be empty"},
		{Machines, machine(`"CommunicationStyle":"TentaclePassive","Uri":"h:10933","Thumbprint":"AB"`), "Endpoint.Uri is 'h:10933'"},
		{Machines, machine(`"CommunicationStyle":"TentacleActive","Uri":"https://h/","Thumbprint":"AB"`), "poll://"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"h","Fingerprint":"SHA256:f"`), "AccountId must not be empty"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"h","Fingerprint":"SHA256:f","AccountId":"TOKEN"`), "is of the type Token"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"h","AccountId":"USER"`), "Fingerprint must not be empty"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"zzz"`), "Fingerprint is 'zzz', which is no fingerprint"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"SHA256:"`), "which is no fingerprint"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"22:22:22:22:22:22:22:22:22:22:22:22:22:22:22"`), ""},
		{Machines, strings.Replace(machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"SHA256: 3f"`), `"M"`, `"M0"`, 1), ""},
		{Machines, strings.Replace(machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8="`), `"M"`, `"M1"`, 1), ""},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5"`), "which is not whole"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5S_8"`), "which is not whole"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"MD5:22:22:22:22:22:22:22:22:22:22:22:22:22:22:22"`), "which is not whole"},
		{Machines, strings.Replace(machine(`"CommunicationStyle":"Ssh","Host":"box","AccountId":"USER","Fingerprint":"MD5:22:22:22:22:22:22:22:22:22:22:22:22:22:22:22:22"`), `"M"`, `"M2"`, 1), ""},
		{Machines, machine(`"CommunicationStyle":"Ssh","Fingerprint":"SHA256:f","AccountId":"USER"`), "Host must not be empty"},
		{Machines, machine(`"CommunicationStyle":"Ssh","Host":"h","Port":70000,"Fingerprint":"SHA256:f","AccountId":"USER"`), "Port is 70000"},
		{Machines, machine(`"CommunicationStyle":"Kubernetes"`), "ClusterUrl must not be empty"},
		{Machines, machine(`"CommunicationStyle":"AzureWebApp"`), "WebAppName must not be empty"},
		{Machines, `{"Name":"M","EnvironmentIds":["ENV"],"Roles":["r"],"TenantedDeploymentParticipation":"maybe","Endpoint":{"CommunicationStyle":"None"}}`, "is \"maybe\""},
		{Workers, `{"Name":"W","Endpoint":{"CommunicationStyle":"TentacleActive","Uri":"poll://x/","Thumbprint":"AB"}}`, "at least one worker pool"},
		{Workers, `{"Name":"W","WorkerPoolIds":["DYNAMIC"],"Endpoint":{"CommunicationStyle":"TentacleActive","Uri":"poll://x/","Thumbprint":"AB"}}`, "makes its own"},
		{Workers, `{"Name":"W","WorkerPoolIds":["WorkerPools-1"],"Endpoint":{"CommunicationStyle":"OfflineDrop"}}`, "not one that a worker can have"},
		{WorkerPools, `{"Name":"P","WorkerPoolType":"DynamicWorkerPool"}`, "WorkerType must not be empty"},
		{MachinePolicies, `{"Name":"P","ConnectionConnectTimeout":"00:00:05"}`, "at least 00:00:10"},
		{MachinePolicies, `{"Name":"P","ConnectionRetryCountLimit":1}`, "at least 2"},
		{MachinePolicies, `{"Name":"P","PollingRequestQueueTimeout":"soon"}`, "not a length of time"},
		{MachinePolicies, `{"Name":"P","MachineHealthCheckPolicy":{"BashHealthCheckPolicy":{"RunType":"Inline"}}}`, "must have a ScriptBody"},
		{MachinePolicies, `{"Name":"P","MachineHealthCheckPolicy":{"HealthCheckCron":"0 0 * * * *","HealthCheckCronTimezone":"Mars/Base"}}`, "no time zone"},
		{MachinePolicies, `{"Name":"P","MachineHealthCheckPolicy":{"HealthCheckCron":"every hour","HealthCheckCronTimezone":"UTC"}}`, "HealthCheckCron: CronExpression must have six fields"},
		{Accounts, `{"Name":"A","AccountType":"Pigeon"}`, "not one of"},
		{Accounts, `{"Name":"A"}`, "AccountType must not be empty"},
		{Accounts, `{"Name":"A","AccountType":"Token"}`, "Token must not be empty"},
		{Accounts, `{"Name":"A","AccountType":"AmazonWebServicesAccount","AccessKey":"k"}`, "SecretKey must not be empty"},
		{Accounts, `{"Name":"A","AccountType":"AzureOidc","SubscriptionNumber":"nope","ClientId":"nope","TenantId":""}`, "ClientId is 'nope', which is not a GUID"},
		{Accounts, `{"Name":"A","AccountType":"SshKeyPair","Username":"u","PrivateKeyFile":{"HasValue":true,"NewValue":"-----BEGIN OPENSSH PRIVATE KEY-----\nbm8=\n-----END OPENSSH PRIVATE KEY-----"}}`, "PrivateKeyFile is a private key that cannot be read"},
		{Proxies, `{"Name":"P","Host":""}`, "Host must not be empty"},
		{Proxies, `{"Name":"P","Host":"h","Port":99999}`, "Port is 99999"},
		{Feeds, `{"Name":"F","FeedType":"Pigeon"}`, "not the type of a feed"},
		{Feeds, `{"Name":"F","FeedType":"BuiltIn"}`, "one feed of the type BuiltIn"},
		{Feeds, `{"Name":"F","FeedType":"Docker","FeedUri":"nowhere"}`, "not an address of the web"},
		{Feeds, `{"Name":"F","FeedType":"Helm"}`, "FeedUri must not be empty"},
		{Tenants, `{"Name":"T","ProjectEnvironments":{"Projects-9":["ENV"]}}`, "project 'Projects-9', which does not exist"},
		{Tenants, `{"Name":"T","TenantTags":["Region/West","region/east"]}`, "only one tag of 'Region'"},
		{Tenants, `{"Name":"T","TenantTags":["West"]}`, "no tag 'West'"},
		{TagSets, `{"Name":"a/b"}`, "cannot contain a slash"},
		{TagSets, `{"Name":"S","Tags":[{"Name":"x"},{"Name":"X"}]}`, "two tags of the name"},
		{TagSets, `{"Name":"S","Scopes":["Moon"]}`, "Scopes[0]"},
		{TagSets, `{"Name":"S","Type":"FreeText","Tags":[{"Name":"x"}]}`, "no tags of its own"},
		{GitCredentials, `{"Name":"G"}`, "Details.Username must not be empty"},
		{GitCredentials, `{"Name":"G","Details":{"Username":"u"},"RepositoryRestrictions":{"Enabled":true}}`, "must name a repository"},
		{Subscriptions, `{"Name":"S","EventNotificationSubscription":{"WebhookURI":"x"}}`, "not an address of the web"},
		{DeploymentFreezes, `{"Name":"F","Start":"2026-01-02T00:00:00Z","End":"2026-01-01T00:00:00Z"}`, "End must be after Start"},
		{DeploymentFreezes, `{"Name":"F","Start":"2026-01-01T00:00:00Z","End":"2026-01-02T00:00:00Z","ProjectEnvironmentScope":{"Projects-5":["ENV"]}}`, "Projects-5"},
		{BuiltInPackages, `{"PackageId":"p","Version":"x y","Blob":"b"}`, "Version"},
		{OIDCIdentities, `{"Name":"O","ServiceAccountId":"Users-1","Issuer":"https://i","Subject":"s"}`, "a person"},
	} {
		t.Run(c.kind.Info().Plural+" "+c.why, func(t *testing.T) {
			refused(t, tryPost(r, c.kind, fill.Replace(c.body)), c.why)
		})
	}
}

// tryPost creates a resource of any type and says what came of it.
func tryPost(r *room, k kind.Any, body string) error {
	return r.db.Do(r.Context(), func(tx *store.Tx) error {
		v, err := k.Decode([]byte(body))
		if err != nil {
			return err
		}
		if !k.Info().System {
			kind.BaseOf(v).SpaceID = kind.DefaultSpace
		}
		return k.PutAny(tx, v)
	})
}

// TestInUse deletes what something else needs.
func TestInUse(t *testing.T) {
	r := newRoom(t)
	env := create(r, Environments, `{"Name":"Env"}`)
	lifecycle := create(r, Lifecycles, `{"Name":"L","Phases":[{"Name":"a","OptionalDeploymentTargets":["`+env.ID+`"]}]}`)
	pool := create(r, WorkerPools, `{"Name":"P"}`)
	worker := create(r, Workers, `{"Name":"W","WorkerPoolIds":["`+pool.ID+`"],"Endpoint":{"CommunicationStyle":"TentacleActive","Uri":"poll://x/","Thumbprint":"AB"}}`)
	set := create(r, TagSets, `{"Name":"Region","Tags":[{"Name":"West"}]}`)
	tenant := create(r, Tenants, `{"Name":"T","TenantTags":["Region/West"]}`)

	refused(t, remove(r, Environments, env.ID), "Lifecycle 'L'")
	refused(t, remove(r, Lifecycles, lifecycle.ID), "")
	refused(t, remove(r, Environments, env.ID), "")
	refused(t, remove(r, WorkerPools, pool.ID), "'W'")
	refused(t, remove(r, Workers, worker.ID), "")
	refused(t, remove(r, WorkerPools, pool.ID), "")
	refused(t, remove(r, WorkerPools, "WorkerPools-1"), "is the default")
	refused(t, remove(r, MachinePolicies, "MachinePolicies-1"), "is the default")
	refused(t, remove(r, Feeds, "feeds-builtin"), "built in")
	refused(t, remove(r, Teams, access.TeamEveryone), "built in")
	refused(t, remove(r, TagSets, set.ID), "Region/West")
	_, err := put(r, TagSets, set.ID, `{"Tags":[]}`)
	refused(t, err, "cannot be removed")
	_, err = put(r, TagSets, set.ID, `{"Name":"Area"}`)
	refused(t, err, "cannot be removed or renamed")
	refused(t, remove(r, Tenants, tenant.ID), "")
	refused(t, remove(r, TagSets, set.ID), "")
}

func TestDefaultsMove(t *testing.T) {
	r := newRoom(t)
	pool := create(r, WorkerPools, `{"Name":"P","IsDefault":true}`)
	if get(r, WorkerPools, "WorkerPools-1").IsDefault || !get(r, WorkerPools, pool.ID).IsDefault {
		t.Error("two default pools, or none")
	}
	_, err := put(r, WorkerPools, pool.ID, `{"IsDefault":false}`)
	refused(t, err, "Make another one the default")
	policy := create(r, MachinePolicies, `{"Name":"P"}`)
	change(r, MachinePolicies, policy.ID, `{"IsDefault":true}`)
	if get(r, MachinePolicies, "MachinePolicies-1").IsDefault {
		t.Error("two default policies")
	}
	machine := create(r, Machines, `{"Name":"M","EnvironmentIds":["`+create(r, Environments, `{"Name":"E"}`).ID+`"],"Roles":["a","A "],"Endpoint":{"CommunicationStyle":"None"}}`)
	if machine.MachinePolicyID != policy.ID || len(machine.Roles) != 1 {
		t.Errorf("the machine has policy %s and roles %q", machine.MachinePolicyID, machine.Roles)
	}
}

func TestSortOrder(t *testing.T) {
	r := newRoom(t)
	var ids []string
	for _, name := range []string{"C", "A", "B"} {
		ids = append(ids, create(r, Environments, `{"Name":"`+name+`","SortOrder":0}`).ID)
	}
	order := func() (names []string) {
		r.do(func(tx *store.Tx) error {
			names = nil
			all, _, err := Environments.List(tx, kind.Query{Space: kind.DefaultSpace})
			for _, e := range all {
				names = append(names, e.Name)
			}
			return err
		})
		return names
	}
	if diff := cmp.Diff([]string{"C", "A", "B"}, order()); diff != "" {
		t.Error(diff)
	}
	r.do(func(tx *store.Tx) error { return ArrangeEnvironments(tx, kind.DefaultSpace, []string{ids[2], ids[0]}) })
	if diff := cmp.Diff([]string{"B", "C", "A"}, order()); diff != "" {
		t.Error(diff)
	}
	err := r.db.Do(t.Context(), func(tx *store.Tx) error {
		return ArrangeEnvironments(tx, kind.DefaultSpace, []string{"Environments-99"})
	})
	refused(t, err, "does not exist")
}
