// Command desk serves the control plane over a few instances that nobody runs, to
// look at its page and to test it: over an API server where there is one, and else
// over a list in memory, which refuses nothing. It says where on its output, in
// JSON, and ends when its input does.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/takodeploy/tako/operator/chart"
	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/control"
	"github.com/takodeploy/tako/operator/control/issuertest"
	"github.com/takodeploy/tako/operator/cost"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "desk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it has gone
		stop()
	}()
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), cloud.AddToScheme(s)); err != nil {
		return err
	}
	c, real, end, err := cluster(s)
	if err != nil {
		return err
	}
	defer end()
	if err := fill(ctx, c); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	issuer, err := issuertest.New(url + "/api/sign-in/oidc/callback")
	if err != nil {
		return err
	}
	defer issuer.Close()
	issuer.Person(map[string]any{"sub": "77", "email": "ada@example.com", "groups": []string{"platform"}})
	prices, err := cost.Known()
	if err != nil {
		return err
	}
	sum := func(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }
	d := &control.Control{Client: c, Home: "default", Now: time.Now, Prices: prices, Sharers: 1000, Uses: uses(), Key: []byte("the key of a desk that is for show"),
		Users: []control.User{{Name: "vera", Role: control.Viewer, Token: sum("see")}, {Name: "otto", Role: control.Operator, Token: sum("do")}},
		OIDC: &control.OIDC{Issuer: issuer.URL, Client: issuertest.Client, Secret: issuertest.Secret, Name: "Acme", Scopes: []string{"email"}, NameClaim: "email", Claim: "groups",
			Operators: []string{"platform"}, URL: url}}
	server := &http.Server{Handler: d.Handler(), ReadHeaderTimeout: 20 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"url": url, "viewer": "see", "operator": "do", "judges": real}); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// cluster is what keeps the resources, whether it judges them, and what ends it.
func cluster(s *runtime.Scheme) (client.Client, bool, func(), error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if home, err := os.UserHomeDir(); dir == "" && err == nil {
		dir = filepath.Join(home, ".cache", "kindless")
	}
	if _, err := os.Stat(filepath.Join(dir, "kube-apiserver")); err != nil {
		return fake.NewClientBuilder().WithScheme(s).WithStatusSubresource(&cloud.Instance{}, &cloud.Channel{}, &cloud.Restore{}).Build(), false, func() {}, nil
	}
	definitions, err := os.MkdirTemp("", "tako-desk-")
	if err != nil {
		return nil, false, nil, err
	}
	text, err := chart.CRDs()
	if err == nil {
		err = os.WriteFile(filepath.Join(definitions, "crds.yaml"), []byte(text), 0o600)
	}
	if err != nil {
		return nil, false, nil, err
	}
	env := &envtest.Environment{BinaryAssetsDirectory: dir, CRDDirectoryPaths: []string{definitions}, ErrorIfCRDPathMissing: true, ControlPlaneStartTimeout: 2 * time.Minute}
	env.ControlPlane.Etcd = &envtest.Etcd{}
	env.ControlPlane.Etcd.Configure().Append("unsafe-no-fsync", "true")
	end := func() {
		if err := errors.Join(env.Stop(), os.RemoveAll(definitions)); err != nil {
			fmt.Fprintln(os.Stderr, "desk:", err)
		}
	}
	config, err := env.Start()
	if err != nil {
		end()
		return nil, false, nil, err
	}
	c, err := client.New(config, client.Options{Scheme: s})
	if err != nil {
		end()
	}
	return c, true, end, err
}
