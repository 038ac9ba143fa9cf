// Package charttest renders the operator's chart for tests.
package charttest

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Namespace that charts are rendered for.
const Namespace = "tako-system"

// Everything switches on all that a chart can make, with values in YAML.
const Everything = `
bucket: {place: "s3://cloud/one", endpoint: "https://s3.example.com", region: eu, accessKey: id, secretKey: secret}
instances: {gatewayNetworks: [10.1.0.0/16], inside: [10.0.0.0/8], reach: [10.9.0.0/16], workerImage: "worker:1", storageClass: fast}
operator: {serviceAccountAnnotations: {role: bucket}}
gateway: {behind: [10.2.0.0/16], tlsSecret: tls, service: {type: LoadBalancer, annotations: {a: b}}}
control:
  enabled: true
  url: https://cloud.example.com
  users: [{name: otto, role: operator, tokenSHA256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]
  oidc: {issuer: "https://id.example.com", client: cloud, secret: "a b", viewers: [support], operators: [platform, "on call"]}
  uses: [{name: acme, awake: 1, memory: 20}]
  service: {annotations: {a: b}}
  ingress: {enabled: true, className: nginx, annotations: {a: b}, host: cloud.example.com, tlsSecret: tls}
imagePullSecrets: [{name: registry}]
nodeSelector: {pool: main}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: Exists}]}]}}}
priorityClassName: high
podLabels: {a: b}
podAnnotations: {a: b}
`

// Values reads values in YAML, on top of the chart's own.
func Values(text string) (map[string]any, error) {
	own, err := chartutil.ReadValuesFile(filepath.Join(folder(), "values.yaml"))
	if err != nil {
		return nil, err
	}
	values, err := chartutil.ReadValues([]byte(text))
	if err != nil {
		return nil, err
	}
	return chartutil.CoalesceTables(values, own), nil
}

// Render gives what the chart makes of values, a document each.
func Render(values map[string]any) ([]string, error) {
	c, err := loader.Load(folder())
	if err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "cloud", Namespace: Namespace, Revision: 1, IsInstall: true}, nil)
	if err != nil {
		return nil, err
	}
	files, err := engine.Engine{Strict: true}.Render(c, all)
	if err != nil {
		return nil, err
	}
	var documents []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for document := range strings.SplitSeq(files[name], "\n---") {
			var some map[string]any
			if err := yaml.UnmarshalStrict([]byte(document), &some); err != nil {
				return nil, fmt.Errorf("%s: %w in\n%s", name, err, document)
			}
			if len(some) > 0 {
				documents = append(documents, document)
			}
		}
	}
	return documents, nil
}

func folder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(here))
}
