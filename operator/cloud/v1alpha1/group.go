// Package v1alpha1 is what the cloud is asked for in Kubernetes' own language:
// instances of Tako, channels of server versions, and restores.
// +kubebuilder:object:generate=true
// +groupName=cloud.tako.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion names the API.
var GroupVersion = schema.GroupVersion{Group: "cloud.tako.dev", Version: "v1alpha1"}

// AddToScheme makes the kinds known to a client.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion, &Instance{}, &InstanceList{}, &Channel{}, &ChannelList{}, &Restore{}, &RestoreList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}

// What instances and the objects made for them are marked with.
const (
	// LabelInstance names the instance that an object was made for.
	LabelInstance = "cloud.tako.dev/instance"
	// AnnotationWake is when somebody last wanted an instance, in RFC 3339.
	AnnotationWake = "cloud.tako.dev/wake"
	// AnnotationUse is when the gateway last saw a request, in RFC 3339.
	AnnotationUse = "cloud.tako.dev/last-use"
	// AnnotationWoke is when the gateway last woke an instance, and how long that
	// took.
	AnnotationWoke = "cloud.tako.dev/woke"
	// AnnotationImage is the image that a channel has given an instance.
	AnnotationImage = "cloud.tako.dev/image"
	// AnnotationRepair, when it names the image, lets a change to it happen
	// outside of the maintenance window, to take a bad version back.
	AnnotationRepair = "cloud.tako.dev/repair"
	// AnnotationRestore is the restore that an instance is to do.
	AnnotationRestore = "cloud.tako.dev/restore"
	// AnnotationTakePrefix is the id of another cluster that an instance takes its part
	// of the bucket over from.
	AnnotationTakePrefix = "cloud.tako.dev/take-prefix"
	// AnnotationTurnKey is when somebody wanted an instance to have another key to
	// the bucket, in RFC 3339; any other text does as well.
	AnnotationTurnKey = "cloud.tako.dev/turn-bucket-key"
	// Finalizer holds an instance until its last backup is made and its grace is
	// over.
	Finalizer = "cloud.tako.dev/instance"
)
