package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Phase is where an instance is in its life.
// +kubebuilder:validation:Enum=Provisioning;Ready;Hibernated;Upgrading;Restoring;Suspended;Deleting
type Phase string

// The phases.
const (
	Provisioning Phase = "Provisioning"
	Ready        Phase = "Ready"
	Hibernated   Phase = "Hibernated"
	Upgrading    Phase = "Upgrading"
	Restoring    Phase = "Restoring"
	Suspended    Phase = "Suspended"
	Deleting     Phase = "Deleting"
)

// Instance is one customer's server: a process, a database, a master key, a
// prefix of the bucket and a namespace of its own.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=takos,categories=tako
// +kubebuilder:printcolumn:name="Customer",type=string,JSONPath=`.spec.customer`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.hosts[0]`
// +kubebuilder:printcolumn:name="Cap",type=integer,JSONPath=`.spec.taskCap`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.status.image`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Says",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 50",message="the name of an instance has 50 characters at most, since its namespace is named after it"
type Instance struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   InstanceSpec   `json:"spec"`
	Status InstanceStatus `json:"status,omitempty"`
}

// InstanceSpec is what an instance shall be.
// +kubebuilder:validation:XValidation:rule="has(self.channel) != has(self.image)",message="give either a channel to follow or an image to stay on"
type InstanceSpec struct {
	// Customer says whose instance it is.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Customer string `json:"customer"`
	// Hosts are the names by which people and agents reach it; the first is the
	// one in links.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`
	// +listType=set
	Hosts []string `json:"hosts"`
	// Channel is followed: its versions come in the maintenance window.
	// +optional
	// +kubebuilder:validation:MinLength=1
	Channel string `json:"channel,omitempty"`
	// Image is stayed on until it is changed here.
	// +optional
	// +kubebuilder:validation:MinLength=1
	Image string `json:"image,omitempty"`
	// TaskCap is how many tasks run at once.
	// +kubebuilder:validation:Enum=5;10;20;40;80;160
	// +kubebuilder:default=5
	TaskCap int32 `json:"taskCap,omitempty"`
	// MaintenanceWindow is when upgrades may happen; always unless given.
	// +optional
	MaintenanceWindow *Window `json:"maintenanceWindow,omitempty"`
	// +kubebuilder:default={}
	Hibernation Hibernation `json:"hibernation,omitempty"`
	// +kubebuilder:default={}
	Storage Storage `json:"storage,omitempty"`
	// +kubebuilder:default={}
	Admin Admin `json:"admin,omitempty"`
	// DeletionGrace is how long the backup is kept after the instance is deleted.
	// +kubebuilder:default="168h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(h|m|s))+$`
	DeletionGrace metav1.Duration `json:"deletionGrace,omitempty"`
	// Suspended stops the server until it is taken back; nothing wakes it.
	// +optional
	Suspended bool `json:"suspended,omitempty"`
}

// Window is a time of day in UTC.
type Window struct {
	// Start is when it opens, as 02:30.
	// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
	Start string `json:"start"`
	// Hours is how long it is open.
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=24
	// +kubebuilder:default=2
	Hours int32 `json:"hours,omitempty"`
	// Days are those on which it opens; every day unless given.
	// +optional
	// +kubebuilder:validation:items:Enum=Mon;Tue;Wed;Thu;Fri;Sat;Sun
	// +listType=set
	Days []string `json:"days,omitempty"`
}

// Hibernation is when an instance that nobody uses is put to sleep.
type Hibernation struct {
	// IdleAfter is how long nobody must have used it; 0s keeps it awake.
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(h|m|s))+$`
	IdleAfter metav1.Duration `json:"idleAfter,omitempty"`
}

// Storage is where an instance's data lies while it runs.
// +kubebuilder:validation:XValidation:rule="!has(self.volume) || !has(oldSelf.volume) || self.volume == oldSelf.volume",message="the kind of volume cannot be changed: restore into a new instance instead"
type Storage struct {
	// Volume is Ephemeral, a cache of the bucket on the node, or Persistent, a
	// claim.
	// +kubebuilder:validation:Enum=Ephemeral;Persistent
	// +kubebuilder:default=Ephemeral
	Volume string `json:"volume,omitempty"`
	// Size of the volume in GiB.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +kubebuilder:default=5
	SizeGiB int32 `json:"sizeGiB,omitempty"`
	// Prefix is the instance's part of the bucket; made from its name unless
	// given, as for an instance that moves here from another cluster.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9-]*$`
	// +kubebuilder:validation:MaxLength=100
	Prefix string `json:"prefix,omitempty"`
	// KeepBackups is how far back a restore can go.
	// +kubebuilder:default="168h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(h|m|s))+$`
	KeepBackups metav1.Duration `json:"keepBackups,omitempty"`
}

// Admin is the first administrator. The password is in the secret
// tako-administrator of the instance's namespace.
type Admin struct {
	// +kubebuilder:default=admin
	// +kubebuilder:validation:MinLength=1
	Username string `json:"username,omitempty"`
	// +optional
	Email string `json:"email,omitempty"`
}

// InstanceStatus is what an instance is.
type InstanceStatus struct {
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// ObservedGeneration is the version of the spec that was carried out last.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Namespace that it lives in.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Prefix of the bucket that is its own; never changed once set.
	// +optional
	Prefix string `json:"prefix,omitempty"`
	// Keyed says that its master key was made: it is never made again.
	// +optional
	Keyed bool `json:"keyed,omitempty"`
	// BucketKey names the key to the bucket that was made for it.
	// +optional
	BucketKey string `json:"bucketKey,omitempty"`
	// Turning says that the key before it is still good, until nothing uses it.
	// +optional
	Turning bool `json:"turning,omitempty"`
	// Begun says that it has served before: it will not begin empty again.
	// +optional
	Begun bool `json:"begun,omitempty"`
	// Image that it runs.
	// +optional
	Image string `json:"image,omitempty"`
	// Previous is the image before, which a failed upgrade goes back to.
	// +optional
	Previous string `json:"previous,omitempty"`
	// Refused is an image that did not become healthy here; it is not tried again.
	// +optional
	Refused string `json:"refused,omitempty"`
	// Since is when the phase was entered.
	// +optional
	Since metav1.Time `json:"since,omitempty"`
	// WakeAt is when a hibernated instance has something to do.
	// +optional
	WakeAt *metav1.Time `json:"wakeAt,omitempty"`
	// Restored names the restore that was done last.
	// +optional
	Restored string `json:"restored,omitempty"`
	// Applied tells what was made for it, to do it again only when it changes.
	// +optional
	Applied string `json:"applied,omitempty"`
	// Service is how it has served.
	// +optional
	Service *Service `json:"service,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// InstanceList is several instances.
// +kubebuilder:object:root=true
type InstanceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Instance `json:"items"`
}
