package catalog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// contract is what every type must do, on the body of one resource.
type contract struct {
	kind   kind.Any
	body   string
	change string // a member to change, as JSON
	keep   bool   // whether it must not be deletable
}

const secretText = "s3cr3t-never-shown"

func contracts(r *room) []contract {
	pairs := []string{"ENV", create(r, Environments, `{"Name":"Env"}`).ID, "TAG", "Region/West",
		"TENANT", create(r, Tenants, `{"Name":"Ten"}`).ID,
		"SSH", create(r, Accounts, `{"Name":"Ssh","AccountType":"UsernamePassword","Username":"u","Password":{"HasValue":true,"NewValue":"p"}}`).ID,
		"POOL", create(r, WorkerPools, `{"Name":"Pool"}`).ID,
		"PEM", jsonText(testCertificate(r.T)), "SECRET", `{"HasValue":true,"NewValue":"` + secretText + `"}`,
		"ROBOT", create(r, Users, `{"Username":"robot","IsService":true,"IsActive":true}`).ID}
	fill := strings.NewReplacer(pairs...)
	fill = strings.NewReplacer(append([]string{"CLUSTER", create(r, Machines, fill.Replace(`{"Name":"K8s","EnvironmentIds":["ENV"],"Roles":["k8s"],"Endpoint":{"CommunicationStyle":"TentaclePassive","Uri":"https://k8s:10933/","Thumbprint":"ab12"}}`)).ID}, pairs...)...)
	create(r, TagSets, `{"Name":"Region","Tags":[{"Name":"West"}]}`)
	list := []contract{
		{Users, `{"Username":"cleo","DisplayName":"Cleo","IsActive":true,"Password":"` + secretText + `"}`, `"DisplayName":"C"`, false},
		{Teams, `{"Name":"Crew"}`, `"Description":"d"`, false},
		{UserRoles, `{"Name":"Reader","GrantedSpacePermissions":["ProjectView"]}`, `"Description":"d"`, false},
		{Environments, `{"Name":"Prod","Slug":"","SpaceId":""}`, `"UseGuidedFailure":true`, false},
		{Lifecycles, `{"Name":"Way","Phases":[{"Name":"One","OptionalDeploymentTargets":["ENV"]}]}`, `"Description":"d"`, false},
		{RetentionPolicies, "", "", true},
		{Machines, `{"Name":"Web","EnvironmentIds":["ENV"],"Roles":["web"],"Endpoint":{"CommunicationStyle":"TentaclePassive","Uri":"https://web:10933/","Thumbprint":"ab12"}}`, `"IsDisabled":true`, false},
		{Workers, `{"Name":"W","WorkerPoolIds":["POOL"],"Endpoint":{"CommunicationStyle":"Ssh","Host":"h","AccountId":"SSH","Fingerprint":"SHA256:x"}}`, `"IsDisabled":true`, false},
		{WorkerPools, `{"Name":"P2"}`, `"Description":"d"`, false},
		{MachinePolicies, `{"Name":"MP"}`, `"Description":"d"`, false},
		{Accounts, `{"Name":"Tok","AccountType":"token","Token":SECRET,"Username":"stray"}`, `"Description":"d"`, false},
		{Proxies, `{"Name":"Px","Host":"proxy","Password":SECRET}`, `"Port":81`, false},
		{Feeds, `{"Name":"Nu","FeedType":"nuget","FeedUri":"https://packages.example/v3","Password":SECRET}`, `"DownloadAttempts":7`, false},
		{Tenants, `{"Name":"Acme","TenantTags":["region/west"],"ProjectEnvironments":null}`, `"Description":"d"`, false},
		{TagSets, `{"Name":"Ring","Tags":[{"Name":"Alpha","Color":"#111111"}]}`, `"Description":"d"`, false},
		{Certificates, `{"Name":"Cert","CertificateData":{"HasValue":true,"NewValue":PEM}}`, `"Notes":"d"`, false},
		{GitCredentials, `{"Name":"Git","Details":{"Username":"u","Password":SECRET}}`, `"Description":"d"`, false},
		{Subscriptions, `{"Name":"Sub","EventNotificationSubscription":{"WebhookURI":"https://hook.example/x"}}`, `"IsDisabled":true`, false},
		{DeploymentFreezes, `{"Name":"Xmas","Start":"2026-12-24T00:00:00Z","End":"2026-12-27T00:00:00+01:00"}`, `"OwnerId":""`, false},
		{BuildInformations, `{"PackageId":"Acme.Web","Version":"1.2.3","Branch":"main"}`, `"Branch":"dev"`, false},
		{BuiltInPackages, `{"PackageId":"Acme.Web","Version":"1.2.3","Blob":"b"}`, `"Summary":"d"`, false},
		{OIDCIdentities, `{"Name":"Ci","ServiceAccountId":"ROBOT","Issuer":"https://issuer.example/","Subject":"repo:x"}`, `"Audience":"a"`, false},
		{PlatformHubAccounts, `{"Name":"Hub","AccountType":"UsernamePassword","Username":"u","Password":SECRET}`, `"Description":"d"`, false},
		{PlatformHubGitCredentials, `{"Name":"Git","Details":{"Username":"u","Password":SECRET}}`, `"Description":"d"`, false},
		{PlatformHubRepositories, `{"Url":"https://git.example/hub.git","Credentials":{"Type":"UsernamePassword","Username":"u","Password":SECRET}}`, `"BasePath":"hub"`, false},
		{KubernetesMonitors, `{"InstallationId":"6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a10","MachineId":"CLUSTER"}`, `"InstallationId":"6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a11"`, false},
		{Artifacts, `{"Filename":"../../a.txt","ServerTaskId":"ServerTasks-1"}`, `"Source":"s"`, false},
		{Interruptions, `{"Title":"Go?","TaskId":"ServerTasks-1","IsPending":true}`, `"IsPending":false`, false},
	}
	for i := range list {
		list[i].body = fill.Replace(list[i].body)
	}
	return list
}

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestContract(t *testing.T) {
	r := newRoom(t)
	for _, c := range contracts(r) {
		if c.body == "" {
			continue
		}
		t.Run(c.kind.Info().Plural, func(t *testing.T) { c.run(t, r) })
	}
}

func (c contract) run(t *testing.T, r *room) {
	info := c.kind.Info()
	space := kind.DefaultSpace
	if info.System {
		space = ""
	}
	do := func(f func(tx *store.Tx) error) error { return r.db.Do(context.Background(), f) }
	create := func() (id string, err error) {
		err = do(func(tx *store.Tx) error {
			v, err := c.kind.Decode([]byte(c.body))
			if err != nil {
				return err
			}
			kind.BaseOf(v).SpaceID = space
			err = c.kind.PutAny(tx, v)
			id = kind.BaseOf(v).ID
			return err
		})
		return id, err
	}
	id, err := create()
	if err != nil {
		t.Fatal(explain(err))
	}
	raw := c.read(t, r, space, id)
	if strings.Contains(raw, "Sealed") || strings.Contains(raw, "Mark\"") {
		t.Errorf("the store's members are on the wire: %s", raw)
	}
	if info.Plural != "Artifacts" && info.Plural != "Interruptions" {
		if _, err := create(); err == nil || fault.CodeOf(err) == fault.Internal {
			t.Errorf("a second one of the same name: %v", err)
		}
	}
	// A client that sends back what it read changes nothing but the time.
	err = do(func(tx *store.Tx) error {
		v, err := c.kind.GetAny(tx, id)
		if err != nil {
			return err
		}
		if err := c.kind.Merge([]byte(raw), v); err != nil {
			return err
		}
		return c.kind.PutAny(tx, v)
	})
	if err != nil {
		t.Fatal(explain(err))
	}
	if diff := cmp.Diff(members(t, raw), members(t, c.read(t, r, space, id))); diff != "" {
		t.Errorf("reading and writing changed (-before +after):\n%s", diff)
	}
	err = do(func(tx *store.Tx) error {
		v, err := c.kind.GetAny(tx, id)
		if err != nil {
			return err
		}
		if err := c.kind.Merge([]byte("{"+c.change+"}"), v); err != nil {
			return err
		}
		return c.kind.PutAny(tx, v)
	})
	if err != nil {
		t.Fatal(explain(err))
	}
	if after := c.read(t, r, space, id); !strings.Contains(after, c.change) && !strings.Contains(c.change, `""`) {
		t.Errorf("%s is not in %s", c.change, after)
	}
	if err := do(func(tx *store.Tx) error { return c.kind.DeleteAny(tx, id) }); err != nil {
		t.Errorf("deleting: %s", explain(err))
	}
	err = r.db.View(context.Background(), func(tx *store.Tx) error {
		_, err := c.kind.GetAny(tx, id)
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("after deletion: %v", err)
	}
}

func (c contract) read(t *testing.T, r *room, space, id string) string {
	t.Helper()
	var raw []byte
	r.do(func(tx *store.Tx) (err error) {
		raw, _, err = c.kind.FindRaw(tx, space, id)
		return err
	})
	if strings.Contains(string(raw), secretText) {
		t.Errorf("the secret is on the wire: %s", raw)
	}
	return string(raw)
}

func members(t *testing.T, raw string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "LastModifiedOn")
	return m
}

// No secret may be found in any table, nor in the audit trail.
func TestSecretsAreSealed(t *testing.T) {
	r := newRoom(t)
	ids := map[string]string{}
	for _, c := range contracts(r) {
		if !strings.Contains(c.body, secretText) {
			continue
		}
		r.do(func(tx *store.Tx) error {
			v, err := c.kind.Decode([]byte(c.body))
			if err != nil {
				return err
			}
			if !c.kind.Info().System {
				kind.BaseOf(v).SpaceID = kind.DefaultSpace
			}
			if err := c.kind.PutAny(tx, v); err != nil {
				return err
			}
			ids[c.kind.Info().Plural] = kind.BaseOf(v).ID
			return nil
		})
	}
	if len(ids) < 5 {
		t.Fatalf("only %v hold secrets", ids)
	}
	r.do(func(tx *store.Tx) error {
		for _, table := range []string{"document", "event"} {
			err := tx.Query(func(scan func(...any) error) error {
				var data string
				if err := scan(&data); err != nil {
					return err
				}
				if strings.Contains(data, secretText) {
					t.Errorf("%s holds the secret: %s", table, data)
				}
				return nil
			}, "select data from "+table)
			if err != nil {
				return err
			}
		}
		return nil
	})
	account := change(r, Accounts, ids["Accounts"], `{"Name":"Tok2","Token":{"HasValue":true,"NewValue":null}}`)
	r.do(func(tx *store.Tx) error {
		plain, err := account.Token.Open(tx)
		if plain != secretText {
			t.Errorf("a kept secret is %q", plain)
		}
		return err
	})
	_, err := put(r, Accounts, ids["Accounts"], `{"Token":{"HasValue":false}}`)
	refused(t, err, "Token must not be empty")
	proxy := change(r, Proxies, ids["Proxies"], `{"Password":{"HasValue":false,"NewValue":null}}`)
	if proxy.Password.HasValue {
		t.Error("a cleared secret is still there")
	}
}
