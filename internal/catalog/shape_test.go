package catalog_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// pick gives some members of a wire form.
func pick(m map[string]any, names ...string) map[string]any {
	got := map[string]any{}
	for _, n := range names {
		if v, ok := m[n]; ok {
			got[n] = v
		}
	}
	return got
}

func TestMachineShapes(t *testing.T) {
	r := newRoom(t)
	env := create(r, Environments, `{"Name":"Env"}`).ID
	tenant := create(r, Tenants, `{"Name":"T"}`).ID
	user := create(r, Accounts, `{"Name":"U","AccountType":"UsernamePassword","Username":"u"}`).ID
	fill := strings.NewReplacer("ENV", env, "TENANT", tenant, "USER", user)
	for _, c := range []struct {
		name, rest string
		machine    map[string]any
		endpoint   map[string]any
	}{
		{"listening", `"Thumbprint":"ab cd","Endpoint":{"CommunicationStyle":"tentaclepassive","Uri":"https://h:10933/","Host":"stray"}`,
			map[string]any{"Thumbprint": "ABCD", "Uri": "https://h:10933/", "TenantedDeploymentParticipation": "Untenanted", "HealthStatus": "Unknown", "Status": "Unknown", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "TentaclePassive", "Thumbprint": "ABCD", "Uri": "https://h:10933/",
				"TentacleVersionDetails": map[string]any{"UpgradeLocked": false, "Version": nil, "UpgradeSuggested": false, "UpgradeRequired": false}}},
		{"polling for tenants", `"TenantIds":["TENANT"],"IsDisabled":true,"Endpoint":{"CommunicationStyle":"TentacleActive","Uri":"poll://abc/","Thumbprint":"EF","TentacleVersionDetails":{"Version":"8.1.0"}}`,
			map[string]any{"Thumbprint": "EF", "Uri": "poll://abc/", "TenantedDeploymentParticipation": "Tenanted", "HealthStatus": "Unknown", "Status": "Disabled", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "TentacleActive", "Thumbprint": "EF", "Uri": "poll://abc/",
				"TentacleVersionDetails": map[string]any{"UpgradeLocked": false, "Version": "8.1.0", "UpgradeSuggested": false, "UpgradeRequired": false}}},
		{"ssh", `"TenantedDeploymentParticipation":"tenantedoruntenanted","Endpoint":{"CommunicationStyle":"Ssh","Host":"h","AccountId":"USER","Fingerprint":"SHA256:f","DotNetCorePlatform":"linux-x64"}`,
			map[string]any{"Uri": "ssh://h:22/", "TenantedDeploymentParticipation": "TenantedOrUntenanted", "HealthStatus": "Unknown", "Status": "Unknown", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "Ssh", "Host": "h", "Port": 22.0, "AccountId": user, "Fingerprint": "SHA256:f", "Uri": "ssh://h:22/", "DotNetCorePlatform": "linux-x64"}},
		{"kubernetes", `"Endpoint":{"CommunicationStyle":"Kubernetes","ClusterUrl":"https://k:6443","Namespace":"n","SkipTlsVerification":true,"Authentication":{"AuthenticationType":"KubernetesStandard","AccountId":"USER"}}`,
			map[string]any{"TenantedDeploymentParticipation": "Untenanted", "HealthStatus": "Unknown", "Status": "Unknown", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "Kubernetes", "ClusterUrl": "https://k:6443", "Namespace": "n", "SkipTlsVerification": "True",
				"Authentication": map[string]any{"AuthenticationType": "KubernetesStandard", "AccountId": user}}},
		{"offline drop", `"Endpoint":{"CommunicationStyle":"OfflineDrop"}`,
			map[string]any{"TenantedDeploymentParticipation": "Untenanted", "HealthStatus": "Unknown", "Status": "Unknown", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "OfflineDrop", "Destination": map[string]any{"DestinationType": "Artifact"},
				"SensitiveVariablesEncryptionPassword": map[string]any{"HasValue": false, "NewValue": nil}}},
		{"cloud region", `"Endpoint":{"CommunicationStyle":"None","DefaultWorkerPoolId":"WorkerPools-1"}`,
			map[string]any{"TenantedDeploymentParticipation": "Untenanted", "HealthStatus": "Unknown", "Status": "Unknown", "HasLatestCalamari": false},
			map[string]any{"CommunicationStyle": "None", "DefaultWorkerPoolId": "WorkerPools-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := create(r, Machines, fill.Replace(`{"Name":"`+c.name+`","EnvironmentIds":["ENV"],"Roles":["web"],`+c.rest+`,"HealthStatus":"Healthy"}`))
			_, w := wire(r, Machines, m.Slug)
			if diff := cmp.Diff(c.machine, pick(w, "Thumbprint", "Uri", "TenantedDeploymentParticipation", "HealthStatus", "Status", "HasLatestCalamari")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.endpoint, w["Endpoint"]); diff != "" {
				t.Error(diff)
			}
			if w["MachinePolicyId"] != "MachinePolicies-1" || w["OperatingSystem"] != "Unknown" {
				t.Errorf("%v", w)
			}
		})
	}
}

// A machine's own address follows its endpoint's, though clients send back
// both.
func TestMachineMoves(t *testing.T) {
	r := newRoom(t)
	env := create(r, Environments, `{"Name":"Env"}`).ID
	m := create(r, Machines, `{"Name":"M","EnvironmentIds":["`+env+`"],"Roles":["r"],"Endpoint":{"CommunicationStyle":"TentaclePassive","Uri":"https://a:1/","Thumbprint":"AA"}}`)
	text, _ := wire(r, Machines, m.ID)
	moved := strings.Replace(text, `"TentaclePassive","Thumbprint":"AA","Uri":"https://a:1/"`, `"TentaclePassive","Thumbprint":"BB","Uri":"https://b:2/"`, 1)
	if moved == text {
		t.Fatalf("nothing to replace in %s", text)
	}
	got := change(r, Machines, m.ID, moved)
	if got.URI != "https://b:2/" || got.Thumbprint != "BB" || got.Endpoint.URI != got.URI {
		t.Errorf("moved to %s %s", got.URI, got.Thumbprint)
	}
	r.do(func(tx *store.Tx) error { // what a health check finds
		found, err := Machines.Get(tx, m.ID)
		if err != nil {
			return err
		}
		found.HealthStatus, found.StatusSummary = Healthy, "Fine."
		return Machines.Put(tx, found)
	})
	got = change(r, Machines, m.ID, `{"HealthStatus":"Unhealthy","IsDisabled":false}`)
	if got.HealthStatus != Healthy || got.Status != "Online" || got.StatusSummary != "Fine." {
		t.Errorf("health after a client's change: %+v", got.Condition)
	}
}

func privateKey(t *testing.T, passphrase string) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func TestSSHKeys(t *testing.T) {
	r := newRoom(t)
	open, locked := privateKey(t, ""), privateKey(t, "pw")
	for _, c := range []struct{ name, key, passphrase, why string }{
		{"pem", open, "", ""},
		{"base64", base64.StdEncoding.EncodeToString([]byte(open)), "", ""},
		{"locked", locked, "pw", ""},
		{"locked, no passphrase", locked, "", "protected by a passphrase"},
		{"locked, wrong passphrase", locked, "no", "does not open"},
		{"an open key with a passphrase", open, "pw", ""},
		{"base64 of something else", base64.StdEncoding.EncodeToString([]byte("hello")), "", "PrivateKeyFile is not a private key. Give the text"},
		{"base64 of bytes", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff, 1}, 100)), "", "is not a private key"},
		{"several lines", "one\ntwo", "", "is not a private key"},
		{"public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZwWcH0p5k1Xj5k6v5gZ4xW9bJmJx1n3m1m1m1m1m1 me@here", "", "is a public key"},
		{"base64 of a public key", base64.StdEncoding.EncodeToString([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")), "", "is a public key"},
		{"certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "", "is a CERTIFICATE"},
		{"half of a key", open[:len(open)/2], "", "is cut off"},
		{"path", "~/.ssh/id_ed25519", "", "is the path of a file"},
		{"variable", "#{Deploy.Key}", "", "refers to a variable"},
		{"putty", "PuTTY-User-Key-File-3: ssh-ed25519", "", "PuTTY's format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := post(r, Accounts, `{"Name":"`+c.name+`","AccountType":"SshKeyPair","Username":"u","PrivateKeyFile":{"HasValue":true,"NewValue":`+jsonText(c.key)+
				`},"PrivateKeyPassphrase":{"HasValue":`+map[bool]string{true: "true", false: "false"}[c.passphrase != ""]+`,"NewValue":`+jsonText(c.passphrase)+`}}`)
			refused(t, err, c.why)
			if c.why != "" {
				return
			}
			r.do(func(tx *store.Tx) error {
				plain, err := a.PrivateKeyFile.Open(tx)
				if !strings.HasPrefix(plain, "-----BEGIN OPENSSH PRIVATE KEY") {
					t.Errorf("stored %q", plain)
				}
				return err
			})
			change(r, Accounts, a.ID, `{"Description":"d","PrivateKeyFile":{"HasValue":true,"NewValue":null},"PrivateKeyPassphrase":{"HasValue":true,"NewValue":null}}`)
		})
	}
}

func TestAccountMembers(t *testing.T) {
	r := newRoom(t)
	common := []string{"Id", "SpaceId", "Name", "Slug", "Description", "AccountType", "EnvironmentIds", "TenantIds", "TenantTags", "TenantedDeploymentParticipation", "Links", "LastModifiedOn", "LastModifiedBy"}
	const guid = `"SubscriptionNumber":"5E0ED1C5-7d2c-4c5c-9c67-6d8a1c1c8c11","ClientId":"5e0ed1c5-7d2c-4c5c-9c67-6d8a1c1c8c12","TenantId":"5e0ed1c5-7d2c-4c5c-9c67-6d8a1c1c8c13"`
	const pw = `"Password":{"HasValue":true,"NewValue":"x"},"SecretKey":{"HasValue":true,"NewValue":"x"},"JsonKey":{"HasValue":true,"NewValue":"e30="},"Username":"u","AccessKey":"k","RoleArn":"arn","Audience":"a","DeploymentSubjectKeys":["space"],"SessionDuration":3600`
	for _, c := range []struct {
		accountType string
		own         []string
	}{
		{AccountPassword, []string{"Username", "Password"}},
		{AccountAWS, []string{"AccessKey", "SecretKey", "RoleArn"}},
		{AccountAWSOIDC, []string{"RoleArn", "SessionDuration", "Audience", "DeploymentSubjectKeys"}},
		{AccountAzure, []string{"SubscriptionNumber", "ClientId", "TenantId", "Password"}},
		{AccountAzureOIDC, []string{"SubscriptionNumber", "ClientId", "TenantId", "Audience", "DeploymentSubjectKeys"}},
		{AccountGoogle, []string{"JsonKey"}},
		{AccountOIDC, []string{"Audience", "DeploymentSubjectKeys"}},
	} {
		t.Run(c.accountType, func(t *testing.T) {
			a := create(r, Accounts, `{"Name":"`+c.accountType+`","AccountType":"`+strings.ToLower(c.accountType)+`",`+guid+","+pw+"}")
			_, w := wire(r, Accounts, a.ID)
			var names []string
			for n := range w {
				names = append(names, n)
			}
			want := append(slices.Clone(common), c.own...)
			slices.Sort(want)
			slices.Sort(names)
			if diff := cmp.Diff(want, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMachinePolicyIsWhole(t *testing.T) {
	r := newRoom(t)
	bare := create(r, MachinePolicies, `{"Name":"Bare"}`)
	for _, id := range []string{bare.ID, "MachinePolicies-1"} {
		_, w := wire(r, MachinePolicies, id)
		health := w["MachineHealthCheckPolicy"].(map[string]any)
		script := map[string]any{"RunType": "InheritFromDefault", "ScriptBody": nil}
		for _, name := range []string{"PowerShellHealthCheckPolicy", "BashHealthCheckPolicy", "TentacleEndpointHealthCheckPolicy", "SshEndpointHealthCheckPolicy"} {
			if diff := cmp.Diff(any(script), health[name]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		want := map[string]any{"ConnectionConnectTimeout": "00:01:00", "ConnectionRetryTimeLimit": "00:05:00", "ConnectionRetrySleepInterval": "00:00:01",
			"ConnectionRetryCountLimit": 5.0, "PollingRequestQueueTimeout": "00:02:00",
			"MachineConnectivityPolicy": map[string]any{"MachineConnectivityBehavior": "ExpectedToBeOnline"},
			"MachineCleanupPolicy":      map[string]any{"DeleteMachinesBehavior": "DoNotDelete", "DeleteMachinesElapsedTimeSpan": "00:00:00"},
			"MachineUpdatePolicy":       map[string]any{"CalamariUpdateBehavior": "UpdateOnDeployment", "TentacleUpdateBehavior": "NeverUpdate", "KubernetesAgentUpdateBehavior": "Update"}}
		if diff := cmp.Diff(want, pick(w, "ConnectionConnectTimeout", "ConnectionRetryTimeLimit", "ConnectionRetrySleepInterval", "ConnectionRetryCountLimit",
			"PollingRequestQueueTimeout", "MachineConnectivityPolicy", "MachineCleanupPolicy", "MachineUpdatePolicy")); diff != "" {
			t.Error(diff)
		}
		if health["HealthCheckType"] != "RunScript" || health["HealthCheckCronTimezone"] != "UTC" {
			t.Errorf("health check %v", health)
		}
	}
	// Times win over an interval, and a client that sends both reads both again.
	for _, c := range []struct {
		sent string
		want []any
	}{
		{`{"HealthCheckCron":"0 0 6 * * *","HealthCheckInterval":"01:00:00"}`, []any{"0 0 6 * * *", "01:00:00"}},
		{`{"HealthCheckCron":" ","HealthCheckInterval":""}`, []any{nil, nil}},
	} {
		change(r, MachinePolicies, bare.ID, `{"MachineHealthCheckPolicy":`+c.sent+`}`)
		_, w := wire(r, MachinePolicies, bare.ID)
		health := w["MachineHealthCheckPolicy"].(map[string]any)
		if diff := cmp.Diff(c.want, []any{health["HealthCheckCron"], health["HealthCheckInterval"]}); diff != "" {
			t.Errorf("%s: %s", c.sent, diff)
		}
	}
	// A client that knows one of the two names of a script policy changes both.
	for _, c := range []struct{ body, member string }{
		{`{"BashHealthCheckPolicy":{"RunType":"Inline","ScriptBody":"one"},"HealthCheckInterval":"1.00:00:00"}`, "newer"},
		{`{"BashHealthCheckPolicy":{"RunType":"Inline","ScriptBody":"one"},"SshEndpointHealthCheckPolicy":{"RunType":"Inline","ScriptBody":"two"}}`, "older"},
	} {
		got := change(r, MachinePolicies, bare.ID, `{"MachineHealthCheckPolicy":`+c.body+`}`).MachineHealthCheckPolicy
		if *got.BashHealthCheckPolicy.ScriptBody != *got.SSHEndpointHealthCheckPolicy.ScriptBody {
			t.Errorf("%s: %s and %s", c.member, *got.BashHealthCheckPolicy.ScriptBody, *got.SSHEndpointHealthCheckPolicy.ScriptBody)
		}
		if want := map[string]string{"newer": "one", "older": "two"}[c.member]; *got.BashHealthCheckPolicy.ScriptBody != want {
			t.Errorf("%s: %s", c.member, *got.BashHealthCheckPolicy.ScriptBody)
		}
	}
}

func TestRetention(t *testing.T) {
	r := newRoom(t)
	for _, c := range []struct{ name, body, want string }{
		{"none", ``, `{"Strategy":"Default","Unit":"Items","QuantityToKeep":0,"ShouldKeepForever":true}`},
		{"older, forever", `{"Unit":"Days","QuantityToKeep":0,"ShouldKeepForever":true}`, `{"Strategy":"Forever","Unit":"Days","QuantityToKeep":0,"ShouldKeepForever":true}`},
		{"older, count", `{"Unit":"Days","QuantityToKeep":30,"ShouldKeepForever":false}`, `{"Strategy":"Count","Unit":"Days","QuantityToKeep":30,"ShouldKeepForever":false}`},
		{"newer, count", `{"Strategy":"count","Unit":"items","QuantityToKeep":3}`, `{"Strategy":"Count","Unit":"Items","QuantityToKeep":3,"ShouldKeepForever":false}`},
	} {
		body := ""
		if c.body != "" {
			body = `,"ReleaseRetentionPolicy":` + c.body
		}
		l := create(r, Lifecycles, `{"Name":"`+c.name+`"`+body+`}`)
		if text, _ := wire(r, Lifecycles, l.ID); !strings.Contains(text, `"ReleaseRetentionPolicy":`+c.want) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
	change(r, RetentionPolicies, "LifecycleReleaseDefault-Spaces-1", `{"Strategy":"Count","QuantityToKeep":9,"Unit":"Items"}`)
	l := create(r, Lifecycles, `{"Name":"after","Phases":[{"Name":"p","ReleaseRetentionPolicy":{"Strategy":"Default"}}]}`)
	if p := l.ReleaseRetentionPolicy; p.Strategy != RetainDefault || p.QuantityToKeep != 9 || *l.Phases[0].ReleaseRetentionPolicy != p || l.Phases[0].TentacleRetentionPolicy != nil {
		t.Errorf("%+v", l)
	}
}

func TestTagNames(t *testing.T) {
	r := newRoom(t)
	set := create(r, TagSets, `{"Name":"Region","Tags":[{"Name":"West"},{"Name":"East","Color":"#fff"}]}`)
	if set.Tags[0].CanonicalTagName != "Region/West" || !strings.HasPrefix(set.Tags[1].ID, set.ID+"/Tags-") || set.Tags[1].SortOrder != 1 || set.Type != "MultiSelect" {
		t.Errorf("%+v", set)
	}
	tenant := create(r, Tenants, `{"Name":"T","TenantTags":["REGION/west","`+set.Tags[1].ID+`"]}`)
	if diff := cmp.Diff([]string{"Region/West", "Region/East"}, tenant.TenantTags); diff != "" {
		t.Error(diff)
	}
	text, _ := wire(r, Tenants, tenant.ID)
	if !strings.Contains(text, `"ProjectEnvironments":{}`) {
		t.Errorf("no projects: %s", text)
	}
}

func TestPackages(t *testing.T) {
	r := newRoom(t)
	for _, v := range []string{"1.0.0", "1.10.0", "1.2.0", "2.0.0-beta.2", "2.0.0-beta.10"} {
		create(r, BuiltInPackages, `{"PackageId":"Acme.Web","Version":"`+v+`","Blob":"b"}`)
	}
	create(r, BuiltInPackages, `{"PackageId":"Acme.Webber","Version":"9.0","Blob":"b"}`)
	_, err := post(r, BuiltInPackages, `{"PackageId":"acme.web","Version":"1.0","Blob":"b"}`)
	refused(t, err, "already in use")
	r.do(func(tx *store.Tx) error {
		all, n, err := PackageVersions(tx, PackageQuery{Space: kind.DefaultSpace, PackageID: "acme.WEB", Take: 3})
		if err != nil {
			return err
		}
		var got []string
		for _, p := range all {
			got = append(got, p.Version)
		}
		if diff := cmp.Diff([]string{"2.0.0-beta.10", "2.0.0-beta.2", "1.10.0"}, got); diff != "" || n != 5 {
			t.Errorf("%d %s", n, diff)
		}
		p, err := FindPackage(tx, kind.DefaultSpace, "ACME.web", "1.0.0.0")
		if err != nil || p == nil || p.Version != "1.0.0" {
			t.Errorf("found %+v, %v", p, err)
		}
		if p, err := FindPackage(tx, kind.DefaultSpace, "acme.web", "3"); p != nil || err != nil {
			t.Errorf("found %+v, %v", p, err)
		}
		ids, n, err := PackageIDs(tx, kind.DefaultSpace, "WEB", 0, 1)
		if diff := cmp.Diff([]string{"Acme.Web"}, ids); diff != "" || n != 2 {
			t.Errorf("%d %s", n, diff)
		}
		return err
	})
}

func TestVersionKeys(t *testing.T) {
	texts := []string{"0.0.1", "1", "1.0.0-0", "1.0.0-1", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1.0.0-a.b", "1.0.0-A.2", "1.0.0-a-b", "1.0.0-beta", "1.0.0-99999999999",
		"1.0.0", "1.0", "1.0.0.0", "1.0.0+b", "1.0.0-a+x", "1.0.0.1", "1.2", "1.10", "2.0.0-rc.1", "2.0.0-rc.1.1", "2016.01.02", "2016.1.2"}
	for _, a := range texts {
		for _, b := range texts {
			x, errX := version.Parse(version.SemVer, a)
			y, errY := version.Parse(version.SemVer, b)
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			if want, got := sign(x.Compare(y)), sign(strings.Compare(VersionKey(a), VersionKey(b))); got != want {
				t.Errorf("%s and %s compare as %d, their keys %q and %q as %d", a, b, want, VersionKey(a), VersionKey(b), got)
			}
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

func TestTimeSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00:10": 10 * time.Second, "1.02:03:04": 26*time.Hour + 3*time.Minute + 4*time.Second, "00:00:00.5": time.Second / 2, "-00:01:00": -time.Minute, "10:00": 10 * time.Hour,
	} {
		got, err := ParseTimeSpan(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if again, err := ParseTimeSpan(FormatTimeSpan(got)); err != nil || again != want {
			t.Errorf("%s again: %v, %v", FormatTimeSpan(got), again, err)
		}
	}
	for _, text := range []string{"", "x", "25:00:00", "00:60:00", "1:2:3"} {
		if d, err := ParseTimeSpan(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

func TestRepositoryRestrictions(t *testing.T) {
	g := &GitCredential{RepositoryRestrictions: &RepositoryRestrictions{Enabled: true, AllowedRepositories: []string{"https://git.example/one.git", "https://git.example/team/*", "git@git.example:team/*", "https://loose.example*", "ssh://git@git.example/team/*"}}}
	for url, want := range map[string]bool{
		"https://git.example/one": true, "https://GIT.example/one.git/": true, "https://git.example/team/x.git": true,
		"https://git.example/two": false, "https://git.example/oneness": false,
		"git@git.example:team/x.git": true, "ssh://git@git.example/team/x": true, "https://loose.example/x": true, "https://git.example/team/a..b/x...y": true,
		// What goes up again, and a host that is a user name.
		"https://git.example/team/../two": false, "https://git.example/team/%2e%2E/two": false, "https://git.example/team/./../two": false, `https://git.example/team/..\two`: false,
		"git@git.example:team/../two": false, "ssh://git@git.example/team/%2e./two": false, "https://loose.example@evil.example/x": false, "https://loose.example:x@evil.example/x": false,
	} {
		if g.Allows(url) != want {
			t.Errorf("%s: %v", url, !want)
		}
	}
}

func TestUsersAndTeams(t *testing.T) {
	r := newRoom(t)
	bob := create(r, Users, `{"Username":"bob","Password":"not kept"}`)
	if !bob.IsActive || bob.DisplayName != "bob" || !bob.CanPasswordBeEdited || bob.Password != "" {
		t.Errorf("%+v", bob)
	}
	if text, _ := wire(r, Users, "BOB"); strings.Contains(text, "Password\":\"") || strings.Contains(text, "not kept") || !strings.Contains(text, `/apikeys{/id}{?skip,take}`) {
		t.Errorf("%s", text)
	}
	v, err := Users.Decode([]byte(`{"Username":"x","Password":"pw"}`))
	if err != nil {
		t.Fatal(err)
	}
	if u := v.(*User); u.TakePassword().Reveal() != "pw" || u.Password != "" {
		t.Error("the password was not taken")
	}
	team := create(r, Teams, `{"Name":"Crew","MemberUserIds":["`+bob.ID+`"],"CanBeDeleted":false}`)
	if !team.CanBeDeleted || !team.CanBeRenamed {
		t.Errorf("%+v", team)
	}
	create(r, ScopedUserRoles, `{"TeamId":"`+team.ID+`","UserRoleId":"userroles-spacemanager","SpaceId":"Spaces-1"}`)
	refused(t, remove(r, Users, bob.ID), "")
	if got := get(r, Teams, team.ID).MemberUserIDs; len(got) != 0 {
		t.Errorf("members %v", got)
	}
	refused(t, remove(r, Teams, team.ID), "")
	_, err = put(r, Teams, "teams-administrators", `{"MemberUserIds":[]}`)
	refused(t, err, "must have a member")
	_, err = put(r, Teams, "teams-everyone", `{"Name":"All"}`)
	refused(t, err, "keeps its name")
	_, err = put(r, UserRoles, "userroles-systemadministrator", `{"GrantedSystemPermissions":["UserView"]}`)
	refused(t, err, "cannot be changed")
}

func TestInterruptions(t *testing.T) {
	r := newRoom(t)
	i := create(r, Interruptions, `{"Title":"Approve","TaskId":"ServerTasks-7","IsPending":true,"Form":{"Elements":[{"Name":"Result","Control":{"Type":"SubmitButtonGroup","Buttons":[{"Text":"Proceed","Value":"Proceed"}]}}]}}`)
	pending := func() (n int) {
		r.do(func(tx *store.Tx) error {
			all, err := PendingInterruptions(tx, kind.DefaultSpace, "ServerTasks-7")
			n = len(all)
			return err
		})
		return n
	}
	if pending() != 1 || i.Type != ManualIntervention || i.Created.IsZero() {
		t.Errorf("%d pending, %+v", pending(), i)
	}
	change(r, Interruptions, i.ID, `{"IsPending":false}`)
	if pending() != 0 {
		t.Error("still pending")
	}
	a := create(r, Artifacts, `{"Filename":"..\\..\\x.log","ServerTaskId":"ServerTasks-7"}`)
	if a.Filename != "x.log" || a.Blob() != "artifacts/"+a.ID {
		t.Errorf("%+v", a)
	}
}
