// Package instance carries out what an Instance asks for: it makes a namespace
// with everything a server needs, starts the server, puts it to sleep and wakes
// it, brings it to another version or back to an earlier time, and removes it.
package instance

import (
	"net/netip"
	"strings"
	"time"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Cloud is what all instances of a cluster have in common.
type Cloud struct {
	Place     string `name:"bucket" placeholder:"URL" env:"TAKO_CLOUD_BUCKET" help:"Where the instances' data lies, as s3://bucket/prefix; without it only instances with a persistent volume can be made."`
	Endpoint  string `name:"bucket-endpoint" placeholder:"URL" env:"TAKO_CLOUD_BUCKET_ENDPOINT" help:"Address of an S3-compatible service; Amazon's unless given."`
	Region    string `name:"bucket-region" placeholder:"NAME" env:"TAKO_CLOUD_BUCKET_REGION" help:"Region of the bucket."`
	AccessKey string `name:"bucket-access-key" placeholder:"ID" env:"TAKO_CLOUD_BUCKET_ACCESS_KEY" help:"Access key id; the machine's own role unless given."`
	SecretKey string `name:"bucket-secret-key" placeholder:"KEY" env:"TAKO_CLOUD_BUCKET_SECRET_KEY" help:"Secret of the access key."`
	IAM       string `name:"bucket-iam" placeholder:"URL" env:"TAKO_CLOUD_BUCKET_IAM" help:"Address of a service that speaks as Amazon's IAM does and makes each instance a key for its own prefix alone; Amazon's own for a bucket there unless given. 'off' gives every instance the cloud's key, which is what happens elsewhere where this is not given."`

	Home         string         `name:"namespace" default:"tako-system" env:"TAKO_CLOUD_NAMESPACE" help:"Namespace of operator and gateway."`
	Scheme       string         `name:"scheme" enum:"http,https" default:"https" env:"TAKO_CLOUD_SCHEME" help:"How people reach instances: ${enum}."`
	Proxies      []netip.Prefix `name:"proxies" placeholder:"CIDR" env:"TAKO_CLOUD_PROXIES" help:"Networks of the gateway, whose X-Forwarded-For instances believe and from which alone they can be reached."`
	Inside       []netip.Prefix `name:"inside" default:"10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,168.63.129.16/32" placeholder:"CIDR" env:"TAKO_CLOUD_INSIDE" help:"Networks that instances cannot reach: the cluster's own, and the addresses of metadata."`
	Reach        []netip.Prefix `name:"reach" placeholder:"CIDR" env:"TAKO_CLOUD_REACH" help:"Networks inside that instances may reach all the same, such as that of the bucket."`
	WorkerImage  string         `name:"worker-image" placeholder:"IMAGE" env:"TAKO_CLOUD_WORKER_IMAGE" help:"Image of the pods that run an instance's scripts; without it an instance runs scripts on its targets and workers only. The API server must be within --reach."`
	StorageClass string         `name:"storage-class" placeholder:"NAME" env:"TAKO_CLOUD_STORAGE_CLASS" help:"Class of persistent volumes; the cluster's default unless given."`

	Cluster   string `kong:"-"` // id of the cluster, by which others that have the same bucket know it
	Authority string `kong:"-"` // certificates in PEM by which the API server is known

	HealthyWithin time.Duration `name:"healthy-within" default:"5m" env:"TAKO_CLOUD_HEALTHY_WITHIN" help:"How long a new version has to become healthy before it is taken back."`
	HealthyFor    time.Duration `name:"healthy-for" default:"10s" env:"TAKO_CLOUD_HEALTHY_FOR" help:"How long a new version must have been healthy to be kept."`
}

// namespaceOf is where an instance lives.
func namespaceOf(i *cloud.Instance) string { return namespaceNamed(i.Name) }

func namespaceNamed(instance string) string { return "tako-" + instance }

// prefixOf is an instance's part of the bucket: its own even if another had the
// name before.
func prefixOf(i *cloud.Instance) string {
	if i.Status.Prefix != "" {
		return i.Status.Prefix
	}
	if i.Spec.Storage.Prefix != "" {
		return i.Spec.Storage.Prefix
	}
	uid, _, _ := strings.Cut(string(i.UID), "-")
	return i.Name + "-" + uid
}

// part is the place of something of an instance in the bucket.
func (c Cloud) part(prefix, what string) string {
	return strings.TrimSuffix(c.Place, "/") + "/" + prefix + "/" + what
}

// ephemeral says whether an instance's volume is only a cache of the bucket.
func ephemeral(i *cloud.Instance) bool { return i.Spec.Storage.Volume != "Persistent" }

// wantedImage is the image that an instance shall run: what it says itself, or
// what its channel has given it.
func wantedImage(i *cloud.Instance) string {
	if i.Spec.Image != "" {
		return i.Spec.Image
	}
	return i.Annotations[cloud.AnnotationImage]
}
