package chart

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/takodeploy/tako/operator/chart/charttest"
)

func rendered(t *testing.T, text string) []string {
	t.Helper()
	values, err := charttest.Values(text)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := charttest.Render(values)
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

// TestEachObjectIsOne of Kubernetes' own, with no field that it does not have.
// What an API server says of them, the fleet's tests ask.
func TestEachObjectIsOne(t *testing.T) {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	least := []string{"ClusterRole tako-gateway", "ClusterRole tako-operator", "ClusterRoleBinding tako-gateway", "ClusterRoleBinding tako-operator",
		"CustomResourceDefinition channels.cloud.tako.dev", "CustomResourceDefinition instances.cloud.tako.dev", "CustomResourceDefinition restores.cloud.tako.dev",
		"Deployment tako-gateway", "Deployment tako-operator", "PodDisruptionBudget tako-gateway", "Role tako-operator", "RoleBinding tako-operator",
		"Service tako-gateway", "ServiceAccount tako-gateway", "ServiceAccount tako-operator"}
	desk := []string{"ClusterRole tako-control", "ClusterRoleBinding tako-control", "Deployment tako-control", "Role tako-control", "RoleBinding tako-control",
		"Service tako-control", "ServiceAccount tako-control"}
	for _, test := range []struct {
		name, values string
		want         []string
	}{
		{"as it is", "", least},
		{"everything", charttest.Everything, slices.Concat(least, desk, []string{"ConfigMap tako-control", "Ingress tako-control", "Secret tako-cloud", "Secret tako-control"})},
		{"secrets of one's own", "{bucket: {existingSecret: mine}, control: {enabled: true, existingSecret: theirs}}", slices.Concat(least, desk)},
		{"an issuer alone", "control: {enabled: true, url: 'https://c', oidc: {issuer: 'https://id', client: c, viewers: [all]}}", slices.Concat(least, desk, []string{"Secret tako-control"})},
		{"definitions by other means", "crds: {install: false}", slices.DeleteFunc(slices.Clone(least), func(s string) bool { return strings.HasPrefix(s, "Custom") })},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, document := range rendered(t, test.values) {
				o, kind, err := decoder.Decode([]byte(document), nil, nil)
				if err != nil {
					t.Errorf("%v in\n%s", err, document)
					continue
				}
				named, _ := o.(interface {
					GetName() string
					GetNamespace() string
				})
				got = append(got, kind.Kind+" "+named.GetName())
				within := !strings.HasPrefix(kind.Kind, "Cluster") && kind.Kind != "CustomResourceDefinition"
				if within != (named.GetNamespace() == charttest.Namespace) {
					t.Errorf("%s %s is in the namespace %q", kind.Kind, named.GetName(), named.GetNamespace())
				}
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("there is %s\nand not %s", strings.Join(got, ", "), strings.Join(test.want, ", "))
			}
		})
	}
}

// TestEveryValueMatters: one that changes nothing would be one that does not work.
func TestEveryValueMatters(t *testing.T) {
	before := render(t, func(map[string]any) {})
	values, err := charttest.Values(charttest.Everything)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path, value := range leaves("", values) {
		if strings.HasSuffix(path, "existingSecret") {
			continue // in the place of others
		}
		seen++
		after := render(t, func(v map[string]any) { set(v, strings.Split(path, "."), value) })
		if after == before {
			t.Errorf("%s changes nothing", path)
		}
	}
	if seen < 60 {
		t.Errorf("only %d values were tried", seen)
	}
}

// render gives what comes of everything, after a change, but for what is drawn by
// lot.
func render(t *testing.T, change func(map[string]any)) string {
	t.Helper()
	values, err := charttest.Values(charttest.Everything)
	if err != nil {
		t.Fatal(err)
	}
	change(values)
	documents, err := charttest.Render(values)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.Join(documents, "\n---"), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  sessionKey: ") }), "\n")
}

// leaves are the values by their path, each with another of its kind.
func leaves(path string, values map[string]any) map[string]any {
	all := map[string]any{}
	for name, value := range values {
		at := strings.TrimPrefix(path+"."+name, ".")
		inner, _ := value.(map[string]any)
		switch v := value.(type) {
		case bool:
			all[at] = !v
		case string:
			all[at] = v + "9s"
		case float64:
			all[at] = v + 1
		case []any:
			all[at] = []any{map[string]any{"name": "another"}}
		default:
			// What may hold anything is one value.
			if slices.Contains([]string{"resources", "nodeSelector", "affinity", "podLabels", "podAnnotations", "annotations", "serviceAccountAnnotations"}, name) {
				all[at] = map[string]any{"another": "b"}
			} else {
				maps.Copy(all, leaves(at, inner))
			}
		}
	}
	// These must be as they are for a chart to be made at all.
	for path, value := range map[string]any{"bucket.place": "s3://another", "control.url": "https://another", "control.oidc.issuer": "https://another"} {
		if _, ok := all[path]; ok {
			all[path] = value
		}
	}
	return all
}

func set(values map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		values, _ = values[path[0]].(map[string]any)
	}
	values[path[0]] = value
}

// TestRefusals say in a sentence what to give.
func TestRefusals(t *testing.T) {
	for values, says := range map[string]string{
		"bucket: {place: cloud}":                                                                 "s3://bucket/prefix",
		"bucket: {place: 's3://a/b', existingSecret: mine}":                                      "bucket.existingSecret",
		"control: {enabled: true}":                                                               "control.users",
		"control: {enabled: true, users: [{name: a}], existingSecret: b}":                        "control.existingSecret",
		"control: {enabled: true, url: 'https://c', oidc: {issuer: 'https://id', viewers: [a]}}": "control.oidc.client",
		"control: {enabled: true, oidc: {issuer: 'https://id', client: c, viewers: [a]}}":        "control.url",
		"control: {enabled: true, url: 'https://c', oidc: {issuer: 'https://id', client: c}}":    "control.oidc.viewers",
		"control: {enabled: true, existingSecret: a, ingress: {enabled: true}}":                  "control.ingress.host",
	} {
		v, err := charttest.Values(values)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := charttest.Render(v); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// TestTheDefinitionsStay when a release is removed, and are those that the program
// prints.
func TestTheDefinitionsStay(t *testing.T) {
	text, err := CRDs()
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]any{}
	for document := range strings.SplitSeq(text, "\n---\n") {
		var d apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(document, "---\n")), &d); err != nil {
			t.Fatal(err)
		}
		printed[d.Name] = d.Spec
	}
	seen := 0
	for _, document := range rendered(t, "") {
		var d apiextensionsv1.CustomResourceDefinition
		if !strings.Contains(document, "kind: CustomResourceDefinition") {
			continue
		}
		seen++
		if err := yaml.Unmarshal([]byte(document), &d); err != nil {
			t.Fatal(err)
		}
		if d.Annotations["helm.sh/resource-policy"] != "keep" || !reflect.DeepEqual(printed[d.Name], d.Spec) {
			t.Errorf("%s: %v", d.Name, d.Annotations)
		}
	}
	if seen != 3 || len(printed) != 3 {
		t.Error(fmt.Sprint(seen, " definitions, and ", len(printed), " are printed"))
	}
}
