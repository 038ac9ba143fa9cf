package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// TestProjectOverSSH keeps a project in a repository that is reached over SSH,
// with a key that the space has as a Git credential.
func TestProjectOverSSH(t *testing.T) {
	if err := sshdtest.Available(); err != nil {
		t.Skip(err)
	}
	v := newVersioned(t)
	server := sshdtest.New(t, 1)[0]
	credential := v.post("/api/Spaces-1/git-credentials", thing{"Name": "Robot", "Details": thing{"Type": "SshKeyPair", "PrivateKeyFile": hidden(server.PrivateKey)}}).(thing)
	if got := fmt.Sprint(credential); strings.Contains(got, "PRIVATE KEY") || v.text(credential, "Details.PrivateKeyFile.HasValue") != "true" {
		t.Errorf("the credential is %v", credential)
	}
	settings := v.settings()
	settings["Url"] = fmt.Sprintf("ssh://%s@%s%s", server.User, server.Address(), v.origin.Dir)
	if text := v.refused(400, "POST", v.project+"/git/convert", thing{"VersionControlSettings": settings}); !strings.Contains(text, "must name a Git credential of the type SshKeyPair") {
		t.Error(text)
	}
	settings["Credentials"] = thing{"Type": "Reference", "Id": v.text(credential, "Id")}

	// Who is not known is not spoken to, and the trial says whom to trust.
	trial := v.want(200, "POST", v.project+"/git/connectivity-test", settings)
	if text := v.text(trial, "Messages.0.Message"); !strings.Contains(text, "is not known: it shows the host key "+server.Fingerprint) {
		t.Fatal(text)
	}
	self := "/api/Spaces-1/git-credentials/" + v.text(credential, "Id")
	details := credential["Details"].(thing)
	details["HostKeyFingerprints"] = []string{"SHA256:short"}
	if text := v.refused(400, "PUT", self, credential); !strings.Contains(text, "Details.HostKeyFingerprints has 'SHA256:short'") {
		t.Error(text)
	}
	details["HostKeyFingerprints"] = []string{server.Fingerprint}
	v.put(self, credential)
	if trial = v.want(200, "POST", v.project+"/git/connectivity-test", settings); v.text(trial, "Messages.0.Category") != "Info" {
		t.Fatal(trial)
	}

	v.want(200, "POST", v.project+"/git/convert", thing{"CommitMessage": "Move to Git", "VersionControlSettings": settings})
	set := v.get(v.on("main", "variables")).(thing)
	set["Variables"] = append(set["Variables"].([]any), thing{"Name": "Colour", "Value": "red"})
	v.put(v.on("main", "variables"), set)
	if got := v.show("main", "variables.ocl"); !strings.Contains(got, `variable "Colour"`) {
		t.Errorf("the variables are %s", got)
	}

	// The key is of no use over HTTPS, nor a password over SSH.
	settings["Url"] = v.origin.URL
	trial = v.want(200, "POST", v.project+"/git/connectivity-test", settings)
	if text := v.text(trial, "Messages.0.Message"); !strings.Contains(text, "is of the type SshKeyPair, with which") {
		t.Error(text)
	}
}
